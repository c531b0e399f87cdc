// double ceil(double), which Swift's dictionaries call to compute their capacity. Without vector registers the
// argument comes on the stack and the result goes back in st(0) (Intel SDM vol. 1, 8.1.5.3 "Rounding Control Field").

    .text
    .global ceil
    .type ceil, @function
ceil:
    fldl 8(%rsp)
    subq $8, %rsp
    fnstcw (%rsp)
    movw (%rsp), %ax
    andw $0xf3ff, %ax
    orw $0x0800, %ax            // round up
    movw %ax, 2(%rsp)
    fldcw 2(%rsp)
    frndint
    fldcw (%rsp)
    addq $8, %rsp
    ret
    .size ceil, . - ceil

    .section .note.GNU-stack, "", @progbits

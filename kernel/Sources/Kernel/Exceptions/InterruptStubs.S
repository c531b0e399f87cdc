// One stub for each of the 256 vectors, 16 bytes apart (Intel SDM vol. 3A, 6.14
// "Exception and Interrupt Handling in 64-bit Mode"). Each makes the stack look the same, with an error
// code of 0 where the processor pushes none, and adds the vector; `InterruptFrame` describes the result.

    .text
    .global interruptStubs
    .balign 16
interruptStubs:
    .set vector, 0
    .rept 256
    .balign 16
    // 8 #DF, 10 #TS, 11 #NP, 12 #SS, 13 #GP, 14 #PF, 17 #AC, 21 #CP push an error code.
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq $0
    .endif
    pushq $vector
    jmp interruptEntry
    .set vector, vector + 1
    .endr

    .type interruptEntry, @function
interruptEntry:
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    cld
    // The processor aligned the stack to 16 before its 6 words; 16 more follow: still aligned for a call.
    movq %rsp, %rdi
    call handleInterrupt
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp
    iretq
    .size interruptEntry, . - interruptEntry

// bool callRecoverably(void (*function)(void *), void *argument, uint64_t *recoveryStack)
//
// Calls function(argument). If an exception handler gives up on it, the handler resumes at
// `recoveryPoint` with rsp = *recoveryStack, and the call returns true; otherwise false.
// What a caller expects to be preserved is restored either way (System V ABI 3.2.1).
    .global callRecoverably, recoveryPoint
    .type callRecoverably, @function
callRecoverably:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdx
    movq %rsp, (%rdx)
    movq %rdi, %rax
    movq %rsi, %rdi
    call *%rax
    xorl %eax, %eax
    jmp 1f
recoveryPoint:
    movl $1, %eax
1:  addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size callRecoverably, . - callRecoverably

    .section .note.GNU-stack, "", @progbits

// Where the machine enters the kernel: 32-bit protected mode, as the PVH boot
// protocol says (Xen "x86/HVM direct boot ABI"): ebx holds the physical address of
// the start_info structure, segments are flat, paging is off, there is no stack.
//
// From here to `kernelMain`: check the processor, build the first page tables,
// enter long mode (Intel SDM vol. 3A, 11.8.5 "Initializing IA-32e Mode").

#define PVH_MAGIC            0x336ec578
#define XEN_NOTE_PHYS32_ENTRY 18

#define PAGE_PRESENT_WRITABLE 0x003
#define PAGE_LARGE            0x080

#define CR0_MP               (1 << 1)
#define CR0_EM               (1 << 2)
#define CR0_NE               (1 << 5)
#define CR0_WP               (1 << 16)
#define CR0_AM               (1 << 18)
#define CR0_PG               (1 << 31)
#define CR4_PAE              (1 << 5)
#define CR4_OSFXSR           (1 << 9)
#define CR4_OSXMMEXCPT       (1 << 10)
#define MSR_EFER             0xc0000080
#define EFER_LME             (1 << 8)
#define EFER_NXE             (1 << 11)
#define CPUID_EXTENDED_NX    (1 << 20)
#define CPUID_EXTENDED_LM    (1 << 29)

#define COM1_DATA            0x3f8
#define DEBUG_EXIT_PORT      0xf4
#define DEBUG_EXIT_FAILURE   0x11

    .section .note.Xen, "a", @note
    .balign 4
    .long 2f - 1f
    .long 4f - 3f
    .long XEN_NOTE_PHYS32_ENTRY
1:  .asciz "Xen"
2:  .balign 4
3:  .quad entry
4:

    .section .boot.text, "ax", @progbits
    .code32
    .global entry
    .type entry, @function
entry:
    cld
    movl $kernelStackTop, %esp
    xorl %ebp, %ebp

    movl $messageNotPVH, %esi
    cmpl $PVH_MAGIC, (%ebx)
    jne bootFailure

    // Long mode and no-execute are the only features asked for.
    // PVH promises a processor with CPUID, so the EFLAGS.ID test is not needed.
    movl %ebx, %edi
    movl $messageNoLongMode, %esi
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb bootFailure
    movl $0x80000001, %eax
    cpuid
    testl $CPUID_EXTENDED_LM, %edx
    jz bootFailure
    movl $messageNoExecuteDisable, %esi
    testl $CPUID_EXTENDED_NX, %edx
    jz bootFailure

    // The first gibibyte of physical memory, in 2 MiB pages, seen twice: at 0, where the kernel is linked,
    // and at `PhysicalMemory.offset`, which entry 32 of the root table covers.
    movl $bootPageDirectory, %ecx
    movl $(PAGE_PRESENT_WRITABLE | PAGE_LARGE), %eax
    xorl %edx, %edx
1:  movl %eax, (%ecx, %edx, 8)
    addl $0x200000, %eax
    incl %edx
    cmpl $512, %edx
    jne 1b
    orl $PAGE_PRESENT_WRITABLE, %ecx
    movl %ecx, bootDirectoryPointers
    movl $(bootDirectoryPointers + PAGE_PRESENT_WRITABLE), bootRootTable
    movl $(bootDirectoryPointers + PAGE_PRESENT_WRITABLE), bootRootTable + 32 * 8

    movl %cr4, %eax
    orl $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    movl %eax, %cr4
    movl $bootRootTable, %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_LME | EFER_NXE), %eax
    wrmsr
    movl %cr0, %eax
    andl $~CR0_EM, %eax
    orl $(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_MP), %eax
    movl %eax, %cr0

    lgdt bootDescriptorTablePointer
    ljmp $0x08, $longMode

// esi: the reason. Said on serial only: the screen needs more than these few lines.
bootFailure:
    movw $COM1_DATA, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  movl $DEBUG_EXIT_FAILURE, %eax
    movw $DEBUG_EXIT_PORT, %dx
    outl %eax, %dx
3:  cli
    hlt
    jmp 3b

    .code64
longMode:
    movw $0x10, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    xorl %eax, %eax
    movw %ax, %fs
    movw %ax, %gs
    movl $kernelStackTop, %esp
    // edi still holds what ebx held. The upper half of rdi is not defined after the change of mode: clear it.
    movl %edi, %edi
    call kernelMain
    ud2
    .size entry, . - entry

    .balign 8
bootDescriptorTable:
    .quad 0
    .quad 0x00af9a000000ffff        // 0x08: code, 64-bit, ring 0
    .quad 0x00cf92000000ffff        // 0x10: data, ring 0
bootDescriptorTablePointer:
    .word . - bootDescriptorTable - 1
    .long bootDescriptorTable

messageNotPVH:            .asciz "orrery-kernel: not started through the PVH boot protocol\n"
messageNoLongMode:        .asciz "orrery-kernel: this processor has no long mode\n"
messageNoExecuteDisable:  .asciz "orrery-kernel: this processor has no execute-disable bit\n"

    .section .bss.bootTables, "aw", @nobits
    .balign 4096
bootRootTable:          .skip 4096
bootDirectoryPointers:  .skip 4096
bootPageDirectory:      .skip 4096

    .section .note.GNU-stack, "", @progbits

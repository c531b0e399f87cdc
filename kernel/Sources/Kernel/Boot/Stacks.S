// The kernel's stacks and descriptor tables: memory that must exist before any allocator (Intel SDM vol. 3A, 6.14.5 "Interrupt
// Stack Table", 8.7 "Task Management in 64-bit Mode").
// Below each stack lies a guard page, which the kernel's own page tables leave unmapped.

    .macro stack name, size
    .global \name\()Guard, \name\()Top
    .balign 4096
\name\()Guard:
    .skip 4096
\name\()Bottom:
    .skip \size
\name\()Top:
    .endm

    .section .bss.stacks, "aw", @nobits
    stack kernelStack, 65536
    stack interruptStack, 16384
    stack doubleFaultStack, 16384
    stack nonMaskableInterruptStack, 16384
    stack machineCheckStack, 16384
    stack privilegeStack, 16384

    .section .bss.tables, "aw", @nobits
    .global interruptDescriptorTable, globalDescriptorTable, taskStateSegment
    .balign 4096
interruptDescriptorTable:   .skip 256 * 16
globalDescriptorTable:      .skip 8 * 8
taskStateSegment:           .skip 104

    .section .note.GNU-stack, "", @progbits

# Entered in 32-bit protected mode (PVH). Maps the first GiB to itself in pages of 2 MiB, enters long mode and calls kernelMain.
  .intel_syntax noprefix
  .section .note.Xen, "a", @note
  .long 4, 4, 18            # XEN_ELFNOTE_PHYS32_ENTRY
  .asciz "Xen"
  .long start

  .text
  .code32
  .globl start
start:
  mov esp, offset stackEnd
  mov dword ptr [rootTable], offset pointerTable + 3
  mov dword ptr [pointerTable], offset directory + 3
  xor ecx, ecx
1:
  mov eax, ecx
  shl eax, 21
  or eax, 0x83              # present, writable, 2 MiB
  mov dword ptr [directory + ecx * 8], eax
  inc ecx
  cmp ecx, 512
  jb 1b
  mov eax, cr4
  or eax, 0x20              # PAE
  mov cr4, eax
  mov eax, offset rootTable
  mov cr3, eax
  mov ecx, 0xC0000080       # EFER: long mode, no-execute
  mov eax, 0x900
  xor edx, edx
  wrmsr
  mov eax, cr0
  or eax, 0x80010000        # paging, write protection
  mov cr0, eax
  lgdt [descriptorTable]
  .att_syntax
  ljmp $8, $enter64
  .intel_syntax noprefix

  .code64
enter64:
  xor eax, eax
  mov ss, eax
  mov ds, eax
  mov es, eax
  call kernelMain
1:
  hlt
  jmp 1b

  .macro stub name, handler
  .globl \name
\name:
  push rax
  push rcx
  push rdx
  push rsi
  push rdi
  push r8
  push r9
  push r10
  push r11
  call \handler
  pop r11
  pop r10
  pop r9
  pop r8
  pop rdi
  pop rsi
  pop rdx
  pop rcx
  pop rax
  iretq
  .endm
  stub timerEntry, timer
  stub keyboardEntry, keyboard

  .section .rodata
  .balign 8
descriptors:
  .quad 0, 0x00209A0000000000
descriptorTable:
  .short 15
  .long descriptors

  .bss
  .balign 4096
  .globl rootTable, pointerTable
rootTable: .skip 4096
pointerTable: .skip 4096
directory: .skip 4096
  .skip 16384
stackEnd:

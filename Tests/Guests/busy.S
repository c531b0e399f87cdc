# A small guest that does everything a checkpoint has to carry: it enters long mode, takes timer and keyboard interrupts,
# maps, touches and unmaps pages, faults, switches address spaces, writes to screen and serial port, and halts.
# Assembled into BusyGuest.swift by assemble.sh. Loaded and entered at 0x100000 in 32-bit protected mode.
  .intel_syntax noprefix
  .set PML4A, 0x200000
  .set PDPT, 0x201000
  .set PD, 0x202000
  .set PDW, 0x203000
  .set PT, 0x204000
  .set PML4B, 0x205000
  .set IDT, 0x206000
  .set COUNTERS, 0x207000
  .set WINDOW, 0x40000000
  .code32
start:
  mov esp, 0x180000
  mov dword ptr [PML4A], PDPT + 3
  mov dword ptr [PML4B], PDPT + 3
  mov dword ptr [PDPT], PD + 3
  mov dword ptr [PDPT + 8], PDW + 3
  mov dword ptr [PDW], PT + 3
  mov dword ptr [PD], 0x83
  mov dword ptr [PD + 8], 0x200083
  mov dword ptr [PD + 16], 0x400083
  mov eax, PML4A
  mov cr3, eax
  mov eax, 0x620
  mov cr4, eax
  mov ecx, 0xC0000080
  mov eax, 0x900
  xor edx, edx
  wrmsr
  mov eax, 0x80010033
  mov cr0, eax
  lgdt [gdtr]
  jmp 8, offset long
  .balign 8
gdt:
  .quad 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF
gdtr:
  .word 23
  .long gdt, 0
idtr:
  .word 0x3FF
  .quad IDT
  .code64
long:
  mov eax, 16
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov rsp, 0x180000
  lidt [idtr]
  mov edi, 14
  lea rsi, [rip + pageFault]
  call setGate
  mov edi, 32
  lea rsi, [rip + timer]
  call setGate
  mov edi, 33
  lea rsi, [rip + keyboard]
  call setGate
  mov al, 0x11
  out 0x20, al
  out 0xA0, al
  mov al, 32
  out 0x21, al
  mov al, 40
  out 0xA1, al
  mov al, 4
  out 0x21, al
  mov al, 2
  out 0xA1, al
  mov al, 1
  out 0x21, al
  out 0xA1, al
  mov al, 0xFC
  out 0x21, al
  mov al, 0xFF
  out 0xA1, al
  mov al, 0x34
  out 0x43, al
  mov al, 120
  out 0x40, al
  xor eax, eax
  out 0x40, al
  sti
  xor r15d, r15d
mainLoop:
  inc r15
  mov edi, r15d
  and edi, 7
  mov rsi, r15
  and esi, 0xFF
  shl rsi, 12
  add rsi, 0x300000
  call mapPage
  mov rdi, rax
  mov [rdi], r15
  mov rbx, [rdi + 8]
  add [COUNTERS], rbx
  mov edx, r15d
  and edx, 7
  mov qword ptr [PT + rdx * 8], 0
  invlpg [rdi]
  test r15d, 3
  jnz 1f
  mov rax, cr3
  xor rax, PML4A ^ PML4B
  mov cr3, rax
1:
  test r15d, 7
  jnz 2f
  mov rax, [WINDOW + 0x10000]
  mov qword ptr [PT + 0x80], 0
2:
  mov edx, r15d
  and edx, 0x3F
  lea eax, [edx + 0x720]
  mov [0xB8000 + rdx * 2], ax
  test r15d, 15
  jnz 3f
  mov edx, 0x3F8
  mov al, 0x2E
  out dx, al
  mov ecx, 64
  mov rdi, 0x300000
  mov eax, r15d
  rep stosd
  hlt
3:
  jmp mainLoop

  # rdi: page of the window, rsi: frame; gives the page's address
mapPage:
  or rsi, 3
  mov [PT + rdi * 8], rsi
  mov rax, rdi
  shl rax, 12
  add rax, WINDOW
  ret

setGate:
  shl edi, 4
  mov word ptr [IDT + rdi], si
  mov word ptr [IDT + 2 + rdi], 8
  mov word ptr [IDT + 4 + rdi], 0x8E00
  shr rsi, 16
  mov dword ptr [IDT + 6 + rdi], esi
  ret

pageFault:
  push rax
  mov qword ptr [PT + 0x80], 0x400003
  inc qword ptr [COUNTERS + 8]
  mov rax, cr2
  add [COUNTERS + 16], rax
  pop rax
  add rsp, 8
  iretq

timer:
  push rax
  inc qword ptr [COUNTERS + 24]
  mov al, 0x20
  out 0x20, al
  pop rax
  iretq

keyboard:
  push rax
  push rdx
  in al, 0x60
  movzx edx, al
  add [COUNTERS + 32], rdx
  mov byte ptr [0xB8F00], al
  mov al, 0x20
  out 0x20, al
  pop rdx
  pop rax
  iretq

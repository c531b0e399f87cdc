# A small guest that says on COM1 what a boot loader handed over, one fact a line, whichever of PVH, Multiboot 1 and Multiboot 2 it was, then enters
# long mode, says so, and leaves through the debug-exit port with 8. It assumes nothing that the protocols do not promise.
# Assembled into HandoverGuest.swift by assemble.sh. Loaded and entered at 0x100080 in 32-bit protected mode; the bytes before it are the header's.
  .intel_syntax noprefix
  .set PML4, 0x201000
  .set PDPT, 0x202000
  .set PD, 0x203000
  .code32
start:
  mov esp, 0x200000
  mov ebp, eax
  mov esi, offset magicText
  call sayText
  cmp eax, 0x2BADB002
  je 1f
  cmp eax, 0x36D76289
  je 1f
  mov eax, [ebx]            # PVH has its magic number in the structure
1:
  push eax
  call sayNumber
  # Protection on, paging off, interrupts and virtual-8086 mode off.
  mov esi, offset stateText
  call sayText
  mov eax, cr0
  and eax, 0x80000001
  call sayNumber
  pushfd
  pop eax
  and eax, 0x20200
  call sayNumber
  pop eax
  mov edx, 0x3F8
  cmp eax, 0x2BADB002
  je multiboot
  cmp eax, 0x36D76289
  je multiboot2

pvh:
  mov esi, offset commandText
  call sayText
  mov esi, [ebx + 24]
  call sayText
  mov ecx, [ebx + 12]       # nr_modules
  mov edi, [ebx + 16]       # modlist_paddr
1:
  test ecx, ecx
  jz 2f
  mov eax, [edi]
  mov ebp, eax
  add ebp, [edi + 8]
  mov esi, [edi + 16]
  call sayModule
  add edi, 32
  dec ecx
  jmp 1b
2:
  mov ecx, [ebx + 48]       # memmap_entries
  mov edi, [ebx + 40]
3:
  test ecx, ecx
  jz longMode
  call sayRange
  add edi, 24
  dec ecx
  jmp 3b

multiboot:
  mov esi, offset lowerText
  call sayText
  mov eax, [ebx + 4]
  call sayNumber
  mov esi, offset commandText
  call sayText
  mov esi, [ebx + 16]
  call sayText
  mov ecx, [ebx + 20]       # mods_count
  mov edi, [ebx + 24]
1:
  test ecx, ecx
  jz 2f
  mov eax, [edi]
  mov ebp, [edi + 4]
  mov esi, [edi + 8]
  call sayModule
  add edi, 16
  dec ecx
  jmp 1b
2:
  mov ecx, [ebx + 44]       # mmap_length
  mov edi, [ebx + 48]
  add ecx, edi
3:
  cmp edi, ecx
  jae longMode
  add edi, 4                # behind the size of the entry
  call sayRange
  add edi, [edi - 4]
  jmp 3b

multiboot2:
  lea edi, [ebx + 8]
1:
  mov eax, [edi]
  test eax, eax
  jz longMode
  cmp eax, 4
  jne 2f
  mov esi, offset lowerText
  call sayText
  mov eax, [edi + 8]
  call sayNumber
  jmp 9f
2:
  cmp eax, 1
  jne 3f
  mov esi, offset commandText
  call sayText
  lea esi, [edi + 8]
  call sayText
  jmp 9f
3:
  cmp eax, 3
  jne 4f
  mov eax, [edi + 8]
  mov ebp, [edi + 12]
  lea esi, [edi + 16]
  call sayModule
  jmp 9f
4:
  cmp eax, 6
  jne 9f
  push edi
  mov ecx, [edi + 4]
  add ecx, edi              # the end of the tag
  mov eax, [edi + 8]        # the size of an entry
  add edi, 16
5:
  cmp edi, ecx
  jae 6f
  call sayRange
  add edi, eax
  jmp 5b
6:
  pop edi
9:
  mov eax, [edi + 4]
  add eax, 7
  and eax, -8
  add edi, eax
  jmp 1b

# A module from eax to ebp with the string at esi: its size, its place in a page, the sum of its bytes, the string.
sayModule:
  push ecx
  push esi
  mov esi, offset moduleText
  call sayText
  mov ecx, eax
  mov eax, ebp
  sub eax, ecx
  call sayNumber
  mov eax, ecx
  and eax, 0xFFF
  call sayNumber
  xor eax, eax
1:
  cmp ecx, ebp
  jae 2f
  movzx esi, byte ptr [ecx]
  add eax, esi
  inc ecx
  jmp 1b
2:
  call sayNumber
  pop esi
  call sayText
  pop ecx
  ret

# A line of the memory map at edi: 64 bits of address, 64 of size, 32 of type.
sayRange:
  push eax
  push esi
  mov esi, offset rangeText
  call sayText
  mov eax, [edi + 4]
  call sayNumber
  mov eax, [edi]
  call sayNumber
  mov eax, [edi + 12]
  call sayNumber
  mov eax, [edi + 8]
  call sayNumber
  mov eax, [edi + 16]
  call sayNumber
  pop esi
  pop eax
  ret

# The bytes from esi to the zero.
sayText:
  push eax
  push edx
  mov edx, 0x3F8
1:
  lodsb
  test al, al
  jz 2f
  out dx, al
  jmp 1b
2:
  pop edx
  pop eax
  ret

# eax in eight hexadecimal digits, and a space.
sayNumber:
  push eax
  push ecx
  push edx
  mov edx, 0x3F8
  mov ecx, 8
1:
  rol eax, 4
  push eax
  and al, 15
  cmp al, 10
  jb 2f
  add al, 'a' - 10 - '0'
2:
  add al, '0'
  out dx, al
  pop eax
  dec ecx
  jnz 1b
  mov al, ' '
  out dx, al
  pop edx
  pop ecx
  pop eax
  ret

longMode:
  mov edi, PML4
  xor eax, eax
  mov ecx, 0xC00
  cld
  rep stosd
  mov dword ptr [PML4], PDPT + 3
  mov dword ptr [PDPT], PD + 3
  mov dword ptr [PD], 0x83
  mov dword ptr [PD + 8], 0x200083
  mov eax, PML4
  mov cr3, eax
  mov eax, 0x20
  mov cr4, eax
  mov ecx, 0xC0000080
  mov eax, 0x100
  xor edx, edx
  wrmsr
  mov eax, 0x80000001
  mov cr0, eax
  lgdt [descriptorTable]
  # jmp 8:inLongMode
  .byte 0xEA
  .long inLongMode
  .word 8

  .balign 8
descriptors:
  .quad 0, 0x00AF9B000000FFFF
descriptorTable:
  .word 15
  .long descriptors

magicText: .asciz "magic "
stateText: .asciz "\nstate "
lowerText: .asciz "\nlower "
commandText: .asciz "\ncommand "
moduleText: .asciz "\nmodule "
rangeText: .asciz "\nrange "

  .code64
inLongMode:
  lea rsi, [rip + longText]
  mov edx, 0x3F8
1:
  lodsb
  test al, al
  jz 2f
  out dx, al
  jmp 1b
2:
  mov edx, 0xF4
  mov al, 8
  out dx, al
3:
  hlt
  jmp 3b
longText: .asciz "\nlong mode\n"

/// A small kernel: an ELF64 file with a PVH note, entered in 32-bit protected mode with flat segments and interrupts off.
struct GuestImage {
  static let base: UInt64 = 0x10_0000

  struct Segment {
    var address: UInt64
    var bytes: [UInt8]
    var memorySize: UInt64
  }

  var segments: [Segment]
  /// e_machine; 62 is x86-64.
  var machine: UInt16 = 62

  init(_ code: [UInt8]) {
    segments = [Segment(address: Self.base, bytes: code, memorySize: UInt64(code.count))]
  }

  var bytes: [UInt8] {
    let headerCount = segments.count + 1
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]  // e_ident: 64 bits, little-endian
    file += little(2, 2) + little(UInt64(machine), 2) + little(1, 4)  // e_type executable, e_machine, e_version
    file += little(Self.base, 8) + little(64, 8) + little(0, 8)  // e_entry, e_phoff, e_shoff
    // e_flags, e_ehsize, e_phentsize, e_phnum
    file += little(0, 4) + little(64, 2) + little(56, 2) + little(UInt64(headerCount), 2)
    file += little(64, 2) + little(0, 2) + little(0, 2)  // e_shentsize, e_shnum, e_shstrndx
    var body: [UInt8] = []
    let bodyOffset = 64 + 56 * headerCount
    for segment in segments {
      file += header(
        type: 1, offset: bodyOffset + body.count, address: segment.address, size: segment.bytes.count,
        memorySize: segment.memorySize)
      body += segment.bytes
    }
    while (bodyOffset + body.count) % 4 != 0 { body.append(0) }
    // XEN_ELFNOTE_PHYS32_ENTRY: type 18, the entry point of 4 bytes.
    let note = little(4, 4) + little(4, 4) + little(18, 4) + Array("Xen\0".utf8) + little(Self.base, 4)
    file += header(
      type: 4, offset: bodyOffset + body.count, address: 0, size: note.count, memorySize: UInt64(note.count))
    return file + body + note
  }

  private func header(type: UInt64, offset: Int, address: UInt64, size: Int, memorySize: UInt64) -> [UInt8] {
    // p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align
    little(type, 4) + little(7, 4) + little(UInt64(offset), 8) + little(address, 8) + little(address, 8)
      + little(UInt64(size), 8) + little(memorySize, 8) + little(4, 8)
  }

  private func little(_ value: UInt64, _ count: UInt64) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

extension GuestImage {
  static let loop = GuestImage([0xEB, 0xFE])  // jmp .

  /// An exception with an empty interrupt table.
  static let tripleFault = GuestImage([
    0x0F, 0x01, 0x1D, 0x08, 0x00, 0x10, 0x00,  // lidt [0x100008]
    0xCC,  // int3
    0, 0, 0, 0, 0, 0,  // limit 0, base 0
  ])

  /// Bytes that are no instruction (FF /7 is undefined), and no table to handle that.
  static let garbage = GuestImage([UInt8](repeating: 0xFF, count: 16))

  /// Jumps into a text, whose first letter is `ins`: from port 0, where nothing is.
  static let executesText = GuestImage([0xEB, 0x00] + Array("llo".utf8))  // jmp .+2; "l" is ins byte es:[edi], dx

  /// Returns to virtual-8086 mode, which is not modelled.
  static let virtual8086 = GuestImage([
    0xBC, 0x00, 0x80, 0x00, 0x00,  // mov esp, 0x8000
    0x68, 0x02, 0x00, 0x02, 0x00,  // push VM | 2
    0x6A, 0x08, 0x6A, 0x00, 0xCF,  // push 8; push 0; iret
  ])

  static let halts = GuestImage([0xFA, 0xF4, 0xEB, 0xFD])  // cli; hlt; jmp hlt

  /// Says `Hi` on COM1 and leaves with 16.
  static let greets = GuestImage([
    0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3f8
    0xB0, 0x48, 0xEE,  // mov al, 'H'; out dx, al
    0xB0, 0x69, 0xEE,  // mov al, 'i'; out dx, al
    0x66, 0xBA, 0xF4, 0x00,  // mov dx, 0xf4
    0xB0, 0x10, 0xEE,  // mov al, 16; out dx, al
    0xEB, 0xFE,  // jmp .
  ])
}

import OrreryBase
import OrreryImage
import OrreryScenario
import OrreryTrace

@testable import Orrery

/// A kernel of 240 bytes: it sets up segments, IDT and the 8259 pair, executes one `int3`, writes `>`, and halts. Its keyboard handler writes each code
/// to COM1 as it comes and ends the run, with debug-exit value 16, at the release of Enter; vector 64 writes `!`.
enum EchoKernel {
  static let loadAddress: UInt64 = 0x10_0000
  /// The symbols, as offsets from `loadAddress`.
  static let start: UInt64 = 0
  static let wait: UInt64 = 0x7E
  static let keyboard: UInt64 = 0x9B
  static let scripted: UInt64 = 0xB6

  static let code: [UInt8] = [
    0x0F, 0x01, 0x15, 0xE0, 0x00, 0x10, 0x00,  // start: lgdt gdtr
    0xEA, 0x0E, 0x00, 0x10, 0x00, 0x08, 0x00,  // ljmp 8:1f
    0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0,  // 1: mov ax, 16; mov ds, es, ss, ax
    0xBC, 0x00, 0x80, 0x10, 0x00,  // mov esp, 0x108000
    0x0F, 0x01, 0x1D, 0xE6, 0x00, 0x10, 0x00,  // lidt idtr
    0xBF, 0x08, 0x41, 0x10, 0x00, 0xB8, 0x9B, 0x00, 0x10, 0x00, 0xE8, 0x51, 0x00, 0x00, 0x00,  // gate 33: keyboard
    0xBF, 0x00, 0x42, 0x10, 0x00, 0xB8, 0xB6, 0x00, 0x10, 0x00, 0xE8, 0x42, 0x00, 0x00, 0x00,  // gate 64: scripted
    0xBF, 0x18, 0x40, 0x10, 0x00, 0xB8, 0xC2, 0x00, 0x10, 0x00, 0xE8, 0x33, 0x00, 0x00, 0x00,  // gate 3: breakpoint
    0xB0, 0x11, 0xE6, 0x20, 0xE6, 0xA0,  // ICW1 of both 8259s
    0xB0, 0x20, 0xE6, 0x21, 0xB0, 0x28, 0xE6, 0xA1,  // ICW2: vectors 32 and 40
    0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x02, 0xE6, 0xA1,  // ICW3
    0xB0, 0x01, 0xE6, 0x21, 0xE6, 0xA1,  // ICW4
    0xB0, 0xFD, 0xE6, 0x21, 0xB0, 0xFF, 0xE6, 0xA1,  // only line 1 is open
    0xCC,  // int3
    0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x3E, 0xEE,  // COM1 ← '>'
    0xFB,  // sti
    0xF4, 0xE9, 0xFA, 0xFF, 0xFF, 0xFF,  // wait: hlt; jmp wait
    // gate: offset, 8, 0x8E00
    0x66, 0x89, 0x07, 0x66, 0xC7, 0x47, 0x02, 0x08, 0x00, 0x66, 0xC7, 0x47, 0x04, 0x00, 0x8E,
    0xC1, 0xE8, 0x10, 0x66, 0x89, 0x47, 0x06, 0xC3,  // high half of the offset; ret
    0x50, 0x52, 0xE4, 0x60, 0x66, 0xBA, 0xF8, 0x03, 0xEE,  // keyboard: COM1 ← port 0x60
    0x3C, 0x9C, 0x75, 0x07, 0xB0, 0x10, 0x66, 0xBA, 0xF4, 0x00, 0xEE,  // if it is 0x9C: debug exit 16
    0xB0, 0x20, 0xE6, 0x20, 0x5A, 0x58, 0xCF,  // end of interrupt; iret
    0x50, 0x52, 0xB0, 0x21, 0x66, 0xBA, 0xF8, 0x03, 0xEE, 0x5A, 0x58, 0xCF,  // scripted: COM1 ← '!'; iret
    0xCF,  // breakpoint: iret
    0x0F, 0x1F, 0x44, 0x00, 0x00,  // nop, to a multiple of 8
    0, 0, 0, 0, 0, 0, 0, 0,  // GDT
    0xFF, 0xFF, 0x00, 0x00, 0x00, 0x9A, 0xCF, 0x00,  // 8: flat code
    0xFF, 0xFF, 0x00, 0x00, 0x00, 0x92, 0xCF, 0x00,  // 16: flat data
    0x17, 0x00, 0xC8, 0x00, 0x10, 0x00,  // gdtr
    0xFF, 0x07, 0x00, 0x40, 0x10, 0x00,  // idtr
    0x0F, 0x1F, 0x40, 0x00,
  ]

  /// The ELF file: one segment of 64 KiB, a PVH note, four symbols.
  static func image(code: [UInt8] = EchoKernel.code) throws -> KernelImage {
    let codeOffset = 0x1000
    let noteOffset = codeOffset + code.count
    let note: [UInt8] = little(4, 4) + little(4, 4) + little(18, 4) + Array("Xen\0".utf8) + little(loadAddress, 4)
    var names: [UInt8] = [0]
    var symbols = [UInt8](repeating: 0, count: 24)
    for (name, offset) in [("start", start), ("wait", wait), ("keyboard", keyboard), ("scripted", scripted)] {
      // st_name, st_info (global function), st_other, st_shndx, st_value, st_size
      symbols += little(UInt64(names.count), 4) + [0x12, 0] + little(0xFFF1, 2) + little(loadAddress + offset, 8)
      symbols += little(1, 8)
      names += Array(name.utf8) + [0]
    }
    let symbolOffset = (noteOffset + note.count + 7) / 8 * 8
    let nameOffset = symbolOffset + symbols.count
    let sectionOffset = (nameOffset + names.count + 7) / 8 * 8

    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += little(2, 2) + little(62, 2) + little(1, 4) + little(loadAddress, 8) + little(64, 8)
    file += little(UInt64(sectionOffset), 8) + little(0, 4) + little(64, 2) + little(56, 2) + little(2, 2)
    file += little(64, 2) + little(3, 2) + little(0, 2)
    file += little(1, 4) + little(7, 4) + little(UInt64(codeOffset), 8) + little(loadAddress, 8)
    file += little(loadAddress, 8) + little(UInt64(code.count), 8) + little(0x1_0000, 8) + little(0x1000, 8)
    file += little(4, 4) + little(4, 4) + little(UInt64(noteOffset), 8) + little(0, 8) + little(0, 8)
    file += little(UInt64(note.count), 8) + little(UInt64(note.count), 8) + little(4, 8)
    pad(&file, to: codeOffset)
    file += code + note
    pad(&file, to: symbolOffset)
    file += symbols + names
    pad(&file, to: sectionOffset)
    file += [UInt8](repeating: 0, count: 64)
    // sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info, sh_addralign, sh_entsize
    file += little(0, 4) + little(2, 4) + little(0, 16) + little(UInt64(symbolOffset), 8)
    file += little(UInt64(symbols.count), 8) + little(2, 4) + little(1, 4) + little(8, 8) + little(24, 8)
    file += little(0, 4) + little(3, 4) + little(0, 16) + little(UInt64(nameOffset), 8)
    file += little(UInt64(names.count), 8) + little(0, 8) + little(1, 8) + little(0, 8)
    return try KernelImage(bytes: file)
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) : 0 }
  }

  private static func pad(_ file: inout [UInt8], to offset: Int) {
    file += [UInt8](repeating: 0, count: offset - file.count)
  }
}

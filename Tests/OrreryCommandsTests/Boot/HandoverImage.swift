/// The guest that says what it was handed, with the headers of one way to load it.
enum HandoverImage: String, CaseIterable, Sendable {
  case pvh
  case multibootELF32 = "multiboot-elf32"
  case multibootELF64 = "multiboot-elf64"
  case multibootELF64ByAddresses = "multiboot-elf64-by-addresses"
  case multibootFlat = "multiboot-flat"
  case multiboot2ELF32 = "multiboot2-elf32"
  case multiboot2ELF64 = "multiboot2-elf64"
  case multiboot2Flat = "multiboot2-flat"

  /// What eax, or the structure that ebx points to, begins with.
  var magic: String {
    switch self {
    case .pvh: "336ec578"
    case .multibootELF32, .multibootELF64, .multibootELF64ByAddresses, .multibootFlat: "2badb002"
    case .multiboot2ELF32, .multiboot2ELF64, .multiboot2Flat: "36d76289"
    }
  }

  /// QEMU's loader knows PVH and Multiboot 1, the latter with 64-bit images only when the header has addresses.
  var isKnownToQEMU: Bool {
    switch self {
    case .pvh, .multibootELF32, .multibootELF64ByAddresses, .multibootFlat: true
    case .multibootELF64, .multiboot2ELF32, .multiboot2ELF64, .multiboot2Flat: false
    }
  }

  private static let base: UInt64 = 0x10_0000
  /// The header has what is before the code.
  private static let headerSize = Int(HandoverGuest.start - base)
  private static var loadedSize: UInt64 { UInt64(headerSize + HandoverGuest.code.count) }
  private static var zeroedEnd: UInt64 { base + loadedSize + 0x1000 }
  private static var addresses: [UInt64] { [base, base, base + loadedSize, zeroedEnd] }

  var bytes: [UInt8] {
    switch self {
    case .pvh: Self.elf64([], hasNote: true)
    case .multibootELF32: Self.elf32(Self.multiboot(hasAddresses: false))
    case .multibootELF64: Self.elf64(Self.multiboot(hasAddresses: false))
    case .multibootELF64ByAddresses: Self.elf64(Self.multiboot(hasAddresses: true))
    case .multibootFlat: Self.body(Self.multiboot(hasAddresses: true))
    case .multiboot2ELF32: Self.elf32(Self.multiboot2(hasAddresses: false))
    case .multiboot2ELF64: Self.elf64(Self.multiboot2(hasAddresses: false))
    case .multiboot2Flat: Self.body(Self.multiboot2(hasAddresses: true))
    }
  }

  private static func little(_ values: [UInt64], _ size: Int) -> [UInt8] {
    values.flatMap { value in (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
  }

  private static func padded(_ bytes: [UInt8], to count: Int) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: count - bytes.count)
  }

  private static func body(_ header: [UInt8]) -> [UInt8] { padded(header, to: headerSize) + HandoverGuest.code }

  private static func multiboot(hasAddresses: Bool) -> [UInt8] {
    let (magic, flags) = (0x1BAD_B002 as UInt64, (hasAddresses ? 0x1_0003 : 3) as UInt64)
    return little([magic, flags, 0 &- magic &- flags] + (hasAddresses ? addresses + [HandoverGuest.start] : []), 4)
  }

  private static func multiboot2(hasAddresses: Bool) -> [UInt8] {
    var tags: [UInt8] = []
    if hasAddresses {
      tags += little([2, 0], 2) + little([24] + addresses, 4)
      tags += little([3, 0], 2) + little([12, HandoverGuest.start, 0], 4)
    }
    tags += little([0, 0], 2) + little([8], 4)
    let (magic, length) = (0xE852_50D6 as UInt64, UInt64(16 + tags.count))
    return little([magic, 0, length, 0 &- magic &- length], 4) + tags
  }

  private static let identification: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

  private static func elf32(_ header: [UInt8]) -> [UInt8] {
    var file = identification + padded([1, 1, 1], to: 12)
    file += little([2, 3], 2) + little([1, HandoverGuest.start, 52, 0, 0], 4) + little([52, 32, 1, 40, 0, 0], 2)
    file += little([1, 0x80, base, base, loadedSize, loadedSize + 0x1000, 7, 16], 4)
    return padded(file, to: 0x80) + body(header)
  }

  private static func elf64(_ header: [UInt8], hasNote: Bool = false) -> [UInt8] {
    let note = little([4, 4, 18], 4) + Array("Xen\0".utf8) + little([HandoverGuest.start], 4)
    let body = body(header)
    var file = identification + padded([2, 1, 1], to: 12)
    file += little([2, 62], 2) + little([1], 4) + little([HandoverGuest.start, 64, 0], 8) + little([0], 4)
    file += little([64, 56, hasNote ? 2 : 1, 64, 0, 0], 2)
    file += little([1, 7], 4) + little([0x100, base, base, loadedSize, loadedSize + 0x1000, 16], 8)
    let noteOffset = (0x100 + body.count + 3) & ~3
    if hasNote {
      file += little([4, 4], 4) + little([UInt64(noteOffset), 0, 0, UInt64(note.count), UInt64(note.count), 4], 8)
    }
    file = padded(padded(file, to: 0x100) + body, to: noteOffset)
    return hasNote ? file + note : file
  }
}

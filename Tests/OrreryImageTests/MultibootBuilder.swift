import OrreryBase

/// Builds small images with a Multiboot or Multiboot2 header, in every shape that the specifications allow; all load at 1 MiB.
struct MultibootBuilder {
  enum Shape: String, CaseIterable, Sendable {
    case elf32, elf64, elf64ByAddresses, flatByAddresses
    case elf32Version2, elf64Version2, elf64ByAddressesVersion2, flatByAddressesVersion2

    var isVersion2: Bool { rawValue.hasSuffix("Version2") }
    var isFlat: Bool { rawValue.hasPrefix("flat") }
    var is32Bit: Bool { rawValue.hasPrefix("elf32") }
    var hasAddresses: Bool { rawValue.contains("ByAddresses") }
  }

  static let base: UInt64 = 0x10_0000
  /// Where the header lies from the beginning of what is loaded, and where the code does.
  static let headerDistance = 16
  static let codeDistance = 160

  let shape: Shape
  /// Multiboot 1 only; the bit for the addresses comes by itself.
  var flags: UInt32 = 3
  /// Multiboot 2 only, beside the tags for the addresses: type, flags, content.
  var tags: [(type: UInt16, flags: UInt16, content: [UInt8])] = []
  var code: [UInt8] = [0xFA, 0xF4, 0xEB, 0xFD]
  /// Where the addresses say the load ends and the zeros do, if otherwise than they should.
  var loadEnd: UInt32?
  var zeroedEnd: UInt32?
  var loadAddress = UInt32(base)
  var entry = UInt32(base) + UInt32(codeDistance)
  /// How much higher the ELF segments are linked than they are loaded.
  var linkOffset: UInt64 = 0
  /// Sections that no segment loads, by content.
  var sections: [[UInt8]] = []

  init(_ shape: Shape) { self.shape = shape }

  /// Where the bytes that are loaded begin in the file.
  var loadOffset: Int { shape.isFlat ? 0 : shape.is32Bit ? 0x58 : 0x78 }
  var headerOffset: Int { loadOffset + Self.headerDistance }
  /// Zeros behind what is loaded.
  static let zeroedSize: UInt32 = 0x1000
  private var loadedSize: UInt32 { UInt32(Self.codeDistance + code.count) }

  func build() -> [UInt8] {
    var body = [UInt8](repeating: 0, count: Self.headerDistance) + (shape.isVersion2 ? header2() : header1())
    precondition(body.count <= Self.codeDistance)
    body += [UInt8](repeating: 0, count: Self.codeDistance - body.count) + code
    return shape.isFlat ? body : elf(body)
  }

  private var addresses: [UInt32] {
    let base = UInt32(Self.base)
    return [
      base + UInt32(Self.headerDistance), loadAddress, loadEnd ?? base + loadedSize,
      zeroedEnd ?? base + loadedSize + Self.zeroedSize,
    ]
  }

  private func header1() -> [UInt8] {
    var writer = ByteWriter()
    let flags = self.flags | (shape.hasAddresses ? 1 << 16 : 0)
    for word in [0x1BAD_B002, flags, 0 &- 0x1BAD_B002 &- flags] as [UInt32] { writer.append(fixed: word) }
    if shape.hasAddresses { for word in addresses + [entry] { writer.append(fixed: word) } }
    return writer.bytes
  }

  private func header2() -> [UInt8] {
    var list = ByteWriter()
    func append(_ type: UInt16, _ flags: UInt16, _ content: [UInt8]) {
      list.append(fixed: type)
      list.append(fixed: flags)
      list.append(fixed: UInt32(8 + content.count))
      list.bytes += content
      while list.bytes.count % 8 != 0 { list.append(0 as UInt8) }
    }
    func words(_ words: [UInt32]) -> [UInt8] {
      var writer = ByteWriter()
      for word in words { writer.append(fixed: word) }
      return writer.bytes
    }
    if shape.hasAddresses {
      append(2, 0, words(addresses))
      append(3, 0, words([entry]))
    }
    for tag in tags { append(tag.type, tag.flags, tag.content) }
    append(0, 0, [])
    let length = UInt32(16 + list.bytes.count)
    return words([0xE852_50D6, 0, length, 0 &- 0xE852_50D6 &- length]) + list.bytes
  }

  /// One segment, and a table of sections if there are any: none, the code, and those given.
  private func elf(_ body: [UInt8]) -> [UInt8] {
    var file = ByteWriter()
    let is32 = shape.is32Bit
    func word(_ value: UInt64) { if is32 { file.append(fixed: UInt32(value)) } else { file.append(fixed: value) } }
    let sectionsStart = (loadOffset + body.count + sections.map(\.count).reduce(0, +) + 7) & ~7
    file.bytes = [0x7F, 0x45, 0x4C, 0x46, is32 ? 1 : 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file.append(fixed: 2 as UInt16)
    file.append(fixed: is32 ? 3 : 62 as UInt16)
    file.append(fixed: 1 as UInt32)
    word(UInt64(entry) + linkOffset)
    word(is32 ? 52 : 64)  // e_phoff
    word(sections.isEmpty ? 0 : UInt64(sectionsStart))  // e_shoff
    file.append(fixed: 0 as UInt32)
    for value in [is32 ? 52 : 64, is32 ? 32 : 56, 1, is32 ? 40 : 64] as [UInt16] { file.append(fixed: value) }
    file.append(fixed: sections.isEmpty ? 0 : UInt16(sections.count + 2))
    file.append(fixed: 1 as UInt16)  // e_shstrndx

    let size = UInt64(body.count)
    file.append(fixed: 1 as UInt32)  // PT_LOAD
    if !is32 { file.append(fixed: 7 as UInt32) }
    for value in [UInt64(loadOffset), Self.base + linkOffset, Self.base, size, size + UInt64(Self.zeroedSize)] {
      word(value)
    }
    if is32 { file.append(fixed: 7 as UInt32) }
    word(4096)
    // Multiboot 2 wants its header at a multiple of eight.
    while file.bytes.count < loadOffset { file.append(0 as UInt8) }
    file.bytes += body
    guard !sections.isEmpty else { return file.bytes }

    var offsets: [Int] = []
    for section in sections {
      offsets.append(file.bytes.count)
      file.bytes += section
    }
    while file.bytes.count < sectionsStart { file.append(0 as UInt8) }
    func section(_ type: UInt32, address: UInt64, offset: Int, size: Int) {
      file.append(fixed: 0 as UInt32)
      file.append(fixed: type)
      word(0)
      word(address)
      word(UInt64(offset))
      word(UInt64(size))
      file.append(fixed: 0 as UInt64)
      word(16)
      word(0)
    }
    section(0, address: 0, offset: 0, size: 0)
    section(1, address: Self.base, offset: loadOffset, size: body.count)
    for (content, offset) in zip(sections, offsets) { section(1, address: 0, offset: offset, size: content.count) }
    return file.bytes
  }
}

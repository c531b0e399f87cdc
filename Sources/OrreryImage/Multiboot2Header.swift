internal import OrreryBase

/// The header of an image for Multiboot 2 (Multiboot2 Specification 2.0, 3.1).
struct Multiboot2Header {
  static let magic: UInt32 = 0xE852_50D6
  /// The header is wholly in the first bytes of the file, at a multiple of eight.
  private static let searchedSize = 32768

  private enum Tag {
    static let end: UInt16 = 0
    static let informationRequest: UInt16 = 1
    static let address: UInt16 = 2
    static let entry: UInt16 = 3
    static let console: UInt16 = 4
    static let framebuffer: UInt16 = 5
    static let moduleAlignment: UInt16 = 6
    static let bootServices: UInt16 = 7
    static let entryEFI32: UInt16 = 8
    static let entryEFI64: UInt16 = 9
    static let relocatable: UInt16 = 10
  }

  /// The kinds of information that the specification knows; what it knows and a PC does not have may be missing.
  private static let knownInformation: ClosedRange<UInt32> = 0...21

  /// Where a kernel that can run elsewhere may be loaded.
  struct Relocation {
    let lowest: UInt64
    let highest: UInt64
    let alignment: UInt64
    let field: UInt64
  }

  /// Where the header stands in the file.
  let offset: Int
  /// Where to load the image when the header says so.
  private(set) var load: AddressedLoad?
  private(set) var entry: NamedEntry?
  private(set) var relocation: Relocation?

  /// Where the first header stands: a magic number, architecture, length, and what makes the sum of the four zero.
  static func offset(in reader: ImageReader) -> Int? {
    stride(from: 0, through: min(searchedSize, reader.bytes.count) - 16, by: 8).first { offset in
      reader.field(at: offset) == magic
        && magic &+ reader.field(UInt32.self, at: offset + 4) &+ reader.field(UInt32.self, at: offset + 8)
          &+ reader.field(UInt32.self, at: offset + 12) == 0
    }
  }

  /// The first header in the file; nil when there is none.
  init?(_ reader: ImageReader) throws(ImageError) {
    guard let offset = Self.offset(in: reader) else { return nil }
    self.offset = offset
    let architecture = reader.field(UInt32.self, at: offset + 4)
    guard architecture == 0 else {
      throw ImageError(
        offset: UInt64(offset + 4),
        problem: "the Multiboot2 header is for architecture \(architecture), expected 0 (i386, in protected mode)",
        remedy: "build the kernel for the PC")
    }
    let length = reader.field(UInt32.self, at: offset + 8)
    let header = try reader.range(
      at: UInt64(offset), count: UInt64(length), claimedAt: UInt64(offset + 8), "the Multiboot2 header")
    guard header.upperBound <= Self.searchedSize else {
      throw ImageError(
        offset: UInt64(offset + 8), problem: "the Multiboot2 header ends at \(hexadecimal(header.upperBound))",
        remedy: "place it in the first 32,768 bytes of the file")
    }
    try readTags(reader, from: offset + 16, to: header.upperBound)
  }

  private mutating func readTags(_ reader: ImageReader, from start: Int, to end: Int) throws(ImageError) {
    var position = start
    while end - position >= 8 {
      let type = reader.field(UInt16.self, at: position)
      let isOptional = reader.field(UInt16.self, at: position + 2) & 1 != 0
      let size = reader.field(UInt32.self, at: position + 4)
      guard size >= 8, Int(size) <= end - position else {
        throw ImageError(
          offset: UInt64(position + 4),
          problem: "a tag of \(size) bytes does not fit into the rest of the Multiboot2 header",
          remedy: "let each tag's size count its own eight bytes, without the padding to the next multiple of eight")
      }
      if type == Tag.end {
        guard load == nil || entry != nil else {
          throw ImageError(
            offset: UInt64(offset), problem: "the Multiboot2 header has an address tag and no entry address tag",
            remedy: "add the tag of type 3 that names the first instruction")
        }
        return
      }
      try take(type, isOptional: isOptional, reader, position..<position + Int(size))
      position += (Int(size) + 7) & ~7
    }
    throw ImageError(
      offset: UInt64(offset + 8), problem: "the tags of the Multiboot2 header have no end",
      remedy: "put the tag of type 0 and size 8 last, and count it in the header's length")
  }

  private mutating func take(
    _ type: UInt16, isOptional: Bool, _ reader: ImageReader, _ tag: Range<Int>
  ) throws(ImageError) {
    switch type {
    case Tag.informationRequest:
      for field in stride(from: tag.lowerBound + 8, through: tag.upperBound - 4, by: 4) where !isOptional {
        let kind = reader.field(UInt32.self, at: field)
        guard Self.knownInformation.contains(kind) else {
          throw ImageError(
            offset: UInt64(field),
            problem: "the kernel requires information of kind \(kind), which no specification says",
            remedy: "leave it out, or mark the request as optional")
        }
      }
    case Tag.address:
      try expect(tag, 24, "an address tag")
      load = try AddressedLoad(reader, fields: tag.lowerBound + 8, header: offset, allowsWholeFile: true)
    case Tag.entry:
      try expect(tag, 12, "an entry address tag")
      entry = NamedEntry(address: reader.field(at: tag.lowerBound + 8), field: UInt64(tag.lowerBound + 8))
    case Tag.console:
      try expect(tag, 12, "a console tag")
      // Bit 0: the kernel needs a console; bit 1: it can use text mode.
      guard isOptional || reader.field(UInt32.self, at: tag.lowerBound + 8) & 3 != 1 else {
        throw ImageError(
          offset: UInt64(tag.lowerBound + 8), problem: "the kernel needs a console and cannot use a text mode",
          remedy: "there is nothing but text mode: let the kernel use it or the serial port")
      }
    case Tag.relocatable:
      try expect(tag, 24, "a relocatable tag")
      let alignment = reader.field(UInt32.self, at: tag.lowerBound + 16)
      guard alignment & (alignment &- 1) == 0 else {
        throw ImageError(
          offset: UInt64(tag.lowerBound + 16), problem: "an alignment of \(alignment) is no power of two",
          remedy: "check the relocatable tag")
      }
      relocation = Relocation(
        lowest: UInt64(reader.field(UInt32.self, at: tag.lowerBound + 8)),
        highest: UInt64(reader.field(UInt32.self, at: tag.lowerBound + 12)), alignment: UInt64(max(1, alignment)),
        field: UInt64(tag.lowerBound + 8))
    case Tag.framebuffer, Tag.moduleAlignment, Tag.bootServices, Tag.entryEFI32, Tag.entryEFI64:
      // The mode is a recommendation, modules are on pages in any case, and what is about EFI counts on EFI only.
      break
    default:
      guard isOptional else {
        throw ImageError(
          offset: UInt64(tag.lowerBound),
          problem: "a tag of the Multiboot2 header has the type \(type), which no specification says",
          remedy: "mark it as optional (bit 0 of its flags), or leave it out")
      }
    }
  }

  private func expect(_ tag: Range<Int>, _ size: Int, _ what: String) throws(ImageError) {
    guard tag.count >= size else {
      throw ImageError(
        offset: UInt64(tag.lowerBound + 4), problem: "\(what) has \(tag.count) bytes, expected \(size)",
        remedy: "check the tag's size in the source of the header")
    }
  }
}

internal import OrreryBase

/// The header of an image for Multiboot 1 (Multiboot Specification 0.6.96, 3.1).
struct MultibootHeader {
  static let magic: UInt32 = 0x1BAD_B002
  /// The header is wholly in the first bytes of the file, at a multiple of four.
  private static let searchedSize = 8192

  /// Of the header's flags. Those of bits 0 to 15 must be understood.
  private enum Flag {
    /// Modules on page boundaries, which they are in any case.
    static let pageAligned: UInt32 = 1 << 0
    /// Information about memory, which is given in any case.
    static let memory: UInt32 = 1 << 1
    /// Information about the display, which is given in any case; the mode asked for is a recommendation.
    static let video: UInt32 = 1 << 2
    static let required: UInt32 = 0xFFFF
    static let addresses: UInt32 = 1 << 16
  }

  /// Where the header stands in the file.
  let offset: Int
  /// Where to load the image when the header says so.
  let load: AddressedLoad?
  let entry: NamedEntry?

  /// The first header in the file; nil when there is none.
  init?(_ reader: ImageReader) throws(ImageError) {
    guard let offset = Self.offset(in: reader) else { return nil }
    self.offset = offset
    let flags = reader.field(UInt32.self, at: offset + 4)
    let unknown = flags & Flag.required & ~(Flag.pageAligned | Flag.memory | Flag.video)
    guard unknown == 0 else {
      throw ImageError(
        offset: UInt64(offset + 4),
        problem:
          "the Multiboot header requires what its flags \(hexadecimal(unknown)) stand for, which no specification says",
        remedy: "clear these flags, or check that the bytes are meant as a Multiboot header")
    }
    guard flags & Flag.addresses != 0 else {
      (load, entry) = (nil, nil)
      return
    }
    _ = try reader.range(
      at: UInt64(offset + 12), count: 20, claimedAt: UInt64(offset + 4), "the Multiboot header's addresses")
    load = try AddressedLoad(reader, fields: offset + 12, header: offset, allowsWholeFile: false)
    entry = NamedEntry(address: reader.field(at: offset + 28), field: UInt64(offset + 28))
  }

  /// Where the first header stands: a magic number, flags, and what makes the sum of the three zero.
  static func offset(in reader: ImageReader) -> Int? {
    stride(from: 0, through: min(searchedSize, reader.bytes.count) - 12, by: 4).first { offset in
      reader.field(at: offset) == magic
        && magic &+ reader.field(UInt32.self, at: offset + 4) &+ reader.field(UInt32.self, at: offset + 8) == 0
    }
  }
}

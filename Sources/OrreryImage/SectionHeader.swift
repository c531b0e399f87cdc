/// A section header (System V gABI, chapter 4).
struct SectionHeader {
  /// `sh_type` of a symbol table.
  static let symbolTable: UInt32 = 2
  /// `sh_type` of a string table.
  static let stringTable: UInt32 = 3

  let type: UInt32
  let fileOffset: UInt64
  let size: UInt64
  let link: UInt32
  let entrySize: UInt64
  /// Where the header itself stands in the file.
  let offset: UInt64

  /// - Precondition: the 64 bytes at `start` are in the file.
  init(_ reader: ImageReader, at start: Int) {
    type = reader.field(at: start + 4)
    fileOffset = reader.field(at: start + 24)
    size = reader.field(at: start + 32)
    link = reader.field(at: start + 40)
    entrySize = reader.field(at: start + 56)
    offset = UInt64(start)
  }
}

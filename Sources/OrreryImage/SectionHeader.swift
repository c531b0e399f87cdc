/// A section header (System V gABI, chapter 4).
struct SectionHeader {
  /// `sh_type` of an entry that stands for no section.
  static let none: UInt32 = 0
  /// `sh_type` of a symbol table.
  static let symbolTable: UInt32 = 2
  /// `sh_type` of a string table.
  static let stringTable: UInt32 = 3
  /// `sh_type` of a section that takes no space in the file.
  static let noBits: UInt32 = 8

  let type: UInt32
  /// Where the section is in memory; 0 when it is not loaded.
  let address: UInt64
  let fileOffset: UInt64
  let size: UInt64
  let link: UInt32
  let alignment: UInt64
  let entrySize: UInt64
  /// The bytes of the header itself in the file.
  let range: Range<Int>
  let elfClass: ELFClass
  /// Where `sh_addr`, `sh_offset`, `sh_link` and `sh_entsize` stand in the file.
  let addressField: Int
  let fileOffsetField: UInt64
  let linkField: UInt64
  let entrySizeField: UInt64

  /// - Precondition: the header's bytes from `start` on are in the file.
  init(_ reader: ImageReader, _ elfClass: ELFClass, at start: Int) {
    self.elfClass = elfClass
    range = start..<start + elfClass.sectionHeaderSize
    type = reader.field(at: start + 4)
    address = elfClass.word(reader, in: start, 12, 16)
    fileOffset = elfClass.word(reader, in: start, 16, 24)
    size = elfClass.word(reader, in: start, 20, 32)
    link = reader.field(at: start + elfClass.field(24, 40))
    alignment = elfClass.word(reader, in: start, 32, 48)
    entrySize = elfClass.word(reader, in: start, 36, 56)
    addressField = start + elfClass.field(12, 16)
    fileOffsetField = UInt64(start + elfClass.field(16, 24))
    linkField = UInt64(start + elfClass.field(24, 40))
    entrySizeField = UInt64(start + elfClass.field(36, 56))
  }
}

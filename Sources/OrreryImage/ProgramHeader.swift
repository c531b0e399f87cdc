/// A program header (System V gABI, chapter 5).
struct ProgramHeader {
  /// The values of `p_type` that matter here.
  enum Kind { case load, note, other }

  let type: Kind
  let fileOffset: UInt64
  let linearAddress: UInt64
  let physicalAddress: UInt64
  let fileSize: UInt64
  let memorySize: UInt64
  let alignment: UInt64
  /// Where `p_offset`, `p_paddr` and `p_memsz` stand in the file, for messages.
  let fileOffsetField: UInt64
  let physicalAddressField: UInt64
  let memorySizeField: UInt64

  /// - Precondition: the header's bytes from `start` on are in the file.
  init(_ reader: ImageReader, _ elfClass: ELFClass, at start: Int) {
    type =
      switch reader.field(UInt32.self, at: start) {
      case 1: .load
      case 4: .note
      default: .other
      }
    fileOffset = elfClass.word(reader, in: start, 4, 8)
    linearAddress = elfClass.word(reader, in: start, 8, 16)
    physicalAddress = elfClass.word(reader, in: start, 12, 24)
    fileSize = elfClass.word(reader, in: start, 16, 32)
    memorySize = elfClass.word(reader, in: start, 20, 40)
    alignment = elfClass.word(reader, in: start, 28, 48)
    fileOffsetField = UInt64(start + elfClass.field(4, 8))
    physicalAddressField = UInt64(start + elfClass.field(12, 24))
    memorySizeField = UInt64(start + elfClass.field(20, 40))
  }
}

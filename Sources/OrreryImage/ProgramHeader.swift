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
  /// Where the header itself stands in the file.
  let offset: UInt64

  /// - Precondition: the 56 bytes at `start` are in the file.
  init(_ reader: ImageReader, at start: Int) {
    type =
      switch reader.field(UInt32.self, at: start) {
      case 1: .load
      case 4: .note
      default: .other
      }
    fileOffset = reader.field(at: start + 8)
    linearAddress = reader.field(at: start + 16)
    physicalAddress = reader.field(at: start + 24)
    fileSize = reader.field(at: start + 32)
    memorySize = reader.field(at: start + 40)
    alignment = reader.field(at: start + 48)
    offset = UInt64(start)
  }
}

internal import OrreryBase

/// The ELF note by which an image offers the PVH entry (Xen public headers, `elfnote.h`: `XEN_ELFNOTE_PHYS32_ENTRY`).
enum PVHNote {
  static let type: UInt32 = 18
  private static let name = Array("Xen\0".utf8)

  /// The entry that the first such note names; nil when there is none.
  static func entry(_ headers: [ProgramHeader], _ reader: ImageReader) throws(ImageError) -> UInt32? {
    for header in headers where header.type == .note {
      let range = try reader.range(
        at: header.fileOffset, count: header.fileSize, claimedAt: header.fileOffsetField,
        "a note segment")
      if let entry = try entry(in: range, alignment: header.alignment == 8 ? 8 : 4, reader) {
        return entry
      }
    }
    return nil
  }

  /// Walks the notes of one segment: name size, descriptor size, type, then name and descriptor, each padded to `alignment`.
  private static func entry(
    in range: Range<Int>, alignment: Int, _ reader: ImageReader
  ) throws(ImageError) -> UInt32? {
    var offset = range.lowerBound
    // What is shorter than a note's head is padding of the segment.
    while range.upperBound - offset >= 12 {
      let nameSize = Int(reader.field(UInt32.self, at: offset))
      let descriptorSize = Int(reader.field(UInt32.self, at: offset + 4))
      let type = reader.field(UInt32.self, at: offset + 8)
      let nameStart = offset + 12
      // 32-bit sizes in 64-bit arithmetic: the sums cannot overflow.
      let descriptorStart =
        range.lowerBound + rounded(nameStart + nameSize - range.lowerBound, to: alignment)
      guard descriptorStart + descriptorSize <= range.upperBound else {
        throw ImageError(
          offset: UInt64(offset),
          problem:
            "a note with a name of \(nameSize) and a descriptor of \(descriptorSize) bytes leaves its segment",
          remedy: "check the sizes in the source of the note")
      }
      if type == Self.type, reader.bytes[nameStart..<nameStart + nameSize].elementsEqual(name) {
        return try entry(descriptorAt: descriptorStart, size: descriptorSize, reader)
      }
      offset =
        range.lowerBound
        + rounded(descriptorStart + descriptorSize - range.lowerBound, to: alignment)
    }
    return nil
  }

  private static func entry(
    descriptorAt offset: Int, size: Int, _ reader: ImageReader
  ) throws(ImageError) -> UInt32 {
    let value: UInt64
    switch size {
    case 4: value = UInt64(reader.field(UInt32.self, at: offset))
    case 8: value = reader.field(at: offset)
    default:
      throw ImageError(
        offset: UInt64(offset),
        problem: "the PVH note has a descriptor of \(size) bytes, expected 4 or 8",
        remedy: "let the note hold the entry's physical address as .long or .quad")
    }
    guard let entry = UInt32(exactly: value) else {
      throw ImageError(
        offset: UInt64(offset), problem: "the PVH entry \(hexadecimal(value)) is above 4 GiB",
        remedy: "give the entry's physical address, not its virtual one")
    }
    return entry
  }

  private static func rounded(_ value: Int, to alignment: Int) -> Int {
    (value + alignment - 1) & -alignment
  }
}

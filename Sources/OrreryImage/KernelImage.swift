public import OrreryBase

/// A kernel image: an ELF64 file for x86-64, checked.
///
///     let image = try KernelImage(bytes: bytes)
///     let plan = try image.pvhPlan(memorySize: 64 << 20, commandLine: Array("test=heap".utf8))
///
/// Field names and offsets are those of the System V gABI, chapters 4 and 5. Every length and offset is checked before use; reading costs time
/// and memory in proportion to the file.
public struct KernelImage: Sendable {
  /// The file.
  public let bytes: [UInt8]
  /// In ascending order of physical address; they do not overlap, and none is empty.
  public let segments: [Segment]
  /// The entry point of the ELF header (`e_entry`).
  public let entry: LinearAddress
  /// The physical address of the 32-bit entry that a PVH note names; nil when there is no such note.
  public let pvhEntry: UInt32?
  /// Empty when the image was stripped.
  public let symbols: SymbolTable

  /// The sizes that the gABI gives the three structures, in bytes.
  private enum Size {
    static let header = 64
    static let programHeader = 56
    static let sectionHeader = 64
  }

  /// - Throws: `ImageError` naming the first field that is wrong.
  public init(bytes: [UInt8]) throws(ImageError) {
    let reader = ImageReader(bytes: bytes)
    try Self.checkIdentification(reader)
    let headers = try Self.programHeaders(reader)
    self.bytes = bytes
    entry = LinearAddress(reader.field(at: 24))
    segments = try Self.segments(headers, reader)
    pvhEntry = try PVHNote.entry(headers, reader)
    symbols = try SymbolTable(sections: Self.sectionHeaders(reader), reader)
  }

  private static func checkIdentification(_ reader: ImageReader) throws(ImageError) {
    guard !reader.bytes.isEmpty else {
      throw ImageError(
        offset: 0, problem: "the file is empty",
        remedy: "give a kernel built as an ELF64 executable")
    }
    let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    for (index, expected) in magic.enumerated() {
      guard index < reader.bytes.count else { break }
      guard reader.bytes[index] == expected else {
        throw ImageError(
          offset: UInt64(index),
          problem: "this is not an ELF file: its first bytes are not 7f 45 4c 46",
          remedy: "give the linked kernel itself, not a disk image, archive or compressed file")
      }
    }
    _ = try reader.range(at: 0, count: UInt64(Size.header), claimedAt: 0, "the ELF header")
    func check(_ offset: Int, _ value: UInt64, _ expected: UInt64, _ what: String, _ remedy: String)
      throws(ImageError)
    {
      guard value == expected else {
        throw ImageError(
          offset: UInt64(offset), problem: "\(what) is \(value), expected \(expected)",
          remedy: remedy)
      }
    }
    let rebuild = "build the kernel for x86-64 (ELF64, little-endian)"
    try check(
      4, reader.field(UInt8.self, at: 4).asUInt64, 2, "the file class (1 is 32-bit, 2 is 64-bit)",
      rebuild)
    try check(
      5, reader.field(UInt8.self, at: 5).asUInt64, 1, "the byte order (1 is little-endian)", rebuild
    )
    try check(6, reader.field(UInt8.self, at: 6).asUInt64, 1, "the ELF version", rebuild)
    try check(
      18, reader.field(UInt16.self, at: 18).asUInt64, 62, "the machine (62 is x86-64)", rebuild)
    let type = reader.field(UInt16.self, at: 16)
    guard type == 2 || type == 3 else {
      throw ImageError(
        offset: 16,
        problem:
          "the file type is \(type), expected 2 (executable) or 3 (position-independent executable)",
        remedy: "link the kernel: an object file, library of objects or core dump cannot be booted")
    }
  }

  private static func programHeaders(_ reader: ImageReader) throws(ImageError) -> [ProgramHeader] {
    let count = reader.field(UInt16.self, at: 56)
    guard count > 0, count < 0xFFFF else {
      throw ImageError(
        offset: 56, problem: "the file has \(count == 0 ? "no" : "too many") program headers",
        remedy: "link the kernel as an executable, with its loadable segments as program headers")
    }
    let size = reader.field(UInt16.self, at: 54)
    guard Int(size) == Size.programHeader else {
      throw ImageError(
        offset: 54, problem: "a program header has \(size) bytes, expected \(Size.programHeader)",
        remedy: "the file is damaged: build or copy it again")
    }
    let table = try reader.range(
      at: reader.field(at: 32), count: UInt64(count) * UInt64(Size.programHeader), claimedAt: 32,
      "the table of \(count) program headers")
    return (0..<Int(count)).map {
      ProgramHeader(reader, at: table.lowerBound + $0 * Size.programHeader)
    }
  }

  private static func segments(_ headers: [ProgramHeader], _ reader: ImageReader) throws(ImageError)
    -> [Segment]
  {
    var segments: [Segment] = []
    for header in headers where header.type == .load {
      let range = try reader.range(
        at: header.fileOffset, count: header.fileSize, claimedAt: header.offset + 8,
        "a segment's data")
      guard header.fileSize <= header.memorySize else {
        throw ImageError(
          offset: header.offset + 40,
          problem:
            "a segment has \(header.memorySize) bytes in memory, fewer than its \(header.fileSize) in the file",
          remedy: "the file is damaged: build or copy it again")
      }
      guard header.memorySize > 0 else { continue }
      guard
        !header.physicalAddress.addingReportingOverflow(header.memorySize - 1).overflow,
        !header.linearAddress.addingReportingOverflow(header.memorySize - 1).overflow
      else {
        throw ImageError(
          offset: header.offset + 40,
          problem:
            "a segment of \(header.memorySize) bytes at \(hexadecimal(header.physicalAddress)) runs past 2^64",
          remedy: "check the addresses in the linker script")
      }
      segments.append(
        Segment(
          physicalAddress: PhysicalAddress(header.physicalAddress),
          linearAddress: LinearAddress(header.linearAddress),
          fileRange: range, memorySize: header.memorySize, headerOffset: header.offset))
    }
    guard !segments.isEmpty else {
      throw ImageError(
        offset: reader.field(at: 32),
        problem: "no program header is loadable (PT_LOAD) and not empty",
        remedy: "check that the linker script puts the kernel's sections into segments")
    }
    segments.sort { ($0.physicalAddress, $0.headerOffset) < ($1.physicalAddress, $1.headerOffset) }
    for (low, high) in zip(segments, segments.dropFirst())
    where low.physicalAddress.rawValue + (low.memorySize - 1) >= high.physicalAddress.rawValue {
      throw ImageError(
        offset: high.headerOffset + 24,
        problem:
          "the segment at \(high.physicalAddress) overlaps the one of \(low.memorySize) bytes at \(low.physicalAddress)",
        remedy: "check the load addresses (AT, LMA) in the linker script")
    }
    return segments
  }

  private static func sectionHeaders(_ reader: ImageReader) throws(ImageError) -> [SectionHeader] {
    let (offset, count) = (reader.field(UInt64.self, at: 40), reader.field(UInt16.self, at: 60))
    if offset == 0 && count == 0 { return [] }
    guard offset != 0, count > 0 else {
      throw ImageError(
        offset: offset == 0 ? 40 : 60,
        problem: offset == 0
          ? "the file claims \(count) section headers but says no place"
          : "the table of section headers has no entry",
        remedy: "the file is damaged: build or copy it again")
    }
    let size = reader.field(UInt16.self, at: 58)
    guard Int(size) == Size.sectionHeader else {
      throw ImageError(
        offset: 58, problem: "a section header has \(size) bytes, expected \(Size.sectionHeader)",
        remedy: "the file is damaged: build or copy it again")
    }
    let table = try reader.range(
      at: offset, count: UInt64(count) * UInt64(Size.sectionHeader), claimedAt: 40,
      "the table of \(count) section headers")
    return (0..<Int(count)).map {
      SectionHeader(reader, at: table.lowerBound + $0 * Size.sectionHeader)
    }
  }
}

extension UnsignedInteger {
  fileprivate var asUInt64: UInt64 { UInt64(self) }
}

internal import OrreryBase

/// The width of an ELF file's addresses (`EI_CLASS`), which decides where every field stands (System V gABI, chapters 4 and 5).
enum ELFClass: UInt8 {
  case bits32 = 1
  case bits64 = 2

  /// The sizes that the gABI gives the structures, in bytes.
  var headerSize: Int { self == .bits64 ? 64 : 52 }
  var programHeaderSize: Int { self == .bits64 ? 56 : 32 }
  var sectionHeaderSize: Int { self == .bits64 ? 64 : 40 }
  var symbolSize: Int { self == .bits64 ? 24 : 16 }
  /// `e_machine` of the processor in this class: x86-64, or the 80386 whose code a boot loader's entry expects.
  var machine: UInt16 { self == .bits64 ? 62 : 3 }

  /// The offset that a field has in this class.
  func field(_ bits32: Int, _ bits64: Int) -> Int { self == .bits64 ? bits64 : bits32 }

  /// The address or size at `offset`, 4 or 8 bytes wide.
  func word(_ reader: ImageReader, at offset: Int) -> UInt64 {
    self == .bits64 ? reader.field(at: offset) : UInt64(reader.field(UInt32.self, at: offset))
  }

  /// The address or size that stands at `bits32` or `bits64` of the structure at `start`.
  func word(_ reader: ImageReader, in start: Int, _ bits32: Int, _ bits64: Int) -> UInt64 {
    word(reader, at: start + field(bits32, bits64))
  }
}

/// The header of an ELF file for a PC, checked, with its two tables.
struct ELFHeader {
  static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

  let elfClass: ELFClass
  let entry: UInt64
  let programHeaders: [ProgramHeader]
  let sectionHeaders: [SectionHeader]
  /// The number of the section that has the sections' names (`e_shstrndx`).
  let sectionNames: UInt16

  init(_ reader: ImageReader) throws(ImageError) {
    let elfClass = try Self.checkedClass(reader)
    self.elfClass = elfClass
    entry = elfClass.word(reader, at: 24)
    programHeaders = try Self.programHeaders(elfClass, reader)
    sectionHeaders = try Self.sectionHeaders(elfClass, reader)
    sectionNames = reader.field(at: elfClass.field(50, 62))
  }

  /// Whether the first bytes are those of an ELF file, as many of them as there are.
  static func isELF(_ bytes: [UInt8]) -> Bool {
    !bytes.isEmpty && bytes.prefix(4).elementsEqual(magic.prefix(bytes.count))
  }

  private static func checkedClass(_ reader: ImageReader) throws(ImageError) -> ELFClass {
    _ = try reader.range(
      at: 0, count: UInt64(ELFClass.bits64.headerSize), claimedAt: 0, "the ELF header")
    let rebuild = "build the kernel for x86-64 (ELF64), or as ELF32 with a Multiboot header, little-endian"
    func check(_ offset: Int, _ value: some UnsignedInteger, _ expected: UInt64, _ what: String) throws(ImageError) {
      guard UInt64(value) == expected else {
        throw ImageError(
          offset: UInt64(offset), problem: "\(what) is \(value), expected \(expected)", remedy: rebuild)
      }
    }
    let value = reader.field(UInt8.self, at: 4)
    guard let elfClass = ELFClass(rawValue: value) else {
      throw ImageError(
        offset: 4, problem: "the file class (1 is 32-bit, 2 is 64-bit) is \(value), expected 1 or 2", remedy: rebuild)
    }
    try check(5, reader.field(UInt8.self, at: 5), 1, "the byte order (1 is little-endian)")
    try check(6, reader.field(UInt8.self, at: 6), 1, "the ELF version")
    try check(
      18, reader.field(UInt16.self, at: 18), UInt64(elfClass.machine),
      elfClass == .bits64 ? "the machine (62 is x86-64)" : "the machine (3 is the 80386)")
    let type = reader.field(UInt16.self, at: 16)
    guard type == 2 || type == 3 else {
      throw ImageError(
        offset: 16,
        problem:
          "the file type is \(type), expected 2 (executable) or 3 (position-independent executable)",
        remedy: "link the kernel: an object file, library of objects or core dump cannot be booted")
    }
    return elfClass
  }

  private static func programHeaders(
    _ elfClass: ELFClass, _ reader: ImageReader
  ) throws(ImageError) -> [ProgramHeader] {
    let countField = elfClass.field(44, 56)
    let count = reader.field(UInt16.self, at: countField)
    guard count > 0, count < 0xFFFF else {
      throw ImageError(
        offset: UInt64(countField), problem: "the file has \(count == 0 ? "no" : "too many") program headers",
        remedy: "link the kernel as an executable, with its loadable segments as program headers")
    }
    let entries = try entries(
      "program header", count: count, placeField: elfClass.field(28, 32), sizeField: elfClass.field(42, 54),
      size: elfClass.programHeaderSize, elfClass, reader)
    return entries.map { ProgramHeader(reader, elfClass, at: $0) }
  }

  private static func sectionHeaders(
    _ elfClass: ELFClass, _ reader: ImageReader
  ) throws(ImageError) -> [SectionHeader] {
    let (place, countField) = (elfClass.field(32, 40), elfClass.field(48, 60))
    let (offset, count) = (elfClass.word(reader, at: place), reader.field(UInt16.self, at: countField))
    if offset == 0 && count == 0 { return [] }
    guard offset != 0, count > 0 else {
      throw ImageError(
        offset: UInt64(offset == 0 ? place : countField),
        problem: offset == 0
          ? "the file claims \(count) section headers but says no place"
          : "the table of section headers has no entry",
        remedy: "the file is damaged: build or copy it again")
    }
    let entries = try entries(
      "section header", count: count, placeField: place, sizeField: elfClass.field(46, 58),
      size: elfClass.sectionHeaderSize, elfClass, reader)
    return entries.map { SectionHeader(reader, elfClass, at: $0) }
  }

  /// Where the entries of a table of headers begin, in bytes from the start of the file.
  private static func entries(
    _ name: String, count: UInt16, placeField: Int, sizeField: Int, size expectedSize: Int, _ elfClass: ELFClass,
    _ reader: ImageReader
  ) throws(ImageError) -> [Int] {
    let size = Int(reader.field(UInt16.self, at: sizeField))
    guard size == expectedSize else {
      throw ImageError(
        offset: UInt64(sizeField), problem: "a \(name) has \(size) bytes, expected \(expectedSize)",
        remedy: "the file is damaged: build or copy it again")
    }
    let table = try reader.range(
      at: elfClass.word(reader, at: placeField), count: UInt64(count) * UInt64(size), claimedAt: UInt64(placeField),
      "the table of \(count) \(name)s")
    return (0..<Int(count)).map { table.lowerBound + $0 * size }
  }

  /// The loadable segments, in ascending order of physical address.
  func segments(_ reader: ImageReader) throws(ImageError) -> [Segment] {
    var segments: [Segment] = []
    for header in programHeaders where header.type == .load {
      let range = try reader.range(
        at: header.fileOffset, count: header.fileSize, claimedAt: header.fileOffsetField, "a segment's data")
      guard header.fileSize <= header.memorySize else {
        throw ImageError(
          offset: header.memorySizeField,
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
          offset: header.memorySizeField,
          problem:
            "a segment of \(header.memorySize) bytes at \(hexadecimal(header.physicalAddress)) runs past 2^64",
          remedy: "check the addresses in the linker script")
      }
      segments.append(
        Segment(
          physicalAddress: PhysicalAddress(header.physicalAddress),
          linearAddress: LinearAddress(header.linearAddress),
          fileRange: range, memorySize: header.memorySize, addressField: header.physicalAddressField))
    }
    guard !segments.isEmpty else {
      throw ImageError(
        offset: elfClass.word(reader, at: elfClass.field(28, 32)),
        problem: "no program header is loadable (PT_LOAD) and not empty",
        remedy: "check that the linker script puts the kernel's sections into segments")
    }
    segments.sort { ($0.physicalAddress, $0.addressField) < ($1.physicalAddress, $1.addressField) }
    for (low, high) in zip(segments, segments.dropFirst())
    where low.physicalAddress.rawValue + (low.memorySize - 1) >= high.physicalAddress.rawValue {
      throw ImageError(
        offset: high.addressField,
        problem:
          "the segment at \(high.physicalAddress) overlaps the one of \(low.memorySize) bytes at \(low.physicalAddress)",
        remedy: "check the load addresses (AT, LMA) in the linker script")
    }
    return segments
  }
}

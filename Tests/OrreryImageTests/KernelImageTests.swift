import OrreryBase
import OrreryImage
import Testing

@Suite struct KernelImageTests {
  @Test func aWellFormedImageIsReadAsItsHeadersSay() throws {
    let image = try KernelImage(bytes: ELFBuilder().build())
    #expect(image.entry == LinearAddress(0xFFFF_8000_0010_0000))
    #expect(image.pvhEntry == 0x10_0000)
    #expect(image.segments.count == 1)
    let segment = try #require(image.segments.first)
    #expect(segment.physicalAddress == PhysicalAddress(0x10_0000))
    #expect(segment.linearAddress == LinearAddress(0xFFFF_8000_0010_0000))
    #expect(Array(image.bytes[segment.fileRange]) == [0xFA, 0xF4, 0xEB, 0xFD])
    #expect(segment.memorySize == 0x2000)
    #expect(image.symbols.symbols.map(\.name) == ["start", "halt"])
  }

  @Test(
    arguments: [4, 8] as [UInt64],
    [[0x78, 0x56, 0x34, 0x12], [0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0]] as [[UInt8]])
  func theEntryIsReadFromEitherWidthAndAlignmentOfTheNote(alignment: UInt64, descriptor: [UInt8])
    throws
  {
    var builder = ELFBuilder()
    builder.noteAlignment = alignment
    builder.entryDescriptor = descriptor
    #expect(try KernelImage(bytes: builder.build()).pvhEntry == 0x1234_5678)
  }

  @Test func aStrippedImageHasNoSymbols() throws {
    var builder = ELFBuilder()
    builder.symbols = nil
    #expect(try KernelImage(bytes: builder.build()).symbols.isEmpty)
  }

  @Test func anImageWithoutTheNoteIsReadButHasNoPVHEntry() throws {
    var builder = ELFBuilder()
    builder.entryDescriptor = nil
    #expect(try KernelImage(bytes: builder.build()).pvhEntry == nil)
  }

  @Test func segmentsAreOrderedByAddress() throws {
    var builder = ELFBuilder()
    builder.loads = [
      .init(physicalAddress: 0x30_0000, linearAddress: 0, data: [1], memorySize: 1),
      .init(physicalAddress: 0x10_0000, linearAddress: 0, data: [2], memorySize: 0x20_0000),
      .init(physicalAddress: 0x30_0000, linearAddress: 0, data: [], memorySize: 0),
    ]
    let image = try KernelImage(bytes: builder.build())
    #expect(image.segments.map(\.physicalAddress.rawValue) == [0x10_0000, 0x30_0000])
  }

  /// A damage to the well-formed image, and where and how it is reported. Header offsets are those of the gABI.
  struct Damage: CustomTestStringConvertible, Sendable {
    var name: String
    var offset: UInt64
    var problem: String
    var bytes: @Sendable () -> [UInt8]

    init(
      _ name: String, at offset: UInt64, _ problem: String,
      _ bytes: @escaping @Sendable () -> [UInt8]
    ) {
      (self.name, self.offset, self.problem, self.bytes) = (name, offset, problem, bytes)
    }

    var testDescription: String { name }
  }

  static func damaged(_ offset: Int, _ value: some FixedWidthInteger & Sendable)
    -> @Sendable () -> [UInt8]
  {
    { ELFBuilder().build().replacing(at: offset, with: value) }
  }

  static func damaged(
    _ value: some FixedWidthInteger & Sendable,
    at offset: @escaping @Sendable (ELFBuilder.Layout) -> Int
  ) -> @Sendable () -> [UInt8] {
    {
      let (bytes, layout) = ELFBuilder().buildWithLayout()
      return bytes.replacing(at: offset(layout), with: value)
    }
  }

  static let damages: [Damage] = [
    Damage("empty", at: 0, "the file is empty") { [] },
    Damage("text", at: 0, "this is not an ELF file") { Array("#!/bin/sh\n".utf8) },
    Damage("magic cut", at: 0, "the ELF header should be 64 bytes at 0x0, but the file has 3 bytes") {
      [0x7F, 0x45, 0x4C]
    },
    Damage(
      "no class", at: 4, "the file class (1 is 32-bit, 2 is 64-bit) is 3, expected 1 or 2",
      damaged(4, 3 as UInt8)),
    Damage(
      "32-bit class for a 64-bit machine", at: 18, "the machine (3 is the 80386) is 62, expected 3",
      damaged(4, 1 as UInt8)),
    Damage(
      "big-endian", at: 5, "the byte order (1 is little-endian) is 2, expected 1",
      damaged(5, 2 as UInt8)),
    Damage("another version", at: 6, "the ELF version is 0, expected 1", damaged(6, 0 as UInt8)),
    Damage(
      "an AArch64 kernel", at: 18, "the machine (62 is x86-64) is 183, expected 62",
      damaged(18, 183 as UInt16)),
    Damage("an object file", at: 16, "the file type is 1", damaged(16, 1 as UInt16)),
    Damage(
      "no program headers", at: 56, "the file has no program headers", damaged(56, 0 as UInt16)),
    Damage(
      "odd program headers", at: 54, "a program header has 57 bytes, expected 56",
      damaged(54, 57 as UInt16)),
    Damage(
      "program headers far off", at: 32, "the table of 2 program headers", damaged(32, UInt64.max)),
    Damage("segment data far off", at: 64 + 8, "a segment's data", damaged(64 + 8, UInt64.max - 1)),
    Damage("segment data too long", at: 64 + 8, "a segment's data", damaged(64 + 32, UInt64.max)),
    Damage(
      "memory size below file size", at: 64 + 40,
      "a segment has 3 bytes in memory, fewer than its 4 in the file",
      damaged(64 + 40, 3 as UInt64)),
    Damage("memory size past 2^64", at: 64 + 40, "runs past 2^64", damaged(64 + 40, UInt64.max)),
    Damage("not loadable", at: 64, "no program header is loadable", damaged(64, 6 as UInt32)),
    Damage("note far off", at: 120 + 8, "a note segment", damaged(120 + 8, UInt64.max)),
    Damage(
      "huge note name", at: 176 + 8, "a note with a name of 4294967295",
      damaged(UInt32.max, at: { $0.note })),
    Damage(
      "no such section table", at: 40, "the table of 4 section headers", damaged(40, UInt64.max)),
    Damage(
      "section table nowhere", at: 40, "the file claims 4 section headers but says no place",
      damaged(40, 0)),
    Damage(
      "section table empty", at: 60, "the table of section headers has no entry",
      damaged(60, 0 as UInt16)),
    Damage(
      "odd section headers", at: 58, "a section header has 63 bytes, expected 64",
      damaged(58, 63 as UInt16)),
  ]

  @Test(arguments: damages)
  func aDamagedImageIsRefusedWithOffsetAndReason(damage: Damage) {
    expectRefusal(at: damage.offset, damage.problem) { () throws(ImageError) in
      _ = try KernelImage(bytes: damage.bytes())
    }
  }

  /// Fields of the symbol table, as their distance from where it or its section header stands.
  @Test func aDamagedSymbolTableIsRefusedWithOffsetAndReason() {
    let (bytes, layout) = ELFBuilder().buildWithLayout()
    let header = layout.sectionHeaders + 2 * 64
    let entry = layout.symbolTable + 24
    let cases: [(damaged: [UInt8], offset: Int, problem: String)] = [
      (
        bytes.replacing(at: header + 56, with: 16 as UInt64), header + 56,
        "entries of 16, expected 24"
      ),
      (
        bytes.replacing(at: header + 32, with: 71 as UInt64), header + 56,
        "has 71 bytes in entries of 24"
      ),
      (
        bytes.replacing(at: header + 24, with: UInt64.max), header + 24,
        "the symbol table should be 72 bytes"
      ),
      (
        bytes.replacing(at: header + 40, with: 99 as UInt32), header + 40,
        "section 99, for the symbols' names"
      ),
      (
        bytes.replacing(at: header + 40, with: 1 as UInt32), header + 40,
        "section 1, for the symbols' names"
      ),
      (
        bytes.replacing(at: header + 64 + 32, with: UInt64.max), header + 64 + 24,
        "the symbols' string table"
      ),
      (
        bytes.replacing(at: entry, with: 12 as UInt32), entry,
        "a symbol's name at 12 of 12 bytes of names"
      ),
      (
        bytes.replacing(at: entry + 6, with: 4 as UInt16), entry + 6,
        "a symbol is in section 4 of 4"
      ),
      (bytes.replacing(at: entry + 16, with: UInt64.max), entry + 16, "runs past 2^64"),
      // The last name loses the zero at its end.
      (
        bytes.replacing(at: layout.names + 11, with: 0x41 as UInt8), entry + 24,
        "is outside or has no end"
      ),
    ]
    for (damaged, offset, problem) in cases {
      expectRefusal(at: UInt64(offset), problem) { () throws(ImageError) in
        _ = try KernelImage(bytes: damaged)
      }
    }
  }

  @Test(
    arguments: [[], [1, 2], [0, 0, 0x10, 0, 1], [UInt8](repeating: 1, count: 16)] as [[UInt8]])
  func aNoteOfAnotherWidthIsRefused(descriptor: [UInt8]) {
    var builder = ELFBuilder()
    builder.entryDescriptor = descriptor
    let (bytes, layout) = builder.buildWithLayout()
    // Behind the note `GNU` of 12 + 4 + 4 bytes, and its own 12 + 4.
    expectRefusal(
      at: UInt64(layout.note + 20 + 16),
      "a descriptor of \(descriptor.count) bytes, expected 4 or 8"
    ) {
      () throws(ImageError) in _ = try KernelImage(bytes: bytes)
    }
  }

  @Test func anEntryAbove4GiBIsRefused() {
    var builder = ELFBuilder()
    builder.entryDescriptor = [0, 0, 0x10, 0, 0, 0x80, 0xFF, 0xFF]
    let (bytes, layout) = builder.buildWithLayout()
    expectRefusal(at: UInt64(layout.note + 36), "the PVH entry 0xffff800000100000 is above 4 GiB") {
      () throws(ImageError) in _ = try KernelImage(bytes: bytes)
    }
  }

  @Test func overlappingSegmentsAreRefused() {
    var builder = ELFBuilder()
    builder.loads.append(
      .init(physicalAddress: 0x10_1FFF, linearAddress: 0, data: [0x90], memorySize: 1))
    expectRefusal(
      at: 64 + 56 + 24, "the segment at 0x101fff overlaps the one of 8192 bytes at 0x100000"
    ) {
      () throws(ImageError) in _ = try KernelImage(bytes: builder.build())
    }
    builder.loads[1].physicalAddress = 0x10_2000
    #expect(throws: Never.self) { try KernelImage(bytes: builder.build()) }
  }

  @Test func everyTruncationIsRefused() {
    let bytes = ELFBuilder().build()
    for count in bytes.indices {
      #expect(throws: ImageError.self, "cut to \(count) bytes") {
        try KernelImage(bytes: Array(bytes[..<count]))
      }
    }
  }

  /// Whatever byte is changed, reading, planning and looking up end in a value or an error.
  @Test func noChangedByteIsMoreThanAnError() {
    for bytes in [ELFBuilder().build()] + MultibootBuilder.Shape.allCases.map({ MultibootBuilder($0).build() }) {
      noChangedByte(of: bytes)
    }
  }

  private func noChangedByte(of bytes: [UInt8]) {
    var accepted = 0
    for offset in bytes.indices {
      for value: UInt8 in [bytes[offset] ^ 1, bytes[offset] ^ 0x80, 0, 0x7F, 0xFF]
      where value != bytes[offset] {
        if exercise(bytes.replacing(at: offset, with: value)) { accepted += 1 }
      }
    }
    // Bytes of code, addresses of symbols and padding may be anything.
    #expect(accepted > 0)
  }

  /// Random bytes in the fields that hold counts, sizes and offsets, several at once.
  @Test func noCombinationOfChangedFieldsIsMoreThanAnError() {
    let bytes = ELFBuilder().build()
    var generator = SeededGenerator(seed: 3)
    let interesting: [UInt64] = [
      0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 63, .max, .max - 23, UInt64(bytes.count),
    ]
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let offset = Int.random(in: 16...(bytes.count - 8), using: &generator)
        damaged = damaged.replacing(
          at: offset, with: interesting.randomElement(using: &generator) ?? 0)
      }
      _ = exercise(damaged)
    }
  }

  private func exercise(_ bytes: [UInt8]) -> Bool {
    guard let image = try? KernelImage(bytes: bytes) else { return false }
    for symbol in image.symbols.symbols {
      _ = image.symbols.symbol(containing: symbol.address)
      _ = image.symbols.find(symbol.name)
    }
    for bootProtocol in BootProtocol.allCases {
      guard let plan = try? image.plan(for: bootProtocol, memorySize: 64 << 20, commandLine: []) else { continue }
      for write in plan.writes {
        #expect(write.address.rawValue + UInt64(write.bytes.count) <= 64 << 20)
      }
      for range in plan.zeroed { #expect(range.address.rawValue + range.size <= 64 << 20) }
    }
    return true
  }
}

/// Expects `body` to throw the error at `offset` whose problem contains `problem`, with something to do about it.
func expectRefusal(
  at offset: UInt64, _ problem: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws(ImageError) -> Void
) {
  do {
    try body()
    Issue.record("accepted, expected: \(problem)", sourceLocation: sourceLocation)
  } catch {
    #expect(error.offset == offset, "\(error)", sourceLocation: sourceLocation)
    #expect(error.problem.contains(problem), "\(error)", sourceLocation: sourceLocation)
    #expect(!error.remedy.isEmpty, sourceLocation: sourceLocation)
  }
}

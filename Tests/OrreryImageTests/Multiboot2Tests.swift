import OrreryBase
import OrreryImage
import Testing

/// Numbers and offsets are those of the Multiboot2 Specification, version 2.0.
@Suite struct Multiboot2Tests {
  private func plan(
    _ builder: MultibootBuilder, memorySize: UInt64 = 64 << 20, commandLine: String = "", modules: [BootModule] = []
  ) throws(ImageError) -> BootPlan {
    try KernelImage(bytes: builder.build()).plan(
      for: .multiboot2, memorySize: memorySize, commandLine: Array(commandLine.utf8), modules: modules)
  }

  static let shapes = MultibootBuilder.Shape.allCases.filter(\.isVersion2)

  /// The tags of the information: type and where its content begins, in order.
  private func tags(_ plan: BootPlan, _ memory: PlannedMemory) throws -> [(type: UInt32, content: UInt32, size: UInt32)]
  {
    let start = plan.entry.ebx
    #expect(start % 8 == 0)
    let end = start + memory.word(start)
    #expect(memory.word(start + 4) == 0)
    var tags: [(UInt32, UInt32, UInt32)] = []
    var position = start + 8
    while position < end {
      let (type, size) = (memory.word(position), memory.word(position + 4))
      try #require(size >= 8)
      tags.append((type, position + 8, size - 8))
      position += (size + 7) & ~7
    }
    #expect(position == end)
    #expect(tags.last?.0 == 0 && tags.last?.2 == 0)
    return tags.dropLast()
  }

  @Test(arguments: shapes) func everyShapeIsLoadedAndEntered(shape: MultibootBuilder.Shape) throws {
    let builder = MultibootBuilder(shape)
    #expect(try KernelImage(bytes: builder.build()).protocols == [.multiboot2])
    let plan = try plan(builder)
    let code = Int(MultibootBuilder.base) + MultibootBuilder.codeDistance
    let memory = PlannedMemory(plan)
    #expect(memory[code..<code + 4] == [0xFA, 0xF4, 0xEB, 0xFD])
    #expect(memory.bytes[code + 4..<code + 4 + 0x1000].allSatisfy { $0 == 0 })
    #expect(plan.entry.eip == UInt32(code))
    #expect(plan.entry.eax == 0x36D7_6289)
  }

  @Test func theTagsSayCommandLineLoaderModulesMemoryAndDisplay() throws {
    let modules = [
      BootModule(bytes: [1, 2, 3], string: Array("first one".utf8)), BootModule(bytes: [7], string: []),
    ]
    let plan = try plan(MultibootBuilder(.elf64Version2), commandLine: "a=b", modules: modules)
    let memory = PlannedMemory(plan)
    let tags = try tags(plan, memory)
    #expect(tags.map(\.type) == [1, 2, 3, 3, 4, 6, 8])
    #expect(memory.text(tags[0].content) == "a=b")
    #expect(tags[0].size == 4)
    #expect(memory.text(tags[1].content) == "Orrery")
    for (tag, module) in zip(tags[2...3], modules) {
      let (start, end) = (memory.word(tag.content), memory.word(tag.content + 4))
      #expect(start % 4096 == 0)
      #expect(memory[Int(start)..<Int(end)] == module.bytes)
      #expect(memory.text(tag.content + 8) == String(decoding: module.string, as: UTF8.self))
      #expect(tag.size == UInt32(8 + module.string.count + 1))
    }
    #expect(memory.word(tags[4].content) == 639)
    #expect(memory.word(tags[4].content + 4) == 63 * 1024)
    #expect(memory.word(tags[5].content) == 24)
    #expect(memory.word(tags[5].content + 4) == 0)
    #expect(tags[5].size == 8 + 3 * 24)
    let lines = (0..<3 as Range<UInt32>).map { index -> [UInt64] in
      let entry = tags[5].content + 8 + 24 * index
      return [memory.long(entry), memory.long(entry + 8), memory.long(entry + 16)]
    }
    #expect(lines == [[0, 0x9_FC00, 1], [0x9_FC00, 0x6_0400, 2], [0x10_0000, 63 << 20, 1]])
    #expect(memory.long(tags[6].content) == 0xB_8000)
    #expect(memory.word(tags[6].content + 8) == 160)
    #expect(memory.word(tags[6].content + 12) == 80)
    #expect(memory.word(tags[6].content + 16) == 25)
    #expect(memory.word(tags[6].content + 20) == 0x0000_0210)
  }

  @Test func sectionsThatNoSegmentLoadsAreLoadedForTheKernel() throws {
    var builder = MultibootBuilder(.elf64Version2)
    builder.sections = [Array("names".utf8)]
    let plan = try plan(builder)
    let memory = PlannedMemory(plan)
    let tag = try #require(try tags(plan, memory).first { $0.type == 9 })
    #expect(memory.word(tag.content) == 3)
    #expect(memory.word(tag.content + 4) == 64)
    #expect(memory.word(tag.content + 8) == 1)
    #expect(tag.size == 12 + 3 * 64)
    #expect(memory.text(memory.word(tag.content + 12 + 2 * 64 + 16)).hasPrefix("names"))
  }

  @Test func aFileMayBeLoadedFromItsBeginningWhateverTheHeaderIs() throws {
    var builder = MultibootBuilder(.flatByAddressesVersion2)
    builder.loadAddress = .max
    #expect(PlannedMemory(try plan(builder))[0x10_00A0..<0x10_00A4] == builder.code)
  }

  private static func words(_ words: UInt32...) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
  }

  @Test func aKernelIsMovedToWhereItMayBeLoaded() throws {
    var builder = MultibootBuilder(.elf32Version2)
    builder.tags = [(10, 0, Self.words(0x20_0000, 0x40_0000, 0x1000, 1))]
    let plan = try plan(builder)
    #expect(plan.entry.eip == 0x20_00A0)
    let memory = PlannedMemory(plan, size: 4 << 20)
    #expect(memory[0x20_00A0..<0x20_00A4] == builder.code)
    let tag = try #require(try tags(plan, memory).first { $0.type == 21 })
    #expect(memory.word(tag.content) == 0x20_0000)
  }

  @Test func aKernelThatMayBeLoadedElsewhereStaysWhereThatIsAllowed() throws {
    var builder = MultibootBuilder(.elf32Version2)
    builder.tags = [(10, 0, Self.words(0, 0xFFFF_FFFF, 4096, 2))]
    let plan = try plan(builder)
    #expect(plan.entry.eip == 0x10_00A0)
    let memory = PlannedMemory(plan)
    let tag = try #require(try tags(plan, memory).first { $0.type == 21 })
    #expect(memory.word(tag.content) == 0x10_0000)
  }

  @Test func wishesAndOptionalTagsAreNoReasonToRefuse() throws {
    var builder = MultibootBuilder(.elf32Version2)
    builder.tags = [
      (1, 0, Self.words(1, 6, 14)), (1, 1, Self.words(99)), (4, 0, Self.words(3)), (5, 0, Self.words(1024, 768, 32)),
      (6, 0, []),
    ]
    #expect(throws: Never.self) { try plan(builder) }
    builder.tags = [(7, 0, []), (8, 0, Self.words(1)), (9, 0, Self.words(1)), (77, 1, [])]
    #expect(throws: Never.self) { try plan(builder) }
  }

  @Test(
    arguments: [
      (1, words(1, 22), 12, "requires information of kind 22"), (4, words(1), 8, "cannot use a text mode"),
      (11, [], 0, "has the type 11"), (2, words(1, 2), 4, "an address tag has 16 bytes, expected 24"),
      (3, [], 4, "an entry address tag has 8 bytes, expected 12"), (4, [], 4, "a console tag has 8 bytes"),
      (10, words(0, 0), 4, "a relocatable tag has 16 bytes"), (10, words(0, 0, 3, 0), 16, "an alignment of 3"),
    ] as [(UInt16, [UInt8], Int, String)])
  func aTagThatCannotBeFollowedIsRefused(type: UInt16, content: [UInt8], place: Int, problem: String) {
    var builder = MultibootBuilder(.elf32Version2)
    builder.tags = [(type, 0, content)]
    expectRefusal(at: UInt64(builder.headerOffset + 16 + place), problem) { () throws(ImageError) in
      _ = try plan(builder)
    }
  }

  @Test func aRangeWithoutRoomForTheKernelIsRefused() {
    var builder = MultibootBuilder(.elf32Version2)
    builder.tags = [(10, 0, Self.words(0x20_0000, 0x20_0800, 0x1000, 1))]
    expectRefusal(at: UInt64(builder.headerOffset + 24), "do not fit from 0x200000 to 0x200800") {
      () throws(ImageError) in _ = try plan(builder)
    }
    builder.tags = [(10, 0, Self.words(0xFFFF_F000, 0xFFFF_FFFF, 0x1000, 1))]
    #expect(throws: ImageError.self) { try plan(builder) }
  }

  /// Fields of the header, with a sum that is right again.
  @Test(
    arguments: [
      (4, 4, 4, "is for architecture 4"), (8, 20, 8, "have no end"),
      (8, 0xFFFF_FFF0, 8, "the Multiboot2 header should be"),
      (20, 7, 20, "a tag of 7 bytes does not fit"), (20, 9, 20, "a tag of 9 bytes does not fit"),
    ] as [(Int, UInt32, Int, String)])
  func aDamagedHeaderIsRefused(field: Int, value: UInt32, place: Int, problem: String) {
    let builder = MultibootBuilder(.elf32Version2)
    var bytes = builder.build().replacing(at: builder.headerOffset + field, with: value)
    let sum = [0, 4, 8].reduce(0 as UInt32) { sum, offset in
      sum &+ (0..<4).reduce(0 as UInt32) { $0 | UInt32(bytes[builder.headerOffset + offset + $1]) << (8 * UInt32($1)) }
    }
    bytes = bytes.replacing(at: builder.headerOffset + 12, with: 0 &- sum)
    expectRefusal(at: UInt64(builder.headerOffset + place), problem) { () throws(ImageError) in
      _ = try KernelImage(bytes: bytes)
    }
  }

  @Test func anAddressTagWithoutAnEntryIsRefused() {
    var builder = MultibootBuilder(.elf32Version2)
    builder.tags = [(2, 0, Self.words(0x10_0010, 0x10_0000, 0, 0))]
    expectRefusal(at: UInt64(builder.headerOffset), "no entry address tag") { () throws(ImageError) in
      _ = try plan(builder)
    }
  }

  /// An image may offer several ways; the first of the list is taken, and each can be asked for.
  @Test func anImageWithBothVersionsOffersBoth() throws {
    var builder = MultibootBuilder(.elf32Version2)
    // A header of version 1 behind the code.
    builder.code += [UInt8](repeating: 0x90, count: 12)
    var bytes = builder.build()
    for (index, word) in ([0x1BAD_B002, 0, 0 &- 0x1BAD_B002] as [UInt32]).enumerated() {
      bytes = bytes.replacing(at: builder.loadOffset + MultibootBuilder.codeDistance + 4 + 4 * index, with: word)
    }
    let image = try KernelImage(bytes: bytes)
    #expect(image.protocols == [.multiboot2, .multiboot])
    #expect(try image.preferredProtocol() == .multiboot2)
    let plan = try image.plan(for: .multiboot, memorySize: 64 << 20, commandLine: [])
    #expect(plan.entry.eax == 0x2BAD_B002)
  }
}

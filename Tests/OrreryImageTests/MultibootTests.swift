import OrreryBase
import OrreryImage
import Testing

/// Numbers and offsets are those of the Multiboot Specification, version 0.6.96.
@Suite struct MultibootTests {
  private let memorySize: UInt64 = 64 << 20

  private func plan(
    _ builder: MultibootBuilder, memorySize: UInt64 = 64 << 20, commandLine: String = "", modules: [BootModule] = []
  ) throws(ImageError) -> BootPlan {
    try KernelImage(bytes: builder.build()).plan(
      for: .multiboot, memorySize: memorySize, commandLine: Array(commandLine.utf8), modules: modules)
  }

  static let shapes = MultibootBuilder.Shape.allCases.filter { !$0.isVersion2 }

  @Test(arguments: shapes) func everyShapeIsLoadedAndEntered(shape: MultibootBuilder.Shape) throws {
    let builder = MultibootBuilder(shape)
    #expect(try KernelImage(bytes: builder.build()).protocols == [.multiboot])
    let plan = try plan(builder)
    let memory = PlannedMemory(plan)
    let code = Int(MultibootBuilder.base) + MultibootBuilder.codeDistance
    #expect(memory[code..<code + 4] == [0xFA, 0xF4, 0xEB, 0xFD])
    #expect(memory.bytes[code + 4..<code + 4 + 0x1000].allSatisfy { $0 == 0 })
    #expect(memory.bytes[code + 4 + 0x1000] == 0xCC)
    #expect(plan.entry.eip == UInt32(code))
    #expect(plan.entry.eax == 0x2BAD_B002)
  }

  /// A kernel linked for the upper half is entered where the instruction is loaded.
  @Test(arguments: [.elf32, .elf64] as [MultibootBuilder.Shape])
  func anEntryByItsLinearAddressIsEnteredAtThePhysicalOne(shape: MultibootBuilder.Shape) throws {
    var builder = MultibootBuilder(shape)
    builder.linkOffset = shape == .elf32 ? 0xC000_0000 : 0xFFFF_FFFF_8000_0000
    #expect(try plan(builder).entry.eip == UInt32(MultibootBuilder.base) + UInt32(MultibootBuilder.codeDistance))
  }

  @Test func withoutAnEndTheWholeRestOfTheFileIsLoadedAndNothingZeroed() throws {
    var builder = MultibootBuilder(.flatByAddresses)
    (builder.loadEnd, builder.zeroedEnd) = (0, 0)
    let plan = try plan(builder)
    #expect(plan.zeroed.isEmpty)
    let memory = PlannedMemory(plan)
    #expect(memory[0x10_0000..<0x10_00A4] == builder.build())
    #expect(memory.bytes[0x10_00A4] == 0xCC)
  }

  @Test func theInformationSaysMemoryCommandLineModulesAndLoader() throws {
    let modules = [
      BootModule(bytes: [1, 2, 3], string: Array("first one".utf8)), BootModule(bytes: [], string: []),
      BootModule(bytes: [UInt8](repeating: 9, count: 5000), string: Array("third".utf8)),
    ]
    let plan = try plan(MultibootBuilder(.elf32), commandLine: "test=heap", modules: modules)
    let memory = PlannedMemory(plan)
    let info = plan.entry.ebx
    let flags = memory.word(info)
    // Memory, command line, modules, memory map, loader's name, frame buffer; no boot device, symbols, drives, configuration table, APM or VBE.
    #expect(flags == 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9 | 1 << 12)
    #expect(memory.word(info + 4) == 639)
    #expect(memory.word(info + 8) == 63 * 1024)
    #expect(memory.text(memory.word(info + 16)) == "test=heap")
    #expect(memory.text(memory.word(info + 64)) == "Orrery")

    #expect(memory.word(info + 20) == 3)
    let list = memory.word(info + 24)
    var end: UInt32 = 0x10_1000
    for (index, module) in modules.enumerated() {
      let entry = list + UInt32(16 * index)
      let (start, next) = (memory.word(entry), memory.word(entry + 4))
      #expect(start % 4096 == 0 && start >= end)
      #expect(memory[Int(start)..<Int(next)] == module.bytes)
      #expect(memory.text(memory.word(entry + 8)) == String(decoding: module.string, as: UTF8.self))
      #expect(memory.word(entry + 12) == 0)
      end = next
    }

    #expect(memory.long(info + 88) == 0xB_8000)
    #expect(memory.word(info + 96) == 160)
    #expect(memory.word(info + 100) == 80)
    #expect(memory.word(info + 104) == 25)
    #expect(memory.byte(info + 108) == 16)
    #expect(memory.byte(info + 109) == 2)
  }

  @Test func theMemoryMapIsWalkedByTheSizesOfItsEntries() throws {
    let plan = try plan(MultibootBuilder(.elf32))
    let memory = PlannedMemory(plan)
    let length = memory.word(plan.entry.ebx + 44)
    var entry = memory.word(plan.entry.ebx + 48)
    let end = entry + length
    var lines: [[UInt64]] = []
    while entry < end {
      lines.append([memory.long(entry + 4), memory.long(entry + 12), UInt64(memory.word(entry + 20))])
      entry += memory.word(entry) + 4
    }
    #expect(entry == end)
    #expect(lines == [[0, 0x9_FC00, 1], [0x9_FC00, 0x6_0400, 2], [0x10_0000, 63 << 20, 1]])
  }

  /// GDTR, IDTR and the stack are the kernel's to set, but many a kernel that runs elsewhere reloads a segment before it does.
  @Test func theDescriptorTableHoldsFlatSegments() throws {
    let plan = try plan(MultibootBuilder(.elf32))
    let table = try #require(plan.entry.descriptorTable)
    #expect(table.limit == 39)
    let memory = PlannedMemory(plan)
    #expect(memory.long(UInt32(table.address.rawValue) + 8) == 0x00CF_9B00_0000_FFFF)
    #expect(memory.long(UInt32(table.address.rawValue) + 16) == 0x00CF_9300_0000_FFFF)
  }

  /// Kernels that look for tables of the firmware begin at its data areas: their place, and the KiB below them.
  @Test func theFirmwareHasLeftItsDataAreas() throws {
    let memory = PlannedMemory(try plan(MultibootBuilder(.elf32)))
    #expect(memory.word(0x400) == 0x02F8_03F8)
    #expect(memory.word(0x40E) & 0xFFFF == 0x9FC0)
    #expect(memory.word(0x413) & 0xFFFF == 639)
    #expect(memory.byte(0x449) == 3)
    #expect(memory.byte(0x9_FC00) == 1)
  }

  @Test func aKernelMayBeLoadedOverTheFirmwaresData() throws {
    let builder = MultibootBuilder(.elf32)
    let image = builder.build().replacing(at: 52 + 12, with: 0 as UInt32)
    let plan = try KernelImage(bytes: image).plan(for: .multiboot, memorySize: memorySize, commandLine: [])
    #expect(PlannedMemory(plan).word(0x413) == 0)
  }

  @Test func informationGoesBehindAKernelThatTakesLowMemory() throws {
    var builder = MultibootBuilder(.elf32)
    #expect(try plan(builder).entry.ebx == 0x9000)
    builder.sections = [[1]]
    // The ELF segment loaded at 0x9000 instead of 1 MiB: p_paddr of the only program header.
    let image = builder.build().replacing(at: 52 + 12, with: 0x9000 as UInt32)
    let plan = try KernelImage(bytes: image).plan(for: .multiboot, memorySize: memorySize, commandLine: [])
    #expect(plan.entry.ebx >= 0x10_0000)
  }

  /// The table of section headers comes with the addresses that sections which no segment loads have been given.
  @Test(arguments: [.elf32, .elf64] as [MultibootBuilder.Shape])
  func sectionsThatNoSegmentLoadsAreLoadedForTheKernel(shape: MultibootBuilder.Shape) throws {
    var builder = MultibootBuilder(shape)
    builder.sections = [Array("names".utf8), [UInt8](repeating: 5, count: 100)]
    let plan = try plan(builder)
    let memory = PlannedMemory(plan)
    let info = plan.entry.ebx
    #expect(memory.word(info) & 1 << 5 != 0)
    #expect(memory.word(info + 28) == 4)
    let size: UInt32 = shape == .elf32 ? 40 : 64
    #expect(memory.word(info + 32) == size)
    #expect(memory.word(info + 40) == 1)  // the section with the names
    let table = memory.word(info + 36)
    for (index, content) in builder.sections.enumerated() {
      let address = memory.word(table + UInt32(index + 2) * size + (shape == .elf32 ? 12 : 16))
      #expect(address >= 0x10_1000 && address % 16 == 0)
      #expect(memory[Int(address)..<Int(address) + content.count] == content)
    }
    // What a segment loads is where it was.
    #expect(memory.word(table + size + (shape == .elf32 ? 12 : 16)) == 0x10_0000)
  }

  @Test func requirementsThatNobodyKnowsAreRefused() {
    for bit in 3...15 {
      var builder = MultibootBuilder(.elf32)
      builder.flags |= 1 << UInt32(bit)
      expectRefusal(at: UInt64(builder.headerOffset + 4), "requires what its flags \(hexadecimal(1 << bit))") {
        () throws(ImageError) in _ = try plan(builder)
      }
    }
    // The upper half are wishes.
    var builder = MultibootBuilder(.elf32)
    builder.flags |= 1 << 31 | 1 << 2
    #expect(throws: Never.self) { try plan(builder) }
  }

  @Test func aHeaderWithAWrongSumIsNone() throws {
    let builder = MultibootBuilder(.elf32)
    let bytes = builder.build().replacing(at: builder.headerOffset + 8, with: 1 as UInt32)
    #expect(try KernelImage(bytes: bytes).protocols.isEmpty)
    expectRefusal(at: 0, "no PVH note (type 18, name Xen) and no Multiboot header") { () throws(ImageError) in
      _ = try KernelImage(bytes: bytes).preferredProtocol()
    }
    expectRefusal(at: 0, "no Multiboot header in its first 8,192 bytes") { () throws(ImageError) in
      _ = try KernelImage(bytes: bytes).plan(for: .multiboot, memorySize: memorySize, commandLine: [])
    }
  }

  @Test func aHeaderBeyondTheFirst8192BytesIsNone() throws {
    var bytes = MultibootBuilder(.flatByAddresses).build()
    let header = bytes[16..<48]
    bytes = [UInt8](repeating: 0, count: 8192 - 32) + header
    #expect(throws: ImageError.self) { try KernelImage(bytes: [UInt8](repeating: 0, count: 4) + bytes) }
    expectRefusal(at: 0, "this is not an ELF file") { () throws(ImageError) in
      _ = try KernelImage(bytes: [UInt8](repeating: 0, count: 36) + bytes)
    }
  }

  @Test func aFlatFileMustSayWhereToLoadIt() {
    var file = MultibootBuilder(.elf32).build()
    file = Array(file[0x58...])
    expectRefusal(at: 0, "its Multiboot header at 0x10 does not say where to load it") { () throws(ImageError) in
      _ = try KernelImage(bytes: file)
    }
  }

  @Test(
    arguments: [
      (12, 0x0F_FFFF, 16, "would begin outside the file"), (16, 0x10_0011, 16, "would begin outside the file"),
      (16, 0x0F_FF00, 16, "would begin outside the file"), (20, 0x10_0000, 20, "the load ends at 0x100000, not after"),
      (20, 0x10_00A5, 20, "165 bytes should be loaded from offset 0x0, but the file has 164"),
      (20, 0xFFFF_FFFF, 20, "bytes should be loaded from offset 0x0"),
      (24, 0x10_00A3, 24, "ends at 0x1000a3, before the load does at 0x1000a4"),
    ] as [(Int, UInt32, Int, String)])
  func addressesThatContradictEachOtherAreRefused(field: Int, value: UInt32, place: Int, problem: String) {
    let builder = MultibootBuilder(.flatByAddresses)
    let bytes = builder.build().replacing(at: builder.headerOffset + field, with: value)
    expectRefusal(at: UInt64(builder.headerOffset + place), problem) { () throws(ImageError) in
      _ = try KernelImage(bytes: bytes)
    }
  }

  @Test func anEntryOutsideWhatIsLoadedIsRefused() {
    for shape in Self.shapes {
      for entry in [0, 0x0F_FFFF, 0x10_00A4, 0xFFFF_FFFF] as [UInt32] {
        var builder = MultibootBuilder(shape)
        builder.entry = entry
        let place = shape.hasAddresses ? UInt64(builder.headerOffset + 28) : 24
        expectRefusal(at: place, "the entry \(hexadecimal(entry)) is in nothing that is loaded") {
          () throws(ImageError) in _ = try plan(builder)
        }
      }
    }
  }

  @Test func aLoadThatLeavesMemoryIsRefused() {
    var builder = MultibootBuilder(.flatByAddresses)
    builder.zeroedEnd = 0x400_0001
    expectRefusal(at: UInt64(builder.headerOffset + 16), "leaves the memory of 67108864 bytes") {
      () throws(ImageError) in _ = try plan(builder)
    }
    builder.zeroedEnd = 0xFFFF_FFFF
    expectRefusal(at: UInt64(builder.headerOffset + 16), "leaves the memory") { () throws(ImageError) in
      _ = try plan(builder)
    }
  }

  @Test func informationThatDoesNotFitIsRefused() {
    let modules = [BootModule](
      repeating: BootModule(bytes: [], string: [UInt8](repeating: 0x61, count: 4095)), count: 64)
    #expect(throws: Never.self) { try plan(MultibootBuilder(.elf32), memorySize: 2 << 20, modules: modules) }
    var builder = MultibootBuilder(.flatByAddresses)
    builder.zeroedEnd = 0x10_1000
    // Low memory has room for so much, so the kernel takes that as well.
    let low = builder.build().replacing(at: 16 + 12, with: 0x9010 as UInt32).replacing(
      at: 16 + 16, with: 0x9000 as UInt32
    )
    .replacing(at: 16 + 20, with: 0 as UInt32).replacing(at: 16 + 24, with: 0x9_FC00 as UInt32)
    .replacing(at: 16 + 28, with: 0x90A0 as UInt32)
    expectRefusal(at: 0, "bytes of boot information do not fit behind what is loaded up to 0x100000") {
      () throws(ImageError) in
      _ = try KernelImage(bytes: low).plan(for: .multiboot, memorySize: 0x10_1000, commandLine: [], modules: modules)
    }
  }
}

import OrreryBase
import OrreryImage
import Testing

/// Layouts are those of Xen's public header `arch-x86/hvm/start_info.h`.
@Suite struct PVHPlanTests {
  private let memorySize: UInt64 = 64 << 20

  private func plan(_ builder: ELFBuilder = ELFBuilder(), commandLine: String = "") throws
    -> BootPlan
  {
    try KernelImage(bytes: builder.build()).plan(
      for: .pvh,
      memorySize: memorySize, commandLine: Array(commandLine.utf8))
  }

  /// Memory as the plan leaves it, for what lies below 2 MiB.
  private func memory(_ plan: BootPlan) -> [UInt8] {
    var memory = [UInt8](repeating: 0xCC, count: 2 << 20)
    for range in plan.zeroed {
      let start = Int(range.address.rawValue)
      for address in start..<start + Int(range.size) { memory[address] = 0 }
    }
    for write in plan.writes {
      let start = Int(write.address.rawValue)
      memory.replaceSubrange(start..<start + write.bytes.count, with: write.bytes)
    }
    return memory
  }

  private func value<Value: FixedWidthInteger>(_: Value.Type, _ memory: [UInt8], at address: UInt64)
    throws -> Value
  {
    var reader = ByteReader(memory[Int(address)...])
    return try reader.fixed(Value.self)
  }

  @Test func segmentsAreLoadedAtTheirPhysicalAddressesAndTheRestIsZero() throws {
    let memory = memory(try plan())
    #expect(Array(memory[0x10_0000..<0x10_0006]) == [0xFA, 0xF4, 0xEB, 0xFD, 0, 0])
    #expect(memory[0x10_1FFF] == 0)
    #expect(memory[0x10_2000] == 0xCC)
  }

  @Test func theProcessorEntersIn32BitModeWithTheStartInfoInEbx() throws {
    let plan = try plan(commandLine: "test=heap allocator=slab")
    #expect(plan.entry.eip == 0x10_0000)
    let memory = memory(plan)
    let start = UInt64(plan.entry.ebx)
    #expect(try value(UInt32.self, memory, at: start) == 0x336E_C578)  // magic
    #expect(try value(UInt32.self, memory, at: start + 4) == 1)  // version
    #expect(try value(UInt32.self, memory, at: start + 8) == 0)  // flags
    #expect(try value(UInt32.self, memory, at: start + 12) == 0)  // nr_modules
    #expect(try value(UInt64.self, memory, at: start + 16) == 0)  // modlist_paddr
    let commandLine = Int(try value(UInt64.self, memory, at: start + 24))
    #expect(
      Array(memory[commandLine..<commandLine + 25]) == Array("test=heap allocator=slab\0".utf8))
    #expect(try value(UInt64.self, memory, at: start + 32) == 0)  // rsdp_paddr
    #expect(try value(UInt32.self, memory, at: start + 52) == 0)  // reserved
  }

  @Test func theMemoryMapIsThatOfAPCWithoutGaps() throws {
    let plan = try plan()
    let start = UInt64(plan.entry.ebx)
    let memory = memory(plan)
    let map = try value(UInt64.self, memory, at: start + 40)
    #expect(try value(UInt32.self, memory, at: start + 48) == 3)
    let expected: [(address: UInt64, size: UInt64, type: UInt32)] = [
      (0, 0x9_FC00, 1), (0x9_FC00, 0x10_0000 - 0x9_FC00, 2), (0x10_0000, memorySize - 0x10_0000, 1),
    ]
    for (index, line) in expected.enumerated() {
      let entry = map + 24 * UInt64(index)
      #expect(try value(UInt64.self, memory, at: entry) == line.address)
      #expect(try value(UInt64.self, memory, at: entry + 8) == line.size)
      #expect(try value(UInt32.self, memory, at: entry + 16) == line.type)
      #expect(try value(UInt32.self, memory, at: entry + 20) == 0)
    }
  }

  /// A kernel may hand out every frame the map calls usable without losing what it was told at boot.
  @Test func theBootStructuresLieInReservedMemory() throws {
    let plan = try plan(commandLine: String(repeating: "x", count: KernelImage.commandLineLimit))
    let structures = plan.writes.filter { $0.address.rawValue < 0x10_0000 }
    #expect(structures.count == 3)
    for write in structures {
      #expect(write.address.rawValue >= 0x9_FC00)
      #expect(write.address.rawValue + UInt64(write.bytes.count) <= 0x10_0000)
    }
    let ranges = plan.writes.map {
      $0.address.rawValue..<$0.address.rawValue + UInt64($0.bytes.count)
    }
    for (index, range) in ranges.enumerated() {
      for other in ranges[(index + 1)...] { #expect(!range.overlaps(other)) }
    }
  }

  /// `struct hvm_modlist_entry`: address, size, address of the string, reserved; eight bytes each.
  @Test func modulesAreListedWithTheirStringsAndLieOnPagesBehindTheKernel() throws {
    let modules = [
      BootModule(bytes: [1, 2, 3], string: Array("first".utf8)),
      BootModule(bytes: [UInt8](repeating: 7, count: 5000), string: []),
    ]
    let plan = try KernelImage(bytes: ELFBuilder().build()).plan(
      for: .pvh, memorySize: memorySize, commandLine: [], modules: modules)
    let memory = memory(plan)
    let start = UInt64(plan.entry.ebx)
    #expect(try value(UInt32.self, memory, at: start + 12) == 2)
    let list = try value(UInt64.self, memory, at: start + 16)
    var places: [Range<UInt64>] = []
    for (index, module) in modules.enumerated() {
      let entry = list + 32 * UInt64(index)
      let address = try value(UInt64.self, memory, at: entry)
      let size = try value(UInt64.self, memory, at: entry + 8)
      let string = Int(try value(UInt64.self, memory, at: entry + 16))
      #expect(address % 4096 == 0 && address >= 0x10_2000)
      #expect(Array(memory[Int(address)..<Int(address + size)]) == module.bytes)
      #expect(Array(memory[string...string + module.string.count]) == module.string + [0])
      #expect(try value(UInt64.self, memory, at: entry + 24) == 0)
      places.append(address..<address + size)
    }
    #expect(!places[0].overlaps(places[1]))
  }

  @Test func modulesThatDoNotFitAreRefused() {
    let large = BootModule(bytes: [UInt8](repeating: 1, count: 1 << 20), string: [])
    expectRefusal(at: 0, "module 2 of 1048576 bytes does not fit behind what is loaded up to 0x202000") {
      () throws(ImageError) in
      _ = try KernelImage(bytes: ELFBuilder().build()).plan(
        for: .pvh, memorySize: 3 << 20, commandLine: [], modules: [large, large])
    }
    let many = [BootModule](repeating: BootModule(bytes: [], string: []), count: 65)
    expectRefusal(at: 0, "there are 65 modules") { () throws(ImageError) in
      _ = try KernelImage(bytes: ELFBuilder().build()).plan(
        for: .pvh, memorySize: memorySize, commandLine: [], modules: many)
    }
    expectRefusal(at: 0, "the string of module 1") { () throws(ImageError) in
      _ = try KernelImage(bytes: ELFBuilder().build()).plan(
        for: .pvh, memorySize: memorySize, commandLine: [], modules: [BootModule(bytes: [], string: [0x61, 0])])
    }
    let long = BootModule(bytes: [], string: [UInt8](repeating: 0x61, count: 4000))
    expectRefusal(at: 0, "the strings of 20 modules") { () throws(ImageError) in
      _ = try KernelImage(bytes: ELFBuilder().build()).plan(
        for: .pvh, memorySize: memorySize, commandLine: [], modules: Array(repeating: long, count: 20))
    }
  }

  @Test func anImageWithoutTheNoteIsRefused() {
    var builder = ELFBuilder()
    builder.entryDescriptor = nil
    expectRefusal(at: 0, "the image has no PVH note (type 18, name Xen)") { () throws(ImageError) in
      _ = try KernelImage(bytes: builder.build()).plan(for: .pvh, memorySize: memorySize, commandLine: [])
    }
  }

  @Test(arguments: [0x10_0004, 0x0F_FFFF, 0, 0xFFFF_FFFF] as [UInt32])
  func anEntryOutsideTheLoadedBytesIsRefused(entry: UInt32) {
    var builder = ELFBuilder()
    builder.entryDescriptor = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: entry >> $0) }
    expectRefusal(at: 0, "the PVH entry \(hexadecimal(entry)) is in no loaded part of a segment") {
      () throws(ImageError) in
      _ = try KernelImage(bytes: builder.build()).plan(for: .pvh, memorySize: memorySize, commandLine: [])
    }
  }

  @Test(
    arguments: [
      (0x3FF_F000, 0x1001, "leaves the memory of 67108864 bytes"),
      (0xFFFF_FFFF_FFFF_0000, 0x1_0000, "leaves the memory"),
      (0x20_0000, 1 << 62, "leaves the memory"),
      (0xF_0000, 16, "covers the PC's video and firmware area"),
      (0xB_8000, 4000, "covers the PC's video and firmware area"),
      (0x9_F000, 0xC01, "covers the PC's video"),
    ] as [(UInt64, UInt64, String)])
  func aSegmentOutsideUsableMemoryIsRefused(address: UInt64, size: UInt64, problem: String) {
    var builder = ELFBuilder()
    builder.loads.append(
      .init(physicalAddress: address, linearAddress: 0, data: [], memorySize: size))
    expectRefusal(at: 64 + 56 + 24, problem) { () throws(ImageError) in
      _ = try KernelImage(bytes: builder.build()).plan(for: .pvh, memorySize: memorySize, commandLine: [])
    }
  }

  @Test(arguments: [(0x3FF_F000, 0x1000), (0x9_F000, 0xC00), (0, 16)] as [(UInt64, UInt64)])
  func aSegmentThatJustFitsIsLoaded(address: UInt64, size: UInt64) throws {
    var builder = ELFBuilder()
    builder.loads.append(
      .init(physicalAddress: address, linearAddress: 0, data: [], memorySize: size))
    #expect(try plan(builder).zeroed.contains(.init(address: PhysicalAddress(address), size: size)))
  }

  @Test(arguments: [0, 4096, 0x10_0000, 0x10_1001, 0xC000_1000, .max] as [UInt64])
  func anImpossibleMemorySizeIsRefused(size: UInt64) {
    expectRefusal(at: 0, "a memory of \(size) bytes") { () throws(ImageError) in
      _ = try KernelImage(bytes: ELFBuilder().build()).plan(for: .pvh, memorySize: size, commandLine: [])
    }
  }

  @Test(arguments: [[UInt8](repeating: 0x61, count: 4096), [0x61, 0, 0x62]])
  func aCommandLineThatCannotBePassedIsRefused(commandLine: [UInt8]) {
    expectRefusal(at: 0, "the command line") { () throws(ImageError) in
      _ = try KernelImage(bytes: ELFBuilder().build()).plan(
        for: .pvh,
        memorySize: memorySize, commandLine: commandLine)
    }
  }
}

import KernelLogic
import Testing

/// What every design owes its callers; what is peculiar to one stands in a file of its own.
struct AllocatorTests {
  static let designs = AllocatorDesign.allCases.filter { $0 != .dummy }

  private func layout(_ size: Int, _ alignment: Int = 16) -> BlockLayout {
    BlockLayout(size: size, alignment: alignment)!
  }

  @Test(arguments: AllocatorDesign.allCases)
  func aDesignIsFoundByItsName(_ design: AllocatorDesign) {
    #expect(AllocatorDesign(named: BootText(design.name.description.utf8)) == design)
    #expect(AllocatorDesign(named: BootText("\(design.name)s".utf8)) == nil)
  }

  @Test(arguments: designs, 1...8)
  func aThousandCallsKeepEveryBlockWhole(_ design: AllocatorDesign, _ seed: UInt64) {
    let region = TestRegion()
    var allocator = ChosenAllocator(design)
    allocator.addRegion(region.memory)
    let before = allocator.freeSpace
    var work = Workload(allocator, in: region.memory, seed: seed)
    var largestHeldCount = 0
    for _ in 0..<10 {
      for _ in 0..<100 {
        work.step(largest: 900)
        largestHeldCount = max(largestHeldCount, work.held.count)
      }
      work.expectFreeBlocksAreFree()
    }
    #expect(largestHeldCount >= 5)
    work.releaseAll()
    work.expectFreeBlocksAreFree()
    // These three merge, so that nothing of what was once whole stays divided.
    if design == .bump || design == .linkedList || design == .buddy { #expect(work.allocator.freeSpace == before) }
  }

  @Test(arguments: designs)
  func memoryThatCameBackIsUsedAgain(_ design: AllocatorDesign) {
    let region = TestRegion(byteCount: 0x4_0000)
    var allocator = ChosenAllocator(design)
    allocator.addRegion(region.memory)
    // A hundred times as much as the region holds, in all sizes in turn.
    for round in 0..<20_000 {
      let layout = layout(round * 17 % 3000)
      guard let block = allocator.allocate(layout) else {
        Issue.record("no memory in round \(round)")
        return
      }
      #expect(allocator.deallocate(block, layout) == true)
    }
  }

  @Test(arguments: designs)
  func alignmentUpToAPageIsHad(_ design: AllocatorDesign) throws {
    let region = TestRegion()
    var allocator = ChosenAllocator(design)
    allocator.addRegion(region.memory)
    for power in 0...12 {
      let layout = layout(24, 1 << power)
      let found = allocator.allocate(layout)
      let block = try #require(found)
      #expect(Int(bitPattern: block) % layout.alignment == 0)
      #expect(allocator.deallocate(block, layout) == true)
    }
  }

  @Test(arguments: designs)
  func aFullRegionGivesNilUntilSomethingComesBack(_ design: AllocatorDesign) {
    let region = TestRegion()
    var allocator = ChosenAllocator(design)
    #expect(allocator.allocate(layout(1)) == nil)
    allocator.addRegion(region.memory)
    #expect(allocator.allocate(layout(region.memory.count + 1)) == nil)
    #expect(allocator.allocate(layout(1 << 40)) == nil)
    var blocks: [UnsafeMutableRawPointer] = []
    while let block = allocator.allocate(layout(1000)) { blocks.append(block) }
    #expect(blocks.count >= 48)
    let count = blocks.count
    for block in blocks { #expect(allocator.deallocate(block, layout(1000)) == true) }
    blocks = []
    while let block = allocator.allocate(layout(1000)) { blocks.append(block) }
    #expect(blocks.count == count)
  }

  @Test(arguments: designs)
  func aRegionAsLargeAsWasAskedForHoldsTheBlock(_ design: AllocatorDesign) {
    for size in [1, 500, 5000, 40_000] {
      for alignment in [1, 64, 4096] {
        var allocator = ChosenAllocator(design)
        let needed = (allocator.regionByteCount(for: layout(size, alignment))! + 4095) & ~4095
        let region = TestRegion(byteCount: needed + 0x1_0000)
        for start in stride(from: 0, to: 0x1_0000, by: 4096 * 5) {
          allocator = ChosenAllocator(design)
          allocator.addRegion(region.part(start..<start + needed))
          #expect(allocator.allocate(layout(size, alignment)) != nil, "\(size) at \(alignment)")
        }
      }
    }
  }

  @Test(arguments: designs)
  func aHeapThatGrowsKeepsWhatItHolds(_ design: AllocatorDesign) {
    let region = TestRegion()
    var allocator = ChosenAllocator(design)
    allocator.addRegion(region.part(0..<0x4000))
    var work = Workload(allocator, in: region.memory, seed: 7)
    for start in stride(from: 0x4000, to: 0x1_0000, by: 0x4000) {
      for _ in 0..<100 { work.step(largest: 500) }
      work.allocator.addRegion(region.part(start..<start + 0x4000))
      work.expectFreeBlocksAreFree()
    }
    work.releaseAll()
  }

  @Test func theDummyHasNothingAndTakesNothing() {
    let region = TestRegion()
    var allocator = ChosenAllocator(.dummy)
    allocator.addRegion(region.memory)
    #expect(allocator.allocate(layout(1)) == nil)
    #expect(allocator.allocateZeroed(layout(1)) == nil)
    #expect(allocator.regionByteCount(for: layout(1)) == nil)
    #expect(allocator.deallocate(region.start, layout(1)) == false)
    #expect(allocator.freeSpace == FreeSpace())
  }

  @Test func resizingInPlaceNeedsNoSecondBlock() {
    let region = TestRegion()
    var allocator = LinkedListAllocator()
    allocator.addRegion(region.memory)
    let block = allocator.allocate(layout(100))!
    #expect(allocator.reallocate(block, layout(100), newSize: 112) == block)
    let moved = allocator.reallocate(block, layout(112), newSize: 113)
    #expect(moved != nil && moved != block)
    #expect(allocator.reallocate(moved!, layout(113), newSize: 1 << 30) == nil)
    #expect(allocator.deallocate(moved!, layout(113)) == true)
  }
}

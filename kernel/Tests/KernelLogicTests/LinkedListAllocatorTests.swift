import KernelLogic
import Testing

/// A region of memory for an allocator, 64 KiB on a 4 KiB boundary.
final class TestRegion {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0x1_0000, alignment: 4096)
  var start: UnsafeMutableRawPointer { memory.baseAddress! }
  deinit { memory.deallocate() }
}

struct LinkedListAllocatorTests {
  let region = TestRegion()

  private func layout(_ size: Int, _ alignment: Int = 16) -> BlockLayout {
    BlockLayout(size: size, alignment: alignment)!
  }

  private func allocator() -> LinkedListAllocator {
    var allocator = LinkedListAllocator()
    allocator.addRegion(region.memory)
    return allocator
  }

  private func freeBlocks(_ allocator: LinkedListAllocator) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    allocator.forEachFreeBlock { start, size in
      blocks.append(start - region.start..<start - region.start + size)
    }
    return blocks
  }

  @Test func firstFitTakesTheLowestBlockThatIsLargeEnough() {
    var allocator = allocator()
    let small = allocator.allocate(layout(32))!
    let fence = allocator.allocate(layout(16))!
    let large = allocator.allocate(layout(64))!
    #expect([small, fence, large].map { $0 - region.start } == [0, 32, 48])
    _ = allocator.allocate(layout(16))
    allocator.deallocate(small, layout(32))
    allocator.deallocate(large, layout(64))
    #expect(allocator.allocate(layout(48)) == large)
    #expect(allocator.allocate(layout(32)) == small)
  }

  @Test func whatIsLeftOverIsSplitOff() {
    var allocator = allocator()
    _ = allocator.allocate(layout(100))
    #expect(freeBlocks(allocator) == [112..<0x1_0000])
  }

  @Test func alignmentLeavesTheGapBeforeFree() {
    var allocator = allocator()
    _ = allocator.allocate(layout(16))
    let aligned = allocator.allocate(layout(256, 4096))!
    #expect(aligned - region.start == 4096)
    #expect(freeBlocks(allocator) == [16..<4096, 4096 + 256..<0x1_0000])
  }

  @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func blocksMergeWithTheirNeighboursInWhateverOrderTheyComeBack(_ order: [Int]) {
    var allocator = allocator()
    let blocks = (0..<3).map { _ in allocator.allocate(layout(160))! }
    for index in order { allocator.deallocate(blocks[index], layout(160)) }
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }

  @Test func aFullRegionGivesNil() {
    var allocator = allocator()
    #expect(allocator.allocate(layout(0x1_0001)) == nil)
    let all = allocator.allocate(layout(0x1_0000))
    #expect(all == region.start)
    #expect(allocator.allocate(layout(1)) == nil)
    allocator.deallocate(all!, layout(0x1_0000))
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }

  @Test func aRegionAddedBehindMergesWithTheFreeEnd() {
    var allocator = LinkedListAllocator()
    allocator.addRegion(UnsafeMutableRawBufferPointer(rebasing: region.memory[..<0x8000]))
    allocator.addRegion(UnsafeMutableRawBufferPointer(rebasing: region.memory[0x8000...]))
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }

  /// Blocks never overlap and keep what was written, whatever the order of calls; at the end nothing is lost.
  @Test(arguments: 1...20)
  func aThousandCallsKeepEveryBlockWhole(_ seed: UInt64) {
    var allocator = allocator()
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    var held: [(block: UnsafeMutableRawPointer, layout: BlockLayout, mark: UInt8)] = []
    func release(_ index: Int) {
      let (block, layout, mark) = held.remove(at: index)
      #expect(UnsafeRawBufferPointer(start: block, count: layout.size).allSatisfy { $0 == mark })
      allocator.deallocate(block, layout)
    }
    for step in 0..<1000 {
      if next(2) == 0, !held.isEmpty {
        release(next(held.count))
      } else {
        let layout = layout(next(700), 1 << next(9))
        guard let block = allocator.allocate(layout) else { continue }
        #expect(Int(bitPattern: block) % layout.alignment == 0)
        let mark = UInt8(truncatingIfNeeded: step)
        UnsafeMutableRawBufferPointer(start: block, count: layout.size).initializeMemory(
          as: UInt8.self, repeating: mark)
        held.append((block, layout, mark))
      }
    }
    while !held.isEmpty { release(held.count - 1) }
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }
}

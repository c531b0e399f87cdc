import KernelLogic
import Testing

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
    #expect(allocator.deallocate(small, layout(32)) == true)
    #expect(allocator.deallocate(large, layout(64)) == true)
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
    for index in order { #expect(allocator.deallocate(blocks[index], layout(160)) == true) }
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }

  @Test func aFullRegionGivesNil() {
    var allocator = allocator()
    #expect(allocator.allocate(layout(0x1_0001)) == nil)
    let all = allocator.allocate(layout(0x1_0000))
    #expect(all == region.start)
    #expect(allocator.allocate(layout(1)) == nil)
    #expect(allocator.deallocate(all!, layout(0x1_0000)) == true)
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }

  @Test func aRegionAddedBehindMergesWithTheFreeEnd() {
    var allocator = LinkedListAllocator()
    allocator.addRegion(UnsafeMutableRawBufferPointer(rebasing: region.memory[..<0x8000]))
    allocator.addRegion(UnsafeMutableRawBufferPointer(rebasing: region.memory[0x8000...]))
    #expect(freeBlocks(allocator) == [0..<0x1_0000])
  }

  @Test func whatIsFreeAlreadyIsNotTakenBack() {
    var allocator = allocator()
    let blocks = (0..<3).map { _ in allocator.allocate(layout(64))! }
    #expect(allocator.deallocate(blocks[1], layout(64)) == true)
    #expect(allocator.deallocate(blocks[1], layout(64)) == false)
    #expect(allocator.deallocate(blocks[0], layout(128)) == false)
    #expect(allocator.deallocate(blocks[1] + 32, layout(16)) == false)
    #expect(freeBlocks(allocator) == [64..<128, 192..<0x1_0000])
  }
}

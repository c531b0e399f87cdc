import KernelLogic
import Testing

struct FixedBlockAllocatorTests {
  typealias Design = FixedBlockAllocator<LinkedListAllocator>

  private func layout(_ size: Int, _ alignment: Int = 1) -> BlockLayout {
    BlockLayout(size: size, alignment: alignment)!
  }

  @Test(arguments: [(0, 16), (16, 16), (17, 32), (100, 128), (4096, 4096), (4097, 4112), (10_000, 10_000)])
  func sizesAreRoundedUpToTheNextList(_ size: Int, _ granted: Int) {
    #expect(Design().grantedByteCount(for: layout(size)) == granted)
  }

  @Test func alignmentIsHadByALargerBlock() {
    #expect(Design().grantedByteCount(for: layout(24, 512)) == 512)
    #expect(Design().grantedByteCount(for: layout(24, 8192)) == 32)
  }

  @Test func theBlockThatCameBackLastIsHandedOutFirst() {
    let region = TestRegion()
    var allocator = Design()
    allocator.addRegion(region.memory)
    let blocks = (0..<3).map { _ in allocator.allocate(layout(50))! }
    for block in blocks { #expect(allocator.deallocate(block, layout(50)) == true) }
    #expect(allocator.allocate(layout(33)) == blocks[2])
    #expect(allocator.allocate(layout(64)) == blocks[1])
    #expect(allocator.allocate(layout(32)) != blocks[0])
    #expect(allocator.allocate(layout(50)) == blocks[0])
  }

  @Test func smallBlocksNeverBecomeALargeOne() {
    let region = TestRegion()
    var allocator = Design()
    allocator.addRegion(region.memory)
    var blocks: [UnsafeMutableRawPointer] = []
    while let block = allocator.allocate(layout(64)) { blocks.append(block) }
    #expect(blocks.count == 1024)
    for block in blocks { #expect(allocator.deallocate(block, layout(64)) == true) }
    #expect(allocator.freeSpace.byteCount == 0x1_0000)
    #expect(allocator.freeSpace.largestByteCount == 64)
    #expect(allocator.allocate(layout(65)) == nil)
  }
}

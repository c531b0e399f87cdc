import KernelLogic
import Testing

struct BuddyAllocatorTests {
  let region = TestRegion()

  private func layout(_ size: Int, _ alignment: Int = 1) -> BlockLayout {
    BlockLayout(size: size, alignment: alignment)!
  }

  private func allocator() -> BuddyAllocator {
    var allocator = BuddyAllocator()
    allocator.addRegion(region.memory)
    return allocator
  }

  private func freeBlocks(_ allocator: BuddyAllocator) -> [Int: Int] {
    var blocks: [Int: Int] = [:]
    allocator.forEachFreeBlock { blocks[$0 - region.start] = $1 }
    return blocks
  }

  /// 16 bytes of head and 2,048 of map leave 63,472 bytes from 2,080: 32 + 64 + … + 32,768 + … each on a multiple of itself.
  @Test func aRegionStartsAsTheLargestBlocksThatFit() {
    let expected = [
      2080: 32, 2112: 64, 2176: 128, 2304: 256, 2560: 512, 3072: 1024, 4096: 4096, 8192: 8192, 16384: 16384,
      32768: 32768,
    ]
    #expect(freeBlocks(allocator()) == expected)
  }

  @Test(arguments: [(0, 1, 32), (32, 1, 32), (33, 1, 64), (100, 1, 128), (24, 4096, 4096), (4097, 16, 8192)])
  func sizesArePowersOfTwo(_ size: Int, _ alignment: Int, _ granted: Int) {
    #expect(allocator().grantedByteCount(for: layout(size, alignment)) == granted)
  }

  @Test func aBlockIsSplitDownAndTheHalvesMergeAgain() {
    var allocator = allocator()
    let before = freeBlocks(allocator)
    // The only block that is large enough is the one at 32,768.
    let large = allocator.allocate(layout(20_000))!
    #expect(large - region.start == 32768)
    #expect(allocator.deallocate(large, layout(20_000)) == true)
    let blocks = (0..<4).map { _ in allocator.allocate(layout(4096))! }
    #expect(blocks.map { $0 - region.start } == [4096, 8192, 12288, 16384])
    for index in [2, 0, 3, 1] { #expect(allocator.deallocate(blocks[index], layout(4096)) == true) }
    #expect(freeBlocks(allocator) == before)
  }

  @Test func neighboursThatAreNotBuddiesStayApart() {
    var allocator = allocator()
    let blocks = (0..<7).map { _ in allocator.allocate(layout(4096))! }
    #expect(allocator.deallocate(blocks[3], layout(4096)) == true)
    #expect(allocator.deallocate(blocks[4], layout(4096)) == true)
    // At 16,384 and 20,480: two halves of one block of 8,192.
    #expect(freeBlocks(allocator)[16384] == 8192)
    #expect(allocator.deallocate(blocks[2], layout(4096)) == true)
    // At 12,288: its buddy at 8,192 is taken, and the free block behind it is not its buddy.
    #expect(freeBlocks(allocator)[12288] == 4096)
    #expect(freeBlocks(allocator)[16384] == 8192)
  }

  @Test func whatIsNotABlockIsRefused() {
    var allocator = allocator()
    let block = allocator.allocate(layout(256))!
    #expect(allocator.deallocate(block + 32, layout(32)) == false)
    #expect(allocator.deallocate(block + 8, layout(256)) == false)
    #expect(allocator.deallocate(block, layout(512)) == false)
    #expect(allocator.deallocate(region.start, layout(32)) == false)
    #expect(allocator.deallocate(UnsafeMutableRawPointer(bitPattern: 0x1000)!, layout(32)) == false)
    #expect(allocator.deallocate(block, layout(256)) == true)
    #expect(allocator.deallocate(block, layout(256)) == false)
  }
}

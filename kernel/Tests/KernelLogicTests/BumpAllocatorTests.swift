import KernelLogic
import Testing

struct BumpAllocatorTests {
  private func layout(_ size: Int) -> BlockLayout { BlockLayout(size: size, alignment: 16)! }

  @Test func oneBlockThatLivesKeepsAllMemoryTaken() {
    let region = TestRegion()
    var allocator = BumpAllocator()
    allocator.addRegion(region.memory)
    let longLived = allocator.allocate(layout(16))!
    for round in 1...3 {
      let block = allocator.allocate(layout(100))!
      #expect(allocator.deallocate(block, layout(100)) == true)
      #expect(allocator.freeSpace.byteCount == region.memory.count - 16 - round * 112)
    }
    #expect(allocator.deallocate(longLived, layout(16)) == true)
    #expect(allocator.freeSpace.byteCount == region.memory.count)
    #expect(allocator.allocate(layout(16)) == region.start)
  }

  @Test func moreFreesThanAllocationsAreRefused() {
    let region = TestRegion()
    var allocator = BumpAllocator()
    allocator.addRegion(region.memory)
    let block = allocator.allocate(layout(16))!
    #expect(allocator.deallocate(block, layout(16)) == true)
    #expect(allocator.deallocate(block, layout(16)) == false)
  }
}

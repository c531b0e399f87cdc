import KernelLogic
import Testing

struct SlabCacheTests {
  let region = TestRegion()

  private func backing() -> BuddyAllocator {
    var backing = BuddyAllocator()
    backing.addRegion(region.memory)
    return backing
  }

  /// A head of 24 bytes, two bytes and the object for each, the objects on a multiple of 16. 226 of 16 bytes: 24 + 452 = 476, so
  /// they begin at 480, and 480 + 3,616 = 4,096.
  @Test(arguments: [(16, 226), (17, 119), (64, 61), (512, 7)])
  func aSlabHoldsAsManyAsFit(_ size: Int, _ count: Int) {
    #expect(SlabCache(objectByteCount: size).objectsPerSlab == count)
  }

  @Test func objectsAreConstructedOnceAndStayConstructed() {
    var backing = backing()
    let constructed = Counter()
    var cache = SlabCache(objectByteCount: 64) { object in
      constructed.count += 1
      object.initializeMemory(as: UInt8.self, repeating: 0xab, count: 64)
    }
    for _ in 0..<500 {
      let object = cache.allocate(from: &backing)!
      #expect(UnsafeRawBufferPointer(start: object, count: 64).allSatisfy { $0 == 0xab })
      #expect(cache.deallocate(object, to: &backing) == true)
    }
    #expect(constructed.count == cache.objectsPerSlab)
  }

  @Test func freeObjectsLieSideBySideAndApart() {
    var backing = backing()
    var cache = SlabCache(objectByteCount: 48)
    let objects = (0..<cache.objectsPerSlab).map { _ in cache.allocate(from: &backing)! }
    #expect(zip(objects, objects.dropFirst()).allSatisfy { $1 - $0 == 48 })
    #expect(objects.allSatisfy { Int(bitPattern: $0) % 16 == 0 })
    let next = cache.allocate(from: &backing)!
    #expect(next.alignedDown(toMultipleOf: 4096) != objects[0].alignedDown(toMultipleOf: 4096))
  }

  @Test func emptySlabsGoBackButForOne() {
    var backing = backing()
    let before = backing.freeSpace.byteCount
    var cache = SlabCache(objectByteCount: 512)
    let objects = (0..<21).map { _ in cache.allocate(from: &backing)! }
    #expect(before - backing.freeSpace.byteCount == 3 * SlabCache.slabByteCount)
    for object in objects { #expect(cache.deallocate(object, to: &backing) == true) }
    #expect(before - backing.freeSpace.byteCount == SlabCache.slabByteCount)
  }

  @Test func emptySlabsAreGivenUpWhenMemoryRunsOut() {
    let region = TestRegion(byteCount: 0x1_0000)
    var allocator = SlabAllocator<BuddyAllocator>()
    allocator.addRegion(region.memory)
    // 32 sizes, each leaving an empty slab behind, in a region of less than 16.
    for size in stride(from: 16, through: 512, by: 16) {
      let layout = BlockLayout(size: size, alignment: 16)!
      let block = allocator.allocate(layout)
      #expect(block != nil)
      #expect(allocator.deallocate(block!, layout) == true)
    }
  }

  @Test func whatIsNoObjectIsRefused() {
    var backing = backing()
    var cache = SlabCache(objectByteCount: 64)
    let object = cache.allocate(from: &backing)!
    #expect(cache.deallocate(object + 16, to: &backing) == false)
    #expect(cache.deallocate(object + 64, to: &backing) == false)
    #expect(cache.deallocate(object.alignedDown(toMultipleOf: 4096), to: &backing) == false)
    #expect(cache.deallocate(object, to: &backing) == true)
    #expect(cache.deallocate(object, to: &backing) == false)
  }

  @Test func noMemoryBehindTheCacheIsNil() {
    var backing = DummyAllocator()
    var cache = SlabCache(objectByteCount: 64)
    #expect(cache.allocate(from: &backing) == nil)
  }

  @Test(arguments: [(1, 16), (16, 16), (24, 32), (100, 112), (512, 512), (513, 1024)])
  func smallSizesAreExactInStepsOfSixteen(_ size: Int, _ granted: Int) {
    let layout = BlockLayout(size: size, alignment: 8)!
    #expect(SlabAllocator<BuddyAllocator>().grantedByteCount(for: layout) == granted)
  }
}

private final class Counter {
  var count = 0
}

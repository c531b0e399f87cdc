import KernelLogic
import Testing

/// A checked heap over a region, with the linked list behind.
private struct CheckedHeap {
  let region = TestRegion(byteCount: 0x4_0000)
  var allocator = LinkedListAllocator()
  var checker = HeapChecker()

  init() { allocator.addRegion(region.memory) }

  mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer {
    let outer = HeapChecker.outerLayout(of: layout)!.layout
    return checker.adopt(allocator.allocate(outer)!, layout)
  }

  /// The fault that giving back was, if it was one.
  mutating func free(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> HeapChecker.Fault? {
    switch checker.release(block, layout) {
    case .fault(let fault): return fault
    case .kept(let evicted):
      if let evicted { #expect(allocator.deallocate(evicted.start, evicted.layout) == true) }
      return nil
    }
  }
}

struct HeapCheckerTests {
  private func layout(_ size: Int, _ alignment: Int = 16) -> BlockLayout {
    BlockLayout(size: size, alignment: alignment)!
  }

  @Test(arguments: [(0, 1), (1, 1), (24, 16), (100, 64), (5000, 4096)])
  func aBlockIsAlignedAndItsNeighboursAreWhole(_ size: Int, _ alignment: Int) {
    var heap = CheckedHeap()
    let layout = layout(size, alignment)
    let blocks = (0..<3).map { _ in heap.allocate(layout) }
    for block in blocks {
      #expect(UInt(bitPattern: block) % UInt(alignment) == 0)
      block.initializeMemory(as: UInt8.self, repeating: 0xff, count: size)
    }
    #expect(heap.checker.fault() == nil && heap.checker.liveCount == 3)
    for block in blocks { #expect(heap.free(block, layout) == nil) }
    #expect(heap.checker.fault() == nil && heap.checker.liveCount == 0)
  }

  @Test(arguments: [0, 8, 15])
  func aByteBehindTheEndIsFound(_ offset: Int) {
    var heap = CheckedHeap()
    let block = heap.allocate(layout(20))
    block.storeBytes(of: 0, toByteOffset: 20 + offset, as: UInt8.self)
    #expect(heap.checker.fault() == .writtenBehindItsEnd)
    #expect(heap.free(block, layout(20)) == .writtenBehindItsEnd)
  }

  @Test func aWriteThroughAnOldPointerIsFound() {
    var heap = CheckedHeap()
    let block = heap.allocate(layout(20))
    #expect(heap.free(block, layout(20)) == nil)
    // It hits nobody: the memory is not handed out yet.
    let other = heap.allocate(layout(20))
    #expect(other != block)
    block.storeBytes(of: 7, toByteOffset: 19, as: UInt8.self)
    #expect(heap.checker.fault() == .writtenAfterFree)
    // At the latest when the memory is about to be used again.
    var found: HeapChecker.Fault?
    for _ in 0..<40 where found == nil {
      let block = heap.allocate(layout(8))
      found = heap.free(block, layout(8))
    }
    #expect(found == .writtenAfterFree)
  }

  @Test func aSecondFreeIsFound() {
    var heap = CheckedHeap()
    let block = heap.allocate(layout(20))
    #expect(heap.free(block, layout(20)) == nil)
    #expect(heap.free(block, layout(20)) == .freedTwice)
  }

  @Test(arguments: [1, 8, 16, 32, 48, 100])
  func anAddressInsideABlockIsNoBlock(_ offset: Int) {
    var heap = CheckedHeap()
    let block = heap.allocate(layout(200))
    block.initializeMemory(as: UInt8.self, repeating: 0, count: 200)
    #expect(heap.free(block + offset, layout(200 - offset)) == .notABlock)
    #expect(heap.free(block, layout(200)) == nil)
  }

  @Test func anotherSizeOrAlignmentIsFound() {
    var heap = CheckedHeap()
    let block = heap.allocate(layout(20))
    #expect(heap.free(block, layout(24)) == .freedWithAnotherSize)
    #expect(heap.free(block, layout(20, 32)) == .freedWithAnotherSize)
    #expect(heap.free(block, layout(20)) == nil)
  }

  /// Correct programs are never accused, and what they keep is counted.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func randomCorrectCallsHaveNoFault(_ seed: UInt64) {
    var random = RandomNumbers(seed: seed)
    var heap = CheckedHeap()
    var held: [(block: UnsafeMutableRawPointer, layout: BlockLayout)] = []
    for _ in 0..<3_000 {
      if held.count == 40 || (!held.isEmpty && random.next(below: 2) == 0) {
        let entry = held.remove(at: random.next(below: held.count))
        #expect(heap.free(entry.block, entry.layout) == nil)
      } else {
        let layout = layout(random.next(below: 600), 1 << random.next(below: 8))
        let block = heap.allocate(layout)
        block.initializeMemory(as: UInt8.self, repeating: UInt8(random.next(below: 256)), count: layout.size)
        held.append((block, layout))
      }
      #expect(heap.checker.liveCount == held.count)
    }
    #expect(heap.checker.fault() == nil)
    for entry in held { #expect(heap.free(entry.block, entry.layout) == nil) }
    #expect(heap.checker.liveCount == 0)
  }
}

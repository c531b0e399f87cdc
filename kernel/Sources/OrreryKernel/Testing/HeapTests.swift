import Kernel
import KernelLogic

/// The same for every design but the dummy, which has nothing to test but its refusals.
@Sendable func heapTests(_ visit: (KernelTest) -> Void) {
  if Heap.design == .dummy {
    visit(KernelTest("everyRequestGivesNil", everyRequestGivesNil))
    visit(KernelTest("swiftsOwnAllocationTraps", swiftsOwnAllocationTraps))
    return
  }
  visit(KernelTest("manyBoxes", manyBoxes))
  visit(KernelTest("manyBoxesWithOneLongLived", manyBoxesWithOneLongLived))
  visit(KernelTest("largeArray", largeArray))
  visit(KernelTest("objectsAreFreedOnce", objectsAreFreedOnce))
  visit(KernelTest("blocksAreAlignedAsAsked", blocksAreAlignedAsAsked))
  visit(KernelTest("zeroedBlocksAreZero", zeroedBlocksAreZero))
  visit(KernelTest("resizedBlocksKeepTheirContent", resizedBlocksKeepTheirContent))
  visit(KernelTest("freedMemoryIsUsedAgain", freedMemoryIsUsedAgain))
  visit(KernelTest("divideTheHeap", divideTheHeap))
}

/// Apart from the others: how much there is to take depends on the machine and on the kernel's own size. The heap comes last, for it keeps the
/// frames that it took.
@Sendable func exhaustionTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("exhaustedFramesFailMapping", exhaustedFramesFailMapping))
  visit(KernelTest("exhaustedHeapGivesNil", exhaustedHeapGivesNil))
}

private final class Box {
  nonisolated(unsafe) static var liveCount = 0
  let value: Int
  init(_ value: Int) {
    self.value = value
    Box.liveCount += 1
  }
  deinit { Box.liveCount -= 1 }
}

/// Not inlined: a box that is seen to die in its function is kept off the heap by the compiler.
@inline(never) private func makeBox(_ value: Int) -> Box { Box(value) }

/// More boxes, one after the other, than the heap could hold at once before it grows: 6,000 of 40 bytes or more each, in 256 KiB.
private let boxCount = 7_000

private func manyBoxes() {
  for value in 0..<boxCount { expect(makeBox(value).value == value) }
}

private func manyBoxesWithOneLongLived() {
  let longLived = makeBox(-1)
  for value in 0..<boxCount { expect(makeBox(value).value == value) }
  expect(longLived.value == -1)
}

private func largeArray() {
  var numbers: [Int] = []
  for number in 0..<10_000 { numbers.append(number) }
  expect(numbers.reduce(0, +) == 9_999 * 10_000 / 2)
}

private func objectsAreFreedOnce() {
  let before = Box.liveCount
  var boxes = (0..<100).map { makeBox($0) }
  let alias = boxes
  expect(Box.liveCount == before + 100)
  boxes.removeAll()
  expect(Box.liveCount == before + 100)
  expect(alias.count == 100)
  withExtendedLifetime(alias) {}
  _ = consume alias
  expect(Box.liveCount == before)
}

private func blocksAreAlignedAsAsked() {
  var alignment = 1
  while alignment <= 4096 {
    guard let block = heapAllocate(24, alignment), let other = kmalloc(24, alignment) else { panic("no memory") }
    expect(UInt(bitPattern: block) % UInt(alignment) == 0)
    expect(UInt(bitPattern: other) % UInt(alignment) == 0)
    kfree(other)
    heapDeallocate(block, 24, alignment)
    alignment *= 2
  }
}

private func zeroedBlocksAreZero() {
  guard let dirty = heapAllocate(300, 16) else { panic("no memory") }
  dirty.initializeMemory(as: UInt8.self, repeating: 0xff, count: 300)
  heapDeallocate(dirty, 300, 16)
  guard let block = heapAllocateZeroed(300, 16) else { panic("no memory") }
  for index in 0..<300 { expect(block.load(fromByteOffset: index, as: UInt8.self) == 0) }
  heapDeallocate(block, 300, 16)
}

private func resizedBlocksKeepTheirContent() {
  guard var block = heapAllocate(50, 16) else { panic("no memory") }
  var size = 50
  block.initializeMemory(as: UInt8.self, repeating: 0x77, count: 50)
  for newSize in [60, 500, 5000, 50_000, 50] {
    guard let moved = heapReallocate(block, size, 16, newSize) else { panic("no memory") }
    for index in 0..<50 { expect(moved.load(fromByteOffset: index, as: UInt8.self) == 0x77) }
    block = moved
    size = newSize
  }
  expect(heapReallocate(block, size, 16, 1 << 40) == nil)
  expect(block.load(as: UInt8.self) == 0x77)
  heapDeallocate(block, size, 16)
}

private func freedMemoryIsUsedAgain() {
  guard let first = heapAllocate(1000, 16) else { panic("no memory") }
  heapDeallocate(first, 1000, 16)
  let second = heapAllocate(1000, 16)
  expect(second == first)
  if let second { heapDeallocate(second, 1000, 16) }
}

/// A list of blocks that lies in the blocks themselves, so that it needs no memory when there is none.
private struct BlockList {
  private var first: UnsafeMutableRawPointer?
  private(set) var count = 0

  mutating func add(_ block: UnsafeMutableRawPointer) {
    block.storeBytes(of: first, as: UnsafeMutableRawPointer?.self)
    first = block
    count += 1
  }

  mutating func takeLast() -> UnsafeMutableRawPointer? {
    guard let block = first else { return nil }
    first = block.load(as: UnsafeMutableRawPointer?.self)
    count -= 1
    return block
  }
}

/// Takes all memory, finds that more is refused, gives it back, and can take it again.
private func exhaustedHeapGivesNil() {
  expect(heapAllocate(1 << 40, 16) == nil)
  let size = 1 << 18
  func takeAllAndGiveBack() -> Int {
    var blocks = BlockList()
    while let block = heapAllocate(size, 16) { blocks.add(block) }
    let count = blocks.count
    while let block = blocks.takeLast() { heapDeallocate(block, size, 16) }
    return count
  }
  let count = takeAllAndGiveBack()
  expect(count > 0)
  expect(takeAllAndGiveBack() == count)
}

/// A page that cannot be mapped because no frame is left is an error, and leaves nothing half done.
private func exhaustedFramesFailMapping() {
  let page = LinearAddress(0x5555_0000_0000)
  var count: UInt64 = 0
  var error: PagingError?
  while error == nil {
    do throws(PagingError) {
      try KernelAddressSpace.mapFresh(page + count * Frame.byteCount, .data)
      count += 1
    } catch let failure { error = failure }
  }
  expect(error == .outOfFrames && count > 0)
  expect(KernelAddressSpace.mapper.translate(page + count * Frame.byteCount) == nil)
  do throws(PagingError) {
    for index in 0..<count { try KernelAddressSpace.unmapFresh(page + index * Frame.byteCount) }
  } catch { panic("\(error.reason)") }
  guard let frame = Frames.allocate() else { panic("no frame came back") }
  Frames.deallocate(frame)
}

/// Blocks of many sizes, of which every second is given back: what is free then lies in pieces. How large they are is said on the
/// debug console, for it is a number.
private func divideTheHeap() {
  var workload = HeapWorkload()
  workload.divide(count: 48)
  workload.releaseAll()
}

/// For the dummy.
private func everyRequestGivesNil() {
  expect(heapAllocate(1, 1) == nil)
  expect(heapAllocateZeroed(16, 16) == nil)
  expect(kmalloc(16, 16) == nil)
}

private func swiftsOwnAllocationTraps() {
  expect(Recovery.exception { _ = makeBox(1) } == .invalidOpcode)
}

// For `panicTests`.

@Sendable func doubleFree() {
  let block = kmalloc(100, 16)
  kfree(block)
  kfree(block)
}

@Sendable func interiorFree() {
  guard let block = kmalloc(100, 16) else { return }
  kfree(block + 16)
}

@Sendable func freeWithoutAllocation() {
  guard Heap.design == .dummy, let address = UnsafeMutableRawPointer(bitPattern: 0x4444_4444_0000) else { return }
  heapDeallocate(address, 16, 16)
}

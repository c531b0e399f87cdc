import Kernel
import KernelLogic

let heapTests = [
  KernelTest(name: "manyBoxes", body: manyBoxes),
  KernelTest(name: "manyBoxesWithOneLongLived", body: manyBoxesWithOneLongLived),
  KernelTest(name: "largeArray", body: largeArray),
  KernelTest(name: "objectsAreFreedOnce", body: objectsAreFreedOnce),
  KernelTest(name: "blocksAreAlignedAsAsked", body: blocksAreAlignedAsAsked),
  KernelTest(name: "freedMemoryIsUsedAgain", body: freedMemoryIsUsedAgain),
  KernelTest(name: "exhaustedHeapGivesNil", body: exhaustedHeapGivesNil),
]

private final class Box {
  nonisolated(unsafe) static var liveCount = 0
  let value: Int
  init(_ value: Int) {
    self.value = value
    Box.liveCount += 1
  }
  deinit { Box.liveCount -= 1 }
}

/// More boxes, one after the other, than the heap could hold at once.
private func manyBoxes() {
  for value in 0..<20_000 { expect(Box(value).value == value) }
}

private func manyBoxesWithOneLongLived() {
  let longLived = Box(-1)
  for value in 0..<20_000 { expect(Box(value).value == value) }
  expect(longLived.value == -1)
}

private func largeArray() {
  var numbers: [Int] = []
  for number in 0..<10_000 { numbers.append(number) }
  expect(numbers.reduce(0, +) == 9_999 * 10_000 / 2)
}

private func objectsAreFreedOnce() {
  let before = Box.liveCount
  var boxes = (0..<100).map { Box($0) }
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
    guard let block = kmalloc(24, alignment) else { panic("no memory") }
    expect(UInt(bitPattern: block) % UInt(alignment) == 0)
    kfree(block)
    alignment *= 2
  }
}

private func freedMemoryIsUsedAgain() {
  guard let first = kmalloc(1000, 16) else { panic("no memory") }
  kfree(first)
  let second = kmalloc(1000, 16)
  expect(second == first)
  kfree(second)
}

/// Takes all memory, finds that more is refused, gives it back, and can take it again.
private func exhaustedHeapGivesNil() {
  expect(kmalloc(1 << 40, 16) == nil)
  let size = 1 << 20
  func takeAll() -> [UnsafeMutableRawPointer] {
    // Room first: the array itself must not need memory when there is none.
    var blocks: [UnsafeMutableRawPointer] = []
    blocks.reserveCapacity(4096)
    while let block = kmalloc(size, 16) { blocks.append(block) }
    return blocks
  }
  let first = takeAll()
  expect(!first.isEmpty)
  let count = first.count
  for block in first { kfree(block) }
  let second = takeAll()
  expect(second.count == count)
  for block in second { kfree(block) }
}

/// For `KernelTest.thatPanic`.
func doubleFree() {
  let block = kmalloc(100, 16)
  kfree(block)
  kfree(block)
}

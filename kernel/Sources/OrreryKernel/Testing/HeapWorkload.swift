import Kernel
import KernelLogic

/// A workload that is the same under every design: blocks of many sizes come and go in an order that a fixed seed decides, each with a mark of
/// its own at both ends. Figures go to the debug console; `docs/KERNEL_ALLOCATORS.md` is made of them.
///
/// Takes nothing from the heap but the blocks it asks for.
struct HeapWorkload {
  private struct Slot {
    var block: UnsafeMutableRawPointer?
    var size = 0
    var mark: UInt8 = 0
  }
  private static let slotCount = 512

  /// A global, for the stack is small.
  nonisolated(unsafe) private static var storage = InlineArray<512, Slot>(repeating: Slot())
  private let slots: UnsafeMutablePointer<Slot>
  private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

  init() {
    slots = withUnsafeMutablePointer(to: &Self.storage) {
      UnsafeMutableRawPointer($0).assumingMemoryBound(to: Slot.self)
    }
  }

  /// Fills `count` slots, then gives every second block back.
  mutating func divide(count: Int) {
    for index in 0..<count { take(index) }
    report("full")
    for index in 0..<count where index % 2 == 1 { release(index) }
    report("divided")
  }

  /// Takes or gives back one block, `count` times, up to 512 at once.
  mutating func churn(count: Int) {
    for _ in 0..<count {
      let index = next(below: Self.slotCount)
      if slots[index].block == nil { take(index) } else { release(index) }
    }
  }

  mutating func releaseAll() {
    for index in 0..<Self.slotCount where slots[index].block != nil { release(index) }
  }

  /// Bytes asked for and taken up by the blocks there are; bytes free, and the largest free block; bytes mapped.
  func report(_ moment: StaticString) {
    var (requested, granted) = (0, 0)
    for index in 0..<Self.slotCount where slots[index].block != nil {
      requested += slots[index].size
      if let layout = BlockLayout(size: slots[index].size, alignment: 16) {
        granted += Heap.grantedByteCount(for: layout)
      }
    }
    let free = Heap.freeSpace
    DebugConsole.report(
      """
      heap \(moment): requested \(requested) granted \(granted) free \(free.byteCount) in \(free.blockCount) \
      largest \(free.largestByteCount) mapped \(Heap.mappedByteCount)
      """)
  }

  /// Mostly small, as in a kernel: of 16 requests ten are of at most 128 bytes, five of at most 1 KiB, one of at most 8 KiB.
  private mutating func nextSize() -> Int {
    switch next(below: 16) {
    case 0..<10: 1 + next(below: 128)
    case 10..<15: 1 + next(below: 1024)
    default: 1 + next(below: 8192)
    }
  }

  private mutating func take(_ index: Int) {
    let size = nextSize()
    guard let block = heapAllocate(size, 16) else { panic("no memory") }
    let mark = UInt8(truncatingIfNeeded: next(below: 256))
    block.storeBytes(of: mark, as: UInt8.self)
    block.storeBytes(of: mark, toByteOffset: size - 1, as: UInt8.self)
    slots[index] = Slot(block: block, size: size, mark: mark)
  }

  private mutating func release(_ index: Int) {
    let slot = slots[index]
    guard let block = slot.block else { return }
    expect(block.load(as: UInt8.self) == slot.mark)
    expect(block.load(fromByteOffset: slot.size - 1, as: UInt8.self) == slot.mark)
    heapDeallocate(block, slot.size, 16)
    slots[index] = Slot()
  }

  private mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % bound
  }
}

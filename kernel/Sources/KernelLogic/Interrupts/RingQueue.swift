import Synchronization

/// A queue of bytes between one producer and one consumer, such as an interrupt handler and the shell, with no lock and no heap
/// (Lamport, "Specifying Concurrent Program Modules", 1983).
///
/// Only the producer moves `pushedCount`, only the consumer moves `poppedCount`; the releasing store of a count publishes what was
/// written before it.
package struct RingQueue<let capacity: Int>: ~Copyable, Sendable {
  private let slots = InlineArray<capacity, Atomic<UInt8>> { _ in Atomic(0) }
  private let pushedCount = Atomic<Int>(0)
  private let poppedCount = Atomic<Int>(0)

  package init() {}

  /// Returns false, and drops the byte, when the queue is full.
  package func push(_ byte: UInt8) -> Bool {
    let position = pushedCount.load(ordering: .relaxed)
    guard position - poppedCount.load(ordering: .acquiring) < capacity else { return false }
    slots[position % capacity].store(byte, ordering: .relaxed)
    pushedCount.store(position + 1, ordering: .releasing)
    return true
  }

  package func pop() -> UInt8? {
    let position = poppedCount.load(ordering: .relaxed)
    guard position != pushedCount.load(ordering: .acquiring) else { return nil }
    let byte = slots[position % capacity].load(ordering: .relaxed)
    poppedCount.store(position + 1, ordering: .releasing)
    return byte
  }

  package var isEmpty: Bool { poppedCount.load(ordering: .relaxed) == pushedCount.load(ordering: .acquiring) }
}

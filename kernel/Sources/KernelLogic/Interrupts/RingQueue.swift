import Synchronization

/// A queue of bytes between one producer and one consumer, such as an interrupt handler and the shell, with no lock.
///
/// Only the producer moves `tail`, only the consumer moves `head`; the releasing store of an index publishes what was
/// written before it. One slot stays empty, so that full and empty differ.
package struct RingQueue: ~Copyable, @unchecked Sendable {
  private let slots: UnsafeMutableBufferPointer<UInt8>
  private let head = Atomic<Int>(0)
  private let tail = Atomic<Int>(0)

  package init(capacity: Int) {
    slots = .allocate(capacity: capacity + 1)
    slots.initialize(repeating: 0)
  }

  deinit { slots.deallocate() }

  /// Returns false, and drops the byte, when the queue is full.
  package func push(_ byte: UInt8) -> Bool {
    let position = tail.load(ordering: .relaxed)
    let following = position + 1 == slots.count ? 0 : position + 1
    guard following != head.load(ordering: .acquiring) else { return false }
    slots[position] = byte
    tail.store(following, ordering: .releasing)
    return true
  }

  package func pop() -> UInt8? {
    let position = head.load(ordering: .relaxed)
    guard position != tail.load(ordering: .acquiring) else { return nil }
    let byte = slots[position]
    head.store(position + 1 == slots.count ? 0 : position + 1, ordering: .releasing)
    return byte
  }

  package var isEmpty: Bool { head.load(ordering: .relaxed) == tail.load(ordering: .acquiring) }
}

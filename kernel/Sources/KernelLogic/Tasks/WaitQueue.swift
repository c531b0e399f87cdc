/// Those who wait for one source of events, until it has come so far: the timer to a tick, the keyboard (whose events all are the
/// same) to 0. The nearest first; of those who wait for the same, the first who came.
package struct WaitQueue {
  /// Names one who waits, for as long as it does.
  package struct Ticket: Equatable {
    fileprivate let number: UInt64
  }

  private struct Entry {
    let position: UInt64
    let ticket: Ticket
    let waker: Waker
  }

  private var entries: [Entry] = []
  private var nextNumber: UInt64 = 0

  package init() {}

  package var count: Int { entries.count }

  package mutating func add(_ waker: Waker, until position: UInt64 = 0) -> Ticket {
    let ticket = Ticket(number: nextNumber)
    nextNumber += 1
    var index = entries.count
    while index > 0, entries[index - 1].position > position { index -= 1 }
    entries.insert(Entry(position: position, ticket: ticket, waker: waker), at: index)
    return ticket
  }

  /// For one who no longer waits. Does nothing when it has been woken.
  package mutating func remove(_ ticket: Ticket) {
    if let index = entries.firstIndex(where: { $0.ticket == ticket }) { entries.remove(at: index) }
  }

  /// The next one to wake, now that the source has come to `position`; nil when all others wait for more.
  package mutating func popDue(at position: UInt64 = 0) -> Waker? {
    guard let first = entries.first, first.position <= position else { return nil }
    return entries.removeFirst().waker
  }
}

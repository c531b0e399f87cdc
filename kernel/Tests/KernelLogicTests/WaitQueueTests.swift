import KernelLogic
import Testing

/// Which wakers were woken, by name.
private final class Journal {
  var woken: [Int] = []
  func waker(_ name: Int) -> Waker { Waker { self.woken.append(name) } }
}

struct WaitQueueTests {
  private func wakeAll(_ queue: inout WaitQueue, at position: UInt64) {
    while let waker = queue.popDue(at: position) { waker.wake() }
  }

  @Test func theNearestIsWokenFirst() {
    let journal = Journal()
    var queue = WaitQueue()
    for (name, position) in [(1, 30), (2, 10), (3, 20)] as [(Int, UInt64)] {
      _ = queue.add(journal.waker(name), until: position)
    }
    wakeAll(&queue, at: 20)
    #expect(journal.woken == [2, 3])
    wakeAll(&queue, at: 29)
    #expect(journal.woken == [2, 3])
    wakeAll(&queue, at: 30)
    #expect(journal.woken == [2, 3, 1])
  }

  @Test func whoWaitForTheSameAreWokenInTheOrderInWhichTheyCame() {
    let journal = Journal()
    var queue = WaitQueue()
    for name in 1...4 { _ = queue.add(journal.waker(name)) }
    wakeAll(&queue, at: 0)
    #expect(journal.woken == [1, 2, 3, 4])
  }

  @Test func whoNoLongerWaitsIsNotWoken() {
    let journal = Journal()
    var queue = WaitQueue()
    let first = queue.add(journal.waker(1), until: 5)
    let second = queue.add(journal.waker(2), until: 5)
    queue.remove(first)
    #expect(queue.count == 1)
    wakeAll(&queue, at: 5)
    #expect(journal.woken == [2])
    // Too late: nothing is done.
    queue.remove(second)
    queue.remove(first)
    #expect(queue.count == 0)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func randomCallsDoAsASortedListDoes(_ seed: UInt64) {
    var random = RandomNumbers(seed: seed)
    let journal = Journal()
    var queue = WaitQueue()
    var model: [(name: Int, position: UInt64, ticket: WaitQueue.Ticket)] = []
    var now: UInt64 = 0
    for name in 0..<1_000 {
      switch random.next(below: 4) {
      case 0 where !model.isEmpty:
        let entry = model.remove(at: random.next(below: model.count))
        queue.remove(entry.ticket)
      case 1:
        now += UInt64(random.next(below: 20))
        journal.woken = []
        wakeAll(&queue, at: now)
        let due = model.filter { $0.position <= now }.sorted { ($0.position, $0.name) < ($1.position, $1.name) }
        #expect(journal.woken == due.map(\.name))
        model.removeAll { $0.position <= now }
      default:
        let position = now + UInt64(random.next(below: 50))
        model.append((name, position, queue.add(journal.waker(name), until: position)))
      }
      #expect(queue.count == model.count)
    }
  }
}

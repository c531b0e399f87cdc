import OrreryBase
import Testing

@testable import OrreryMachine

struct EventQueueTests {
  @Test func earliestDeadlineIsNext() {
    var queue = EventQueue()
    #expect(queue.nextDeadline == .max)
    queue.arm(.com1, at: 50)
    queue.arm(.timer, at: 70)
    #expect(queue.nextDeadline == 50)
    queue.disarm(.com1)
    #expect(queue.nextDeadline == 70)
    #expect(queue.deadline(of: .com1) == .max)
    queue.arm(.timer, at: 90)
    #expect(queue.nextDeadline == 90)
  }

  @Test func slotsAreInPortOrder() {
    #expect(EventSlot.allCases == [.timer, .keyboard, .realTimeClock, .com2, .com1])
  }
}

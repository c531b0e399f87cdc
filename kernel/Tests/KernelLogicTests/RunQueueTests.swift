import KernelLogic
import Testing

struct RunQueueTests {
  @Test func eachHasItsTurnInTheOrderInWhichItCame() {
    var queue = RunQueue<Int>()
    for number in 1...3 { queue.append(number) }
    #expect(queue.popFirst() == 1)
    queue.append(1)
    #expect([queue.popFirst(), queue.popFirst(), queue.popFirst(), queue.popFirst()] == [2, 3, 1, nil])
    #expect(queue.isEmpty)
  }

  /// Beside an array, which is slow at its front and right.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func randomCallsDoAsAnArrayDoes(_ seed: UInt64) {
    var random = RandomNumbers(seed: seed)
    var queue = RunQueue<Int>()
    var model: [Int] = []
    // In turns more come than go, and more go than come, so that the ring grows and goes round.
    for step in 0..<4_000 {
      if random.next(below: 8) < (step / 500 % 2 == 0 ? 5 : 3) {
        queue.append(step)
        model.append(step)
      } else {
        #expect(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
      }
      #expect(queue.count == model.count)
    }
  }

  @Test func whatWasTakenOutIsNotKept() {
    final class Element {}
    var queue = RunQueue<Element>()
    weak var element: Element?
    do {
      let strong = Element()
      element = strong
      queue.append(strong)
    }
    #expect(element != nil)
    _ = queue.popFirst()
    #expect(element == nil)
  }
}

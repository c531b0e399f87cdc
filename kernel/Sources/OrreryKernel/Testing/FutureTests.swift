import Kernel
import KernelLogic
import _Concurrency

@Sendable func futureTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("futureIsPolledUntilItIsReady", futureIsPolledUntilItIsReady))
  visit(KernelTest("futuresComeOneAfterTheOther", futuresComeOneAfterTheOther))
  visit(KernelTest("futureStaysAtItsAddress", futureStaysAtItsAddress))
  visit(KernelTest("futuresAndTasksShareTheExecutor", futuresAndTasksShareTheExecutor))
  visit(KernelTest("cancelledFutureIsFreed", cancelledFutureIsFreed))
}

/// Pending so many times, each time woken by itself; then ready with what it counted.
private struct Countdown: Future, ~Copyable {
  private var left: Int
  private var pollCount = 0
  /// Where it was when it was first polled.
  private var firstAddress: UInt = 0
  private(set) var hasMoved = false

  init(from count: Int) { left = count }

  mutating func poll(_ waker: Waker) -> Poll<Int> {
    let address = withUnsafePointer(to: &self) { UInt(bitPattern: $0) }
    if pollCount == 0 { firstAddress = address }
    pollCount += 1
    // Ready with 0 tells that it has moved.
    if address != firstAddress { return .ready(0) }
    if left == 0 { return .ready(pollCount) }
    left -= 1
    waker.wake()
    return .pending
  }
}

private func futureIsPolledUntilItIsReady() {
  var polls: Int?
  Executor.start(Countdown(from: 3)) { polls = $0 }
  Executor.run { polls != nil }
  expect(polls == 4)
}

private func futuresComeOneAfterTheOther() {
  var text: Int?
  let both = TicksFuture(1).map { 20 }.then { number in Countdown(from: 1).map { number + $0 } }
  Executor.start(both) { text = $0 }
  Executor.run { text != nil }
  expect(text == 22)
}

/// Many futures that come and go, so that memory is taken and given back between the polls of each.
private func futureStaysAtItsAddress() {
  var finished: [Int] = []
  for count in 1...8 {
    Executor.start(Ready(count).then { Countdown(from: $0).then { polls in Countdown(from: polls) } }) {
      finished.append($0)
    }
  }
  Executor.run { finished.count == 8 }
  // A countdown from n is polled n + 1 times, and the second one starts there.
  expect(finished == [3, 4, 5, 6, 7, 8, 9, 10])
}

/// The task goes on until the future is ready, so each must get its turn while the other waits. How many ticks pass meanwhile is the machine's affair.
private func futuresAndTasksShareTheExecutor() {
  nonisolated(unsafe) var fromFuture: Int?
  Executor.start(TicksFuture(2).map { 1 }) { fromFuture = $0 }
  let fromTask = runTask {
    while fromFuture == nil { try? await Task.sleep(ticks: 1) }
    return 2
  }
  expect(fromTask == 2)
  expect(fromFuture == 1)
}

private final class Guest {
  nonisolated(unsafe) static var liveCount = 0
  init() { Guest.liveCount += 1 }
  deinit { Guest.liveCount -= 1 }
}

private func cancelledFutureIsFreed() {
  let task: FutureTask
  do {
    let guest = Guest()
    task = Executor.start(TicksFuture(1 << 40).map { withExtendedLifetime(guest) {} })
  }
  Executor.start(Countdown(from: 2)) { _ in task.cancel() }
  Executor.run { task.state == .finished }
  expect(Guest.liveCount == 0)
}

import KernelLogic

/// Ready when `count` ticks of the timer have gone by, the one in progress not counted.
package struct TicksFuture: Future, ~Copyable {
  private let deadline: UInt64
  private var registration: Registration?

  package init(_ count: UInt64) { deadline = Timer.ticks + count + 1 }

  package mutating func poll(_ waker: Waker) -> Poll<Void> {
    registration = nil
    if Timer.ticks >= deadline { return .ready(()) }
    let ticket = Executor.timers.add(waker, until: deadline)
    registration = Registration { Executor.timers.remove(ticket) }
    return .pending
  }
}

/// The next scan code from the keyboard.
package struct ScanCodeFuture: Future, ~Copyable {
  private var registration: Registration?

  package init() {}

  package mutating func poll(_ waker: Waker) -> Poll<UInt8> {
    registration = nil
    if let code = Keyboard.nextScanCode() { return .ready(code) }
    let ticket = Executor.keyboardWaiters.add(waker)
    registration = Registration { Executor.keyboardWaiters.remove(ticket) }
    return .pending
  }
}

/// A future's place among those who wait, given up when the future is polled again or freed.
private final class Registration {
  private let giveUp: () -> Void
  init(giveUp: @escaping () -> Void) { self.giveUp = giveUp }
  deinit { giveUp() }
}

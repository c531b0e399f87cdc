extension Future where Self: ~Copyable {
  /// The future of what comes after: `next` is given this future's value and says what to wait for then.
  package consuming func then<Next: Future & ~Copyable>(_ next: @escaping (Output) -> Next) -> Then<Self, Next> {
    Then(first: self, next: next)
  }
}

/// What `then` returns: a state machine of the kind that the compiler makes of two `await`s in a row
/// (Swift Evolution SE-0296 "Async/await", "Suspension points").
///
///     waitingForFirst ──► waitingForSecond ──► finished
///
/// The futures stand beside the state rather than inside it: taken out of an enum to be polled and put back, they would move.
package struct Then<First: Future & ~Copyable, Second: Future & ~Copyable>: Future, ~Copyable {
  private enum State {
    case waitingForFirst, waitingForSecond, finished
  }

  private var state = State.waitingForFirst
  private var first: First?
  private var second: Second?
  private let next: (First.Output) -> Second

  fileprivate init(first: consuming First, next: @escaping (First.Output) -> Second) {
    self.first = consume first
    self.next = next
  }

  package mutating func poll(_ waker: Waker) -> Poll<Second.Output> {
    // One poll passes through as many states as it can; it ends where there is something to wait for.
    while true {
      switch state {
      case .waitingForFirst:
        guard case .ready(let value) = first!.poll(waker) else { return .pending }
        first = nil
        second = next(value)
        state = .waitingForSecond
      case .waitingForSecond:
        guard case .ready(let value) = second!.poll(waker) else { return .pending }
        second = nil
        state = .finished
        return .ready(value)
      case .finished: preconditionFailure("a future was polled after it was ready")
      }
    }
  }
}

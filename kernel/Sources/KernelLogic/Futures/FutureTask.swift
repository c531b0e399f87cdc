/// A future that the executor runs: polled when it is created, then each time its waker is woken, until it is ready
/// (Rust RFC 2592 "futures_api").
package final class FutureTask {
  package enum State { case runnable, suspended, finished }

  package let number: UInt32
  package private(set) var state = State.runnable
  /// Polls the future and passes its value on; true when that was the last time. Nil once it was, or was cancelled.
  private var pollOnce: ((Waker) -> Bool)?
  private let makeRunnable: (FutureTask) -> Void

  private init(
    number: UInt32, pollOnce: @escaping (Waker) -> Bool, makeRunnable: @escaping (FutureTask) -> Void
  ) {
    self.number = number
    self.pollOnce = pollOnce
    self.makeRunnable = makeRunnable
  }

  /// `makeRunnable` is called when the task is woken, and not again until it has been polled.
  package static func of<Body: Future & ~Copyable>(
    _ future: consuming Body, number: UInt32, makeRunnable: @escaping (FutureTask) -> Void,
    onReady: @escaping (Body.Output) -> Void
  ) -> FutureTask {
    let pinned = Pinned(future)
    return FutureTask(
      number: number,
      pollOnce: { waker in
        guard case .ready(let value) = pinned.withValue({ $0.poll(waker) }) else { return false }
        onReady(value)
        return true
      }, makeRunnable: makeRunnable)
  }

  /// Asks the future once.
  package func poll() {
    guard let pollOnce else { return }
    // Before the poll: a wake-up that comes while it runs makes the task runnable again.
    state = .suspended
    if pollOnce(Waker { self.wake() }) { cancel() }
  }

  /// Ends the task where it waits; its future is freed, and `onReady` is never called.
  package func cancel() {
    pollOnce = nil
    state = .finished
  }

  private func wake() {
    guard state == .suspended else { return }
    state = .runnable
    makeRunnable(self)
  }
}

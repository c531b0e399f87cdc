import KernelLogic
import _Concurrency

/// One wait of a Swift task: from where the task gives up its turn to where a waker gives it another (Swift Evolution SE-0300 "Continuations").
///
/// Between the two the library has told no one that the task exists: the continuation in here is all there is of it.
final class Suspension: @unchecked Sendable {
  private enum State {
    case running
    case waiting(UnsafeContinuation<Void, Never>)
    case woken
  }

  private var state = State.running

  /// A wake-up may come before the wait, which then is none.
  func wait() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      if case .woken = state {
        continuation.resume()
      } else {
        state = .waiting(continuation)
      }
    }
  }

  /// A continuation may be resumed once; what more there is of wake-ups finds it gone.
  func wake() {
    let previous = state
    state = .woken
    if case .waiting(let continuation) = previous { continuation.resume() }
  }

  /// Waits until the waker that `register` is given is woken, or the task is cancelled.
  static func wait(_ register: (Waker) -> Void) async {
    let suspension = Suspension()
    register(Waker { suspension.wake() })
    await withTaskCancellationHandler {
      await suspension.wait()
    } onCancel: {
      suspension.wake()
    }
  }
}

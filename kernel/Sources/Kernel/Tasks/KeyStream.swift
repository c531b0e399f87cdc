import KernelLogic
import _Concurrency

extension Keyboard {
  /// The keys that are typed: `for await key in Keyboard.keys`. The stream ends when the task that reads it is cancelled.
  package static var keys: KeyStream { KeyStream() }
}

/// Keys, from the scan codes that the interrupt handler has queued (Swift Evolution SE-0298 "Async/Await: Sequences"). One task at a time
/// should read them: a key goes to one.
package struct KeyStream: AsyncSequence {
  package typealias Element = Key
  package typealias Failure = Never

  package struct Iterator: AsyncIteratorProtocol {
    private var decoder = ScanCodeDecoder()

    package mutating func next() async -> Key? {
      while !Task<Never, Never>.isCancelled {
        while let code = Keyboard.nextScanCode() {
          if let key = decoder.decode(code) { return key }
        }
        // A code that comes from here on posts a signal, which is kept until the executor looks: after this task has registered.
        var ticket: WaitQueue.Ticket?
        await Suspension.wait { ticket = Executor.keyboardWaiters.add($0) }
        if let ticket { Executor.keyboardWaiters.remove(ticket) }
      }
      return nil
    }
  }

  package func makeAsyncIterator() -> Iterator { Iterator() }
}

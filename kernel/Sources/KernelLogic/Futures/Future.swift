/// What a poll of a future found.
package enum Poll<Output> {
  case ready(Output)
  /// Not yet; the waker that was passed in will be woken when it is worth asking again.
  case pending
}

/// A value that may not be there yet, as `async`/`await` is made of: what the compiler turns an `async` function into, written by hand
/// (Swift Evolution SE-0296 "Async/await" for what it is to mean; Rust RFC 2592 "futures_api" for the poll and its waker).
///
/// Asking is all that can be done with it. It answers at once, with the value or with `pending`, and never waits; between two
/// questions all that it knows about where it was stands in its own stored properties.
package protocol Future<Output>: ~Copyable {
  associatedtype Output

  /// Not to be called again once it was `ready`. From the first call on the future stays at one address (see `Pinned`).
  mutating func poll(_ waker: Waker) -> Poll<Output>
}

/// A future that has been there all along.
package struct Ready<Output>: Future {
  private let output: Output

  package init(_ output: Output) { self.output = output }

  package mutating func poll(_ waker: Waker) -> Poll<Output> { .ready(output) }
}

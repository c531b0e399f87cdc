/// Owns a value at an address that stays the same until the value's end (Rust RFC 2349 "pin").
///
/// A state machine may hold a pointer into itself, as an `async` function does whose variable is used across an `await`. Moved in
/// memory, as Swift may move any value, it would go on writing where it once was. So a future is moved only before its first
/// poll; from then on it lives in a `Pinned`, which no copy can be made of and which hands out no more than a mutable access.
package final class Pinned<Value: ~Copyable> {
  private let address: UnsafeMutablePointer<Value>

  package init(_ value: consuming Value) {
    address = .allocate(capacity: 1)
    address.initialize(to: value)
  }

  deinit {
    address.deinitialize(count: 1)
    address.deallocate()
  }

  package func withValue<Result>(_ body: (inout Value) -> Result) -> Result { body(&address.pointee) }
}

/// Makes what waits runnable again. It runs nothing itself: the executor does, later, in its turn (Rust RFC 2592 "futures_api").
package struct Waker {
  private let action: () -> Void

  package init(_ action: @escaping () -> Void) { self.action = action }

  /// May be called more than once, and after what waited is gone: both do nothing.
  package func wake() { action() }
}

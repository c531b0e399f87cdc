import OrreryHost
import OrreryTrace

/// One line on a terminal that tells how far a run is, at most ten times a second; nothing elsewhere.
struct Progress {
  private let isShown = Console.current.isErrorTerminal
  private var lastShown: UInt64 = 0
  private var isOnScreen = false

  mutating func show(_ text: @autoclosure () -> String) {
    guard isShown else { return }
    let now = WallClock.nanoseconds
    guard now - lastShown >= 100_000_000 else { return }
    lastShown = now
    isOnScreen = true
    Console.current.error("\r\u{1B}[K" + text())
  }

  mutating func clear() {
    guard isOnScreen else { return }
    isOnScreen = false
    Console.current.error("\r\u{1B}[K")
  }
}

import Synchronization

/// The sources of events that a task can wait for, one bit each.
package struct Signals: OptionSet, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let timer = Signals(rawValue: 1 << 0)
  package static let keyboard = Signals(rawValue: 1 << 1)
}

/// What interrupt handlers have to say to the executor: which sources have had an event since it last looked.
///
/// A handler may come at any moment, so it never touches a task or a queue of them: it posts a bit, which needs no lock and has
/// always room. A signal posted stays until it is taken; so whoever takes it, and looks again before it sleeps, misses none.
package struct PendingSignals: ~Copyable, Sendable {
  private let bits = Atomic<UInt64>(0)

  package init() {}

  package func post(_ signals: Signals) { bits.bitwiseOr(signals.rawValue, ordering: .releasing) }

  /// All that was posted since the last call.
  package func take() -> Signals { Signals(rawValue: bits.exchange(0, ordering: .acquiring)) }

  package var isEmpty: Bool { bits.load(ordering: .acquiring) == 0 }
}

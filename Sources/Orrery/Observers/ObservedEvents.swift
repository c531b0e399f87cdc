import OrreryBase
import OrreryTrace

/// Events that observers have made and no writer has taken yet, in trace order.
struct ObservedEvents: Sendable {
  struct Entry: Sendable {
    var clock: Clock
    var payload: Payload
  }

  private(set) var entries: [Entry] = []

  mutating func append(_ payload: Payload, clock: Clock) {
    entries.append(Entry(clock: clock, payload: payload))
  }

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}

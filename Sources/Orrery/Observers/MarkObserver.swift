import OrreryBase
import OrreryTrace

/// Turns the bytes that the guest writes to the trace port into events of the `mark` lane: one for each line.
///
/// A line ends with a new line (10), which is not part of it, at the 256th byte, or with the run. Nothing else cuts it: a kernel whose handlers
/// say marks too lets none come between the bytes of one.
struct MarkObserver: Sendable {
  static let byteLimit = 256

  private var text: [UInt8] = []

  mutating func observe(_ record: ProbeRecord, into events: inout ObservedEvents) {
    let byte = UInt8(truncatingIfNeeded: record.value0)
    guard byte != UInt8(ascii: "\n") else { return end(clock: record.clock, into: &events) }
    text.append(byte)
    if text.count == Self.byteLimit { end(clock: record.clock, into: &events) }
  }

  /// Ends the line that is being gathered, if there is one, with the run.
  mutating func finish(clock: Clock, into events: inout ObservedEvents) {
    if !text.isEmpty { end(clock: clock, into: &events) }
  }

  private mutating func end(clock: Clock, into events: inout ObservedEvents) {
    events.append(.mark(text: text), clock: clock)
    text = []
  }
}

public import OrreryBase

/// One entry of a trace.
public struct Event: Hashable, Sendable {
  /// The event's number in its trace, from 0.
  public var sequence: UInt64
  /// The clock at which it happened; never less than the clock of the event before.
  public var clock: Clock
  public var payload: Payload

  public init(sequence: UInt64, clock: Clock, payload: Payload) {
    self.sequence = sequence
    self.clock = clock
    self.payload = payload
  }

  public var lane: Lane { payload.lane }
}

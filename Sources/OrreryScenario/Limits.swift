public import OrreryBase

/// How far a run may go; reaching a limit is an end of its own kind, not the one the scenario wished.
public struct Limits: Hashable, Sendable {
  /// The limits of a scenario that names none.
  public static let `default` = BoundLimits(
    steps: 1_000_000_000, clock: 60_000_000_000, traceByteCount: 256 << 20)

  /// Work: a kernel that loops for ever is stopped by it.
  public var steps: Number?
  /// Virtual time: a kernel that idles for ever is stopped by it.
  public var time: TimeSpan?
  /// The size of the trace.
  public var trace: ByteSize?

  public init(steps: Number? = nil, time: TimeSpan? = nil, trace: ByteSize? = nil) {
    self.steps = steps
    self.time = time
    self.trace = trace
  }
}

/// The limits of a run, in the units of the machine.
public struct BoundLimits: Hashable, Sendable {
  public var steps: Steps
  public var clock: Clock
  /// In bytes.
  public var traceByteCount: UInt64

  public init(steps: Steps, clock: Clock, traceByteCount: UInt64) {
    self.steps = steps
    self.clock = clock
    self.traceByteCount = traceByteCount
  }
}

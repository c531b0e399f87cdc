public import OrreryBase

/// Where in a trace a line of a behaviour comes from: what is shown beside it, and never compared.
public struct BehaviourOrigin: Hashable, Sendable {
  /// The number of the event, or of the first that the line tells.
  public var sequence: UInt64
  public var clock: Clock
  /// The code the event names: who called an allocator, where an exception was raised; nil when it names none.
  public var address: UInt64?
  /// Whether `address` is where a call returns to.
  public var isReturn = false
  /// The function that `address` is in; nil when there is none.
  public var function: String?
  /// For an interrupt, the last text that was written to a serial port before it came first.
  public var outputBefore: String?
}

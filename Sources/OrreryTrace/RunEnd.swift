public import OrreryBase

/// How a run ended.
public struct RunEnd: Hashable, Sendable {
  public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
    case powerOff = 0
    /// The guest wrote to the debug-exit port.
    case debugExit = 1
    case tripleFault = 2
    /// The limit of steps, clocks or trace bytes was reached; the text says which.
    case limit = 3
    /// The processor halted and nothing would ever wake it.
    case idle = 4
    /// The guest touched hardware that is not modelled; the text names it.
    case unmodelled = 5
    /// A stop condition of the scenario came true.
    case stopCondition = 6
    /// A person ended the run.
    case interrupted = 7
    /// The guest reset the machine.
    case reset = 8
  }

  public var reason: Reason
  /// The reason in words for a person, naming what was touched or reached.
  public var text: String
  public var steps: Steps
  public var clock: Clock
  /// The value the guest wrote to the debug-exit port, if it did.
  public var exitValue: UInt32?
  /// What the run has to report beside its events: anchors that never came true, one line each, in the scenario's order.
  public var reports: [String]

  public init(
    reason: Reason, text: String, steps: Steps, clock: Clock, exitValue: UInt32? = nil, reports: [String] = []
  ) {
    self.reason = reason
    self.text = text
    self.steps = steps
    self.clock = clock
    self.exitValue = exitValue
    self.reports = reports
  }
}

public import OrreryBase

/// A scenario with every parameter given a value and every time resolved to clocks: what a driver runs.
///
/// No clock or delay in it exceeds `timeLimit`, so the sum of two never overflows.
public struct BoundScenario: Sendable {
  /// The greatest time of a scenario, in clocks: 146 years at 1 GHz.
  public static let timeLimit: Clock = 1 << 62

  public var machine: BoundMachineSettings
  public var limits: BoundLimits
  /// The lanes to record, in the order of `RecordedLane`; nil when the scenario leaves it to the recorder.
  public var lanes: [RecordedLane]?
  /// Functions to watch beside the default ones.
  public var allocators: [AllocatorFunction]
  /// In the order of the scenario: what is due at one clock is done in this order.
  public var rules: [BoundRule]
  public var stops: [BoundStop]
  /// How the run is to end when no stop ends it; nil for none of the ends that are trouble.
  public var expectedEnd: ExpectedEnd?
  /// Of all rules, then all stops, then the ends of repetitions, each by its index.
  public var anchors: [Anchor]
  /// Every parameter with its value, in the order of the scenario.
  public var values: [ParameterValue]

  public init(
    machine: BoundMachineSettings = MachineSettings.default, limits: BoundLimits = Limits.default,
    lanes: [RecordedLane]? = nil, allocators: [AllocatorFunction] = [], rules: [BoundRule] = [],
    stops: [BoundStop] = [], expectedEnd: ExpectedEnd? = nil, anchors: [Anchor] = [],
    values: [ParameterValue] = []
  ) {
    self.machine = machine
    self.limits = limits
    self.lanes = lanes
    self.allocators = allocators
    self.rules = rules
    self.stops = stops
    self.expectedEnd = expectedEnd
    self.anchors = anchors
    self.values = values
  }
}

/// The value of one parameter in one run.
public struct ParameterValue: Hashable, Sendable {
  public var name: String
  public var value: UInt64

  public init(name: String, value: UInt64) {
    self.name = name
    self.value = value
  }

  /// The value that `--set` gives, written `K=7`, decimal or hexadecimal; nil when it is written otherwise.
  public init?(assignment: String) {
    guard let sign = assignment.firstIndex(of: "=") else { return nil }
    let (name, number) = (assignment[..<sign], assignment[assignment.index(after: sign)...])
    let isHexadecimal = number.hasPrefix("0x")
    let digits = isHexadecimal ? number.dropFirst(2) : number
    // The standard library also reads a sign, which no scenario does.
    guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-"),
      let value = UInt64(digits, radix: isHexadecimal ? 16 : 10)
    else { return nil }
    self.init(name: String(name), value: value)
  }
}

/// What can come true in a run.
public enum Condition: Hashable, Sendable {
  /// A clock is reached.
  case clock(Clock)
  /// The `hit`th occurrence, from 1, of non-empty `bytes` in what port `port` (0 is COM1) wrote is complete; occurrences do not overlap.
  case serialText([UInt8], port: UInt8, hit: UInt64)
  /// The same in what was written to the trace port.
  case markText([UInt8], hit: UInt64)
  /// The `hit`th time, from 1, that a row of the text screen has `bytes` (code page 437) and none had them when it was looked at before.
  case screenText([UInt8], hit: UInt64)
  /// The instruction at symbol `name` is about to execute for the `hit`th time, from 1.
  case symbol(String, hit: UInt64)
}

/// One rule of a bound scenario.
///
/// Without repetition it fires once, `delay` clocks after its condition. With one it fires at condition + delay + the sum of the first n periods, for n = 1, 2, ….
/// With delay 0 and no repetition, the actions belong to the very point of the condition: for a symbol, before its instruction.
public struct BoundRule: Hashable, Sendable {
  /// The index of its anchor.
  public var anchor: Int
  public var condition: Condition
  public var delay: Clock
  public var repetition: BoundRepetition?
  public var actions: [BoundAction]

  public init(
    anchor: Int, condition: Condition, delay: Clock = 0, repetition: BoundRepetition? = nil,
    actions: [BoundAction]
  ) {
    self.anchor = anchor
    self.condition = condition
    self.delay = delay
    self.repetition = repetition
    self.actions = actions
  }
}

/// One stop condition of a bound scenario.
public struct BoundStop: Hashable, Sendable {
  /// The index of its anchor.
  public var anchor: Int
  public var condition: Condition
  public var delay: Clock

  public init(anchor: Int, condition: Condition, delay: Clock = 0) {
    self.anchor = anchor
    self.condition = condition
    self.delay = delay
  }
}

/// One action of a bound scenario.
public enum BoundAction: Hashable, Sendable {
  /// Applied when the rule fires.
  case input(InputAction)
  /// Applied one by one, each when the guest has read what the keyboard had; later texts follow earlier ones.
  case typed([InputAction])
}

/// The repetition of a bound rule.
public struct BoundRepetition: Hashable, Sendable {
  /// The periods yet to come; a driver keeps a copy of its own and draws from it.
  public var periods: PeriodGenerator
  /// The greatest clock at which the rule still fires.
  public var lastClock: Clock?
  /// How often the rule fires at most.
  public var count: UInt64?
  /// What ends the repetition, with the index of its anchor.
  public var end: BoundStop?

  public init(
    periods: PeriodGenerator, lastClock: Clock? = nil, count: UInt64? = nil, end: BoundStop? = nil
  ) {
    self.periods = periods
    self.lastClock = lastClock
    self.count = count
    self.end = end
  }
}

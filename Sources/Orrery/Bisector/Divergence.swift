public import OrreryBase
public import OrreryMachine

/// The first step whose effect differs in two runs, and what differs after it.
public struct Divergence: Sendable {
  /// A register that differs, by its name, in elements of 64 bits.
  public struct Register: Hashable, Sendable {
    public var name: String
    /// Before the step, when it was the same in both.
    public var before: [UInt64]?
    public var first: [UInt64]
    public var second: [UInt64]
  }

  /// What the step is; nothing at all when the states came to differ while the processor was halted, or from the beginning.
  public var action: StepAction
  /// The bytes at the instruction's place in the second run, when they are other ones.
  public var secondBytes: [UInt8]?
  /// The number of the step: after so many steps the states differ for the first time, and one before they did not.
  public var steps: Steps
  /// The clock at which it began.
  public var clock: Clock
  /// The inputs that only one of the runs had at that point.
  public var causes: [InputDifference] = []
  public var registers: [Register] = []
  /// The first of them.
  public var memory: [Machine.MemoryDifference] = []
  /// How many bytes of memory differ in all.
  public var memoryByteCount: UInt64 = 0
  /// Devices whose state differs.
  public var devices: [String] = []
  /// How the runs ended with the step, if they did.
  public var firstEnd: String?
  public var secondEnd: String?

  /// How many runs of bytes are listed.
  static let memoryLimit = 16

  /// What differs now in two runs that stand after the step.
  init(
    action: StepAction, steps: Steps, clock: Clock, before: [(name: String, value: [UInt64])]?, _ first: TraceRun,
    _ second: TraceRun
  ) {
    self.action = action
    self.steps = steps
    self.clock = clock
    let (ours, theirs) = (first.machine.registerValues, second.machine.registerValues)
    for (index, (left, right)) in zip(ours, theirs).enumerated() where left.value != right.value {
      registers.append(
        Register(name: left.name, before: before?[index].value, first: left.value, second: right.value))
    }
    // What the named registers tell needs no hash of all.
    if registers.count > 1 { registers.removeAll { $0.name == "other" } }
    (memory, memoryByteCount) = first.machine.memoryDifferences(from: second.machine, limit: Self.memoryLimit)
    for (left, right) in zip(first.machine.devices, second.machine.devices) where left.state != right.state {
      devices.append(left.name)
    }
    (firstEnd, secondEnd) = (first.end, second.end)
  }
}

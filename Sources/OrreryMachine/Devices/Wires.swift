internal import OrreryBase

/// Which of the caller's reasons to pause arose since they were last cleared.
struct PauseSet: OptionSet {
  var rawValue: UInt8

  /// A byte left a serial port.
  static let serialOutput = PauseSet(rawValue: 1 << 0)
  /// The keyboard has nothing queued and nothing unread any more.
  static let keyboardRead = PauseSet(rawValue: 1 << 1)
  /// A byte was written to the trace port.
  static let mark = PauseSet(rawValue: 1 << 2)
  /// Changed cells of the screen were written to the probes.
  static let screen = PauseSet(rawValue: 1 << 3)
}

/// All that a device can reach of the world outside it: its interrupt request line, the probes, the pins that stop or pause the machine.
///
/// A device never touches another device. It sets a line here, and the board shows the lines to the 8259 after the access or event.
struct Wires {
  /// The level of each interrupt request line, 0…15, as bits.
  private(set) var levels: UInt16
  /// The lines that rose since the board last looked: a line that fell and rose within one access still makes an edge.
  private(set) var rises: UInt16 = 0
  /// Some line has another level than when the board last looked, or had one in between.
  private(set) var haveChanged = false
  /// Set for good by a device that ends the run.
  var stop: StopReason?
  var pauses: PauseSet = []
  /// Where the access or event in progress belongs, for probe records.
  var clock: Clock = 0
  var rip: UInt64 = 0
  /// What is written down; empty while a copy of the devices is brought to the present for a hash.
  var recorded: ProbeSet
  private let probes: ProbeWriter

  init(levels: UInt16, recorded: ProbeSet, probes: ProbeWriter) {
    self.levels = levels
    self.recorded = recorded
    self.probes = probes
  }

  mutating func set(_ line: UInt8, isHigh: Bool) {
    let bit = UInt16(1) << UInt16(line & 15)
    guard (levels & bit != 0) != isHigh else { return }
    haveChanged = true
    levels ^= bit
    if isHigh { rises |= bit }
  }

  /// The rises since the last call.
  mutating func takeRises() -> UInt16 {
    defer { (rises, haveChanged) = (0, false) }
    return rises
  }

  /// Puts the lines to the levels of a checkpoint, without edges.
  mutating func restore(levels: UInt16) {
    self.levels = levels
    (rises, haveChanged) = (0, false)
  }

  /// Writes a probe record at the present clock and instruction pointer, when `set` is recorded.
  func record(
    _ kind: ProbeKind, in set: ProbeSet, detail: UInt32 = 0, _ value0: UInt64, _ value1: UInt64 = 0,
    _ value2: UInt64 = 0
  ) {
    guard recorded.contains(set) else { return }
    probes.append(ProbeRecord(kind, detail: detail, clock: clock, rip: rip, value0, value1, value2))
  }

  /// Stops the machine, unless it already has a reason.
  mutating func stop(_ reason: StopReason) {
    if stop == nil { stop = reason }
  }
}

internal import OrreryBase

/// The 8254 programmable interval timer (Intel 8254 data sheet, 231164).
///
/// Ports: 0x40…0x42 the counters, 0x43 the control word (reads float: 0xFF). Counter 0 drives interrupt line 0; counter 1 was the memory refresh of
/// the AT; counter 2 has its gate and its output at port 0x61.
/// Timing: 1,193,182 pulses a second, exactly, counted from clock 0; a pulse has come at the first clock that is not before it.
///
/// Firmware has started counter 0 in mode 2 with count 65,536, and counter 1 in mode 2 with count 18.
struct I8254: Device {
  /// The frequency of CLK 0…2 of a PC, in hertz: a third of the NTSC colour subcarrier, 3,579,545 Hz, rounded.
  static let pulsesPerSecond: UInt64 = 1_193_182
  static let interruptLine: UInt8 = 0

  private let ratio: TickRatio
  private var counters: InlineArray<3, I8254Counter>
  /// The tick to which the counters were brought last.
  private var settledTick: UInt64 = 0

  init(frequency: ClockFrequency) {
    ratio = TickRatio(ticksPerSecond: Self.pulsesPerSecond, frequency: frequency)
    counters = [
      I8254Counter(mode: 2, access: .lowThenHigh, gate: true),
      I8254Counter(mode: 2, access: .lowByte, gate: true),
      I8254Counter(mode: 3, access: .lowThenHigh, gate: false),
    ]
    counters[0].writeCount(0, at: 0)
    counters[0].writeCount(0, at: 0)
    counters[1].writeCount(18, at: 0)
  }

  // MARK: Time

  mutating func advance(to clock: Clock, wires: inout Wires) {
    let tick = ratio.tick(at: clock)
    guard tick > settledTick else { return }
    let change = counters[0].nextOutputChange(after: settledTick)
    for index in counters.indices { counters[index].settle(at: tick) }
    settledTick = tick
    guard let change, change <= tick else { return }
    // With a clock slower than the pulses several changes may fall on one clock; a rise among them is still an edge.
    wires.set(Self.interruptLine, isHigh: false)
    wires.set(Self.interruptLine, isHigh: counters[0].output(tick))
  }

  var nextDeadline: Clock {
    guard let change = counters[0].nextOutputChange(after: settledTick) else { return .max }
    return ratio.firstClock(of: change)
  }

  // MARK: Ports

  mutating func read(_ port: UInt16, clock: Clock, wires: inout Wires) -> UInt8 {
    advance(to: clock, wires: &wires)
    let index = Int(port & 3)
    return index == 3 ? 0xFF : counters[index].read(at: settledTick)
  }

  mutating func write(_ value: UInt8, to port: UInt16, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    switch Int(port & 3) {
    case 3: writeControl(value)
    case let index: counters[index].writeCount(value, at: settledTick)
    }
    wires.set(Self.interruptLine, isHigh: counters[0].output(settledTick))
  }

  private mutating func writeControl(_ word: UInt8) {
    let index = Int(word >> 6)
    if index == 3 {
      // Read-back command: the counters in bits 1…3, count when bit 5 is clear, status when bit 4 is clear.
      for counter in 0..<3 where word >> (counter + 1) & 1 != 0 {
        if word & 0x20 == 0 { counters[counter].latchCount(at: settledTick) }
        if word & 0x10 == 0 { counters[counter].latchStatus(at: settledTick) }
      }
    } else if word & 0x30 == 0 {
      counters[index].latchCount(at: settledTick)
    } else {
      counters[index].writeControl(word, at: settledTick)
    }
  }

  // MARK: Counter 2

  /// The GATE pin of counter 2, from port 0x61.
  mutating func setGate2(_ isHigh: Bool, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    counters[2].setGate(isHigh, at: settledTick)
  }

  /// The OUT pin of counter 2.
  mutating func output2(clock: Clock, wires: inout Wires) -> Bool {
    advance(to: clock, wires: &wires)
    return counters[2].output(settledTick)
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    for index in counters.indices { counters[index].checkpoint(into: &writer) }
    writer.append(fixed: settledTick)
  }

  func hash(into writer: inout ByteWriter) {
    for index in counters.indices { counters[index].hash(into: &writer) }
    writer.append(fixed: settledTick)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    for index in counters.indices { try counters[index].restore(from: &reader) }
    settledTick = try reader.fixed()
  }
}

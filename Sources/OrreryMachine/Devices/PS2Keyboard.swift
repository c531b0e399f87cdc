internal import OrreryBase

/// The keyboard behind the 8042 (IBM PS/2 keyboard technical reference): what it has to send and what it does with commands.
///
/// Scan codes wait in a queue of 16 bytes; one that finds it full is lost. Answers to commands wait apart and go first.
///
/// Timing: the key pressed last repeats while it is held, first after the delay and then at the rate of command 0xF3, both in exact 240ths of a second
/// counted from the press. As the reference says, nothing repeats while the host holds the keyboard back or has not yet taken what it sent, so repetition never fills
/// the queue; Pause does not repeat, and Print Screen repeats without the shift that came with it.
struct PS2Keyboard {
  /// The key that repeats.
  private struct HeldKey: Equatable {
    var key: Key
    /// When it was pressed.
    var pressClock: Clock
    /// When it next repeats, in 240ths of a second after that.
    var nextTick: UInt64
  }

  /// The unit of delays and periods: 0.00417 seconds in the reference, (8 + A) · 2ᴮ of which are 1/30 second for A and B 0.
  private static let repetitionTicksPerSecond: UInt64 = 240
  private enum Parameter: UInt8 {
    case none, lights, scanCodeSet, typematic
  }

  private static let acknowledge: UInt8 = 0xFA
  private static let resend: UInt8 = 0xFE

  private var scanCodes = ByteFIFO()
  private var answers = ByteFIFO()
  private var isScanning = true
  private var scanCodeSet: UInt8 = 2
  private var lights: UInt8 = 0
  /// Rate and delay of repetition, accepted and kept: 0x2B is 10.9 characters a second after half a second.
  private var typematic: UInt8 = 0x2B
  private var expected = Parameter.none
  private var lastSent: UInt8 = 0
  private var held: HeldKey?
  private let repetition: TickRatio

  init(frequency: ClockFrequency) {
    repetition = TickRatio(ticksPerSecond: Self.repetitionTicksPerSecond, frequency: frequency)
  }

  var isEmpty: Bool { scanCodes.isEmpty && answers.isEmpty }
  var hasAnswer: Bool { !answers.isEmpty }

  // MARK: To the host

  mutating func takeAnswer() -> UInt8? {
    guard let byte = answers.pop() else { return nil }
    lastSent = byte
    return byte
  }

  mutating func takeScanCode() -> UInt8? {
    guard let byte = scanCodes.pop() else { return nil }
    lastSent = byte
    return byte
  }

  mutating func apply(_ key: Key, isPressed: Bool, clock: Clock, wires: inout Wires) {
    guard isScanning else { return }
    if isPressed {
      held = ScanCodes.repeats(key) ? HeldKey(key: key, pressClock: clock, nextTick: repetitionDelay) : nil
    } else if held?.key == key {
      held = nil
    }
    for byte in ScanCodes.bytes(for: key, isPressed: isPressed, set: scanCodeSet) where !scanCodes.push(byte) {
      wires.record(.inputLost, in: .input, detail: 0, UInt64(byte))
    }
  }

  // MARK: Repetition

  /// Bits 5 and 6: 250, 500, 750 or 1,000 milliseconds.
  private var repetitionDelay: UInt64 { UInt64(typematic >> 5 & 3 + 1) * 60 }

  /// Bits 0…2 are A, bits 3 and 4 are B.
  private var repetitionPeriod: UInt64 { UInt64(8 + typematic & 7) << UInt64(typematic >> 3 & 3) }

  /// When the held key repeats next; `.max` for never.
  var repetitionClock: Clock {
    guard let held else { return .max }
    let (clock, overflows) = held.pressClock.addingReportingOverflow(repetition.firstClock(of: held.nextTick))
    return overflows ? .max : clock
  }

  /// The held key repeats, unless what it sent before is still waiting.
  mutating func repeatKey() {
    guard var held else { return }
    held.nextTick &+= repetitionPeriod
    self.held = held
    guard scanCodes.isEmpty else { return }
    for byte in ScanCodes.repetition(of: held.key, set: scanCodeSet) { _ = scanCodes.push(byte) }
  }

  /// Lets the repetitions up to `clock` pass without a code.
  mutating func skipRepetitions(through clock: Clock) {
    guard var held, repetitionClock <= clock else { return }
    let behind = repetition.tick(at: clock - held.pressClock) - held.nextTick
    held.nextTick &+= (behind / repetitionPeriod + 1) &* repetitionPeriod
    self.held = held
  }

  // MARK: Commands

  mutating func receive(_ byte: UInt8, wires: inout Wires) {
    // A new byte from the host ends what the keyboard was still answering.
    answers.removeAll()
    let parameter = byte < 0xED ? expected : .none
    expected = .none
    switch parameter {
    case .none: obey(byte, wires: &wires)
    case .lights:
      lights = byte & 7
      answer(Self.acknowledge)
    case .typematic:
      typematic = byte & 0x7F
      answer(Self.acknowledge)
    case .scanCodeSet: select(byte, wires: &wires)
    }
  }

  private mutating func select(_ set: UInt8, wires: inout Wires) {
    switch set {
    case 0:
      answer(Self.acknowledge)
      answer(scanCodeSet)
    case 1, 2:
      scanCodeSet = set
      scanCodes.removeAll()
      held = nil
      answer(Self.acknowledge)
    case 3: wires.stop(.unmodelled("scan-code set 3 of the keyboard at port 0x60"))
    default: answer(Self.resend)
    }
  }

  private mutating func obey(_ command: UInt8, wires: inout Wires) {
    switch command {
    case 0xED: expect(.lights)
    case 0xEE: answer(0xEE)
    case 0xF0: expect(.scanCodeSet)
    case 0xF2:
      answer(Self.acknowledge)
      answer(0xAB)
      answer(0x83)
    case 0xF3: expect(.typematic)
    case 0xF4:
      scanCodes.removeAll()
      held = nil
      isScanning = true
      answer(Self.acknowledge)
    case 0xF5:
      restoreDefaults()
      isScanning = false
      answer(Self.acknowledge)
    case 0xF6:
      restoreDefaults()
      answer(Self.acknowledge)
    case 0xF7...0xFA:
      // How all keys of set 3 behave: without meaning in the other sets.
      answer(Self.acknowledge)
    case 0xFB...0xFD: wires.stop(.unmodelled("keyboard command \(hexadecimal(command)) (scan-code set 3) at port 0x60"))
    case 0xFE: answer(lastSent)
    case 0xFF:
      restoreDefaults()
      isScanning = true
      answer(Self.acknowledge)
      answer(0xAA)
    default: answer(Self.resend)
    }
  }

  private mutating func expect(_ parameter: Parameter) {
    expected = parameter
    answer(Self.acknowledge)
  }

  private mutating func answer(_ byte: UInt8) { _ = answers.push(byte) }

  private mutating func restoreDefaults() {
    scanCodes.removeAll()
    held = nil
    scanCodeSet = 2
    typematic = 0x2B
    lights = 0
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    checkpointRegisters(into: &writer)
    writer.append(held != nil)
    checkpointHeldKey(into: &writer)
  }

  /// What the state hash covers: a key that is held only while it is.
  func hash(into writer: inout ByteWriter) {
    checkpointRegisters(into: &writer)
    checkpointHeldKey(into: &writer)
  }

  private func checkpointRegisters(into writer: inout ByteWriter) {
    scanCodes.checkpoint(into: &writer)
    answers.checkpoint(into: &writer)
    writer.append(isScanning)
    for byte in [scanCodeSet, lights, typematic, expected.rawValue, lastSent] { writer.append(byte) }
  }

  private func checkpointHeldKey(into writer: inout ByteWriter) {
    guard let held else { return }
    writer.append(fixed: held.key.rawValue)
    writer.append(fixed: held.pressClock)
    writer.append(fixed: held.nextTick)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try scanCodes.restore(from: &reader)
    try answers.restore(from: &reader)
    isScanning = try reader.flag()
    scanCodeSet = try reader.fixed(in: 1...2, "the scan-code set of the keyboard")
    lights = try reader.fixed(in: 0...7, "the lights of the keyboard")
    typematic = try reader.fixed(in: 0...0x7F, "the repetition of the keyboard")
    expected = Parameter(rawValue: try reader.fixed(in: 0...3, "what the keyboard expects")) ?? .none
    lastSent = try reader.byte()
    held = nil
    guard try reader.flag() else { return }
    held = HeldKey(key: Key(rawValue: try reader.fixed()), pressClock: try reader.fixed(), nextTick: try reader.fixed())
  }
}

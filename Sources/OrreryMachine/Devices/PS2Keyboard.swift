internal import OrreryBase

/// The keyboard behind the 8042 (IBM PS/2 keyboard technical reference): what it has to send and what it does with commands.
///
/// Scan codes wait in a queue of 16 bytes; one that finds it full is lost. Answers to commands wait apart and go first. A held key does not repeat:
/// a scenario that wants it presses the key again.
struct PS2Keyboard {
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

  mutating func apply(_ key: Key, isPressed: Bool, wires: inout Wires) {
    guard isScanning else { return }
    for byte in ScanCodes.bytes(for: key, isPressed: isPressed, set: scanCodeSet) where !scanCodes.push(byte) {
      wires.record(.inputLost, in: .input, detail: 0, UInt64(byte))
    }
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
    scanCodeSet = 2
    typematic = 0x2B
    lights = 0
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    scanCodes.checkpoint(into: &writer)
    answers.checkpoint(into: &writer)
    writer.append(isScanning)
    for byte in [scanCodeSet, lights, typematic, expected.rawValue, lastSent] { writer.append(byte) }
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try scanCodes.restore(from: &reader)
    try answers.restore(from: &reader)
    isScanning = try reader.flag()
    scanCodeSet = try reader.fixed(in: 1...2, "the scan-code set of the keyboard")
    lights = try reader.byte()
    typematic = try reader.byte()
    expected = Parameter(rawValue: try reader.fixed(in: 0...3, "what the keyboard expects")) ?? .none
    lastSent = try reader.byte()
  }
}

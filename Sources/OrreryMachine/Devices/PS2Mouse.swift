internal import OrreryBase

/// The mouse behind the second port of the 8042 (IBM PS/2 mouse technical reference; Microsoft's wheel and five-button extensions, which it becomes after the
/// sample rates 200, 100, 80 and 200, 200, 80): what it does with commands. It lies still, for a scenario has no action that moves it: it sends answers and,
/// when asked with 0xEB, packets without movement.
///
/// Timing: none here; the controller takes answers at once.
struct PS2Mouse {
  private enum Parameter: UInt8 {
    case none, sampleRate, resolution
  }

  /// The bits of the first byte of a status report.
  private enum Status {
    static let remote: UInt8 = 0x40
    static let reporting: UInt8 = 0x20
    static let doubleScaling: UInt8 = 0x10
  }

  private static let acknowledge: UInt8 = 0xFA
  private static let invalid: UInt8 = 0xFE

  private var answers = ByteFIFO()
  /// The last answer, for the command that asks for it again.
  private var lastAnswer = ByteFIFO()
  /// 0, 3 with a wheel, 4 with a wheel and five buttons.
  private var identity: UInt8 = 0
  private var isReporting = false
  private var isRemote = false
  private var isWrapping = false
  private var doublesScale = false
  /// 2: four counts a millimetre.
  private var resolution: UInt8 = 2
  private var sampleRate: UInt8 = 100
  /// The sample rate before the present one.
  private var earlierRate: UInt8 = 0
  private var expected = Parameter.none

  var hasAnswer: Bool { !answers.isEmpty }

  mutating func takeAnswer() -> UInt8? { answers.pop() }

  // MARK: Commands

  mutating func receive(_ byte: UInt8) {
    // A byte from the host ends what the mouse was still answering.
    answers.removeAll()
    if isWrapping, byte != 0xEC, byte != 0xFF { return answer(byte) }
    // The reset command is one whatever is expected.
    let parameter = byte == 0xFF ? .none : expected
    expected = .none
    switch parameter {
    case .sampleRate where [10, 20, 40, 60, 80, 100, 200].contains(byte): setSampleRate(byte)
    case .resolution where byte < 4:
      resolution = byte
      answer(Self.acknowledge)
    case .none: obey(byte)
    // A value that there is not is an invalid byte; the mouse goes on to wait for commands.
    default: answer(Self.invalid)
    }
  }

  private mutating func setSampleRate(_ rate: UInt8) {
    let rates = (earlierRate, sampleRate, rate)
    (earlierRate, sampleRate) = (sampleRate, rate)
    if rates == (200, 100, 80), identity == 0 { identity = 3 }
    if rates == (200, 200, 80) { identity = 4 }
    answer(Self.acknowledge)
  }

  /// Every command that there is, is acknowledged; some are answered with more.
  private mutating func obey(_ command: UInt8) {
    switch command {
    case 0xE6, 0xE7: doublesScale = command == 0xE7
    case 0xE8: expected = .resolution
    case 0xE9:
      let status =
        (isRemote ? Status.remote : 0) | (isReporting ? Status.reporting : 0)
        | (doublesScale ? Status.doubleScaling : 0)
      return answer(Self.acknowledge, status, resolution, sampleRate)
    case 0xEA: isRemote = false
    case 0xEB:
      // Bit 3 is always set; no button, no movement, and no turn of a wheel in a fourth byte.
      if identity == 0 { return answer(Self.acknowledge, 0x08, 0, 0) }
      return answer(Self.acknowledge, 0x08, 0, 0, 0)
    case 0xEC: isWrapping = false
    case 0xEE: isWrapping = true
    case 0xF0: isRemote = true
    case 0xF2: return answer(Self.acknowledge, identity)
    case 0xF3: expected = .sampleRate
    case 0xF4: isReporting = true
    case 0xF5: isReporting = false
    case 0xF6: restoreDefaults()
    case 0xFE:
      answers = lastAnswer
      return
    case 0xFF:
      restoreDefaults()
      identity = 0
      return answer(Self.acknowledge, 0xAA, 0x00)
    default: return answer(Self.invalid)
    }
    answer(Self.acknowledge)
  }

  private mutating func answer(_ bytes: UInt8...) {
    for byte in bytes { _ = answers.push(byte) }
    lastAnswer = answers
  }

  private mutating func restoreDefaults() {
    (isReporting, isRemote, isWrapping, doublesScale) = (false, false, false, false)
    (resolution, sampleRate, earlierRate) = (2, 100, 0)
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    answers.checkpoint(into: &writer)
    lastAnswer.checkpoint(into: &writer)
    for flag in [isReporting, isRemote, isWrapping, doublesScale] { writer.append(flag) }
    for byte in [identity, resolution, sampleRate, earlierRate, expected.rawValue] { writer.append(byte) }
  }

  /// Writes nothing until the mouse has been spoken to.
  func hash(into writer: inout ByteWriter) {
    var own = ByteWriter()
    var fresh = ByteWriter()
    checkpoint(into: &own)
    PS2Mouse().checkpoint(into: &fresh)
    if own.bytes != fresh.bytes { writer.bytes.append(contentsOf: own.bytes) }
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try answers.restore(from: &reader)
    try lastAnswer.restore(from: &reader)
    isReporting = try reader.flag()
    isRemote = try reader.flag()
    isWrapping = try reader.flag()
    doublesScale = try reader.flag()
    identity = try reader.fixed(in: 0...4, "the identity of the mouse")
    resolution = try reader.fixed(in: 0...3, "the resolution of the mouse")
    sampleRate = try reader.byte()
    earlierRate = try reader.byte()
    expected = Parameter(rawValue: try reader.fixed(in: 0...2, "what the mouse expects")) ?? .none
  }
}

internal import OrreryBase

/// The two 8259As of an AT: the second one's INT pin drives IR2 of the first.
///
/// Ports: 0x20, 0x21 the first (lines 0…7); 0xA0, 0xA1 the second (lines 8…15); 0x4D0, 0x4D1 the edge/level control registers (Intel 82371SB
/// data sheet, 290550: lines 0, 1, 2, 8 and 13 are always edge-triggered). Firmware has initialised them with vectors 8 and 0x70 and left the
/// timer, the keyboard, the cascade, the clock and what else it serves unmasked.
struct I8259APair: Device {
  static let cascadeLine: UInt8 = 2

  private var master = I8259A(isMaster: true, vectorBase: 0x08, mask: 0xB8)
  private var slave = I8259A(isMaster: false, vectorBase: 0x70, mask: 0x8E)

  /// The INT pin of the first chip, wired to INTR of the processor.
  var isRequesting: Bool { master.pending != nil }

  /// Whether a request on `line` could reach the processor as the masks are.
  func isUnmasked(_ line: UInt8) -> Bool {
    if line < 8 { return master.mask >> line & 1 == 0 }
    return slave.mask >> (line & 7) & 1 == 0 && master.mask >> Self.cascadeLine & 1 == 0
  }

  // MARK: Lines

  /// Shows both chips their lines; `rises` are those that rose since they last saw them.
  mutating func observe(levels: UInt16, rises: UInt16) {
    slave.observe(pins: UInt8(levels >> 8), rises: UInt8(rises >> 8))
    let others = ~(UInt8(1) << Self.cascadeLine)
    master.observe(
      pins: UInt8(truncatingIfNeeded: levels) & others | master.pins & ~others,
      rises: UInt8(truncatingIfNeeded: rises) & others)
    updateCascade()
  }

  /// One edge on `line`, 0…15, ORed with the devices'.
  mutating func latch(_ line: UInt8) {
    if line < 8 {
      master.latch(line)
    } else {
      slave.latch(line & 7)
      updateCascade()
    }
  }

  /// Carries the INT pin of the second chip to IR2 of the first.
  private mutating func updateCascade() {
    let bit = UInt8(1) << Self.cascadeLine
    let level = slave.pending == nil ? 0 : bit
    guard master.pins & bit != level else { return }
    master.observe(pins: master.pins & ~bit | level, rises: level)
  }

  // MARK: Acknowledge

  /// Both acknowledge cycles of the processor. A request that has gone gives line 7 of the chip that lost it, with no ISR bit set in that chip.
  mutating func acknowledge(wires: inout Wires) -> (vector: UInt8, source: InterruptSource) {
    guard master.givesVectors, slave.givesVectors else {
      wires.stop(.unmodelled("an interrupt from an 8259A in MCS-80 mode (ICW4 bit 0 is clear)"))
      return (0xFF, .spurious(7))
    }
    guard let line = master.pending else { return (master.vectorBase | 7, .spurious(7)) }
    master.accept(line)
    guard master.hasSlave(on: line) else { return (master.vectorBase | line, .line(line)) }
    // No chip answers when the only slave has another identity: the data bus floats.
    guard line == Self.cascadeLine, slave.cascade & 7 == line else { return (0xFF, .line(line)) }
    guard let slaveLine = slave.pending else { return (slave.vectorBase | 7, .spurious(15)) }
    slave.accept(slaveLine)
    // INT falls with the acknowledge, so that a request still waiting makes a new edge.
    let bit = UInt8(1) << Self.cascadeLine
    master.observe(pins: master.pins & ~bit, rises: 0)
    updateCascade()
    return (slave.vectorBase | slaveLine, .line(8 | slaveLine))
  }

  // MARK: Ports

  mutating func read(_ port: UInt16) -> UInt8? {
    defer { updateCascade() }
    switch port {
    case 0x20, 0x21: return master.read(isA0High: port & 1 != 0)
    case 0xA0, 0xA1: return slave.read(isA0High: port & 1 != 0)
    case 0x4D0: return master.edgeLevelControl
    case 0x4D1: return slave.edgeLevelControl
    default: return nil
    }
  }

  mutating func write(_ value: UInt8, to port: UInt16) {
    switch port {
    case 0x20, 0x21: master.write(value, isA0High: port & 1 != 0)
    case 0xA0, 0xA1: slave.write(value, isA0High: port & 1 != 0)
    case 0x4D0: master.edgeLevelControl = value & 0xF8
    case 0x4D1: slave.edgeLevelControl = value & 0xDE
    default: break
    }
    updateCascade()
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    master.checkpoint(into: &writer)
    slave.checkpoint(into: &writer)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try master.restore(from: &reader)
    try slave.restore(from: &reader)
  }
}

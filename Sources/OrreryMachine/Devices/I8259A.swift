internal import OrreryBase

/// One 8259A programmable interrupt controller (Intel 8259A data sheet, 231468).
///
/// Ports: A0 = 0 takes ICW1, OCW2 and OCW3 and gives IRR, ISR or the poll byte; A0 = 1 takes ICW2…ICW4 and OCW1 and gives IMR.
/// Timing: none; a write is visible at once.
///
/// In edge mode a request needs its line high until it is acknowledged, as the data sheet says: a line that falls takes its request back. A request
/// from a scenario is an edge of its own, ORed in, and stays until it is acknowledged or ICW1 clears it.
struct I8259A: Device {
  /// Which word of the initialisation sequence a write with A0 = 1 is.
  private enum Expected: UInt8 {
    case operation, icw2, icw3, icw4
  }

  private let isMaster: Bool

  /// The pins IR0…IR7.
  private(set) var pins: UInt8 = 0
  /// Requests by the pins: latched edges, or levels.
  private var lineRequests: UInt8 = 0
  /// Requests by a scenario.
  private var scriptedRequests: UInt8 = 0
  private(set) var inService: UInt8 = 0
  private(set) var mask: UInt8
  /// The lines that are level-triggered whatever ICW1 says (edge/level control register of the PC chip sets).
  private var levelTriggeredLines: UInt8 = 0
  /// Bits 3…7 of the vectors.
  private(set) var vectorBase: UInt8
  /// ICW3: for the master the lines that have a slave, for a slave its identity.
  private(set) var cascade: UInt8
  /// The line with the lowest priority; the next one has the highest.
  private var lowestPriority: UInt8 = 7
  private var expected = Expected.operation
  private var takesICW4 = true
  private var isSingle = false
  private var isLevelTriggered = false
  private var is8086Mode = true
  private var endsAutomatically = false
  private var rotatesAutomatically = false
  private var isSpecialFullyNested = false
  private var isSpecialMask = false
  private var readsInService = false
  private var polls = false

  /// The chip as a PC's firmware leaves it: initialised, `mask` in IMR.
  init(isMaster: Bool, vectorBase: UInt8, mask: UInt8) {
    self.isMaster = isMaster
    self.vectorBase = vectorBase
    self.mask = mask
    cascade = isMaster ? 1 << 2 : 2
  }

  // MARK: Lines

  private var levelLines: UInt8 { isLevelTriggered ? 0xFF : levelTriggeredLines }

  /// IRR.
  var requests: UInt8 { lineRequests | scriptedRequests }

  /// Shows the chip its pins; `rises` are those that rose since it last saw them.
  mutating func observe(pins newPins: UInt8, rises: UInt8) {
    let edges = (lineRequests | rises) & newPins & ~levelLines
    lineRequests = edges | newPins & levelLines
    pins = newPins
  }

  /// One edge on `line`, ORed with its pin.
  mutating func latch(_ line: UInt8) { scriptedRequests |= 1 << (line & 7) }

  /// The edge/level control register.
  var edgeLevelControl: UInt8 {
    get { levelTriggeredLines }
    set {
      levelTriggeredLines = newValue
      observe(pins: pins, rises: 0)
    }
  }

  // MARK: Priority

  /// How far `line` stands from the highest priority.
  private func rank(_ line: UInt8) -> UInt8 { (line &- lowestPriority &- 1) & 7 }

  /// The line of the highest priority in `lines`; nil for none.
  private func highest(_ lines: UInt8) -> UInt8? {
    guard lines != 0 else { return nil }
    let shift = (lowestPriority &+ 1) & 7
    let rotated = shift == 0 ? lines : lines >> shift | lines << (8 - shift)
    return (UInt8(rotated.trailingZeroBitCount) &+ shift) & 7
  }

  /// The line whose request the chip presents: INT is high when there is one.
  var pending: UInt8? {
    let candidates = requests & ~mask
    guard candidates != 0, expected == .operation, let line = highest(candidates) else { return nil }
    guard let serviced = highest(isSpecialMask ? inService & ~mask : inService) else { return line }
    if rank(line) < rank(serviced) { return line }
    // A slave in service may ask again, so that a higher line of it is not held back (special fully nested mode).
    return isSpecialFullyNested && isMaster && line == serviced && hasSlave(on: line) ? line : nil
  }

  func hasSlave(on line: UInt8) -> Bool { isMaster && !isSingle && cascade >> line & 1 == 1 }

  /// False in the MCS-80 mode, in which the chip would answer with a CALL instruction.
  var givesVectors: Bool { is8086Mode }

  /// What the acknowledge cycle does to the chip that presents `line`.
  mutating func accept(_ line: UInt8) {
    let bit = UInt8(1) << (line & 7)
    scriptedRequests &= ~bit
    lineRequests &= ~bit | levelLines
    if endsAutomatically {
      if rotatesAutomatically { lowestPriority = line & 7 }
    } else {
      inService |= bit
    }
  }

  // MARK: Ports

  mutating func read(isA0High: Bool) -> UInt8 {
    if polls {
      polls = false
      guard let line = pending else { return 0 }
      accept(line)
      return 0x80 | line
    }
    if isA0High { return mask }
    return readsInService ? inService : requests
  }

  mutating func write(_ value: UInt8, isA0High: Bool) {
    if isA0High {
      writeSequence(value)
    } else if value & 0x10 != 0 {
      writeICW1(value)
    } else if value & 0x08 != 0 {
      writeOCW3(value)
    } else {
      writeOCW2(value)
    }
  }

  private mutating func writeICW1(_ value: UInt8) {
    takesICW4 = value & 0x01 != 0
    isSingle = value & 0x02 != 0
    isLevelTriggered = value & 0x08 != 0
    scriptedRequests = 0
    lineRequests = pins & levelLines
    inService = 0
    mask = 0
    lowestPriority = 7
    isSpecialMask = false
    readsInService = false
    polls = false
    rotatesAutomatically = false
    if !takesICW4 { setICW4(0) }
    expected = .icw2
  }

  private mutating func writeSequence(_ value: UInt8) {
    switch expected {
    case .operation:
      mask = value
    case .icw2:
      vectorBase = value & 0xF8
      expected = isSingle ? (takesICW4 ? .icw4 : .operation) : .icw3
    case .icw3:
      cascade = value
      expected = takesICW4 ? .icw4 : .operation
    case .icw4:
      setICW4(value)
      expected = .operation
    }
  }

  private mutating func setICW4(_ value: UInt8) {
    is8086Mode = value & 0x01 != 0
    endsAutomatically = value & 0x02 != 0
    isSpecialFullyNested = value & 0x10 != 0
  }

  /// End of interrupt and rotation.
  private mutating func writeOCW2(_ value: UInt8) {
    let level = value & 7
    switch value >> 5 {
    case 0b000: rotatesAutomatically = false
    case 0b100: rotatesAutomatically = true
    case 0b001, 0b101:
      guard let line = highest(isSpecialMask ? inService & ~mask : inService) else { return }
      inService &= ~(1 << line)
      if value & 0x80 != 0 { lowestPriority = line }
    case 0b011: inService &= ~(1 << level)
    case 0b111:
      inService &= ~(1 << level)
      lowestPriority = level
    case 0b110: lowestPriority = level
    default: break  // 0b010: no operation.
    }
  }

  /// Special mask mode, polling, and which register a read gives.
  private mutating func writeOCW3(_ value: UInt8) {
    if value & 0x40 != 0 { isSpecialMask = value & 0x20 != 0 }
    if value & 0x04 != 0 {
      polls = true
    } else if value & 0x02 != 0 {
      readsInService = value & 0x01 != 0
    }
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    for byte in [
      pins, lineRequests, scriptedRequests, inService, mask, levelTriggeredLines, vectorBase, cascade, lowestPriority,
      expected.rawValue,
    ] {
      writer.append(byte)
    }
    for flag in [
      takesICW4, isSingle, isLevelTriggered, is8086Mode, endsAutomatically, rotatesAutomatically, isSpecialFullyNested,
      isSpecialMask, readsInService, polls,
    ] {
      writer.append(flag)
    }
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    pins = try reader.byte()
    lineRequests = try reader.byte()
    scriptedRequests = try reader.byte()
    inService = try reader.byte()
    mask = try reader.byte()
    levelTriggeredLines = try reader.byte()
    vectorBase = try reader.byte()
    cascade = try reader.byte()
    lowestPriority = try reader.fixed(in: 0...7, "the lowest priority of an 8259A")
    let step = try reader.fixed(in: 0...Expected.icw4.rawValue, "the initialisation step of an 8259A")
    expected = Expected(rawValue: step) ?? .operation
    takesICW4 = try reader.flag()
    isSingle = try reader.flag()
    isLevelTriggered = try reader.flag()
    is8086Mode = try reader.flag()
    endsAutomatically = try reader.flag()
    rotatesAutomatically = try reader.flag()
    isSpecialFullyNested = try reader.flag()
    isSpecialMask = try reader.flag()
    readsInService = try reader.flag()
    polls = try reader.flag()
  }
}

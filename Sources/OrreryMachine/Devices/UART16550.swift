internal import OrreryBase

/// A 16550A serial port (National Semiconductor PC16550D data sheet).
///
/// Ports, from the base 0x3F8 (COM1, line 4) or 0x2F8 (COM2, line 3): 0 RBR, THR, DLL; 1 IER, DLM; 2 IIR, FCR; 3 LCR; 4 MCR; 5 LSR; 6 MSR; 7 SCR.
/// What is connected is ready: CTS, DSR and DCD are active, RI is not. The interrupt does not pass through OUT2: boards differ, and kernels written
/// for emulators leave OUT2 clear.
///
/// Timing: with `SerialTiming.immediate` a byte has left as it is written, and the interrupt for the empty register is a new edge at once; with `.baud` a
/// character takes its bits' time at the programmed divisor of 115,200 baud, exactly. The receiver's FIFO times out after four characters without a
/// byte arriving or being read. Bytes from outside come down the line one character after another, at the same speed, whichever `SerialTiming`; the first
/// of them arrives at once. One that finds no room in the receiver is lost, sets OE, and is recorded; so is one that finds 4,096 waiting on the line.
struct UART16550: Device {
  /// The 1.8432 MHz crystal: 16 ticks are a bit at divisor 1.
  static let ticksPerSecond: UInt64 = 1_843_200

  private enum Enable {
    static let received: UInt8 = 0x01
    static let transmitted: UInt8 = 0x02
    static let lineStatus: UInt8 = 0x04
    static let modemStatus: UInt8 = 0x08
  }

  private enum LineStatus {
    static let dataReady: UInt8 = 0x01
    static let overrun: UInt8 = 0x02
    static let breakInterrupt: UInt8 = 0x10
    static let holdingEmpty: UInt8 = 0x20
    static let transmitterEmpty: UInt8 = 0x40
    /// A break among the bytes of the FIFO; there are no errors of parity and framing.
    static let errorInFIFO: UInt8 = 0x80
    /// OE, PE, FE, BI: what a read of LSR clears.
    static let errors: UInt8 = 0x1E
  }

  /// How many bytes may wait on the line: more than anyone types, few enough for a checkpoint.
  private static let lineCapacity = 4096
  private static let loopback: UInt8 = 0x10
  private static let divisorLatch: UInt8 = 0x80
  private static let breakControl: UInt8 = 0x40
  /// DCD, DSR and CTS of MSR.
  private static let connected: UInt8 = 0xB0

  /// 0 for COM1.
  private let port: UInt8
  private let interruptLine: UInt8
  private let isTimed: Bool
  private let ratio: TickRatio

  private var interruptEnable: UInt8 = 0
  private var hasFIFOs = false
  private var receiveTrigger: UInt8 = 1
  private var lineControl: UInt8 = 0
  /// OUT2 is set, as firmware leaves it.
  private var modemControl: UInt8 = 0x08
  private var scratch: UInt8 = 0
  /// 9,600 baud.
  private var divisor: UInt16 = 12

  /// Bytes from outside that the line has not carried here yet.
  private var line: [UInt8] = []
  /// When the line is free for the next of them; 0 when it is free now.
  private var lineFreeTick: UInt64 = 0
  private var received = ByteFIFO()
  private var lastReceived: UInt8 = 0
  private var lineErrors: UInt8 = 0
  private var modemDeltas: UInt8 = 0
  /// When a byte last arrived or was read; 0 while the receiver cannot time out.
  private var activityTick: UInt64 = 0
  private var hasTimedOut = false

  private var transmitted = ByteFIFO()
  private var shifting: UInt8 = 0
  private var isShifting = false
  private var shiftEndTick: UInt64 = 0
  private var hasEmptiedHolding = false

  private var settledTick: UInt64 = 0

  init(port: UInt8, interruptLine: UInt8, configuration: MachineConfiguration) {
    self.port = port
    self.interruptLine = interruptLine
    isTimed = configuration.serialTiming == .baud
    ratio = TickRatio(ticksPerSecond: Self.ticksPerSecond, frequency: configuration.frequency)
  }

  // MARK: Time

  /// How long a character takes with its start, parity and stop bits, in ticks.
  private var characterTicks: UInt64 {
    let dataBits = UInt64(lineControl & 3) + 5
    var sixteenths = (1 + dataBits) * 16
    if lineControl & 0x08 != 0 { sixteenths += 16 }
    // Two stop bits, one and a half with five data bits.
    sixteenths += lineControl & 0x04 == 0 ? 16 : dataBits == 5 ? 24 : 32
    return sixteenths * (divisor == 0 ? 65536 : UInt64(divisor))
  }

  private var canTimeOut: Bool { hasFIFOs && !received.isEmpty && !hasTimedOut }
  private var timeoutTick: UInt64 { activityTick &+ 4 * characterTicks }

  mutating func advance(to clock: Clock, wires: inout Wires) {
    let tick = max(settledTick, ratio.tick(at: clock))
    while isShifting, shiftEndTick <= tick {
      send(shifting, at: shiftEndTick, wires: &wires)
      isShifting = false
      if let byte = transmitted.pop() {
        shifting = byte
        isShifting = true
        shiftEndTick &+= characterTicks
        if transmitted.isEmpty { hasEmptiedHolding = true }
      } else {
        (shifting, shiftEndTick) = (0, 0)
      }
      updateLine(wires: &wires)
    }
    while lineFreeTick != 0, lineFreeTick <= tick {
      let arrival = lineFreeTick
      lineFreeTick = 0
      if let byte = line.first {
        line.removeFirst()
        noteTimeout(at: arrival)
        arrive(byte, at: arrival, wires: &wires)
      }
      updateLine(wires: &wires)
    }
    noteTimeout(at: tick)
    settledTick = tick
    updateLine(wires: &wires)
  }

  private mutating func noteTimeout(at tick: UInt64) {
    if canTimeOut, timeoutTick <= tick { hasTimedOut = true }
    if !canTimeOut { activityTick = 0 }
  }

  var nextDeadline: Clock {
    var tick = isShifting ? shiftEndTick : .max
    if !line.isEmpty { tick = min(tick, lineFreeTick) }
    if canTimeOut, interruptEnable & Enable.received != 0 { tick = min(tick, timeoutTick) }
    // A tick that has come already at the last advance (a shorter character was programmed since) is due at the next one.
    return tick == .max ? .max : ratio.firstClock(of: max(tick, settledTick &+ 1))
  }

  // MARK: Interrupts

  private var hasReceived: Bool {
    hasFIFOs ? received.count >= Int(receiveTrigger) : !received.isEmpty
  }

  /// The interrupt identification of the pending source of the highest priority; 1 for none.
  private var identification: UInt8 {
    if interruptEnable & Enable.lineStatus != 0, lineErrors != 0 { return 0x06 }
    if interruptEnable & Enable.received != 0, hasReceived { return 0x04 }
    if interruptEnable & Enable.received != 0, hasTimedOut { return 0x0C }
    if interruptEnable & Enable.transmitted != 0, hasEmptiedHolding { return 0x02 }
    if interruptEnable & Enable.modemStatus != 0, modemDeltas != 0 { return 0x00 }
    return 0x01
  }

  private func updateLine(wires: inout Wires) { wires.set(interruptLine, isHigh: identification != 1) }

  // MARK: Receiver

  /// A byte from outside is put on the line.
  mutating func receive(_ byte: UInt8, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    if lineFreeTick == 0 {
      arrive(byte, at: settledTick, wires: &wires)
      updateLine(wires: &wires)
    } else if line.count < Self.lineCapacity {
      line.append(byte)
    } else {
      lose(byte, wires: &wires)
    }
  }

  /// The line has carried a byte here, and is busy for as long as a character takes.
  private mutating func arrive(_ byte: UInt8, at tick: UInt64, wires: inout Wires) {
    lineFreeTick = tick &+ characterTicks
    if modemControl & Self.loopback != 0 {
      lose(byte, wires: &wires)
    } else {
      accept(byte, at: tick, wires: &wires)
    }
  }

  private func lose(_ byte: UInt8, wires: inout Wires) {
    wires.record(.inputLost, in: .input, detail: 1 + UInt32(port), UInt64(byte))
  }

  private mutating func accept(_ byte: UInt8, at tick: UInt64, wires: inout Wires) {
    if hasFIFOs ? received.isFull : !received.isEmpty {
      lineErrors |= LineStatus.overrun
      // Without FIFOs the new byte takes the place of the unread one.
      if hasFIFOs {
        lose(byte, wires: &wires)
      } else {
        lose(received.pop() ?? 0, wires: &wires)
        _ = received.push(byte)
      }
    } else {
      _ = received.push(byte)
    }
    if !hasTimedOut { activityTick = tick }
  }

  private mutating func readReceived() -> UInt8 {
    if let byte = received.pop() { lastReceived = byte }
    hasTimedOut = false
    activityTick = canTimeOut ? settledTick : 0
    return lastReceived
  }

  // MARK: Transmitter

  /// A byte has gone through the shift register.
  private mutating func send(_ byte: UInt8, at tick: UInt64, wires: inout Wires) {
    if modemControl & Self.loopback != 0 {
      accept(byte, at: tick, wires: &wires)
    } else {
      wires.record(.serialOutput, in: .output, detail: UInt32(port), UInt64(byte))
      wires.pauses.insert(.serialOutput)
    }
  }

  private mutating func transmit(_ byte: UInt8, wires: inout Wires) {
    hasEmptiedHolding = false
    updateLine(wires: &wires)
    if !isTimed {
      send(byte, at: settledTick, wires: &wires)
      hasEmptiedHolding = true
    } else if !isShifting {
      shifting = byte
      isShifting = true
      shiftEndTick = settledTick &+ characterTicks
      hasEmptiedHolding = true
    } else {
      // A byte written to a full transmitter takes the place of the last one (without FIFOs) or goes nowhere.
      if !hasFIFOs { transmitted.removeAll() }
      _ = transmitted.push(byte)
    }
  }

  // MARK: Ports

  mutating func read(_ port: UInt16, clock: Clock, wires: inout Wires) -> UInt8 {
    advance(to: clock, wires: &wires)
    defer { updateLine(wires: &wires) }
    let hasDivisor = lineControl & Self.divisorLatch != 0
    switch port & 7 {
    case 0: return hasDivisor ? UInt8(truncatingIfNeeded: divisor) : readReceived()
    case 1: return hasDivisor ? UInt8(divisor >> 8) : interruptEnable
    case 2:
      let identification = self.identification
      if identification == 0x02 { hasEmptiedHolding = false }
      return identification | (hasFIFOs ? 0xC0 : 0)
    case 3: return lineControl
    case 4: return modemControl
    case 5:
      defer { lineErrors = 0 }
      return lineErrors | (received.isEmpty ? 0 : LineStatus.dataReady)
        | (hasFIFOs && lineErrors & LineStatus.breakInterrupt != 0 ? LineStatus.errorInFIFO : 0)
        | (transmitted.isEmpty ? LineStatus.holdingEmpty : 0)
        | (transmitted.isEmpty && !isShifting ? LineStatus.transmitterEmpty : 0)
    case 6:
      defer { modemDeltas = 0 }
      return modemLines | modemDeltas
    default: return scratch
    }
  }

  mutating func write(_ value: UInt8, to port: UInt16, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    let hasDivisor = lineControl & Self.divisorLatch != 0
    switch port & 7 {
    case 0 where hasDivisor: divisor = divisor & 0xFF00 | UInt16(value)
    case 0: transmit(value, wires: &wires)
    case 1 where hasDivisor: divisor = divisor & 0x00FF | UInt16(value) << 8
    case 1: writeInterruptEnable(value & 0x0F)
    case 2: writeFIFOControl(value)
    case 3: writeLineControl(value, wires: &wires)
    case 4: writeModemControl(value & 0x1F)
    case 7: scratch = value
    default: break  // LSR and MSR are for reading.
    }
    updateLine(wires: &wires)
  }

  private mutating func writeInterruptEnable(_ value: UInt8) {
    let newlyEnabled = value & ~interruptEnable
    interruptEnable = value
    if newlyEnabled & Enable.transmitted != 0, transmitted.isEmpty { hasEmptiedHolding = true }
  }

  private mutating func writeFIFOControl(_ value: UInt8) {
    let enables = value & 1 != 0
    if enables != hasFIFOs || enables && value & 2 != 0 {
      received.removeAll()
      (activityTick, hasTimedOut) = (0, false)
    }
    if enables != hasFIFOs || enables && value & 4 != 0 {
      if !transmitted.isEmpty { hasEmptiedHolding = true }
      transmitted.removeAll()
    }
    hasFIFOs = enables
    switch (enables, value >> 6) {
    case (true, 1): receiveTrigger = 4
    case (true, 2): receiveTrigger = 8
    case (true, 3): receiveTrigger = 14
    default: receiveTrigger = 1
    }
  }

  private mutating func writeLineControl(_ value: UInt8, wires: inout Wires) {
    let startsBreak = value & ~lineControl & Self.breakControl != 0
    lineControl = value
    if startsBreak, modemControl & Self.loopback != 0 {
      accept(0, at: settledTick, wires: &wires)
      lineErrors |= LineStatus.breakInterrupt
    }
  }

  /// Bits 4…7 of MSR: in loopback the outputs of MCR come back.
  private var modemLines: UInt8 {
    guard modemControl & Self.loopback != 0 else { return Self.connected }
    var lines: UInt8 = 0
    if modemControl & 0x02 != 0 { lines |= 0x10 }  // RTS to CTS.
    if modemControl & 0x01 != 0 { lines |= 0x20 }  // DTR to DSR.
    if modemControl & 0x04 != 0 { lines |= 0x40 }  // OUT1 to RI.
    if modemControl & 0x08 != 0 { lines |= 0x80 }  // OUT2 to DCD.
    return lines
  }

  private mutating func writeModemControl(_ value: UInt8) {
    let before = modemLines
    modemControl = value
    let after = modemLines
    // Changes of CTS, DSR and DCD, and the end of RI.
    modemDeltas |= (before ^ after) >> 4 & 0x0B | (before & ~after) >> 4 & 0x04
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    checkpointRegisters(into: &writer)
    writer.append(fixed: lineFreeTick)
    writer.append(counted: line)
  }

  func hash(into writer: inout ByteWriter) {
    checkpointRegisters(into: &writer)
    guard lineFreeTick != 0 else { return }
    writer.append(fixed: lineFreeTick)
    writer.append(counted: line)
  }

  /// Writes the chip without what is on the line.
  private func checkpointRegisters(into writer: inout ByteWriter) {
    received.checkpoint(into: &writer)
    transmitted.checkpoint(into: &writer)
    for byte in [
      interruptEnable, receiveTrigger, lineControl, modemControl, scratch, lastReceived, lineErrors, modemDeltas,
      shifting,
    ] {
      writer.append(byte)
    }
    for flag in [hasFIFOs, hasTimedOut, isShifting, hasEmptiedHolding] { writer.append(flag) }
    writer.append(fixed: divisor)
    for tick in [activityTick, shiftEndTick, settledTick] { writer.append(fixed: tick) }
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try received.restore(from: &reader)
    try transmitted.restore(from: &reader)
    interruptEnable = try reader.fixed(in: 0...0x0F, "the interrupt enable register of a 16550")
    receiveTrigger = try reader.fixed(in: 1...14, "the receive trigger of a 16550")
    lineControl = try reader.byte()
    modemControl = try reader.fixed(in: 0...0x1F, "the modem control register of a 16550")
    scratch = try reader.byte()
    lastReceived = try reader.byte()
    lineErrors = try reader.byte() & LineStatus.errors
    modemDeltas = try reader.fixed(in: 0...0x0F, "the modem status of a 16550")
    shifting = try reader.byte()
    hasFIFOs = try reader.flag()
    hasTimedOut = try reader.flag()
    isShifting = try reader.flag()
    hasEmptiedHolding = try reader.flag()
    divisor = try reader.fixed()
    activityTick = try reader.fixed()
    shiftEndTick = try reader.fixed()
    settledTick = try reader.fixed()
    lineFreeTick = try reader.fixed()
    let start = reader.offset
    line = Array(try reader.counted())
    guard line.count <= Self.lineCapacity else {
      throw ByteCodingError(
        offset: start, reason: "\(line.count) bytes wait on a serial line, at most \(Self.lineCapacity) can")
    }
  }
}

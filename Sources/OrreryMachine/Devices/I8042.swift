internal import OrreryBase

/// The 8042 keyboard controller of a PS/2 (IBM PS/2 hardware interface technical reference, keyboard and auxiliary device controller).
///
/// Ports: 0x60 data; 0x64 status and command. Line 1 is high while the output buffer holds a byte of the keyboard or the controller and bit 0 of the
/// configuration byte is set, line 12 while it holds one of the second port, where the mouse is, and bit 1 is set. Firmware leaves the second port disabled.
///
/// Timing: a scan-code byte takes one millisecond from the moment at which the output buffer is empty and the interface enabled; the prefix 0xF0,
/// which translation swallows, takes its millisecond too. Answers to commands come at once, because guests wait for them in loops that count
/// port accesses, each about a microsecond on the machines they were written for.
struct I8042: Device {
  static let interruptLine: UInt8 = 1
  static let auxiliaryInterruptLine: UInt8 = 12

  private enum Source: UInt8 {
    case controller, keyboard, auxiliary
  }

  /// What the next byte written to port 0x60 is for; in the order of the commands that ask for it.
  private enum DataTarget: UInt8 {
    case keyboard, memory, outputPort, outputBuffer, auxiliaryOutputBuffer, auxiliary
  }

  private enum Configuration {
    static let interrupt: UInt8 = 1 << 0
    static let auxiliaryInterrupt: UInt8 = 1 << 1
    static let systemFlag: UInt8 = 1 << 2
    static let keyboardDisabled: UInt8 = 1 << 4
    static let auxiliaryDisabled: UInt8 = 1 << 5
    static let translation: UInt8 = 1 << 6
  }

  private let clocksPerTransfer: Clock

  private var keyboard: PS2Keyboard
  private var mouse = PS2Mouse()
  /// The controller's memory; byte 0 is the configuration byte.
  private var memory: InlineArray<32, UInt8> = .init(repeating: 0)
  private var output: UInt8 = 0
  private var isOutputFull = false
  private var source = Source.controller
  private var lastWriteWasCommand = true
  private var target = DataTarget.keyboard
  /// The byte of `memory` that a `target` of `.memory` writes.
  private var memoryIndex: UInt8 = 0
  /// Translation has swallowed 0xF0, and makes the next code a break code.
  private var hasBreakPrefix = false
  /// When the transfer in progress ends; `.max` for none.
  private var transferEnd: Clock = .max
  /// This controller's way of opening the A20 gate: bit 1 of its output port.
  private(set) var opensA20 = true

  init(frequency: ClockFrequency) {
    keyboard = PS2Keyboard(frequency: frequency)
    clocksPerTransfer = max(1, frequency.clocks(1, per: 1000) ?? .max)
    memory[0] =
      Configuration.interrupt | Configuration.systemFlag | Configuration.auxiliaryDisabled | Configuration.translation
  }

  private var configuration: UInt8 { memory[0] }
  private var isInterfaceEnabled: Bool { configuration & Configuration.keyboardDisabled == 0 }
  private var isAuxiliaryEnabled: Bool { configuration & Configuration.auxiliaryDisabled == 0 }
  /// The keyboard cannot send.
  private var holdsKeyboardBack: Bool { isOutputFull || !isInterfaceEnabled }

  /// Nothing queued, nothing unread.
  var isIdle: Bool { keyboard.isEmpty && !isOutputFull }

  // MARK: Output buffer

  private mutating func fill(_ byte: UInt8, from source: Source, wires: inout Wires) {
    output = byte
    isOutputFull = true
    self.source = source
    // A byte that replaces an unread one is an event of its own.
    wires.set(Self.interruptLine, isHigh: false)
    wires.set(Self.auxiliaryInterruptLine, isHigh: false)
    updateLines(wires: &wires)
  }

  private func updateLines(wires: inout Wires) {
    let isAuxiliary = source == .auxiliary
    wires.set(
      Self.interruptLine, isHigh: isOutputFull && !isAuxiliary && configuration & Configuration.interrupt != 0)
    wires.set(
      Self.auxiliaryInterruptLine,
      isHigh: isOutputFull && isAuxiliary && configuration & Configuration.auxiliaryInterrupt != 0)
  }

  /// Whoever types waits for this, however it came about: the last byte was read, or what was queued was thrown away.
  private func pauseIfIdle(wasIdle: Bool, wires: inout Wires) {
    if !wasIdle, isIdle { wires.pauses.insert(.keyboardRead) }
  }

  /// A byte arrives from the keyboard.
  private mutating func receive(_ byte: UInt8, wires: inout Wires) {
    guard configuration & Configuration.translation != 0 else {
      fill(byte, from: .keyboard, wires: &wires)
      return
    }
    if byte == 0xF0 {
      hasBreakPrefix = true
    } else {
      fill(ScanCodes.translated(byte) | (hasBreakPrefix ? 0x80 : 0), from: .keyboard, wires: &wires)
      hasBreakPrefix = false
    }
  }

  /// Lets the keyboard, and behind it the mouse, send when the controller can take a byte, and holds them back when not; the interrupted byte is sent
  /// again later.
  private mutating func updateTransfer(at clock: Clock, wires: inout Wires) {
    while !holdsKeyboardBack, let answer = keyboard.takeAnswer() { receive(answer, wires: &wires) }
    if !isOutputFull, isAuxiliaryEnabled, let answer = mouse.takeAnswer() {
      fill(answer, from: .auxiliary, wires: &wires)
    }
    if holdsKeyboardBack || keyboard.isEmpty {
      transferEnd = .max
    } else if transferEnd == .max {
      let (end, overflows) = clock.addingReportingOverflow(clocksPerTransfer)
      transferEnd = overflows ? .max : end
    }
  }

  // MARK: Time

  mutating func advance(to clock: Clock, wires: inout Wires) {
    let wasIdle = isIdle
    defer { pauseIfIdle(wasIdle: wasIdle, wires: &wires) }
    while !holdsKeyboardBack, case let next = nextDeadline, next <= clock, next != .max {
      if next == transferEnd {
        transferEnd = .max
        if let byte = keyboard.takeScanCode() { receive(byte, wires: &wires) }
      } else {
        keyboard.repeatKey()
      }
      updateTransfer(at: next, wires: &wires)
    }
    if holdsKeyboardBack { keyboard.skipRepetitions(through: clock) }
  }

  /// Held back, the keyboard has nothing to do until the guest takes a byte or enables the interface.
  var nextDeadline: Clock { holdsKeyboardBack ? .max : min(transferEnd, keyboard.repetitionClock) }

  mutating func apply(_ key: Key, isPressed: Bool, clock: Clock, wires: inout Wires) {
    keyboard.apply(key, isPressed: isPressed, clock: clock, wires: &wires)
    updateTransfer(at: clock, wires: &wires)
  }

  // MARK: Ports

  mutating func readData(clock: Clock, wires: inout Wires) -> UInt8 {
    advance(to: clock, wires: &wires)
    let byte = output
    guard isOutputFull else { return byte }
    isOutputFull = false
    updateLines(wires: &wires)
    updateTransfer(at: clock, wires: &wires)
    pauseIfIdle(wasIdle: false, wires: &wires)
    return byte
  }

  mutating func readStatus(clock: Clock, wires: inout Wires) -> UInt8 {
    advance(to: clock, wires: &wires)
    // Bit 1, input buffer full, is never seen: the controller takes every byte at once. Bit 4: the keyboard is not locked.
    var status: UInt8 = 0x10 | configuration & Configuration.systemFlag
    if isOutputFull { status |= 0x01 }
    if lastWriteWasCommand { status |= 0x08 }
    if isOutputFull, source == .auxiliary { status |= 0x20 }
    return status
  }

  mutating func writeData(_ value: UInt8, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    let wasIdle = isIdle
    defer { pauseIfIdle(wasIdle: wasIdle, wires: &wires) }
    lastWriteWasCommand = false
    let target = self.target
    self.target = .keyboard
    switch target {
    case .keyboard:
      // Sending to the keyboard enables its interface.
      memory[0] &= ~Configuration.keyboardDisabled
      keyboard.receive(value, wires: &wires)
    case .memory: memory[Int(memoryIndex & 31)] = value
    case .outputPort: writeOutputPort(value, wires: &wires)
    case .outputBuffer: fill(value, from: .keyboard, wires: &wires)
    case .auxiliaryOutputBuffer: fill(value, from: .auxiliary, wires: &wires)
    case .auxiliary:
      memory[0] &= ~Configuration.auxiliaryDisabled
      mouse.receive(value)
    }
    updateLines(wires: &wires)
    updateTransfer(at: clock, wires: &wires)
  }

  private mutating func writeOutputPort(_ value: UInt8, wires: inout Wires) {
    opensA20 = value & 2 != 0
    if value & 1 == 0 { wires.stop(.reset(source: "the output port of the keyboard controller, port 0x60")) }
  }

  mutating func writeCommand(_ command: UInt8, clock: Clock, wires: inout Wires) {
    advance(to: clock, wires: &wires)
    let wasIdle = isIdle
    defer { pauseIfIdle(wasIdle: wasIdle, wires: &wires) }
    lastWriteWasCommand = true
    target = .keyboard
    switch command {
    case 0x20...0x3F: answer(memory[Int(command & 31)], wires: &wires)
    case 0x60...0x7F:
      memoryIndex = command & 31
      target = .memory
    case 0xA4: answer(0xF1, wires: &wires)  // No password is installed.
    case 0xA7: memory[0] |= Configuration.auxiliaryDisabled
    case 0xA8: memory[0] &= ~Configuration.auxiliaryDisabled
    case 0xA9: answer(0x00, wires: &wires)
    case 0xAA:
      memory[0] |= Configuration.systemFlag
      answer(0x55, wires: &wires)
    case 0xAB: answer(0x00, wires: &wires)
    case 0xAD: memory[0] |= Configuration.keyboardDisabled
    case 0xAE: memory[0] &= ~Configuration.keyboardDisabled
    case 0xC0: answer(0x80, wires: &wires)  // Input port: the keyboard is not locked.
    case 0xD0: answer(outputPort, wires: &wires)
    case 0xD1: target = .outputPort
    case 0xD2: target = .outputBuffer
    case 0xD3: target = .auxiliaryOutputBuffer
    case 0xD4: target = .auxiliary
    case 0xDD: opensA20 = false
    case 0xDF: opensA20 = true
    case 0xE0: answer(0x03, wires: &wires)  // Test inputs: clock and data of the keyboard are high.
    case 0xF0...0xFF:
      // Pulses the pins of the output port whose bits are clear; bit 0 is the processor's reset.
      if command & 1 == 0 { wires.stop(.reset(source: "the keyboard controller, port 0x64")) }
    default:
      wires.stop(.unmodelled("command \(hexadecimal(command, digits: 2)) of the keyboard controller at port 0x64"))
    }
    updateLines(wires: &wires)
    updateTransfer(at: clock, wires: &wires)
  }

  private mutating func answer(_ byte: UInt8, wires: inout Wires) { fill(byte, from: .controller, wires: &wires) }

  /// Bits 6 and 7: clock and data lines of the keyboard; bits 5 and 4: the output buffer is full of the mouse's byte, or another; bits 2 and 3: lines of the
  /// mouse; bit 1: A20; bit 0: no reset.
  private var outputPort: UInt8 {
    0xCD | (opensA20 ? 0x02 : 0) | (!isOutputFull ? 0 : source == .auxiliary ? 0x20 : 0x10)
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {
    keyboard.checkpoint(into: &writer)
    mouse.checkpoint(into: &writer)
    checkpointRegisters(into: &writer)
  }

  func hash(into writer: inout ByteWriter) {
    keyboard.hash(into: &writer)
    checkpointRegisters(into: &writer)
    mouse.hash(into: &writer)
  }

  private func checkpointRegisters(into writer: inout ByteWriter) {
    for index in memory.indices { writer.append(memory[index]) }
    for byte in [output, source.rawValue, target.rawValue, memoryIndex] { writer.append(byte) }
    // The second flag said that a second port without a device timed out.
    for flag in [isOutputFull, false, lastWriteWasCommand, hasBreakPrefix, opensA20] { writer.append(flag) }
    writer.append(fixed: transferEnd)
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try keyboard.restore(from: &reader)
    try mouse.restore(from: &reader)
    for index in memory.indices { memory[index] = try reader.byte() }
    output = try reader.byte()
    source =
      Source(rawValue: try reader.fixed(in: 0...2, "the source of the keyboard controller's byte")) ?? .controller
    target = DataTarget(rawValue: try reader.fixed(in: 0...5, "what the keyboard controller expects")) ?? .keyboard
    memoryIndex = try reader.fixed(in: 0...31, "an index of the keyboard controller's memory")
    isOutputFull = try reader.flag()
    _ = try reader.flag()
    lastWriteWasCommand = try reader.flag()
    hasBreakPrefix = try reader.flag()
    opensA20 = try reader.flag()
    transferEnd = try reader.fixed()
  }
}

internal import OrreryBase

/// What is on the board: every device, the decoding of ports to devices, the event slots, and the lines to the processor.
///
/// It is a value behind `Board`'s one pointer, so that an access of a device costs no check of exclusivity.
///
/// Absent devices whose ports a PC decodes for nobody read 0xFF, and writes go nowhere: COM3 and COM4 (0x3E8…0x3EF, 0x2E8…0x2EF), the parallel ports
/// (0x278…0x27F, 0x378…0x37F, 0x3BC…0x3BF), a monochrome display (0x3B0…0x3BB), disk controllers (ATA 0x1F0…0x1F7, 0x3F6 and 0x170…0x177, 0x376; floppy
/// 0x3F0…0x3F5, 0x3F7), and what emulators have for kernels to find (a frame buffer's 0x1CE…0x1D0, a configuration device's 0x510, 0x511). An ATA command to a
/// disk stops the run all the same, but for the one that asks who is there. Every other port that is not some device's is not modelled.
struct BoardState {
  /// Text-mode memory: 32 KiB at physical address 0xB8000.
  let videoMemory: UnsafeMutableRawPointer

  private let probes: ProbeWriter
  private let recorded: ProbeSet
  private var events = EventQueue()
  private var wires: Wires

  private var interrupts = I8259APair()
  private var timer: I8254
  private var keyboardController: I8042
  private var systemControl: SystemControl
  private var realTimeClock: MC146818
  private var com1: UART16550
  private var com2: UART16550
  private var vga: VGAText
  private var debugConsole = DebugConsole()
  private var tracePort = TracePort()
  private var debugExit = DebugExit()

  // MARK: The lines to the processor

  /// The INTR pin: the 8259s have a request to present.
  private(set) var interruptRequested = false
  /// An edge on the NMI pin that has not been taken.
  private(set) var nonMaskableRequested = false
  /// Vectors from a scenario that have not been taken, the oldest first, each at most once.
  private var scriptedVectors: [UInt8] = []

  // MARK: The screen

  /// A cell may have changed since the last `cutScreen`.
  private(set) var isScreenDirty = false
  /// The step at which that began.
  private(set) var screenDirtySince: Steps = 0

  init(configuration: MachineConfiguration, probes: ProbeWriter, videoMemory: UnsafeMutableRawPointer) {
    let frequency = configuration.frequency
    self.probes = probes
    recorded = configuration.probes
    // The output of counter 0 of the 8254 is high from the start.
    wires = Wires(levels: 1, recorded: configuration.probes, probes: probes)
    timer = I8254(frequency: frequency)
    keyboardController = I8042(frequency: frequency)
    systemControl = SystemControl(frequency: frequency)
    realTimeClock = MC146818(frequency: frequency, memorySize: configuration.memorySize)
    com1 = UART16550(port: 0, interruptLine: 4, configuration: configuration)
    com2 = UART16550(port: 1, interruptLine: 3, configuration: configuration)
    vga = VGAText(frequency: frequency)
    self.videoMemory = videoMemory
    VGAText.clear(videoMemory)
    interrupts.observe(levels: wires.levels, rises: 0)
    armAll()
  }

  // MARK: What the run loop looks at

  /// The clock of the next device event; `.max` for none.
  var nextDeadline: Clock { events.nextDeadline }

  /// Whether an armed event could lead to an interrupt or to output, as the masks are now: with this false and no inputs to come, a halted processor
  /// sleeps for ever.
  var canWakeProcessor: Bool {
    hasWorkLeft
      || isArmed(.timer) && interrupts.isUnmasked(I8254.interruptLine)
      || isArmed(.realTimeClock) && interrupts.isUnmasked(MC146818.interruptLine)
  }

  /// Whether the keyboard or a serial port has something left to do, which comes to an end by itself.
  var hasWorkLeft: Bool { isArmed(.keyboard) || isArmed(.com1) || isArmed(.com2) }

  private func isArmed(_ slot: EventSlot) -> Bool { events.deadline(of: slot) != .max }

  /// Why a device ended the run.
  var stop: StopReason? { wires.stop }

  /// Whether there is one: asked at every boundary, without the copy.
  var isStopped: Bool {
    if case .some = wires.stop { true } else { false }
  }

  /// What happened since the caller last cleared it.
  var pauses: PauseSet {
    get { wires.pauses }
    set { wires.pauses = newValue }
  }

  /// Nothing queued in the keyboard, nothing unread in its controller.
  var keyboardIsIdle: Bool { keyboardController.isIdle }

  // MARK: Ports

  /// The value of a port access of `size` (1, 2 or 4) bytes; nil when a port in it is not modelled.
  ///
  /// Devices are a byte wide: a wider access reads the ports that follow, the lowest first.
  mutating func readPort(_ port: UInt16, size: Int, clock: Clock) -> UInt32? {
    if port == DebugExit.port { return debugExit.read() }
    if port == 0xCF9, size == 1 { return UInt32(systemControl.readResetControl()) }
    wires.clock = clock
    var value: UInt32 = 0
    for index in 0..<UInt16(clamping: size) {
      guard let byte = readByte(port &+ index, clock: clock) else { return nil }
      value |= UInt32(byte) << UInt32(8 * (index & 3))
    }
    showLines()
    return value
  }

  /// Whether all ports of the access are modelled; a wider access writes the ports that follow, the lowest first.
  mutating func writePort(_ port: UInt16, _ value: UInt32, size: Int, clock: Clock, steps: Steps, rip: UInt64) -> Bool {
    wires.clock = clock
    wires.rip = rip
    if writeWide(port, value, size: size) { return true }
    for index in 0..<UInt16(clamping: size) {
      let byte = UInt8(truncatingIfNeeded: value >> UInt32(8 * (index & 3)))
      guard writeByte(byte, to: port &+ index, clock: clock, steps: steps) else { return false }
    }
    showLines()
    return true
  }

  private mutating func readByte(_ port: UInt16, clock: Clock) -> UInt8? {
    switch port {
    case 0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1:
      defer { interruptRequested = interrupts.isRequesting }
      return interrupts.read(port)
    case 0x40...0x43:
      defer { arm(.timer) }
      return timer.read(port, clock: clock, wires: &wires)
    case 0x60:
      defer { arm(.keyboard) }
      return keyboardController.readData(clock: clock, wires: &wires)
    case 0x64:
      defer { arm(.keyboard) }
      return keyboardController.readStatus(clock: clock, wires: &wires)
    case 0x61:
      defer { arm(.timer) }
      return systemControl.readPortB(output2: timer.output2(clock: clock, wires: &wires), clock: clock)
    case 0x71:
      defer { arm(.realTimeClock) }
      return realTimeClock.readData(clock: clock, wires: &wires)
    case 0x80...0x8F:
      return systemControl.readPage(port)
    case 0x92:
      return systemControl.readPortA()
    case DebugConsole.port:
      return debugConsole.read()
    case TracePort.port:
      return tracePort.read()
    case 0x2F8...0x2FF:
      defer { arm(.com2) }
      return com2.read(port, clock: clock, wires: &wires)
    case 0x3F8...0x3FF:
      defer { arm(.com1) }
      return com1.read(port, clock: clock, wires: &wires)
    case 0x3C0...0x3DF:
      return vga.read(port, clock: clock)
    default:
      return Self.isFloating(port) ? 0xFF : nil
    }
  }

  private mutating func writeByte(_ value: UInt8, to port: UInt16, clock: Clock, steps: Steps) -> Bool {
    switch port {
    case 0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1:
      interrupts.write(value, to: port)
      interruptRequested = interrupts.isRequesting
    case 0x40...0x43:
      timer.write(value, to: port, clock: clock, wires: &wires)
      arm(.timer)
    case 0x60:
      keyboardController.writeData(value, clock: clock, wires: &wires)
      checkA20()
      arm(.keyboard)
    case 0x64:
      keyboardController.writeCommand(value, clock: clock, wires: &wires)
      checkA20()
      arm(.keyboard)
    case 0x61:
      systemControl.writePortB(value)
      timer.setGate2(systemControl.gate2, clock: clock, wires: &wires)
      arm(.timer)
    case 0x70:
      realTimeClock.writeIndex(value)
    case 0x71:
      realTimeClock.writeData(value, clock: clock, wires: &wires)
      arm(.realTimeClock)
    case 0x80...0x8F:
      systemControl.writePage(value, to: port)
    case 0x92:
      systemControl.writePortA(value, wires: &wires)
      checkA20()
    case DebugConsole.port:
      debugConsole.write(value, wires: &wires)
    case TracePort.port:
      tracePort.write(value, wires: &wires)
    case 0x2F8...0x2FF:
      com2.write(value, to: port, clock: clock, wires: &wires)
      arm(.com2)
    case 0x3F8...0x3FF:
      com1.write(value, to: port, clock: clock, wires: &wires)
      arm(.com1)
    case 0x3C0...0x3DF:
      if port == 0x3D5, vga.selectsStartAddress { screenWasTouched(steps: steps) }
      return vga.write(value, to: port, wires: &wires)
    case 0x1F7, 0x177:
      if !Self.asksForDisks(value) {
        wires.stop(
          .unmodelled("ATA command \(hexadecimal(value, digits: 2)) at port \(hexadecimal(port)): there is no disk"))
      }
    default:
      return Self.isFloating(port)
    }
    return true
  }

  /// The ports whose accesses are not split into bytes; whether this is one.
  private mutating func writeWide(_ port: UInt16, _ value: UInt32, size: Int) -> Bool {
    switch (port, size) {
    case (DebugExit.port, _):
      debugExit.write(value, wires: &wires)
    case (0xCF9, 1):
      systemControl.writeResetControl(UInt8(truncatingIfNeeded: value), wires: &wires)
    case (0x604, 2), (0xB004, 2), (0x4004, 2):
      systemControl.writePowerControl(UInt16(truncatingIfNeeded: value), to: port, wires: &wires)
    default:
      return false
    }
    return true
  }

  /// ATA commands by which a kernel finds out what is there: DEVICE RESET, EXECUTE DEVICE DIAGNOSTIC, IDENTIFY PACKET DEVICE, IDENTIFY DEVICE.
  private static func asksForDisks(_ command: UInt8) -> Bool { [0x08, 0x90, 0xA1, 0xEC].contains(command) }

  /// Ports that answer as an empty bus does.
  private static func isFloating(_ port: UInt16) -> Bool {
    switch port {
    case 0x70, 0xED, 0xCF8...0xCFF, 0x604, 0x605, 0x4004, 0x4005, 0xB004, 0xB005: true
    case 0x170...0x177, 0x1CE...0x1D0, 0x1F0...0x1F7, 0x376, 0x3F0...0x3F7, 0x510, 0x511: true
    case 0x278...0x27F, 0x2E8...0x2EF, 0x378...0x37F, 0x3B0...0x3BB, 0x3BC...0x3BF, 0x3E8...0x3EF: true
    default: false
    }
  }

  /// The A20 gate is open as long as either way holds it open; memory that wraps at 1 MiB is not modelled.
  private mutating func checkA20() {
    if !keyboardController.opensA20, !systemControl.opensA20 {
      wires.stop(.unmodelled("a closed A20 gate (ports 0x60, 0x64 and 0x92)"))
    }
  }

  // MARK: Events and inputs

  /// Applies every device event due at `clock`, in slot order.
  mutating func applyEvents(at clock: Clock, rip: UInt64) {
    guard events.nextDeadline <= clock else { return }
    wires.clock = clock
    wires.rip = rip
    for slot in EventSlot.allCases where events.deadline(of: slot) <= clock {
      switch slot {
      case .timer: timer.advance(to: clock, wires: &wires)
      case .keyboard: keyboardController.advance(to: clock, wires: &wires)
      case .realTimeClock: realTimeClock.advance(to: clock, wires: &wires)
      case .com2: com2.advance(to: clock, wires: &wires)
      case .com1: com1.advance(to: clock, wires: &wires)
      }
      arm(slot)
      // Every device names a later clock, unless its count of ticks has left 64 bits: then nothing more comes from it.
      if events.deadline(of: slot) <= clock { events.disarm(slot) }
    }
    showLines()
  }

  /// Applies an input (the caller has written its `input` probe). One that names a serial port or line the board does not have does nothing.
  mutating func apply(_ action: InputAction, clock: Clock, rip: UInt64) {
    wires.clock = clock
    wires.rip = rip
    switch action {
    case .key(let key, let isPressed):
      keyboardController.apply(key, isPressed: isPressed, clock: clock, wires: &wires)
      arm(.keyboard)
    case .serial(0, let byte):
      com1.receive(byte, clock: clock, wires: &wires)
      arm(.com1)
    case .serial(1, let byte):
      com2.receive(byte, clock: clock, wires: &wires)
      arm(.com2)
    case .serial: break
    case .interruptLine(let line):
      if line < 16 { interrupts.latch(line) }
      interruptRequested = interrupts.isRequesting
    case .vector(let vector): if !scriptedVectors.contains(vector) { scriptedVectors.append(vector) }
    case .nonMaskableInterrupt: nonMaskableRequested = true
    case .flip: break  // Nothing on the board: the machine's own.
    }
    showLines()
  }

  private mutating func arm(_ slot: EventSlot) {
    switch slot {
    case .timer: events.arm(slot, at: timer.nextDeadline)
    case .keyboard: events.arm(slot, at: keyboardController.nextDeadline)
    case .realTimeClock: events.arm(slot, at: realTimeClock.nextDeadline)
    case .com2: events.arm(slot, at: com2.nextDeadline)
    case .com1: events.arm(slot, at: com1.nextDeadline)
    }
  }

  private mutating func armAll() {
    for slot in EventSlot.allCases { arm(slot) }
  }

  // MARK: Interrupts

  /// Shows the 8259s the lines as the devices left them.
  private mutating func showLines() {
    guard wires.haveChanged else { return }
    interrupts.observe(levels: wires.levels, rises: wires.takeRises())
    interruptRequested = interrupts.isRequesting
  }

  /// The acknowledge cycles of the processor; a spurious vector when the request has gone. Then look at `stop`.
  mutating func acknowledgeInterrupt(clock: Clock) -> (vector: UInt8, source: InterruptSource) {
    defer { interruptRequested = interrupts.isRequesting }
    return interrupts.acknowledge(wires: &wires)
  }

  /// The oldest vector from a scenario that has not been taken.
  var scriptedVector: UInt8? { scriptedVectors.first }

  mutating func acknowledgeScriptedVector() {
    if !scriptedVectors.isEmpty { scriptedVectors.removeFirst() }
  }

  mutating func acknowledgeNonMaskable() { nonMaskableRequested = false }

  // MARK: Screen

  /// A store reached clean video memory, or what is displayed changed, at step `steps`. Nobody looks when the screen is not recorded.
  mutating func screenWasTouched(steps: Steps) {
    guard recorded.contains(.screen), !isScreenDirty else { return }
    isScreenDirty = true
    screenDirtySince = steps
  }

  /// Writes the changed cells to the probes, a record for each run of a row, and makes the screen clean.
  mutating func cutScreen(clock: Clock, rip: UInt64) {
    guard isScreenDirty else { return }
    isScreenDirty = false
    screenDirtySince = 0
    wires.pauses.insert(.screen)
    let probes = self.probes
    vga.cut(videoMemory) { row, column, cells in
      let offset = probes.append(bytes: cells)
      probes.append(
        ProbeRecord(
          .screenRow, detail: UInt32(row), clock: clock, rip: rip, UInt64(column), UInt64(cells.count / 2), offset))
    }
  }

  /// The next cut reports all that is displayed, as if it had come about at step `steps`.
  mutating func reportWholeScreen(steps: Steps) {
    vga.forgetDisplayed()
    (isScreenDirty, screenDirtySince) = (false, 0)
    screenWasTouched(steps: steps)
  }

  /// What is displayed now.
  func screen() -> Screen { vga.screen(videoMemory) }

  // MARK: State

  /// Writes the state exactly as it is: events that are due stay due.
  func checkpoint(into writer: inout ByteWriter) {
    interrupts.checkpoint(into: &writer)
    timer.checkpoint(into: &writer)
    keyboardController.checkpoint(into: &writer)
    systemControl.checkpoint(into: &writer)
    realTimeClock.checkpoint(into: &writer)
    com2.checkpoint(into: &writer)
    com1.checkpoint(into: &writer)
    vga.checkpoint(into: &writer)
    writer.append(fixed: wires.levels)
    writer.append(nonMaskableRequested)
    writer.append(counted: scriptedVectors)
    writer.append(isScreenDirty)
    writer.append(fixed: screenDirtySince)
    writer.bytes.append(contentsOf: UnsafeRawBufferPointer(start: videoMemory, count: Board.videoMemorySize))
  }

  /// Reads what `checkpoint` wrote. After a throw the board must be restored again before it is used.
  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    try interrupts.restore(from: &reader)
    try timer.restore(from: &reader)
    try keyboardController.restore(from: &reader)
    try systemControl.restore(from: &reader)
    try realTimeClock.restore(from: &reader)
    try com2.restore(from: &reader)
    try com1.restore(from: &reader)
    try vga.restore(from: &reader)
    wires.restore(levels: try reader.fixed())
    nonMaskableRequested = try reader.flag()
    let start = reader.offset
    scriptedVectors = Array(try reader.counted())
    guard scriptedVectors.count <= 256 else {
      throw ByteCodingError(offset: start, reason: "\(scriptedVectors.count) vectors are pending, at most 256 can be")
    }
    isScreenDirty = try reader.flag()
    screenDirtySince = try reader.fixed()
    let memory = try reader.take(Board.videoMemorySize)
    memory.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(start: videoMemory, count: Board.videoMemorySize).copyMemory(from: bytes)
    }
    wires.stop = nil
    wires.pauses = []
    interruptRequested = interrupts.isRequesting
    armAll()
  }

  /// Writes the devices' state as it is when brought to `clock`, in a form that equal states share. The machine itself is not brought there: an input
  /// of the same clock still comes before the events.
  func hash(into writer: inout ByteWriter, clock: Clock) {
    forEachPart(at: clock, into: &writer) { _, _ in }
  }

  /// Writes as `hash` does, and says after each part what it is and where in the bytes it began.
  func forEachPart(
    at clock: Clock, into writer: inout ByteWriter, _ body: (_ name: String, _ writer: ByteWriter) -> Void
  ) {
    var wires = self.wires
    wires.recorded = []
    func write(_ name: String, _ device: some Device) {
      var device = device
      device.advance(to: clock, wires: &wires)
      device.hash(into: &writer)
      body(name, writer)
    }
    write("timer", timer)
    write("keyboard controller", keyboardController)
    write("system control", systemControl)
    write("real-time clock", realTimeClock)
    write("COM2", com2)
    write("COM1", com1)
    var interrupts = self.interrupts
    interrupts.observe(levels: wires.levels, rises: wires.takeRises())
    write("interrupt controllers", interrupts)
    vga.checkpointRegisters(into: &writer)
    body("VGA registers", writer)
    writer.append(fixed: wires.levels)
    writer.append(nonMaskableRequested)
    writer.append(counted: scriptedVectors)
    body("interrupt lines", writer)
    writer.bytes.append(contentsOf: UnsafeRawBufferPointer(start: videoMemory, count: Board.videoMemorySize))
  }

  /// The parts by name, without the memory of the screen.
  func parts(clock: Clock) -> [(name: String, state: [UInt8])] {
    var writer = ByteWriter()
    var parts: [(name: String, state: [UInt8])] = []
    var start = 0
    forEachPart(at: clock, into: &writer) { name, writer in
      parts.append((name, Array(writer.bytes[start...])))
      start = writer.bytes.count
    }
    return parts
  }
}

internal import OrreryBase

/// The board of the machine, as the run loop and the processor see it; what is on it is in `BoardState`.
final class Board {
  static let videoMemorySize = 32 << 10

  /// Text-mode memory: 32 KiB at physical address 0xB8000.
  let videoMemory: UnsafeMutableRawPointer
  private let state: UnsafeMutablePointer<BoardState>

  init(configuration: MachineConfiguration, probes: ProbeWriter) {
    videoMemory = .allocate(byteCount: Self.videoMemorySize, alignment: 4096)
    state = .allocate(capacity: 1)
    state.initialize(to: BoardState(configuration: configuration, probes: probes, videoMemory: videoMemory))
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
    videoMemory.deallocate()
  }

  // MARK: What the run loop looks at

  /// The clock of the next device event; `.max` for none.
  var nextDeadline: Clock { state.pointee.nextDeadline }

  /// Whether an armed event could lead to an interrupt or to output, as the masks are now: with this false and no inputs to come, a halted processor
  /// sleeps for ever.
  var canWakeProcessor: Bool { state.pointee.canWakeProcessor }

  /// Whether the keyboard or a serial port has something left to do, which comes to an end by itself.
  var hasWorkLeft: Bool { state.pointee.hasWorkLeft }

  /// Why a device ended the run.
  var stop: StopReason? { state.pointee.stop }

  var isStopped: Bool { state.pointee.isStopped }

  /// What happened since the caller last cleared it.
  var pauses: PauseSet {
    get { state.pointee.pauses }
    set { state.pointee.pauses = newValue }
  }

  /// Nothing queued in the keyboard, nothing unread in its controller.
  var keyboardIsIdle: Bool { state.pointee.keyboardIsIdle }

  // MARK: Ports

  /// The value of a port access of `size` (1, 2 or 4) bytes; nil when a port in it is not modelled.
  ///
  /// Devices are a byte wide: a wider access reads the ports that follow, the lowest first.
  func readPort(_ port: UInt16, size: Int, clock: Clock) -> UInt32? {
    state.pointee.readPort(port, size: size, clock: clock)
  }

  /// Whether all ports of the access are modelled; a wider access writes the ports that follow, the lowest first.
  func writePort(_ port: UInt16, _ value: UInt32, size: Int, clock: Clock, steps: Steps, rip: UInt64) -> Bool {
    state.pointee.writePort(port, value, size: size, clock: clock, steps: steps, rip: rip)
  }

  // MARK: Events and inputs

  /// Applies every device event due at `clock`, in slot order.
  func applyEvents(at clock: Clock, rip: UInt64) { state.pointee.applyEvents(at: clock, rip: rip) }

  /// Applies an input (the caller has written its `input` probe). One that names a serial port or line the board does not have does nothing.
  func apply(_ action: InputAction, clock: Clock, rip: UInt64) { state.pointee.apply(action, clock: clock, rip: rip) }

  // MARK: Interrupts

  /// The INTR pin: the 8259s have a request to present.
  var interruptRequested: Bool { state.pointee.interruptRequested }

  /// The acknowledge cycles of the processor; a spurious vector when the request has gone. Then look at `stop`.
  func acknowledgeInterrupt(clock: Clock) -> (vector: UInt8, source: InterruptSource) {
    state.pointee.acknowledgeInterrupt(clock: clock)
  }

  /// An edge on the NMI pin that has not been taken.
  var nonMaskableRequested: Bool { state.pointee.nonMaskableRequested }

  func acknowledgeNonMaskable() { state.pointee.acknowledgeNonMaskable() }

  /// The oldest vector from a scenario that has not been taken.
  var scriptedVector: UInt8? { state.pointee.scriptedVector }

  func acknowledgeScriptedVector() { state.pointee.acknowledgeScriptedVector() }

  // MARK: Screen

  /// A cell may have changed since the last `cutScreen`.
  var isScreenDirty: Bool { state.pointee.isScreenDirty }

  /// The step at which that began.
  var screenDirtySince: Steps { state.pointee.screenDirtySince }

  /// A store reached clean video memory, or what is displayed changed, at step `steps`. Nobody looks when the screen is not recorded.
  func screenWasTouched(steps: Steps) { state.pointee.screenWasTouched(steps: steps) }

  /// Writes the changed cells to the probes, a record for each run of a row, and makes the screen clean.
  func cutScreen(clock: Clock, rip: UInt64) { state.pointee.cutScreen(clock: clock, rip: rip) }

  /// The next cut reports all that is displayed, as if it had come about at step `steps`.
  func reportWholeScreen(steps: Steps) { state.pointee.reportWholeScreen(steps: steps) }

  /// What is displayed now.
  func screen() -> Screen { state.pointee.screen() }

  // MARK: State

  /// Writes the state exactly as it is: events that are due stay due.
  func checkpoint(into writer: inout ByteWriter) { state.pointee.checkpoint(into: &writer) }

  /// Reads what `checkpoint` wrote. After a throw the board must be restored again before it is used.
  func restore(from reader: inout ByteReader) throws(ByteCodingError) { try state.pointee.restore(from: &reader) }

  /// What `hash` writes, by the names of the parts, without the memory of the screen.
  func parts(clock: Clock) -> [(name: String, state: [UInt8])] { state.pointee.parts(clock: clock) }

  /// Writes the devices' state as it is when brought to `clock`, in a form that equal states share. The machine itself is not brought there: an input
  /// of the same clock still comes before the events.
  func hash(into writer: inout ByteWriter, clock: Clock) { state.pointee.hash(into: &writer, clock: clock) }
}

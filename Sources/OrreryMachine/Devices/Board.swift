internal import OrreryBase

/// The board of the machine: every device, the decoding of ports to devices, the event slots, and the lines to the processor.
final class Board {
  /// Text-mode memory: 32 KiB at physical address 0xB8000.
  let videoMemory: UnsafeMutableRawPointer
  static let videoMemorySize = 32 << 10

  private let configuration: MachineConfiguration
  private var events = EventQueue()
  private var wires: Wires

  // MARK: The lines to the processor

  /// The INTR pin: an 8259 has a request to present.
  private(set) var interruptRequested = false
  /// An edge on the NMI pin that has not been taken.
  private(set) var nonMaskableRequested = false
  private var scriptedVectors: [UInt8] = []

  // MARK: The screen

  /// A cell may have changed since the last `cutScreen`.
  private(set) var isScreenDirty = false
  /// The step at which that began.
  private(set) var screenDirtySince: Steps = 0

  init(configuration: MachineConfiguration, probes: ProbeBuffer) {
    self.configuration = configuration
    videoMemory = .allocate(byteCount: Self.videoMemorySize, alignment: 4096)
    wires = Wires(levels: 1, recorded: configuration.probes, probes: probes)
  }

  deinit { videoMemory.deallocate() }

  // MARK: State the run loop looks at

  /// The clock of the next device event; `.max` for none.
  var nextDeadline: Clock { events.nextDeadline }
  /// Whether any armed event could lead to an interrupt as the 8259s are programmed now; a processor halted with this false sleeps for ever.
  var canWakeProcessor: Bool { false }
  /// Why a device ended the run.
  var stop: StopReason? { wires.stop }
  /// What happened since the caller last cleared it.
  var pauses: PauseSet {
    get { wires.pauses }
    set { wires.pauses = newValue }
  }
  /// Nothing queued in the keyboard, nothing unread in its controller.
  var keyboardIsIdle: Bool { true }

  // MARK: Ports

  /// The value of a port access of `size` (1, 2, 4) bytes; nil when a port in it is not modelled.
  func readPort(_ port: UInt16, size: Int, clock: Clock) -> UInt32? { nil }

  /// Whether all ports of the access are modelled. Then look at `stop`, `pauses`, `nextDeadline` and the lines.
  func writePort(_ port: UInt16, _ value: UInt32, size: Int, clock: Clock, steps: Steps, rip: UInt64) -> Bool { false }

  // MARK: Events and inputs

  /// Applies every device event due at `clock`, in slot order.
  func applyEvents(at clock: Clock, rip: UInt64) {}

  /// Applies an input (the caller has written its `input` probe).
  func apply(_ action: InputAction, clock: Clock, rip: UInt64) {}

  // MARK: Interrupts

  /// The oldest vector from a scenario that has not been taken.
  var scriptedVector: UInt8? { scriptedVectors.first }

  func acknowledgeScriptedVector() { scriptedVectors.removeFirst() }

  func acknowledgeNonMaskable() { nonMaskableRequested = false }

  /// The interrupt acknowledge cycles of the processor; a spurious vector when the request has gone. Then look at `stop`.
  func acknowledgeInterrupt(clock: Clock) -> (vector: UInt8, source: InterruptSource) { (0, .line(0)) }

  // MARK: Screen

  /// A store reached clean video memory at step `steps`.
  func screenWasTouched(steps: Steps) {}

  /// Writes the changed cells to the probes, a record for each run of a row, and makes the screen clean.
  func cutScreen(clock: Clock, rip: UInt64) {}

  /// What is displayed now.
  func screen() -> Screen {
    Screen(cells: Array(repeating: Screen.Cell(character: 0x20, attribute: 7), count: 2000), cursor: nil)
  }

  // MARK: State

  func checkpoint(into writer: inout ByteWriter) {}
  func restore(from reader: inout ByteReader) throws(ByteCodingError) {}
  /// Writes the devices' state as it is at `clock`, in a form that equal states share; changes nothing.
  func hash(into writer: inout ByteWriter, clock: Clock) {}
}

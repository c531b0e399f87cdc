import OrreryBase

@testable import OrreryMachine

/// A board without a processor: a test moves the clock and makes the accesses itself.
final class BoardBench {
  /// The clock of one pulse of the 8254 each, so that its waveforms can be written down clock by clock.
  static let pulseFrequency = ClockFrequency(hertz: I8254.pulsesPerSecond)

  let probes = ProbeBuffer()
  let board: Board
  private(set) var clock: Clock = 0
  private var steps: Steps = 0

  init(frequency: ClockFrequency = .defaultFrequency, _ configure: (inout MachineConfiguration) -> Void = { _ in }) {
    var configuration = MachineConfiguration()
    configuration.frequency = frequency
    configuration.probes = .all
    configure(&configuration)
    board = Board(configuration: configuration, probes: probes.writer)
  }

  /// Goes to `clock` and applies each event on the way at its own clock.
  func run(to clock: Clock) {
    while board.nextDeadline <= clock {
      self.clock = max(self.clock, board.nextDeadline)
      board.applyEvents(at: self.clock, rip: 0)
    }
    self.clock = max(self.clock, clock)
  }

  func run(for clocks: Clock) { run(to: clock &+ clocks) }

  /// Moves the clock without applying events, as far as the tests of laziness need it.
  func jump(to clock: Clock) { self.clock = max(self.clock, clock) }

  func output(_ port: UInt16, _ values: UInt32..., size: Int = 1) {
    for value in values {
      steps += 1
      _ = board.writePort(port, value, size: size, clock: clock, steps: steps, rip: 0x1000)
    }
  }

  /// The byte read, 0 with an issue of the test when the port is not modelled.
  func input(_ port: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: board.readPort(port, size: 1, clock: clock) ?? 0) }

  func apply(_ action: InputAction) { board.apply(action, clock: clock, rip: 0x1000) }

  func acknowledge() -> UInt8 { board.acknowledgeInterrupt(clock: clock).vector }

  /// Initialises both 8259s as kernels do: vectors 0x20 and 0x28, everything unmasked.
  func initializeInterrupts(icw4: UInt32 = 1) {
    for (base, vector, cascade) in [(UInt16(0x20), UInt32(0x20), UInt32(4)), (0xA0, 0x28, 2)] {
      output(base, 0x11)
      output(base + 1, vector, cascade, icw4, 0)
    }
  }

  /// Reads one register of the clock.
  func cmos(_ index: UInt32) -> UInt8 {
    output(0x70, index)
    return input(0x71)
  }

  func setCMOS(_ index: UInt32, _ value: UInt32) {
    output(0x70, index)
    output(0x71, value)
  }

  /// The records written since the last call, with the bytes that screen rows refer to.
  func takeRecords() -> (records: [ProbeRecord], bytes: [UInt8]) {
    var result: (records: [ProbeRecord], bytes: [UInt8]) = ([], [])
    probes.drain { records, bytes in result = (Array(records), bytes) }
    return result
  }

  func checkpoint() -> [UInt8] {
    var writer = ByteWriter()
    board.checkpoint(into: &writer)
    return writer.bytes
  }

  func restore(_ bytes: [UInt8], clock: Clock) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    try board.restore(from: &reader)
    self.clock = clock
  }

  func hash(at clock: Clock) -> Hash128 {
    var writer = ByteWriter()
    board.hash(into: &writer, clock: clock)
    return Hash128(of: writer.bytes)
  }
}

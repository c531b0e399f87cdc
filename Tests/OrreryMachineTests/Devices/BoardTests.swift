import OrreryBase
import Testing

@testable import OrreryMachine

struct BoardTests {
  private let bench = BoardBench()

  // MARK: Ports

  @Test func portsThatAreNotModelledSaySo() {
    for port: UInt16 in [0x00, 0x1F, 0x22, 0x44, 0x62, 0x65, 0x72, 0xB2, 0xC0, 0xF0, 0x220, 0x1F8, 0xFFFF] {
      #expect(bench.board.readPort(port, size: 1, clock: 0) == nil)
      #expect(!bench.board.writePort(port, 0, size: 1, clock: 0, steps: 0, rip: 0))
    }
    // The last byte of a wide access counts too.
    #expect(bench.board.readPort(0x3FF, size: 2, clock: 0) == nil)
    #expect(!bench.board.writePort(0x21, 0, size: 2, clock: 0, steps: 0, rip: 0))
    #expect(bench.board.readPort(0xFFFF, size: 4, clock: 0) == nil)
  }

  @Test func absentDevicesFloat() {
    for port: UInt16 in [
      0x3E8, 0x3EF, 0x2E8, 0x2EF, 0x378, 0x278, 0x3BC, 0x3B4, 0xED, 0x70, 0x1F0, 0x176, 0x3F6, 0x376, 0x3F4, 0x1CE,
      0x510,
    ] {
      #expect(bench.board.readPort(port, size: 1, clock: 0) == 0xFF)
      #expect(bench.board.writePort(port, 0, size: 1, clock: 0, steps: 0, rip: 0))
    }
  }

  @Test func pciHasNothing() {
    #expect(bench.board.writePort(0xCF8, 0x8000_0000, size: 4, clock: 0, steps: 0, rip: 0))
    #expect(bench.board.readPort(0xCF8, size: 4, clock: 0) == 0xFFFF_FFFF)
    #expect(bench.board.readPort(0xCFC, size: 4, clock: 0) == 0xFFFF_FFFF)
    #expect(bench.board.readPort(0xCFE, size: 2, clock: 0) == 0xFFFF)
  }

  @Test(arguments: [0x1F7, 0x177] as [UInt16])
  func diskIsLookedForInVainAndUsedAtOnesPeril(port: UInt16) {
    bench.output(port, 0xEC)
    #expect(bench.input(port) == 0xFF)
    #expect(bench.board.stop == nil)
    bench.output(port, 0x20)
    #expect(
      bench.board.stop?.description
        == "not modelled: ATA command 0x20 at port 0x\(String(port, radix: 16)): there is no disk")
  }

  @Test func resetControlKeepsTheKindOfReset() throws {
    let before = bench.hash(at: 0)
    #expect(bench.input(0xCF9) == 0)
    bench.output(0xCF9, 0x02)
    #expect(bench.input(0xCF9) == 0x02)
    #expect(bench.board.stop == nil)
    #expect(bench.board.readPort(0xCF8, size: 4, clock: 0) == 0xFFFF_FFFF)
    #expect(bench.hash(at: 0) != before)
    let twin = BoardBench()
    try twin.restore(bench.checkpoint(), clock: 0)
    #expect(twin.input(0xCF9) == 0x02)
    bench.output(0xCF9, 0x00)
    #expect(bench.hash(at: 0) == before)
  }

  @Test func wideAccessReadsTheNextPorts() {
    bench.output(0x21, 0x5A)
    #expect(bench.board.readPort(0x20, size: 2, clock: 0) == 0x5A00)
  }

  // MARK: Board registers

  @Test func port61KeepsItsLowBitsAndShowsTheRefresh() {
    bench.output(0x61, 0xFF)
    #expect(bench.input(0x61) & 0xCF == 0x0F)
    // The refresh bit toggles every 18 pulses: ⌈18 · 10⁹ ÷ 1,193,182⌉ = 15,086.
    let before = bench.input(0x61) & 0x10
    bench.run(to: 15_085)
    #expect(bench.input(0x61) & 0x10 == before)
    bench.run(to: 15_086)
    #expect(bench.input(0x61) & 0x10 != before)
  }

  @Test func pageRegistersHoldWhatIsWritten() {
    bench.output(0x80, 0x12)
    bench.output(0x8F, 0x34)
    #expect(bench.input(0x80) == 0x12)
    #expect(bench.input(0x8F) == 0x34)
  }

  @Test(
    arguments: [(0x92, 1, "port 0x92"), (0xCF9, 6, "port 0xcf9")] as [(UInt16, UInt32, String)])
  func resetPortsStopTheMachine(port: UInt16, value: UInt32, source: String) {
    bench.output(port, value)
    #expect(bench.board.stop == .reset(source: source))
  }

  @Test(arguments: [(0x604, 0x2000), (0xB004, 0x2000), (0x4004, 0x3400)] as [(UInt16, UInt32)])
  func powerOffPortsStopTheMachine(port: UInt16, value: UInt32) {
    bench.output(port, value & ~0x2000, size: 2)
    #expect(bench.board.stop == nil)
    bench.output(port, value, size: 2)
    #expect(bench.board.stop == .powerOff)
  }

  @Test func sleepThatIsNotPowerOffIsNamed() {
    bench.output(0x604, 0x2400, size: 2)
    #expect(bench.board.stop?.description == "not modelled: ACPI sleep of kind 1 through port 0x604")
  }

  @Test func debugConsoleIsFoundAndRecorded() {
    #expect(bench.input(0xE9) == 0xE9)
    bench.output(0xE9, 0x21)
    let records = bench.takeRecords().records
    #expect(records.map(\.kind) == [.debugConsole])
    #expect(records.first?.value0 == 0x21)
  }

  @Test func bytesForTheTraceAreRecordedAndNothingAnswers() {
    #expect(bench.input(0xEA) == 0xFF)
    bench.output(0xEA, 0x21)
    let records = bench.takeRecords().records
    #expect(records.map(\.kind) == [.mark])
    #expect(records.first?.value0 == 0x21)
  }

  @Test func debugExitStopsWithItsWholeValue() {
    bench.output(0xF4, 0x1234_5678, size: 4)
    #expect(bench.board.stop == .debugExit(0x1234_5678))
    let records = bench.takeRecords().records
    #expect(records.map(\.kind) == [.debugExit])
    #expect(records.first?.value0 == 0x1234_5678)
  }

  @Test func firstReasonToStopStays() {
    bench.output(0xF4, 1)
    bench.output(0x92, 1)
    #expect(bench.board.stop == .debugExit(1))
  }

  // MARK: Inputs

  @Test func scriptedVectorsKeepTheirOrderAndMerge() {
    for vector: UInt8 in [0x40, 0x30, 0x40] { bench.apply(.vector(vector)) }
    #expect(bench.board.scriptedVector == 0x40)
    bench.board.acknowledgeScriptedVector()
    #expect(bench.board.scriptedVector == 0x30)
    bench.board.acknowledgeScriptedVector()
    #expect(bench.board.scriptedVector == nil)
  }

  @Test func nonMaskableEdgeStaysUntilItIsTaken() {
    bench.apply(.nonMaskableInterrupt)
    bench.apply(.nonMaskableInterrupt)
    #expect(bench.board.nonMaskableRequested)
    bench.board.acknowledgeNonMaskable()
    #expect(!bench.board.nonMaskableRequested)
  }

  @Test func maskedTimerCannotWakeTheProcessor() {
    #expect(bench.board.canWakeProcessor)
    bench.output(0x21, 0xFF)
    #expect(!bench.board.canWakeProcessor)
    bench.apply(.key(Key(rawValue: 0x1E), isPressed: true))
    #expect(bench.board.canWakeProcessor)
  }

  // MARK: Order of events

  @Test func eventsOfOneClockAreAppliedInSlotOrder() {
    // At 1,000,000 clocks a second both are due at the same clock: a scan code after 1,000 clocks, and 32 ticks of the clock, 976.56….
    let bench = BoardBench(frequency: ClockFrequency(hertz: 1_000_000))
    bench.initializeInterrupts()
    bench.setCMOS(0x0B, 0x42)
    bench.apply(.key(Key(rawValue: 0x1E), isPressed: true))
    bench.jump(to: 1000)
    bench.board.applyEvents(at: 1000, rip: 0)
    #expect(bench.board.nextDeadline > 1000)
    // Line 1 goes before line 8 in the 8259, too.
    #expect(bench.acknowledge() == 0x21)
    bench.output(0x20, 0x20)
    #expect(bench.acknowledge() == 0x28)
  }

  // MARK: Checkpoints

  @Test func checkpointKeepsDueEventsDue() throws {
    let bench = BoardBench()
    let twin = BoardBench()
    bench.apply(.key(Key(rawValue: 0x1E), isPressed: true))
    bench.jump(to: 1_000_000)
    try twin.restore(bench.checkpoint(), clock: 1_000_000)
    #expect(twin.board.nextDeadline == 1_000_000)
    // Sixteen more bytes at the same clock come before the due transfer, so one is lost in both.
    for board in [bench, twin] {
      for _ in 0..<16 { board.apply(.key(Key(rawValue: 0x30), isPressed: true)) }
      #expect(board.takeRecords().records.map(\.kind) == [.inputLost])
    }
  }

  @Test func truncatedCheckpointIsRefused() {
    let bytes = bench.checkpoint()
    // The devices' part, then some lengths within video memory.
    let lengths = Array(stride(from: 0, to: 6000, by: 7)) + stride(from: 6000, to: bytes.count, by: 4099)
    let twin = BoardBench()
    for length in lengths {
      #expect(throws: ByteCodingError.self) { try twin.restore(Array(bytes[..<length]), clock: 0) }
    }
  }

  @Test func hashChangesNothing() {
    let before = bench.checkpoint()
    _ = bench.hash(at: 500_000_000)
    #expect(bench.checkpoint() == before)
    #expect(bench.takeRecords().records.isEmpty)
  }
}

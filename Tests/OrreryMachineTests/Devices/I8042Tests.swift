import OrreryBase
import Testing

@testable import OrreryMachine

/// Expectations from the IBM PS/2 hardware interface and keyboard technical references; one clock is one nanosecond.
struct I8042Tests {
  private static let millisecond: Clock = 1_000_000
  private static let a = Key(rawValue: 0x1E)

  private let bench = BoardBench()

  private func press(_ key: Key) { bench.apply(.key(key, isPressed: true)) }
  private func release(_ key: Key) { bench.apply(.key(key, isPressed: false)) }

  /// Reads every byte that arrives within `count` milliseconds.
  private func received(within count: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<count {
      while bench.input(0x64) & 1 != 0 { bytes.append(bench.input(0x60)) }
      bench.run(for: Self.millisecond)
    }
    while bench.input(0x64) & 1 != 0 { bytes.append(bench.input(0x60)) }
    return bytes
  }

  /// Sends `bytes` to port 0x60 and gives all answers.
  private func command(_ bytes: UInt32...) -> [UInt8] {
    var answers: [UInt8] = []
    for byte in bytes {
      bench.output(0x60, byte)
      while bench.input(0x64) & 1 != 0 { answers.append(bench.input(0x60)) }
    }
    return answers
  }

  private func controllerCommand(_ command: UInt32) -> UInt8 {
    bench.output(0x64, command)
    #expect(bench.input(0x64) & 1 != 0)
    return bench.input(0x60)
  }

  // MARK: Scan codes

  @Test func scanCodeArrivesAfterAMillisecond() {
    bench.initializeInterrupts()
    bench.run(to: 5000)
    press(Self.a)
    bench.run(to: 1_004_999)
    #expect(bench.input(0x64) & 1 == 0)
    bench.run(to: 1_005_000)
    #expect(bench.input(0x64) & 1 != 0)
    #expect(bench.acknowledge() == 0x21)
    #expect(bench.input(0x60) == 0x1E)
    #expect(bench.input(0x64) & 1 == 0)
    #expect(bench.input(0x60) == 0x1E)
  }

  @Test func translationMakesSet1() {
    press(Self.a)
    release(Self.a)
    press(Key(rawValue: 0xE048))
    release(Key(rawValue: 0xE048))
    #expect(received(within: 20) == [0x1E, 0x9E, 0xE0, 0x48, 0xE0, 0xC8])
  }

  @Test func withoutTranslationSet2ComesThrough() {
    bench.output(0x64, 0x60)
    bench.output(0x60, 0x05)
    press(Self.a)
    release(Self.a)
    press(Key(rawValue: 0xE048))
    press(Key(rawValue: 0x41))
    #expect(received(within: 20) == [0x1C, 0xF0, 0x1C, 0xE0, 0x75, 0x83])
  }

  @Test func keyboardGeneratesSet1ItselfWhenAsked() {
    bench.output(0x64, 0x60)
    bench.output(0x60, 0x05)
    #expect(command(0xF0, 0x01) == [0xFA, 0xFA])
    #expect(command(0xF0, 0x00) == [0xFA, 0xFA, 0x01])
    press(Self.a)
    release(Self.a)
    #expect(received(within: 10) == [0x1E, 0x9E])
  }

  /// The codes of both sets for keys of each block of the keyboard.
  @Test(
    arguments: [
      (0x01, 0x76), (0x02, 0x16), (0x0E, 0x66), (0x0F, 0x0D), (0x10, 0x15), (0x1C, 0x5A), (0x1D, 0x14), (0x2A, 0x12),
      (0x2C, 0x1A), (0x36, 0x59), (0x38, 0x11), (0x39, 0x29), (0x3A, 0x58), (0x3B, 0x05), (0x44, 0x09), (0x45, 0x77),
      (0x53, 0x71), (0x56, 0x61), (0x57, 0x78), (0x58, 0x07),
    ] as [(UInt16, UInt8)])
  func set2CodeAndItsTranslationAgree(set1: UInt16, set2: UInt8) {
    #expect(ScanCodes.bytes(for: Key(rawValue: set1), isPressed: true, set: 2) == [set2])
    #expect(ScanCodes.translated(set2) == UInt8(set1))
  }

  @Test func pauseAndPrintScreenSendTheirSequences() {
    press(Key(rawValue: 0xE11D))
    release(Key(rawValue: 0xE11D))
    #expect(received(within: 20) == [0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5])
    press(Key(rawValue: 0xE037))
    release(Key(rawValue: 0xE037))
    #expect(received(within: 20) == [0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA])
  }

  @Test func seventeenthByteIsLostAndSaysSo() {
    for _ in 0..<16 { press(Self.a) }
    #expect(bench.takeRecords().records.isEmpty)
    press(Self.a)
    let lost = bench.takeRecords().records
    #expect(lost.map(\.kind) == [.inputLost])
    #expect(lost.first?.detail == 0)
    #expect(lost.first?.value0 == 0x1C)
    #expect(received(within: 20).count == 16)
  }

  @Test func byteWaitsWhileTheOutputBufferIsFull() {
    press(Self.a)
    press(Key(rawValue: 0x30))
    bench.run(for: 10 * Self.millisecond)
    #expect(bench.input(0x60) == 0x1E)
    #expect(bench.input(0x64) & 1 == 0)
    bench.run(for: Self.millisecond - 1)
    #expect(bench.input(0x64) & 1 == 0)
    bench.run(for: 1)
    #expect(bench.input(0x60) == 0x30)
  }

  @Test func idleAndPauseFollowTheLastByte() {
    #expect(bench.board.keyboardIsIdle)
    press(Self.a)
    release(Self.a)
    #expect(!bench.board.keyboardIsIdle)
    bench.run(for: Self.millisecond)
    _ = bench.input(0x60)
    #expect(bench.board.pauses.isEmpty)
    bench.run(for: 2 * Self.millisecond)
    #expect(!bench.board.keyboardIsIdle)
    _ = bench.input(0x60)
    #expect(bench.board.pauses == .keyboardRead)
    #expect(bench.board.keyboardIsIdle)
  }

  @Test func disabledInterfaceHoldsTheKeyboardBack() {
    bench.output(0x64, 0xAD)
    press(Self.a)
    #expect(received(within: 5) == [])
    bench.output(0x64, 0xAE)
    #expect(received(within: 5) == [0x1E])
  }

  // MARK: Keyboard commands

  @Test func keyboardAnswersItsCommands() {
    #expect(command(0xEE) == [0xEE])
    #expect(command(0xED, 0x02) == [0xFA, 0xFA])
    #expect(command(0xF3, 0x20) == [0xFA, 0xFA])
    #expect(command(0xF4) == [0xFA])
    #expect(command(0xFF) == [0xFA, 0xAA])
    #expect(command(0xFE) == [0xAA])
    // Identification 0xAB 0x83, the second byte translated; and set 2 translated.
    #expect(command(0xF2) == [0xFA, 0xAB, 0x41])
    #expect(command(0xF0, 0x00) == [0xFA, 0xFA, 0x41])
    #expect(command(0x01) == [0xFE])
    #expect(command(0xF0, 0x07) == [0xFA, 0xFE])
  }

  @Test func disabledScanningIgnoresKeys() {
    #expect(command(0xF5) == [0xFA])
    press(Self.a)
    #expect(received(within: 5) == [])
    #expect(command(0xF4) == [0xFA])
    press(Self.a)
    #expect(received(within: 5) == [0x1E])
  }

  @Test func answerGoesBeforeWaitingScanCodes() {
    press(Self.a)
    #expect(command(0xEE) == [0xEE])
    #expect(received(within: 5) == [0x1E])
  }

  @Test func scanCodeSet3IsNotModelled() {
    _ = command(0xF0, 0x03)
    guard case .unmodelled = bench.board.stop else {
      Issue.record("the machine went on in scan-code set 3")
      return
    }
  }

  // MARK: Controller

  @Test func controllerTestsPass() {
    #expect(controllerCommand(0xAA) == 0x55)
    #expect(controllerCommand(0xAB) == 0x00)
    #expect(bench.input(0x64) & 0x04 != 0)
  }

  @Test func configurationByteReadsBack() {
    #expect(controllerCommand(0x20) == 0x65)
    bench.output(0x64, 0x60)
    bench.output(0x60, 0x44)
    #expect(controllerCommand(0x20) == 0x44)
    // Commands disable (0xA7, 0xAD) and enable (0xA8, 0xAE) each interface through bits 5 and 4.
    bench.output(0x64, 0xA7)
    #expect(controllerCommand(0x20) == 0x64)
    bench.output(0x64, 0xAD)
    #expect(controllerCommand(0x20) == 0x74)
    bench.output(0x64, 0xA8)
    #expect(controllerCommand(0x20) == 0x54)
    bench.output(0x64, 0xAE)
    #expect(controllerCommand(0x20) == 0x44)
  }

  @Test func noPasswordIsInstalled() { #expect(controllerCommand(0xA4) == 0xF1) }

  @Test func unknownCommandIsNamed() {
    bench.output(0x64, 0xAC)
    #expect(
      bench.board.stop?.description == "not modelled: command 0xac of the keyboard controller at port 0x64")
  }

  @Test func statusTellsCommandFromData() {
    bench.output(0x64, 0xAE)
    #expect(bench.input(0x64) & 0x08 != 0)
    bench.output(0x60, 0xEE)
    #expect(bench.input(0x64) & 0x08 == 0)
  }

  @Test func outputBufferCanBeWrittenByTheGuest() {
    bench.initializeInterrupts()
    bench.output(0x64, 0xD2)
    bench.output(0x60, 0x77)
    #expect(bench.acknowledge() == 0x21)
    #expect(bench.input(0x60) == 0x77)
  }

  @Test func interruptNeedsItsEnableBit() {
    bench.initializeInterrupts()
    bench.output(0x64, 0x60)
    bench.output(0x60, 0x64)
    press(Self.a)
    bench.run(for: Self.millisecond)
    #expect(!bench.board.interruptRequested)
    bench.output(0x64, 0x60)
    bench.output(0x60, 0x65)
    #expect(bench.acknowledge() == 0x21)
  }

  @Test func resetThroughTheControllerStops() {
    bench.output(0x64, 0xFF)
    #expect(bench.board.stop == nil)
    bench.output(0x64, 0xFE)
    #expect(bench.board.stop?.description == "reset requested through the keyboard controller, port 0x64")
    let other = BoardBench()
    other.output(0x64, 0xD1)
    other.output(0x60, 0xFE)
    guard case .reset = other.board.stop else {
      Issue.record("bit 0 of the output port did not reset")
      return
    }
  }

  @Test func a20GateStaysOpenUntilBothWaysCloseIt() {
    #expect(controllerCommand(0xD0) & 0x03 == 0x03)
    bench.output(0x64, 0xD1)
    bench.output(0x60, 0xDD)
    #expect(bench.board.stop == nil)
    #expect(controllerCommand(0xD0) & 0x03 == 0x01)
    bench.output(0x92, 0x00)
    guard case .unmodelled = bench.board.stop else {
      Issue.record("the machine went on with a closed A20 gate")
      return
    }
  }

  // MARK: Repetition (keyboard reference, Set Typematic Rate/Delay)

  /// The clocks at which codes arrive until `end`, each read at once.
  private func arrivals(until end: Clock) -> [Clock] {
    var clocks: [Clock] = []
    while bench.board.nextDeadline <= end {
      bench.run(to: bench.board.nextDeadline)
      guard bench.input(0x64) & 1 != 0 else { continue }
      _ = bench.input(0x60)
      clocks.append(bench.clock)
    }
    return clocks
  }

  @Test func heldKeyRepeatsAfterHalfASecondAtTenPointNineASecond() {
    bench.output(0x21, 0xFF)
    press(Self.a)
    // 120, 142, 164 ticks of 1/240 s after the press, each with its millisecond on the way: rate 0x0B is (8 + 3) · 2¹ = 22 ticks.
    #expect(arrivals(until: 700_000_000) == [1_000_000, 501_000_000, 592_666_667, 684_333_334])
    release(Self.a)
    #expect(arrivals(until: 2_000_000_000).count == 1)
  }

  /// Byte, delay in milliseconds, period in 240ths of a second.
  @Test(arguments: [(0x00, 250, 8), (0x20, 500, 8), (0x7F, 1000, 120), (0x4C, 750, 24)] as [(UInt32, UInt64, UInt64)])
  func rateAndDelayAreThoseOfTheCommand(value: UInt32, delay: UInt64, period: UInt64) {
    #expect(command(0xF3, value) == [0xFA, 0xFA])
    bench.output(0x21, 0xFF)
    press(Self.a)
    let first = delay * Self.millisecond
    let second = (delay * 240 / 1000 + period) * 1_000_000_000
    #expect(
      arrivals(until: first + 510 * Self.millisecond).prefix(3)
        == [Self.millisecond, first + Self.millisecond, (second + 239) / 240 + Self.millisecond])
  }

  @Test func onlyTheKeyPressedLastRepeats() {
    bench.output(0x21, 0xFF)
    press(Self.a)
    press(Key(rawValue: 0x30))
    release(Self.a)
    _ = arrivals(until: 499_000_000)
    bench.run(to: 501_000_000)
    #expect(bench.input(0x60) == 0x30)
    // Its release ends it, though the first one may still be down.
    press(Self.a)
    press(Key(rawValue: 0x30))
    release(Key(rawValue: 0x30))
    #expect(arrivals(until: 3_000_000_000).count == 3)
  }

  @Test func nothingRepeatsWhileTheByteBeforeWaits() {
    bench.output(0x21, 0xFF)
    press(Self.a)
    bench.run(to: 10_000_000_000)
    #expect(bench.input(0x60) == 0x1E)
    #expect(bench.input(0x64) & 1 == 0)
    // 2,400 ticks have passed, 120 and 103 periods of 22 are 2,386, so the next comes at 2,408.
    bench.run(to: 10_034_333_333)
    #expect(bench.input(0x64) & 1 == 0)
    bench.run(to: 10_034_333_334)
    #expect(bench.input(0x64) & 1 == 1)
  }

  @Test func pauseDoesNotRepeatAndPrintScreenRepeatsWithoutItsShift() {
    press(Key(rawValue: 0xE11D))
    #expect(received(within: 2000).count == 6)
    press(Key(rawValue: 0xE037))
    #expect(received(within: 510) == [0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0x37])
  }

  @Test(arguments: [0xF4, 0xF6, 0xFF] as [UInt32])
  func commandsThatClearTheKeyboardEndTheRepetition(code: UInt32) {
    press(Self.a)
    #expect(received(within: 5) == [0x1E])
    _ = command(code)
    #expect(received(within: 2000) == [])
  }

  @Test func heldKeyIsInCheckpointAndHashWhileItIsHeld() throws {
    press(Self.a)
    bench.run(to: 300_000_000)
    _ = bench.input(0x60)
    let twin = BoardBench()
    try twin.restore(bench.checkpoint(), clock: bench.clock)
    #expect(twin.hash(at: bench.clock) == bench.hash(at: bench.clock))
    for bench in [bench, twin] {
      bench.run(to: 500_999_999)
      #expect(bench.input(0x64) & 1 == 0)
      bench.run(to: 501_000_000)
      #expect(bench.input(0x60) == 0x1E)
      let held = bench.hash(at: 550_000_000)
      release(bench)
      bench.output(0x60, 0xF4)
      _ = bench.input(0x60)
      #expect(bench.hash(at: 550_000_000) != held)
    }
    #expect(twin.hash(at: 700_000_000) == bench.hash(at: 700_000_000))
  }

  private func release(_ bench: BoardBench) { bench.apply(.key(Self.a, isPressed: false)) }

  @Test func checkpointInTheMiddleOfATransferGoesOn() throws {
    press(Self.a)
    release(Self.a)
    bench.run(to: 1_500_000)
    _ = bench.input(0x60)
    bench.run(to: 2_700_000)
    let twin = BoardBench()
    try twin.restore(bench.checkpoint(), clock: 2_700_000)
    for bench in [bench, twin] {
      bench.run(to: 3_499_999)
      #expect(bench.input(0x64) & 1 == 0)
      bench.run(to: 3_500_000)
      #expect(bench.input(0x60) == 0x9E)
    }
  }
}

import OrreryBase
import Testing

@testable import OrreryMachine

/// Expectations from the National Semiconductor PC16550D data sheet; one clock is one nanosecond.
struct UART16550Tests {
  private let bench = BoardBench()

  /// Lets bytes arrive, a character of seven bits at 9,600 baud (729,166.6… clocks) apart.
  private func receive(_ bytes: UInt8...) {
    for byte in bytes {
      bench.apply(.serial(port: 0, byte: byte))
      bench.run(for: 729_167)
    }
  }

  /// 8 data bits, no parity, one stop bit at `divisor`.
  private func setLine(_ bench: BoardBench, divisor: UInt32) {
    bench.output(0x3FB, 0x83)
    bench.output(0x3F8, divisor & 0xFF)
    bench.output(0x3F9, divisor >> 8)
    bench.output(0x3FB, 0x03)
  }

  private func serialOutput(_ bench: BoardBench) -> [UInt8] {
    bench.takeRecords().records.filter { $0.kind == .serialOutput }.map { UInt8($0.value0) }
  }

  // MARK: Transmitter

  @Test func byteLeavesAsItIsWritten() {
    bench.run(to: 77)
    bench.output(0x3F8, 0x48)
    bench.output(0x2F8, 0x69)
    let records = bench.takeRecords().records
    #expect(records.map(\.kind) == [.serialOutput, .serialOutput])
    #expect(records.map(\.detail) == [0, 1])
    #expect(records.map(\.value0) == [0x48, 0x69])
    #expect(records.map(\.clock) == [77, 77])
    #expect(records.map(\.rip) == [0x1000, 0x1000])
    #expect(bench.board.pauses == .serialOutput)
    #expect(bench.input(0x3FD) == 0x60)
  }

  @Test func outputIsNotRecordedUnlessAskedFor() {
    let bench = BoardBench { $0.probes = [] }
    bench.output(0x3F8, 0x48)
    #expect(bench.probes.count == 0)
    #expect(bench.board.pauses == .serialOutput)
  }

  @Test func emptyRegisterInterruptsAgainAfterEachByte() {
    bench.initializeInterrupts()
    bench.output(0x3F9, 0x02)
    #expect(bench.acknowledge() == 0x24)
    bench.output(0x20, 0x20)
    #expect(bench.input(0x3FA) == 0x02)
    // Reading the identification took the interrupt back.
    #expect(bench.input(0x3FA) == 0x01)
    bench.output(0x3F8, 0x41)
    #expect(bench.acknowledge() == 0x24)
    bench.output(0x20, 0x20)
    bench.output(0x3F8, 0x42)
    #expect(bench.acknowledge() == 0x24)
  }

  @Test func timedByteTakesItsBits() {
    let bench = BoardBench { $0.serialTiming = .baud }
    setLine(bench, divisor: 1)
    bench.output(0x3F8, 0x41)
    #expect(bench.input(0x3FD) == 0x20)
    // Ten bits at 115,200 baud: ⌈10 · 10⁹ ÷ 115,200⌉ = 86,806.
    bench.run(to: 86_805)
    #expect(serialOutput(bench) == [])
    bench.run(to: 86_806)
    #expect(serialOutput(bench) == [0x41])
    #expect(bench.input(0x3FD) == 0x60)
  }

  @Test func timedFIFOSendsInOrderAndWithoutGaps() {
    let bench = BoardBench { $0.serialTiming = .baud }
    setLine(bench, divisor: 12)
    bench.output(0x3FA, 0x01)
    for byte in 0..<18 as Range<UInt32> { bench.output(0x3F8, byte) }
    // One in the shift register, sixteen in the FIFO; the eighteenth found it full.
    #expect(bench.input(0x3FD) == 0x00)
    // Seventeen characters at 9,600 baud: ⌈170 · 10⁹ ÷ 9,600⌉ = 17,708,334.
    bench.run(to: 17_708_333)
    #expect(serialOutput(bench) == Array(0..<16))
    bench.run(to: 17_708_334)
    #expect(serialOutput(bench) == [16])
    #expect(bench.board.nextDeadline == BoardBench().board.nextDeadline)
  }

  // MARK: Receiver

  @Test func receivedByteInterruptsUntilItIsRead() {
    bench.initializeInterrupts()
    bench.output(0x3F9, 0x01)
    receive(0x61)
    #expect(bench.acknowledge() == 0x24)
    #expect(bench.input(0x3FA) == 0x04)
    #expect(bench.input(0x3FD) == 0x61)
    #expect(bench.input(0x3F8) == 0x61)
    #expect(bench.input(0x3FA) == 0x01)
    #expect(bench.input(0x3FD) == 0x60)
  }

  @Test func bytesOfOneClockComeDownTheLineOneByOne() {
    bench.initializeInterrupts()
    setLine(bench, divisor: 1)
    bench.output(0x3F9, 0x01)
    for byte in Array("help".utf8) { bench.apply(.serial(port: 0, byte: byte)) }
    var arrivals: [Clock] = []
    var bytes: [UInt8] = []
    while bytes.count < 4 {
      if !bench.board.interruptRequested { bench.run(to: bench.board.nextDeadline) }
      guard bench.board.interruptRequested else { continue }
      #expect(bench.acknowledge() == 0x24)
      arrivals.append(bench.clock)
      bytes.append(bench.input(0x3F8))
      bench.output(0x20, 0x20)
    }
    #expect(bytes == Array("help".utf8))
    // Ten bits each at 115,200 baud: ⌈n · 10¹⁰ ÷ 115,200⌉.
    #expect(arrivals == [0, 86_806, 173_612, 260_417])
    #expect(bench.takeRecords().records.isEmpty)
  }

  @Test func lineHoldsSoManyBytesAndNoMore() {
    for _ in 0..<4097 { bench.apply(.serial(port: 0, byte: 0x55)) }
    #expect(bench.takeRecords().records.isEmpty)
    bench.apply(.serial(port: 0, byte: 0x56))
    #expect(bench.takeRecords().records.map(\.value0) == [0x56])
  }

  @Test func com2HasItsOwnLine() {
    bench.initializeInterrupts()
    bench.output(0x2F9, 0x01)
    bench.apply(.serial(port: 1, byte: 0x62))
    #expect(bench.acknowledge() == 0x23)
    #expect(bench.input(0x2F8) == 0x62)
  }

  @Test func unreadByteIsOverrun() {
    bench.output(0x3F9, 0x04)
    receive(0x61, 0x62)
    let lost = bench.takeRecords().records
    #expect(lost.map(\.kind) == [.inputLost])
    #expect(lost.first?.detail == 1)
    #expect(lost.first?.value0 == 0x61)
    #expect(bench.input(0x3FA) == 0x06)
    #expect(bench.input(0x3FD) == 0x63)
    #expect(bench.input(0x3FD) == 0x61)
    #expect(bench.input(0x3F8) == 0x62)
  }

  @Test func fullFIFOLosesTheNewByte() {
    bench.output(0x3FA, 0x01)
    for byte in 0..<17 as Range<UInt8> { receive(byte) }
    #expect(bench.takeRecords().records.map(\.value0) == [16])
    #expect(bench.input(0x3FD) & 0x02 != 0)
    #expect((0..<16).map { _ in bench.input(0x3F8) } == Array(0..<16))
    #expect(bench.input(0x3FD) & 0x01 == 0)
  }

  @Test(arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xC1, 14)] as [(UInt32, Int)])
  func triggerLevelDecidesWhenToInterrupt(control: UInt32, level: Int) {
    bench.output(0x3FA, control)
    bench.output(0x3F9, 0x01)
    for _ in 1..<level { receive(0x55) }
    #expect(bench.input(0x3FA) == 0xC1)
    receive(0x55)
    #expect(bench.input(0x3FA) == 0xC4)
    _ = bench.input(0x3F8)
    #expect(bench.input(0x3FA) == 0xC1)
  }

  @Test func waitingBytesTimeOutAfterFourCharacters() {
    bench.initializeInterrupts()
    setLine(bench, divisor: 1)
    bench.output(0x3FA, 0xC1)
    bench.output(0x3F9, 0x01)
    for byte: UInt8 in [0x41, 0x42] { bench.apply(.serial(port: 0, byte: byte)) }
    // The second byte arrives after ten bits, and forty bits later: ⌈50 · 10⁹ ÷ 115,200⌉ = 434,028.
    bench.run(to: 434_027)
    #expect(bench.input(0x3FA) == 0xC1)
    bench.run(to: 434_028)
    #expect(bench.acknowledge() == 0x24)
    #expect(bench.input(0x3FA) == 0xCC)
    _ = bench.input(0x3F8)
    #expect(bench.input(0x3FA) == 0xC1)
    bench.run(for: 347_223)
    #expect(bench.input(0x3FA) == 0xCC)
  }

  @Test func fifoControlEmptiesTheFIFO() {
    bench.output(0x3FA, 0x01)
    receive(1, 2, 3)
    bench.output(0x3FA, 0x03)
    #expect(bench.input(0x3FD) & 0x01 == 0)
    receive(4)
    bench.output(0x3FA, 0x00)
    #expect(bench.input(0x3FD) & 0x01 == 0)
    #expect(bench.input(0x3FA) & 0xC0 == 0)
  }

  // MARK: Registers, loopback, modem

  @Test func registersReadBack() {
    setLine(bench, divisor: 0x1234)
    bench.output(0x3FB, 0x9B)
    #expect(bench.input(0x3F8) == 0x34)
    #expect(bench.input(0x3F9) == 0x12)
    bench.output(0x3FB, 0x1B)
    #expect(bench.input(0x3FB) == 0x1B)
    bench.output(0x3F9, 0xFF)
    #expect(bench.input(0x3F9) == 0x0F)
    bench.output(0x3FC, 0xFF)
    #expect(bench.input(0x3FC) == 0x1F)
    bench.output(0x3FF, 0xA5)
    #expect(bench.input(0x3FF) == 0xA5)
  }

  @Test func loopbackReturnsBytesAndSendsNone() {
    bench.output(0x3FC, 0x1E)
    bench.output(0x3F8, 0xAE)
    #expect(bench.input(0x3F8) == 0xAE)
    #expect(bench.takeRecords().records.isEmpty)
  }

  @Test func loopbackReturnsModemLinesWithTheirChanges() {
    #expect(bench.input(0x3FE) == 0xB0)
    bench.output(0x3FC, 0x1F)
    // RI came, DCD, DSR and CTS stayed.
    #expect(bench.input(0x3FE) == 0xF0)
    bench.output(0x3FC, 0x10)
    // All went: changes of CTS, DSR, DCD, and the end of RI.
    #expect(bench.input(0x3FE) == 0x0F)
    #expect(bench.input(0x3FE) == 0x00)
    bench.output(0x3F9, 0x08)
    bench.output(0x3FC, 0x12)
    #expect(bench.input(0x3FA) == 0x00)
    #expect(bench.input(0x3FE) == 0x11)
    #expect(bench.input(0x3FA) == 0x01)
  }

  @Test func breakInLoopbackIsReceived() {
    bench.output(0x3FC, 0x10)
    bench.output(0x3FB, 0x43)
    #expect(bench.input(0x3FD) & 0x11 == 0x11)
    #expect(bench.input(0x3F8) == 0)
  }

  /// Bit 7 of LSR (data sheet, 8.4).
  @Test func breakInTheFIFOIsAnErrorOfTheFIFO() {
    bench.output(0x3FA, 0x01)
    bench.output(0x3FC, 0x18)
    bench.output(0x3FB, 0x43)
    #expect(bench.input(0x3FD) == 0xF1)
    #expect(bench.input(0x3FD) == 0x61)
  }

  @Test func interruptsAreIdentifiedByPriority() {
    bench.output(0x3F9, 0x0F)
    receive(1, 2)
    #expect(bench.input(0x3FA) == 0x06)
    _ = bench.input(0x3FD)
    #expect(bench.input(0x3FA) == 0x04)
    _ = bench.input(0x3F8)
    #expect(bench.input(0x3FA) == 0x02)
    #expect(bench.input(0x3FA) == 0x01)
  }

  @Test func checkpointWithBytesOnTheWayGoesOn() throws {
    let timed: (inout MachineConfiguration) -> Void = { $0.serialTiming = .baud }
    let bench = BoardBench(timed)
    let twin = BoardBench(timed)
    setLine(bench, divisor: 1)
    bench.output(0x3FA, 0x01)
    bench.output(0x3F8, 0x41, 0x42, 0x43)
    bench.apply(.serial(port: 0, byte: 0x99))
    bench.run(to: 100_000)
    #expect(serialOutput(bench) == [0x41])
    try twin.restore(bench.checkpoint(), clock: 100_000)
    for bench in [bench, twin] {
      bench.run(to: 200_000)
      #expect(serialOutput(bench) == [0x42])
      #expect(bench.input(0x3F8) == 0x99)
      bench.run(to: 300_000)
      #expect(serialOutput(bench) == [0x43])
    }
  }
}

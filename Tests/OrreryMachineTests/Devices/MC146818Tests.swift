import OrreryBase
import Testing

@testable import OrreryMachine

/// Expectations from the Motorola MC146818 data sheet; one clock is one nanosecond.
struct MC146818Tests {
  private static let second: Clock = 1_000_000_000

  private let bench = BoardBench()

  init() {
    // A control word without a count: the timer stands still, and years pass without its events.
    bench.output(0x43, 0x30)
  }

  /// Year, month, day, weekday, hour, minute, second as the registers hold them.
  private func time() -> [UInt8] { [0x09, 0x08, 0x07, 0x06, 0x04, 0x02, 0x00].map { bench.cmos($0) } }

  private func setTime(_ values: [UInt32], b: UInt32 = 0x02) {
    bench.setCMOS(0x0B, 0x80 | b)
    for (register, value) in zip([0x09, 0x08, 0x07, 0x06, 0x04, 0x02, 0x00] as [UInt32], values) {
      bench.setCMOS(register, value)
    }
    bench.setCMOS(0x0B, b)
  }

  private func initializeInterrupts() {
    bench.initializeInterrupts()
    // Only the clock may ask.
    bench.output(0x21, 0xFB)
    bench.output(0xA1, 0xFE)
  }

  /// Ends the interrupt at both controllers.
  private func endInterrupt() {
    bench.output(0xA0, 0x20)
    bench.output(0x20, 0x20)
  }

  // MARK: Time

  @Test func startsWithTheCenturyAndFollowsTheClock() {
    #expect(time() == [0x00, 0x01, 0x01, 7, 0x00, 0x00, 0x00])
    #expect(bench.cmos(0x32) == 0x20)
    bench.run(to: Self.second - 1)
    #expect(bench.cmos(0x00) == 0x00)
    bench.run(to: Self.second)
    #expect(bench.cmos(0x00) == 0x01)
    bench.run(to: 86_400 * Self.second)
    #expect(time() == [0x00, 0x01, 0x02, 1, 0x00, 0x00, 0x00])
    // 2000 was a leap year: 31 + 28 days after 1 January is 29 February, a Tuesday.
    bench.run(to: 59 * 86_400 * Self.second)
    #expect(time() == [0x00, 0x02, 0x29, 3, 0x00, 0x00, 0x00])
    bench.run(to: 366 * 86_400 * Self.second)
    #expect(time() == [0x01, 0x01, 0x01, 2, 0x00, 0x00, 0x00])
  }

  @Test func centuryRollsOver() {
    setTime([0x99, 0x12, 0x31, 5, 0x23, 0x59, 0x59])
    bench.run(for: Self.second)
    #expect(time() == [0x00, 0x01, 0x01, 6, 0x00, 0x00, 0x00])
    #expect(bench.cmos(0x32) == 0x21)
  }

  @Test func commonYearHas28DaysInFebruary() {
    setTime([0x23, 0x02, 0x28, 3, 0x23, 0x59, 0x59])
    bench.run(for: Self.second)
    #expect(time() == [0x23, 0x03, 0x01, 4, 0x00, 0x00, 0x00])
  }

  @Test func binaryMode() {
    setTime([26, 11, 21, 7, 9, 59, 58], b: 0x06)
    bench.run(for: 2 * Self.second)
    #expect(time() == [26, 11, 21, 7, 10, 0, 0])
  }

  @Test func twelveHourMode() {
    setTime([0x26, 0x11, 0x21, 7, 0x11, 0x59, 0x59], b: 0x00)
    bench.run(for: Self.second)
    #expect(bench.cmos(0x04) == 0x92)
    bench.run(for: 3600 * Self.second)
    #expect(bench.cmos(0x04) == 0x81)
    bench.run(for: 11 * 3600 * Self.second)
    #expect(bench.cmos(0x04) == 0x12)
    #expect(bench.cmos(0x07) == 0x22)
  }

  @Test func setHoldsTheTimeAndKeepsThePhase() {
    bench.run(to: Self.second / 2)
    bench.setCMOS(0x0B, 0x82)
    bench.run(to: 5 * Self.second + Self.second / 2)
    #expect(bench.cmos(0x00) == 0)
    bench.setCMOS(0x0B, 0x02)
    bench.run(to: 6 * Self.second - 1)
    #expect(bench.cmos(0x00) == 0)
    bench.run(to: 6 * Self.second)
    #expect(bench.cmos(0x00) == 1)
  }

  @Test func releasedDividerUpdatesAfterHalfASecond() {
    bench.run(to: Self.second / 4)
    bench.setCMOS(0x0A, 0x66)
    bench.run(to: 10 * Self.second)
    #expect(bench.cmos(0x00) == 0)
    bench.setCMOS(0x0A, 0x26)
    bench.run(to: 10 * Self.second + Self.second / 2 - 1)
    #expect(bench.cmos(0x00) == 0)
    bench.run(to: 10 * Self.second + Self.second / 2)
    #expect(bench.cmos(0x00) == 1)
  }

  @Test func updateInProgressShowsBeforeEachSecond() {
    // 73 ticks of 32,768 Hz before the second: ⌈32,695 · 10⁹ ÷ 32,768⌉ = 997,772,217.
    bench.run(to: 997_772_216)
    #expect(bench.cmos(0x0A) == 0x26)
    bench.run(to: 997_772_217)
    #expect(bench.cmos(0x0A) == 0xA6)
    bench.run(to: Self.second - 1)
    #expect(bench.cmos(0x0A) == 0xA6)
    bench.run(to: Self.second)
    #expect(bench.cmos(0x0A) == 0x26)
  }

  @Test func valueThatIsNoTimeReadsBackUntilTheNextSecond() {
    bench.setCMOS(0x00, 0x7F)
    #expect(bench.cmos(0x00) == 0x7F)
    bench.run(for: Self.second)
    #expect(bench.cmos(0x00) <= 0x59)
  }

  // MARK: Interrupts

  @Test func periodicInterruptHasItsExactPeriod() {
    initializeInterrupts()
    bench.setCMOS(0x0B, 0x42)
    // Rate 6: 1,024 Hz, every 32 ticks: 976,562.5 clocks.
    var clocks: [Clock] = []
    while clocks.count < 4 {
      bench.run(to: bench.board.nextDeadline)
      guard bench.board.interruptRequested else { continue }
      #expect(bench.acknowledge() == 0x28)
      endInterrupt()
      #expect(bench.cmos(0x0C) == 0xC0)
      clocks.append(bench.clock)
    }
    #expect(clocks == [976_563, 1_953_125, 2_929_688, 3_906_250])
  }

  @Test func secondOfPeriodicInterruptsDoesNotDrift() {
    initializeInterrupts()
    bench.setCMOS(0x0A, 0x23)
    bench.setCMOS(0x0B, 0x42)
    var count = 0
    while bench.board.nextDeadline <= Self.second {
      bench.run(to: bench.board.nextDeadline)
      guard bench.board.interruptRequested else { continue }
      _ = bench.acknowledge()
      endInterrupt()
      _ = bench.cmos(0x0C)
      count += 1
    }
    // Rate 3 is 8,192 Hz.
    #expect(count == 8192)
  }

  @Test func interruptWaitsUntilRegisterCIsRead() {
    initializeInterrupts()
    bench.setCMOS(0x0B, 0x12)
    bench.run(to: Self.second)
    #expect(bench.acknowledge() == 0x28)
    endInterrupt()
    bench.run(to: 3 * Self.second)
    #expect(!bench.board.interruptRequested)
    // UF with its enable; PF came too, without one.
    #expect(bench.cmos(0x0C) == 0xD0)
    #expect(bench.cmos(0x0C) == 0x00)
    bench.run(to: 4 * Self.second)
    #expect(bench.board.interruptRequested)
  }

  @Test func alarmMatchesOnce() {
    initializeInterrupts()
    bench.setCMOS(0x01, 0x30)
    bench.setCMOS(0x03, 0x01)
    bench.setCMOS(0x05, 0x00)
    bench.setCMOS(0x0B, 0x22)
    bench.run(to: 90 * Self.second - 1)
    #expect(!bench.board.interruptRequested)
    bench.run(to: 90 * Self.second)
    #expect(bench.acknowledge() == 0x28)
    #expect(bench.cmos(0x0C) & 0xA0 == 0xA0)
    endInterrupt()
    bench.run(to: 86_490 * Self.second - 1)
    #expect(!bench.board.interruptRequested)
    bench.run(to: 86_490 * Self.second)
    #expect(bench.board.interruptRequested)
  }

  @Test func alarmWithDoNotCareCodesComesEveryMinute() {
    initializeInterrupts()
    bench.setCMOS(0x01, 0x15)
    bench.setCMOS(0x03, 0xC0)
    bench.setCMOS(0x05, 0xFF)
    bench.setCMOS(0x0B, 0x22)
    for minute in 0..<3 as Range<Clock> {
      #expect(bench.board.canWakeProcessor)
      bench.run(to: (minute * 60 + 15) * Self.second - 1)
      #expect(!bench.board.interruptRequested)
      bench.run(to: (minute * 60 + 15) * Self.second)
      #expect(bench.acknowledge() == 0x28)
      endInterrupt()
      _ = bench.cmos(0x0C)
    }
  }

  @Test func alarmFlagComesWithoutAnInterruptToo() {
    bench.setCMOS(0x01, 0x05)
    bench.setCMOS(0x03, 0x00)
    bench.setCMOS(0x05, 0x00)
    bench.run(to: 4 * Self.second)
    #expect(bench.cmos(0x0C) & 0x20 == 0)
    bench.jump(to: 100 * Self.second)
    #expect(bench.cmos(0x0C) & 0x20 != 0)
  }

  @Test func setClearsTheUpdateInterruptEnable() {
    bench.setCMOS(0x0B, 0x92)
    #expect(bench.cmos(0x0B) == 0x82)
  }

  // MARK: Memory

  @Test func cmosMemoryHoldsTheMemorySizes() {
    // 64 MiB: 640 KiB, 63 · 1,024 KiB above 1 MiB, 48 MiB in units of 64 KiB above 16 MiB.
    #expect([0x15, 0x16, 0x17, 0x18, 0x30, 0x31, 0x34, 0x35].map { bench.cmos($0) } == [128, 2, 0, 252, 0, 252, 0, 3])
    let large = BoardBench { $0.memorySize = 3 << 30 }
    #expect([0x17, 0x18, 0x34, 0x35].map { large.cmos($0) } == [255, 255, 0, 191])
    let small = BoardBench { $0.memorySize = 1 << 20 }
    #expect([0x17, 0x18, 0x34, 0x35].map { small.cmos($0) } == [0, 0, 0, 0])
    let sum = (0x10...0x2D).reduce(0) { $0 + UInt16(bench.cmos($1)) }
    #expect(UInt16(bench.cmos(0x2E)) << 8 | UInt16(bench.cmos(0x2F)) == sum)
  }

  @Test func cmosMemoryHoldsWhatIsWritten() {
    bench.setCMOS(0x40, 0xA5)
    bench.setCMOS(0xFF, 0x5A)
    #expect(bench.cmos(0x40) == 0xA5)
    #expect(bench.cmos(0x7F) == 0x5A)
    bench.setCMOS(0x0D, 0x00)
    #expect(bench.cmos(0x0D) == 0x80)
  }
}

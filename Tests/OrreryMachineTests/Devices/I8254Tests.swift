import OrreryBase
import Testing

@testable import OrreryMachine

/// Expectations from the Intel 8254 data sheet (231164). The clock runs at the frequency of the counters, so that one clock is one pulse: a count written
/// at clock 100 is loaded at 101.
struct I8254Tests {
  private let bench = BoardBench(frequency: BoardBench.pulseFrequency)

  /// Programs `counter` with a control word and a count, at the present clock.
  private func program(_ counter: UInt16, mode: UInt32, count: UInt32, isBCD: Bool = false) {
    bench.output(0x43, UInt32(counter) << 6 | 0x30 | mode << 1 | (isBCD ? 1 : 0))
    bench.output(0x40 + counter, count & 0xFF, count >> 8)
  }

  private func count(_ counter: UInt16) -> UInt16 {
    bench.output(0x43, UInt32(counter) << 6)
    let low = bench.input(0x40 + counter)
    return UInt16(bench.input(0x40 + counter)) << 8 | UInt16(low)
  }

  private func status(_ counter: UInt16) -> UInt8 {
    bench.output(0x43, 0xE0 | 2 << UInt32(counter))
    return bench.input(0x40 + counter)
  }

  private func isOutputHigh(_ counter: UInt16) -> Bool { status(counter) & 0x80 != 0 }

  /// The counts and outputs at the clocks from `first` on, one for each value expected.
  private func expect(
    _ counter: UInt16, from first: Clock, counts: [UInt16], outputs: [Int],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var found: ([UInt16], [Int]) = ([], [])
    for offset in 0..<counts.count {
      bench.run(to: first + Clock(offset))
      found.0.append(count(counter))
      found.1.append(isOutputHigh(counter) ? 1 : 0)
    }
    #expect(found.0 == counts, sourceLocation: sourceLocation)
    #expect(found.1 == outputs, sourceLocation: sourceLocation)
  }

  // MARK: Modes

  @Test func mode0RisesOnePulseAfterTheCount() {
    bench.run(to: 100)
    program(0, mode: 0, count: 3)
    #expect(!isOutputHigh(0))
    expect(0, from: 101, counts: [3, 2, 1, 0, 0xFFFF, 0xFFFE], outputs: [0, 0, 0, 1, 1, 1])
  }

  @Test func mode0FirstByteStopsCountingAndLowersTheOutput() {
    bench.run(to: 100)
    program(0, mode: 0, count: 1)
    bench.run(to: 110)
    #expect(isOutputHigh(0))
    bench.output(0x40, 4)
    #expect(!isOutputHigh(0))
    bench.run(to: 120)
    #expect(!isOutputHigh(0))
    bench.output(0x40, 0)
    expect(0, from: 121, counts: [4, 3, 2, 1, 0], outputs: [0, 0, 0, 0, 1])
  }

  @Test func mode1IsARetriggerableOneShot() {
    bench.run(to: 100)
    program(2, mode: 1, count: 3)
    #expect(isOutputHigh(2))
    bench.run(to: 200)
    bench.output(0x61, 1)
    #expect(isOutputHigh(2))
    expect(2, from: 201, counts: [3, 2], outputs: [0, 0])
    bench.output(0x61, 0)
    bench.output(0x61, 1)
    expect(2, from: 203, counts: [3, 2, 1, 0, 0xFFFF], outputs: [0, 0, 0, 1, 1])
  }

  @Test func mode2ReloadsAtTerminalCount() {
    bench.run(to: 100)
    program(0, mode: 2, count: 4)
    expect(0, from: 101, counts: [4, 3, 2, 1, 4, 3, 2, 1, 4], outputs: [1, 1, 1, 0, 1, 1, 1, 0, 1])
  }

  @Test func mode2TakesANewCountAtTheReload() {
    bench.run(to: 100)
    program(0, mode: 2, count: 4)
    bench.run(to: 102)
    bench.output(0x40, 3, 0)
    #expect(status(0) & 0x40 != 0)
    expect(0, from: 103, counts: [2, 1, 3, 2, 1, 3], outputs: [1, 0, 1, 1, 0, 1])
    #expect(status(0) & 0x40 == 0)
  }

  @Test func mode3DividesAnEvenCountInHalves() {
    bench.run(to: 100)
    program(0, mode: 3, count: 6)
    expect(0, from: 101, counts: [6, 4, 2, 6, 4, 2, 6], outputs: [1, 1, 1, 0, 0, 0, 1])
  }

  @Test func mode3IsHighOnePulseLongerForAnOddCount() {
    bench.run(to: 100)
    program(0, mode: 3, count: 5)
    expect(0, from: 101, counts: [4, 2, 0, 4, 2, 4, 2, 0], outputs: [1, 1, 1, 0, 0, 1, 1, 1])
  }

  @Test func mode3TakesANewCountAtTheEndOfTheHalfCycle() {
    bench.run(to: 100)
    program(0, mode: 3, count: 8)
    bench.run(to: 102)
    bench.output(0x40, 4, 0)
    expect(0, from: 103, counts: [4, 2, 4, 2, 4, 2, 4], outputs: [1, 1, 0, 0, 1, 1, 0])
  }

  @Test func mode4StrobesForOnePulse() {
    bench.run(to: 100)
    program(0, mode: 4, count: 3)
    #expect(isOutputHigh(0))
    expect(0, from: 101, counts: [3, 2, 1, 0, 0xFFFF], outputs: [1, 1, 1, 0, 1])
  }

  @Test func mode5StrobesAfterARiseOfTheGate() {
    bench.run(to: 100)
    program(2, mode: 5, count: 2)
    bench.run(to: 150)
    #expect(isOutputHigh(2))
    bench.output(0x61, 1)
    expect(2, from: 151, counts: [2, 1, 0, 0xFFFF], outputs: [1, 1, 0, 1])
  }

  /// The status tells the mode as it was written (data sheet, Read-Back Command).
  @Test func modes6And7AreModes2And3() throws {
    bench.run(to: 100)
    program(0, mode: 6, count: 3)
    #expect(status(0) & 0x0E == 0x0C)
    expect(0, from: 101, counts: [3, 2, 1, 3], outputs: [1, 1, 0, 1])
    let twin = BoardBench(frequency: BoardBench.pulseFrequency)
    try twin.restore(bench.checkpoint(), clock: bench.clock)
    #expect(twin.hash(at: bench.clock) == bench.hash(at: bench.clock))
    twin.output(0x43, 0xE2)
    #expect(twin.input(0x40) & 0x0E == 0x0C)
    program(0, mode: 7, count: 4)
    #expect(status(0) & 0x0E == 0x0E)
  }

  // MARK: Gate

  @Test func gateHoldsMode0() {
    bench.output(0x61, 1)
    bench.run(to: 100)
    program(2, mode: 0, count: 5)
    bench.run(to: 103)
    bench.output(0x61, 0)
    bench.run(to: 120)
    #expect(count(2) == 3)
    bench.output(0x61, 1)
    expect(2, from: 121, counts: [2, 1, 0], outputs: [0, 0, 1])
  }

  @Test func gateRaisesTheOutputOfMode2AndStartsItAnew() {
    bench.output(0x61, 1)
    bench.run(to: 100)
    program(2, mode: 2, count: 4)
    bench.run(to: 104)
    #expect(!isOutputHigh(2))
    bench.output(0x61, 0)
    #expect(isOutputHigh(2))
    bench.run(to: 120)
    #expect(count(2) == 1)
    bench.output(0x61, 1)
    expect(2, from: 121, counts: [4, 3, 2, 1, 4], outputs: [1, 1, 1, 0, 1])
  }

  @Test func port61ShowsTheOutputOfCounter2() {
    bench.output(0x61, 1)
    bench.run(to: 100)
    program(2, mode: 0, count: 10)
    bench.run(to: 110)
    #expect(bench.input(0x61) & 0x20 == 0)
    bench.run(to: 111)
    #expect(bench.input(0x61) & 0x20 != 0)
  }

  // MARK: Calibration of a time-stamp counter, at 1 GHz

  /// As kernels do it: counter 2 in mode 0 for 10 ms, its output watched at port 0x61.
  @Test func countersOutputComesAtItsExactClock() {
    let bench = BoardBench()
    bench.run(to: 1000)
    bench.output(0x61, UInt32(bench.input(0x61)) & 0x0C | 1)
    bench.output(0x43, 0xB0)
    bench.output(0x42, 0x9B, 0x2E)
    // Written in pulse 1: loaded by pulse 2, at its end 11,931 pulses later: ⌈11,933 · 10⁹ ÷ 1,193,182⌉ = 10,000,989.
    bench.run(to: 10_000_988)
    #expect(bench.input(0x61) & 0x20 == 0)
    bench.run(to: 10_000_989)
    #expect(bench.input(0x61) & 0x20 == 0x20)
  }

  /// As kernels do it quickly: the upper byte of counter 2 changes every 256 pulses, 214,552.3 ns, and never drifts.
  @Test func upperByteChangesEvery256Pulses() {
    let bench = BoardBench()
    bench.output(0x61, 1)
    bench.output(0x43, 0xB0)
    bench.output(0x42, 0xFF, 0xFF)
    func upperByte() -> UInt8 {
      _ = bench.input(0x42)
      return bench.input(0x42)
    }
    for (index, byte) in (0xF8...0xFE).reversed().enumerated() {
      // Loaded by pulse 1, it is 256 · k below 0xFFFF after so many pulses and one more.
      let pulse = UInt64(1 + 256 * (index + 1))
      let clock = (pulse * 1_000_000_000 + 1_193_181) / 1_193_182
      bench.run(to: clock - 1)
      #expect(upperByte() == UInt8(byte + 1))
      bench.run(to: clock)
      #expect(upperByte() == UInt8(byte))
    }
  }

  // MARK: Counting in decimal, access, latches

  @Test func decimalCountBorrowsByDigits() {
    bench.run(to: 100)
    program(0, mode: 2, count: 0x1000, isBCD: true)
    expect(0, from: 101, counts: [0x1000, 0x0999, 0x0998], outputs: [1, 1, 1])
    bench.run(to: 200)
    program(0, mode: 0, count: 0, isBCD: true)
    expect(0, from: 201, counts: [0x0000, 0x9999], outputs: [0, 0])
    bench.run(to: 10200)
    #expect(!isOutputHigh(0))
    bench.run(to: 10201)
    #expect(isOutputHigh(0))
  }

  @Test func oneByteAccessLeavesTheOtherByteZero() {
    bench.run(to: 100)
    bench.output(0x43, 0x14)
    bench.output(0x40, 0x80)
    bench.run(to: 102)
    #expect(bench.input(0x40) == 0x7F)
    bench.output(0x43, 0x24)
    bench.output(0x40, 0x80)
    bench.run(to: 104)
    // 0x8000 less one.
    #expect(bench.input(0x40) == 0x7F)
    bench.output(0x43, 0xD2)
    #expect(bench.input(0x40) == 0x7F)
  }

  @Test func latchedCountStaysUntilItIsRead() {
    bench.run(to: 100)
    program(0, mode: 2, count: 0x1234)
    bench.run(to: 105)
    bench.output(0x43, 0x00)
    bench.run(to: 200)
    bench.output(0x43, 0x00)
    #expect(bench.input(0x40) == 0x30)
    #expect(bench.input(0x40) == 0x12)
    // 99 pulses after the load: 0x1234 - 99 = 0x11D1.
    #expect(bench.input(0x40) == 0xD1)
    #expect(bench.input(0x40) == 0x11)
  }

  @Test func readBackGivesStatusBeforeCount() {
    bench.run(to: 100)
    program(0, mode: 3, count: 0x2000)
    bench.output(0x43, 0xC2)
    // Output high, count not yet loaded, both bytes, mode 3.
    #expect(bench.input(0x40) == 0xF6)
    _ = (bench.input(0x40), bench.input(0x40))
    bench.run(to: 101)
    bench.output(0x43, 0xC2)
    #expect(bench.input(0x40) == 0xB6)
    #expect(bench.input(0x40) == 0x00)
    #expect(bench.input(0x40) == 0x20)
  }

  @Test func nullCountOfMode1LastsUntilTheTrigger() {
    bench.run(to: 100)
    program(2, mode: 1, count: 7)
    bench.run(to: 150)
    #expect(status(2) & 0x40 != 0)
    bench.output(0x61, 1)
    bench.run(to: 151)
    #expect(status(2) & 0x40 == 0)
  }

  // MARK: Interrupts and exactness

  @Test func interruptComesAtTheExactClockOfTheRise() {
    let bench = BoardBench()
    bench.initializeInterrupts()
    bench.run(to: 1000)
    bench.output(0x43, 0x30)
    bench.output(0x40, 0xE8, 0x03)
    // Written in pulse 1 (838…1676), so the output rises at pulse 1 + 1 + 1000: ⌈1002 · 10⁹ ÷ 1,193,182⌉ = 839,772.
    bench.run(to: 839_771)
    #expect(!bench.board.interruptRequested)
    #expect(bench.board.nextDeadline == 839_772)
    bench.run(to: 839_772)
    #expect(bench.acknowledge() == 0x20)
    #expect(bench.board.nextDeadline == .max)
  }

  /// Takes every timer interrupt until `end`, and gives how many there were.
  private func takeInterrupts(_ bench: BoardBench, until end: Clock) -> Int {
    var count = 0
    while bench.board.nextDeadline <= end {
      bench.run(to: bench.board.nextDeadline)
      if bench.board.interruptRequested {
        #expect(bench.acknowledge() == 0x20)
        bench.output(0x20, 0x20)
        count += 1
      }
    }
    bench.run(to: end)
    return count
  }

  @Test func hourOfInterruptsDoesNotDrift() {
    let bench = BoardBench()
    bench.initializeInterrupts()
    bench.output(0x43, 0x34)
    bench.output(0x40, 0, 0)
    // 3,600 · 1,193,182 pulses, the first loads the count: ⌊4,295,455,199 ÷ 65,536⌋.
    #expect(takeInterrupts(bench, until: 3_600_000_000_000) == 65_543)
  }

  @Test func lastInterruptOfADayIsAtItsExactClock() {
    let bench = BoardBench()
    bench.initializeInterrupts()
    bench.output(0x43, 0x34)
    bench.output(0x40, 0, 0)
    bench.jump(to: 86_399_900_000_000)
    bench.board.applyEvents(at: 86_399_900_000_000, rip: 0)
    _ = bench.acknowledge()
    bench.output(0x20, 0x20)
    // The day has 103,090,924,800 pulses; the last rise is at pulse 1 + 1,573,042 · 65,536 = 103,090,880,513.
    bench.run(to: 86_399_962_883_281)
    let before = bench.board.interruptRequested
    bench.run(to: 86_399_962_883_282)
    #expect(!before)
    #expect(bench.board.interruptRequested)
  }

  @Test func laterAccessSeesTheSameAsAnEarlyOne() {
    let lazy = BoardBench()
    let eager = BoardBench()
    for bench in [lazy, eager] {
      bench.output(0x43, 0x36)
      bench.output(0x40, 0x9C, 0x2E)
    }
    eager.run(to: 123_456_789)
    lazy.jump(to: 123_456_789)
    #expect(eager.hash(at: 123_456_789) == lazy.hash(at: 123_456_789))
    #expect(eager.input(0x40) == lazy.input(0x40))
  }

  @Test func clockSlowerThanThePulsesLosesNoRiseThatLasts() {
    // Two pulses a clock, count 3: the output is low at pulses 3, 6, 9, … So clocks 3, 6, 9, … end with it low, and into every other one from
    // clock 2 on falls a rise: 19 up to clock 30.
    let bench = BoardBench(frequency: ClockFrequency(hertz: I8254.pulsesPerSecond / 2))
    bench.initializeInterrupts()
    bench.output(0x43, 0x34)
    bench.output(0x40, 3, 0)
    #expect(takeInterrupts(bench, until: 30) == 19)
  }
}

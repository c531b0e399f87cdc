import OrreryBase
import Testing

@testable import OrreryMachine

struct TickRatioTests {
  private let pit = TickRatio(ticksPerSecond: 1_193_182, frequency: ClockFrequency(hertz: 1_000_000_000))

  @Test func tickComesAtTheFirstClockNotBeforeIt() {
    // One pulse is 10^9 / 1,193,182 = 838.095… clocks.
    #expect(pit.firstClock(of: 0) == 0)
    #expect(pit.firstClock(of: 1) == 839)
    #expect(pit.tick(at: 838) == 0)
    #expect(pit.tick(at: 839) == 1)
    #expect(pit.firstClock(of: 1_193_182) == 1_000_000_000)
    #expect(pit.tick(at: 999_999_999) == 1_193_181)
  }

  @Test func dayHasExactlyItsPulses() {
    #expect(pit.tick(at: 86_400_000_000_000) == 1_193_182 * 86_400)
    #expect(pit.firstClock(of: 1_193_182 * 86_400) == 86_400_000_000_000)
  }

  @Test func conversionsSaturateInsteadOfTrapping() {
    let slow = TickRatio(ticksPerSecond: 1_193_182, frequency: ClockFrequency(hertz: 1))
    #expect(slow.tick(at: .max) == .max)
    #expect(pit.firstClock(of: .max) == .max)
    #expect(pit.tick(at: .max) > 0)
  }
}

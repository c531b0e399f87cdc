internal import OrreryBase

/// The exact ratio between a device's own oscillator and the machine's clock.
///
/// Oscillator ticks are counted from clock 0, and each conversion is one 128-bit product and one division: nothing accumulates, so nothing drifts.
struct TickRatio {
  private let ticksPerSecond: UInt64
  private let clocksPerSecond: UInt64

  init(ticksPerSecond: UInt64, frequency: ClockFrequency) {
    precondition(ticksPerSecond > 0, "an oscillator runs")
    self.ticksPerSecond = ticksPerSecond
    clocksPerSecond = frequency.hertz
  }

  /// How many ticks there have been up to and including `clock`; `.max` when that exceeds 64 bits.
  func tick(at clock: Clock) -> UInt64 {
    let product = clock.multipliedFullWidth(by: ticksPerSecond)
    guard product.high < clocksPerSecond else { return .max }
    return clocksPerSecond.dividingFullWidth(product).quotient
  }

  /// The first clock at which `tick` ticks have been; `.max` when that exceeds 64 bits.
  ///
  /// It is later than any clock at which `tick(at:)` is less than `tick`.
  func firstClock(of tick: UInt64) -> Clock {
    let product = tick.multipliedFullWidth(by: clocksPerSecond)
    guard product.high < ticksPerSecond else { return .max }
    let (quotient, remainder) = ticksPerSecond.dividingFullWidth(product)
    return remainder == 0 || quotient == .max ? quotient : quotient + 1
  }
}

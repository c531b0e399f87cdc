public import OrreryBase

/// The successive periods of a repetition, in clocks; a value, so that a checkpoint can hold it.
public struct PeriodGenerator: Hashable, Sendable {
  /// The least period, at least 1.
  public let minimum: Clock
  /// The greatest period.
  public let maximum: Clock
  private var seed: UInt64
  private var drawn: UInt64

  /// Periods from `minimum`, at least 1, to `maximum`, equally likely up to one part in 2^64.
  public init(minimum: Clock, maximum: Clock, seed: UInt64 = 0) {
    precondition(minimum >= 1 && minimum <= maximum, "a period is at least one clock")
    self.minimum = minimum
    self.maximum = maximum
    self.seed = seed
    self.drawn = 0
  }

  /// The next period. The nth draw is a function of the seed and n alone: SplitMix64 in counter form.
  public mutating func next() -> Clock {
    guard minimum < maximum else { return minimum }
    var generator = SeededGenerator(seed: seed &+ drawn &* 0x9E37_79B9_7F4A_7C15)
    drawn &+= 1
    let span = maximum - minimum
    guard span < .max else { return generator.next() }
    return minimum + generator.next().multipliedFullWidth(by: span + 1).high
  }
}

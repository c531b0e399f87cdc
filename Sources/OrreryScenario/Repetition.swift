/// How a rule fires more than once: first one period after its trigger and delay, then after each further period.
public struct Repetition: Hashable, Sendable {
  /// The time from one firing to the next.
  public enum Period: Hashable, Sendable {
    case fixed(TimeSpan)
    /// Drawn anew for each firing, from `minimum` to `maximum` inclusive, by a generator that starts from `seed`.
    case random(minimum: Number, maximum: Number, unit: TimeSpan.Unit, seed: Number)
  }

  /// What ends the repetition.
  public enum End: Hashable, Sendable {
    /// Only the end of the run.
    case never
    /// A number of firings.
    case times(Number)
    /// A condition; a firing due at the very clock of `.at` still happens.
    case until(Trigger)
  }

  public var period: Period
  public var end: End

  public init(every period: Period, _ end: End = .never) {
    self.period = period
    self.end = end
  }

  public init(every period: TimeSpan, _ end: End = .never) {
    self.init(every: .fixed(period), end)
  }
}

/// A length of virtual time, or a time counted from the start of the run.
public struct TimeSpan: Hashable, Sendable {
  /// What the amount counts.
  public enum Unit: String, CaseIterable, Hashable, Sendable {
    /// Clocks, of which each step takes one; time spent halted counts too.
    case steps
    case nanoseconds = "ns"
    case microseconds = "us"
    case milliseconds = "ms"
    case seconds = "s"
  }

  public var amount: Number
  public var unit: Unit

  public init(_ amount: Number, _ unit: Unit) {
    self.amount = amount
    self.unit = unit
  }

  public static func steps(_ amount: Number) -> TimeSpan { TimeSpan(amount, .steps) }
  public static func nanoseconds(_ amount: Number) -> TimeSpan { TimeSpan(amount, .nanoseconds) }
  public static func microseconds(_ amount: Number) -> TimeSpan { TimeSpan(amount, .microseconds) }
  public static func milliseconds(_ amount: Number) -> TimeSpan { TimeSpan(amount, .milliseconds) }
  public static func seconds(_ amount: Number) -> TimeSpan { TimeSpan(amount, .seconds) }
}

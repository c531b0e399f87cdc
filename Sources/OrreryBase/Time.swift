/// Virtual time: one tick per step executed, plus the idle gap that `hlt` jumps.
///
/// Devices, the time-stamp counter and scenario times use the clock. At the default frequency of 1 GHz one clock is one nanosecond.
public typealias Clock = UInt64

/// Work executed: one per retired instruction, `rep` iteration, or delivery of an interrupt or exception.
///
/// Limits, benchmarks and checkpoint spacing use steps.
public typealias Steps = UInt64

extension UInt64 {
  /// The clock or step `count` further on; the last there is when that exceeds 64 bits.
  @inlinable
  public func addingSaturating(_ count: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(count)
    return overflow ? .max : sum
  }
}

/// The frequency of the clock, in clocks per second, and conversions that never round twice.
@frozen
public struct ClockFrequency: Hashable, Sendable {
  /// Clocks per second, at least 1.
  public let hertz: UInt64

  /// The default of 1 GHz: one clock is one nanosecond.
  public static let defaultFrequency = ClockFrequency(hertz: 1_000_000_000)

  public init(hertz: UInt64) {
    precondition(hertz > 0, "a clock frequency is at least 1 Hz")
    self.hertz = hertz
  }

  /// The clocks in `count` units of `1 / unitsPerSecond` seconds, rounded down; nil when the result exceeds 64 bits.
  public func clocks(_ count: UInt64, per unitsPerSecond: UInt64) -> Clock? {
    let product = count.multipliedFullWidth(by: hertz)
    guard product.high < unitsPerSecond else { return nil }
    return unitsPerSecond.dividingFullWidth(product).quotient
  }
}

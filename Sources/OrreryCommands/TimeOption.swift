import ArgumentParser
import OrreryBase

/// A point in virtual time on the command line: clocks as a number (`1_000_000`), or `5ms`, `20us`, `1.5s`.
struct TimeOption: ExpressibleByArgument {
  private let count: UInt64
  /// Units in a second; nil for clocks.
  private let unitsPerSecond: UInt64?

  init?(argument: String) {
    let units: [(suffix: String, perSecond: UInt64)] = [
      ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000), ("s", 1),
    ]
    let unit = units.first { argument.hasSuffix($0.suffix) }
    let digits = argument.dropLast(unit?.suffix.count ?? 0).filter { $0 != "_" }
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard let first = parts.first, let whole = UInt64(first), first.allSatisfy(\.isNumber) else { return nil }
    guard parts.count > 1 else {
      count = whole
      unitsPerSecond = unit?.perSecond
      return
    }
    // A fraction only makes the unit smaller: 1.5 s are 15 tenths.
    guard parts.count == 2, let perSecond = unit?.perSecond, parts[1].count <= 9, let fraction = UInt64(parts[1]),
      parts[1].allSatisfy(\.isNumber)
    else { return nil }
    var scale: UInt64 = 1
    for _ in parts[1] { scale *= 10 }
    let (scaled, overflow) = whole.multipliedReportingOverflow(by: scale)
    let (sum, carry) = scaled.addingReportingOverflow(fraction)
    guard !overflow, !carry else { return nil }
    count = sum
    unitsPerSecond = perSecond * scale
  }

  /// The time in clocks; nil when it exceeds 64 bits.
  func clock(_ frequency: ClockFrequency) -> Clock? {
    guard let unitsPerSecond else { return count }
    return frequency.clocks(count, per: unitsPerSecond)
  }
}

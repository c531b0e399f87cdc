/// A number that is chosen when the scenario is run, so that one scenario can try every step of a window.
public struct Parameter: Hashable, Sendable {
  /// The most that a scenario's text declares.
  static let countLimit = 1_000

  public var name: String
  /// The least value; it is used when none is given.
  public var first: UInt64
  /// The greatest value.
  public var last: UInt64
  /// The distance of one value from the next, at least 1.
  public var stride: UInt64
  public var location: SourceLocation

  public init(
    _ name: String, in values: ClosedRange<UInt64>, by stride: UInt64 = 1,
    location: SourceLocation = .none
  ) {
    self.name = name
    self.first = values.lowerBound
    self.last = values.upperBound
    self.stride = stride
    self.location = location
  }

  /// Whether `value` is one of the parameter's values.
  public func contains(_ value: UInt64) -> Bool {
    value >= first && value <= last && stride > 0 && (value - first) % stride == 0
  }

  /// All values in ascending order; a sequence, because there may be 2^64 of them.
  public var values: some Sequence<UInt64> & Sendable {
    let (last, stride) = (last, max(1, stride))
    return sequence(first: first) { value in
      let (next, overflow) = value.addingReportingOverflow(stride)
      return overflow || next > last ? nil : next
    }
  }
}

extension Parameter {
  /// How many values there are; nil for 2^64, which is one more than fits.
  public var count: UInt64? {
    guard last >= first else { return 0 }
    let (count, overflow) = ((last - first) / max(1, stride)).addingReportingOverflow(1)
    return overflow ? nil : count
  }

  /// The values as a message names them.
  var range: String {
    "\(first)…\(last)" + (stride == 1 ? "" : " by \(stride)")
  }
}

/// A condition as the decoder prepares it for what SETcc or CMOVcc ask after a comparison, so that the answer takes a few instructions and no branch.
///
/// The low four bits are the condition's code (Intel SDM volume 1, appendix B).
struct PreparedCondition {
  var rawValue: UInt8

  /// Whether `signBit` and the outcomes below tell all: not for overflow, parity and sign.
  private static let isOrder: UInt8 = 1 << 6
  /// The outcomes of the comparison for which the condition of an even code holds: below or less, and equal.
  private static let less: UInt8 = 1 << 4
  private static let equal: UInt8 = 1 << 5

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(code: UInt8) {
    let mask = LazyFlags.comparisonMask(code)
    let isOrder = mask != 0 && mask & LazyFlags.negativeOutcome == 0
    rawValue =
      code | (isOrder ? Self.isOrder : 0)
      | (mask & (LazyFlags.belowOutcome | LazyFlags.lessOutcome) != 0 ? Self.less : 0)
      | (mask & LazyFlags.equalOutcome != 0 ? Self.equal : 0)
  }

  var code: UInt8 { rawValue & 0xF }

  /// S or NS.
  @inline(__always)
  var isSign: Bool { rawValue & 0xE == 8 }

  /// The same condition for after a TEST: OF is clear there, so that S and NS are L and GE, which are of order.
  var afterTest: PreparedCondition { isSign ? PreparedCondition(code: code + 4) : self }

  @inline(__always)
  var isOrder: Bool { rawValue & Self.isOrder != 0 }

  /// What turns the comparison of unsigned numbers into the one that the condition is about.
  var signBit: UInt64 { LazyFlags.comparisonMask(code) & LazyFlags.lessOutcome != 0 ? 1 << 63 : 0 }

  /// Whether the condition, of which `isOrder` is true, holds after `left` was compared with `right`, both with `signBit` flipped.
  @inline(__always)
  func holds(comparing left: UInt64, with right: UInt64) -> Bool {
    let outcome = (left < right ? Self.less : 0) | (left == right ? Self.equal : 0)
    return (outcome & rawValue != 0) != (rawValue & 1 != 0)
  }
}

extension Operation {
  /// The condition that the operation asks for, with `PreparedCondition.signBit` in `displacement`.
  @inline(__always)
  var condition: PreparedCondition {
    get { PreparedCondition(rawValue: detail) }
    set {
      detail = newValue.rawValue
      displacement = newValue.signBit
    }
  }

  /// Whether the condition, one of order, holds after `left` was compared with `right`.
  @inline(__always)
  func conditionHolds(comparing left: UInt64, with right: UInt64) -> Bool {
    condition.holds(comparing: left ^ displacement, with: right ^ displacement)
  }
}

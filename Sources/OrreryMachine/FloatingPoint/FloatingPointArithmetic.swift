/// Sum, difference, product, quotient and square root (Intel SDM volume 1, 4.8 and 4.9).
extension FloatingPointEnvironment {
  // MARK: NaNs

  /// The result of an operation one of whose operands is a NaN; nil when none is (Intel SDM volume 1, table 4-7).
  mutating func propagateNaN(_ a: FloatingPointNumber, _ b: FloatingPointNumber) -> FloatingPointNumber? {
    guard a.isNaN || b.isNaN else { return nil }
    if a.isInvalid || b.isInvalid { raise(.invalid) }
    if a.kind == .unsupported || b.kind == .unsupported { return .indefinite }
    guard a.isNaN else { return b.quieted }
    guard b.isNaN, unit == .x87 else { return a.quieted }
    // x87: a quiet one before a signaling one, then the greater significand, then the positive one.
    if a.kind != b.kind { return a.kind == .quietNaN ? a : b }
    if a.significand != b.significand { return (a.significand > b.significand ? a : b).quieted }
    return (a.isNegative ? b : a).quieted
  }

  /// The result of an operation on a NaN; nil when it is none.
  mutating func propagateNaN(_ a: FloatingPointNumber) -> FloatingPointNumber? {
    guard a.isNaN else { return nil }
    if a.isInvalid { raise(.invalid) }
    return a.quieted
  }

  mutating func invalidOperation() -> FloatingPointNumber {
    raise(.invalid)
    return .indefinite
  }

  // MARK: Operations

  mutating func add(
    _ a: FloatingPointNumber, _ b: FloatingPointNumber, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    sum(a, b, b.isNegative, to: format)
  }

  mutating func subtract(
    _ a: FloatingPointNumber, _ b: FloatingPointNumber, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    sum(a, b, !b.isNegative, to: format)
  }

  /// `a` plus the magnitude of `b` with the sign given.
  private mutating func sum(
    _ a: FloatingPointNumber, _ b: FloatingPointNumber, _ bIsNegative: Bool, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    if let nan = propagateNaN(a, b) { return nan }
    if a.isInfinity && b.isInfinity && a.isNegative != bIsNegative { return invalidOperation() }
    if a.isDenormal || b.isDenormal { raise(.denormal) }
    if a.isInfinity { return a }
    if b.isInfinity { return .infinity(isNegative: bIsNegative) }
    if a.isZero && b.isZero {
      return .zero(isNegative: a.isNegative == bIsNegative ? bIsNegative : rounding == .down)
    }
    if a.isZero {
      return round(isNegative: bIsNegative, exponent: b.exponent, UInt128(b.significand) << 64, to: format)
    }
    if b.isZero {
      return round(isNegative: a.isNegative, exponent: a.exponent, UInt128(a.significand) << 64, to: format)
    }
    // One bit is left free for the carry.
    var (large, small) = (UInt128(a.significand) << 63, UInt128(b.significand) << 63)
    var exponent = a.exponent
    var isNegative = a.isNegative
    let aIsLarger = a.exponent > b.exponent || (a.exponent == b.exponent && a.significand >= b.significand)
    if !aIsLarger {
      (large, small) = (small, large)
      exponent = b.exponent
      isNegative = bIsNegative
    }
    small = Self.shiftRight(small, by: (a.exponent &- b.exponent).magnitude)
    if a.isNegative == bIsNegative {
      large += small
    } else {
      large -= small
      if large == 0 { return .zero(isNegative: rounding == .down) }
    }
    return roundUnnormalized(isNegative: isNegative, exponent: exponent &+ 1, large, to: format)
  }

  mutating func multiply(
    _ a: FloatingPointNumber, _ b: FloatingPointNumber, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    if let nan = propagateNaN(a, b) { return nan }
    if (a.isInfinity && b.isZero) || (a.isZero && b.isInfinity) { return invalidOperation() }
    if a.isDenormal || b.isDenormal { raise(.denormal) }
    let isNegative = a.isNegative != b.isNegative
    if a.isInfinity || b.isInfinity { return .infinity(isNegative: isNegative) }
    if a.isZero || b.isZero { return .zero(isNegative: isNegative) }
    let product = a.significand.multipliedFullWidth(by: b.significand)
    return roundUnnormalized(
      isNegative: isNegative, exponent: a.exponent &+ b.exponent &+ 1,
      UInt128(product.high) << 64 | UInt128(product.low), to: format)
  }

  mutating func divide(
    _ a: FloatingPointNumber, by b: FloatingPointNumber, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    if let nan = propagateNaN(a, b) { return nan }
    if (a.isInfinity && b.isInfinity) || (a.isZero && b.isZero) { return invalidOperation() }
    let isNegative = a.isNegative != b.isNegative
    if b.isZero && !a.isInfinity {
      raise(.divide)
      return .infinity(isNegative: isNegative)
    }
    if a.isDenormal || b.isDenormal { raise(.denormal) }
    if a.isInfinity { return .infinity(isNegative: isNegative) }
    if a.isZero || b.isInfinity { return .zero(isNegative: isNegative) }
    // Both significands have bit 63 set: halving the dividend where it is not the less makes the quotient fit, with its bit 63 set.
    let halves = a.significand >= b.significand
    let high = halves ? a.significand >> 1 : a.significand
    let low = halves ? a.significand << 63 : 0
    let first = b.significand.dividingFullWidth((high, low))
    let second = b.significand.dividingFullWidth((first.remainder, 0))
    return round(
      isNegative: isNegative, exponent: a.exponent &- b.exponent &- (halves ? 0 : 1),
      UInt128(first.quotient) << 64 | UInt128(second.quotient) | (second.remainder == 0 ? 0 : 1), to: format)
  }

  mutating func squareRoot(_ a: FloatingPointNumber, to format: FloatingPointFormat) -> FloatingPointNumber {
    if let nan = propagateNaN(a) { return nan }
    if a.isZero { return a }
    if a.isNegative { return invalidOperation() }
    if a.isDenormal { raise(.denormal) }
    if a.isInfinity { return a }
    let (root, remainder) = Self.root(of: UInt128(a.significand) << (a.exponent & 1 == 0 ? 63 : 64))
    // The fraction beyond the root is at least one half when the remainder exceeds the root; it is never exactly one half.
    let fraction: UInt64 = (remainder > root ? 1 << 63 : 0) | (remainder != 0 ? 1 : 0)
    return round(
      isNegative: false, exponent: a.exponent >> 1, UInt128(root) << 64 | UInt128(fraction), to: format)
  }

  /// The integer square root, digit by digit, and what is left.
  static func root(of value: UInt128) -> (root: UInt64, remainder: UInt128) {
    var remainder = value
    var root: UInt128 = 0
    var bit: UInt128 = 1 << 126
    while bit != 0 {
      if remainder >= root + bit {
        remainder -= root + bit
        root = root >> 1 + bit
      } else {
        root >>= 1
      }
      bit >>= 2
    }
    return (UInt64(truncatingIfNeeded: root), remainder)
  }
}

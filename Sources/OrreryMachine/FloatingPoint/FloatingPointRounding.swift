/// The one place where results are rounded, and where overflow, underflow and inexact results are found.
extension FloatingPointEnvironment {
  /// The number ±`significand` · 2^(`exponent` − 127) in `format`.
  ///
  /// Bit 127 of the significand is set. Bit 0 stands for all bits from there on: it is set when any of them is.
  mutating func round(
    isNegative: Bool, exponent: Int32, _ significand: UInt128, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    var (kept, isInexact, isUp) = cut(significand, to: format.precision, isNegative: isNegative)
    var exponent = exponent
    // Tininess is detected after rounding: as if the exponent had no bounds.
    let carries = kept >> UInt128(format.precision) != 0
    let isTiny = exponent < format.minimumExponent && !(carries && exponent == format.minimumExponent &- 1)
    if isTiny {
      if !unmasked.contains(.underflow) {
        if flushesToZero {
          raise([.underflow, .precision])
          return .zero(isNegative: isNegative)
        }
        let shifted = Self.shiftRight(significand, by: UInt32(bitPattern: format.minimumExponent &- exponent))
        (kept, isInexact, isUp) = cut(shifted, to: format.precision, isNegative: isNegative)
        if isInexact { raise([.underflow, .precision]) }
        roundedUp = isUp
        return FloatingPointNumber(
          isNegative: isNegative, exponent: format.minimumExponent,
          unnormalized: UInt64(truncatingIfNeeded: kept) &<< UInt64(64 &- format.precision))
      }
      raise(.underflow)
      exponent &+= format.adjustment
    }
    if carries {
      kept >>= 1
      exponent &+= 1
    }
    if exponent > format.maximumExponent && !isTiny {
      guard unmasked.contains(.overflow) else { return overflow(isNegative: isNegative, to: format) }
      raise(.overflow)
      exponent &-= format.adjustment
    }
    if isInexact { raise(.precision) }
    roundedUp = isUp
    // FSCALE can miss by more than the adjustment makes up for. So can a conversion of SSE, which then has no result.
    if exponent > format.maximumExponent || exponent < format.minimumExponent {
      if unit == .x87 { raise(.precision) }
      roundedUp = exponent > format.maximumExponent
      return roundedUp ? .infinity(isNegative: isNegative) : .zero(isNegative: isNegative)
    }
    return FloatingPointNumber(
      kind: .finite, isNegative: isNegative, exponent: exponent,
      significand: UInt64(truncatingIfNeeded: kept) &<< UInt64(64 &- format.precision))
  }

  /// As `round` for a significand that need not be normalised: 0 gives zero of the sign.
  mutating func roundUnnormalized(
    isNegative: Bool, exponent: Int32, _ significand: UInt128, to format: FloatingPointFormat
  ) -> FloatingPointNumber {
    guard significand != 0 else { return .zero(isNegative: isNegative) }
    let shift = significand.leadingZeroBitCount
    return round(
      isNegative: isNegative, exponent: exponent &- Int32(shift), significand << UInt128(shift), to: format)
  }

  /// The masked response to an overflow: infinity, or the greatest finite number where rounding goes the other way.
  private mutating func overflow(isNegative: Bool, to format: FloatingPointFormat) -> FloatingPointNumber {
    raise([.overflow, .precision])
    let staysFinite =
      switch rounding {
      case .nearest: false
      case .down: !isNegative
      case .up: isNegative
      case .towardZero: true
      }
    roundedUp = !staysFinite
    guard staysFinite else { return .infinity(isNegative: isNegative) }
    return FloatingPointNumber(
      kind: .finite, isNegative: isNegative, exponent: format.maximumExponent,
      significand: UInt64.max &<< UInt64(64 &- format.precision))
  }

  /// The upper `precision` bits (at most 64) of `significand`, rounded; with a carry they are one more.
  @inline(__always)
  func cut(
    _ significand: UInt128, to precision: Int32, isNegative: Bool
  ) -> (kept: UInt128, isInexact: Bool, isUp: Bool) {
    let count = UInt128(128 &- precision)
    let kept = significand >> count
    let rest = significand & ((1 << count) - 1)
    guard rest != 0 else { return (kept, false, false) }
    let half: UInt128 = 1 << (count - 1)
    let isUp =
      switch rounding {
      case .nearest: rest > half || (rest == half && kept & 1 != 0)
      case .down: isNegative
      case .up: !isNegative
      case .towardZero: false
      }
    return (isUp ? kept + 1 : kept, true, isUp)
  }

  /// Shifts right; bit 0 of the result is set when any bit that left was.
  @inline(__always)
  static func shiftRight(_ value: UInt128, by count: UInt32) -> UInt128 {
    if count == 0 { return value }
    if count > 127 { return value == 0 ? 0 : 1 }
    let shifted = value >> UInt128(count)
    return shifted << UInt128(count) == value ? shifted : shifted | 1
  }
}

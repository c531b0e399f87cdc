/// Between formats, and to and from integers.
extension FloatingPointEnvironment {
  /// The number in another format. `signalsDenormal`: the conversion reports a denormal operand.
  mutating func convert(
    _ a: FloatingPointNumber, to format: FloatingPointFormat, signalsDenormal: Bool = true
  ) -> FloatingPointNumber {
    if let nan = propagateNaN(a) { return nan }
    if a.isDenormal && signalsDenormal { raise(.denormal) }
    guard a.kind == .finite else { return a }
    return round(isNegative: a.isNegative, exponent: a.exponent, UInt128(a.significand) << 64, to: format)
  }

  /// A signed integer in `format`.
  mutating func convert(integer value: Int64, to format: FloatingPointFormat) -> FloatingPointNumber {
    guard value != 0 else { return .zero(isNegative: false) }
    return roundUnnormalized(isNegative: value < 0, exponent: 63, UInt128(value.magnitude) << 64, to: format)
  }

  /// The number as a signed integer of `bits` bits; the integer indefinite, which is the least one, when it does not fit.
  mutating func integer(_ a: FloatingPointNumber, bits: UInt64, truncating: Bool) -> Int64 {
    let indefinite = Int64.min &>> Int64(64 &- bits)
    let limit = UInt64(1) &<< (bits &- 1)
    if a.isZero { return 0 }
    guard a.kind == .finite, a.exponent < 64 else {
      raise(.invalid)
      return indefinite
    }
    let (magnitude, isInexact, isUp) = integralMagnitude(a, truncating: truncating)
    guard magnitude < limit || (magnitude == limit && a.isNegative) else {
      raise(.invalid)
      return indefinite
    }
    if isInexact { raise(.precision) }
    roundedUp = isUp
    return Int64(bitPattern: a.isNegative ? 0 &- magnitude : magnitude)
  }

  /// The nearest integral number, by the rounding mode (FRNDINT).
  mutating func roundToIntegral(_ a: FloatingPointNumber) -> FloatingPointNumber {
    if let nan = propagateNaN(a) { return nan }
    if a.isDenormal { raise(.denormal) }
    guard a.kind == .finite, a.exponent < 63 else { return a }
    let (magnitude, isInexact, isUp) = integralMagnitude(a, truncating: false)
    if isInexact { raise(.precision) }
    roundedUp = isUp
    return FloatingPointNumber(isNegative: a.isNegative, exponent: 63, unnormalized: magnitude)
  }

  /// The magnitude of a finite number below 2^64, rounded to an integer.
  func integralMagnitude(
    _ a: FloatingPointNumber, truncating: Bool
  ) -> (magnitude: UInt64, isInexact: Bool, isUp: Bool) {
    let whole = Self.shiftRight(UInt128(a.significand) << 64, by: UInt32(bitPattern: 63 &- a.exponent))
    var environment = self
    if truncating { environment.rounding = .towardZero }
    let (kept, isInexact, isUp) = environment.cut(whole, to: 64, isNegative: a.isNegative)
    return (UInt64(truncatingIfNeeded: kept), isInexact, isUp)
  }
}

/// FPREM, FPREM1, FSCALE, FXTRACT, and decimal integers.
extension FloatingPointEnvironment {
  /// What a step of a remainder left.
  struct Remainder {
    var value: FloatingPointNumber
    /// The low three bits of the quotient, when the reduction is complete.
    var quotient: UInt64 = 0
    /// The exponents were too far apart for one step.
    var isPartial = false
  }

  /// `a` modulo `b` in the manner of FPREM, or the IEEE remainder of FPREM1 (`toNearest`). The result is exact.
  mutating func remainder(
    _ a: FloatingPointNumber, _ b: FloatingPointNumber, toNearest: Bool
  ) -> Remainder {
    if let nan = propagateNaN(a, b) { return Remainder(value: nan) }
    if a.isInfinity || b.isZero { return Remainder(value: invalidOperation()) }
    if a.isDenormal || b.isDenormal { raise(.denormal) }
    if a.isZero || b.isInfinity { return Remainder(value: deliver(a)) }
    let distance = a.exponent &- b.exponent
    if distance < -1 || (distance == -1 && !toNearest) { return Remainder(value: deliver(a)) }
    var left = UInt128(a.significand)
    let divisor = UInt128(b.significand)
    if distance == -1 {
      // The quotient is 0 or, beyond one half, 1.
      guard left > divisor else { return Remainder(value: deliver(a)) }
      return Remainder(
        value: exact(isNegative: !a.isNegative, exponent: b.exponent, 2 * divisor - left, scale: 1), quotient: 1)
    }
    guard distance < 64 else {
      // A partial step takes 32 to 63 from the distance, so that the rest is less than 2^-63 of what it was at the most.
      let steps = distance & 0x1F | 0x20
      for _ in 0..<steps {
        if left >= divisor { left -= divisor }
        left <<= 1
      }
      if left >= divisor { left -= divisor }
      return Remainder(
        value: exact(isNegative: a.isNegative, exponent: b.exponent &+ distance &- steps, left, scale: 0),
        isPartial: true)
    }
    var quotient: UInt64 = 0
    for step in 0...distance {
      quotient &<<= 1
      if left >= divisor {
        left -= divisor
        quotient |= 1
      }
      if step < distance { left <<= 1 }
    }
    var isNegative = a.isNegative
    if toNearest && (2 * left > divisor || (2 * left == divisor && quotient & 1 != 0)) {
      left = divisor - left
      quotient &+= 1
      isNegative.toggle()
    }
    if left == 0 { return Remainder(value: .zero(isNegative: a.isNegative), quotient: quotient & 7) }
    return Remainder(
      value: exact(isNegative: isNegative, exponent: b.exponent, left, scale: 0), quotient: quotient & 7)
  }

  /// `significand` · 2^(`exponent` − 63 − `scale`), of which no bit is lost unless it is tiny.
  private mutating func exact(
    isNegative: Bool, exponent: Int32, _ significand: UInt128, scale: Int32
  ) -> FloatingPointNumber {
    roundUnnormalized(isNegative: isNegative, exponent: exponent &+ 64 &- scale, significand, to: .extended)
  }

  /// An operand as the result: exact, but tiny if it is.
  private mutating func deliver(_ a: FloatingPointNumber) -> FloatingPointNumber {
    guard a.kind == .finite else { return a }
    return round(isNegative: a.isNegative, exponent: a.exponent, UInt128(a.significand) << 64, to: .extended)
  }

  /// `a` times 2 to the power of `b` cut to an integer.
  mutating func scale(_ a: FloatingPointNumber, by b: FloatingPointNumber) -> FloatingPointNumber {
    if let nan = propagateNaN(a, b) { return nan }
    if b.isInfinity {
      if b.isNegative ? a.isInfinity : a.isZero { return invalidOperation() }
      if a.isDenormal { raise(.denormal) }
      if b.isNegative { return .zero(isNegative: a.isNegative) }
      return .infinity(isNegative: a.isNegative)
    }
    if a.isDenormal || b.isDenormal { raise(.denormal) }
    guard a.kind == .finite else { return a }
    // Beyond 2^16 every number overflows or underflows.
    var distance: Int32 = 0
    if b.kind == .finite && b.exponent >= 0 {
      distance = b.exponent > 16 ? 0x1_0000 : Int32(truncatingIfNeeded: b.significand >> UInt64(63 &- b.exponent))
      if b.isNegative { distance = 0 &- distance }
    }
    return round(
      isNegative: a.isNegative, exponent: a.exponent &+ distance, UInt128(a.significand) << 64, to: .extended)
  }

  /// The exponent and the significand of `a` as numbers of their own.
  mutating func extract(
    _ a: FloatingPointNumber
  ) -> (exponent: FloatingPointNumber, significand: FloatingPointNumber) {
    if let nan = propagateNaN(a) { return (nan, nan) }
    switch a.kind {
    case .zero:
      raise(.divide)
      return (.infinity(isNegative: true), a)
    case .infinity: return (.infinity(isNegative: false), a)
    default:
      if a.isDenormal { raise(.denormal) }
      let exponent = Int64(a.exponent)
      let magnitude = FloatingPointNumber(isNegative: exponent < 0, exponent: 63, unnormalized: exponent.magnitude)
      return (
        exponent == 0 ? .zero(isNegative: false) : magnitude,
        FloatingPointNumber(kind: .finite, isNegative: a.isNegative, exponent: 0, significand: a.significand)
      )
    }
  }

  // MARK: Packed decimal: 18 digits, two in a byte, and a sign in the tenth byte

  /// The number that FBLD reads.
  static func decimal(low: UInt64, high: UInt16) -> FloatingPointNumber {
    var value: UInt64 = 0
    for index in (0..<2 as Range<UInt64>).reversed() { value = value &* 10 &+ UInt64(high) >> (index * 4) & 0xF }
    for index in (0..<16 as Range<UInt64>).reversed() { value = value &* 10 &+ low >> (index * 4) & 0xF }
    return FloatingPointNumber(isNegative: high >> 15 != 0, exponent: 63, unnormalized: value)
  }

  /// What FBSTP stores.
  mutating func decimal(_ a: FloatingPointNumber) -> (low: UInt64, high: UInt16) {
    if a.isZero { return (0, a.isNegative ? 0x8000 : 0) }
    var answer: (magnitude: UInt64, isInexact: Bool, isUp: Bool)?
    if a.kind == .finite && a.exponent < 60 { answer = integralMagnitude(a, truncating: false) }
    guard let answer, answer.magnitude < 1_000_000_000_000_000_000 else {
      raise(.invalid)
      return (0xC000_0000_0000_0000, 0xFFFF)
    }
    if answer.isInexact { raise(.precision) }
    roundedUp = answer.isUp
    var rest = answer.magnitude
    var low: UInt64 = 0
    for index in 0..<16 as Range<UInt64> {
      low |= (rest % 10) << (index * 4)
      rest /= 10
    }
    return (low, UInt16((rest / 10) << 4 | rest % 10) | (a.isNegative ? 0x8000 : 0))
  }
}

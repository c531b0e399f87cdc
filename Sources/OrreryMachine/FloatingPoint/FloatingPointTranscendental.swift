/// The functions of F2XM1, FYL2X, FYL2XP1, FPATAN, FSIN, FCOS and FPTAN (Intel SDM volume 1, 8.3.7 to 8.3.10, and the tables of special operands in volume 2).
///
/// A result is the exact value of the function, rounded once to 64 bits by the rounding mode, whatever the precision control says. The value is computed to 2^-370
/// of itself, and it is never a number of 65 bits, but where said otherwise: so the bits beyond decide which way it is rounded. (Of all pairs of operands, the value
/// nearest to such a number can be expected some 2^-225 away from it.)
///
/// Angles are reduced by the π of 66 bits that the manual states, so that FSIN and its kin give the functions of x·π/π₆₆ for an x beyond π/4.
extension FloatingPointEnvironment {
  /// Rounds a value that has more bits than any format.
  private mutating func deliver(_ value: WideNumber) -> FloatingPointNumber {
    round(
      isNegative: value.isNegative, exponent: value.exponent,
      UInt128(value.limbs[5]) << 64 | UInt128(value.limbs[4]) | 1, to: .extended)
  }

  // MARK: Exponential and logarithm

  /// 2^a − 1. An operand beyond -1 and 1 is undefined, and comes back as it is; of −∞ the result is -1.
  mutating func exponentialLess1(_ a: FloatingPointNumber) -> FloatingPointNumber {
    if let nan = propagateNaN(a) { return nan }
    if a.isInfinity { return a.isNegative ? FloatingPointNumber.one.negated : a }
    if a.isDenormal { raise(.denormal) }
    if a.isZero { return a }
    guard a.exponent < 0 else {
      let isOne = a.exponent == 0 && a.significand == 1 << 63
      return isOne && a.isNegative
        ? FloatingPointNumber(kind: .finite, isNegative: true, exponent: -1, significand: 1 << 63) : a
    }
    var x = WideNumber(magnitudeOf: a)
    x.isNegative = a.isNegative
    return deliver(x.exponentialLess1)
  }

  /// `y` times the binary logarithm of `x`.
  mutating func logarithm(of x: FloatingPointNumber, times y: FloatingPointNumber) -> FloatingPointNumber {
    if let nan = propagateNaN(y, x) { return nan }
    if x.isNegative && !x.isZero { return invalidOperation() }
    if x.isZero {
      if y.isZero { return invalidOperation() }
      if !y.isInfinity { raise(.divide) }
      return .infinity(isNegative: !y.isNegative)
    }
    let isOne = x.kind == .finite && x.exponent == 0 && x.significand == 1 << 63
    if (y.isInfinity && isOne) || (x.isInfinity && y.isZero) { return invalidOperation() }
    if x.isDenormal || y.isDenormal { raise(.denormal) }
    let isNegative = y.isNegative != (x.kind == .finite && x.exponent < 0)
    if x.isInfinity || y.isInfinity { return .infinity(isNegative: isNegative) }
    if y.isZero || isOne { return .zero(isNegative: isNegative) }
    return product(y, WideNumber(magnitudeOf: x))
  }

  /// `y` times the binary logarithm of 1 + `x`. For a finite `x` up to -1 it is undefined, and `y` comes back.
  mutating func logarithm(of1Plus x: FloatingPointNumber, times y: FloatingPointNumber) -> FloatingPointNumber {
    if let nan = propagateNaN(y, x) { return nan }
    if x.isInfinity && (x.isNegative || y.isZero) { return invalidOperation() }
    if x.isZero && y.isInfinity { return invalidOperation() }
    if x.kind == .finite && x.isNegative && x.exponent >= 0 { return y }
    if x.isDenormal || y.isDenormal { raise(.denormal) }
    let isNegative = y.isNegative != x.isNegative
    if x.isInfinity || y.isInfinity { return .infinity(isNegative: isNegative) }
    if y.isZero || x.isZero { return .zero(isNegative: isNegative) }
    var summand = WideNumber(magnitudeOf: x)
    summand.isNegative = x.isNegative
    // The sum is exact unless x is too small for it, or too large to leave anything of the 1.
    if x.exponent >= -2 && x.exponent < 64 { return product(y, .one + summand) }
    let logarithm = x.exponent < 0 ? WideNumber.binaryLogarithm(of1Plus: summand) : summand.binaryLogarithm
    return product(y, logarithm: logarithm)
  }

  /// `y` times the binary logarithm of a positive number.
  private mutating func product(_ y: FloatingPointNumber, _ number: WideNumber) -> FloatingPointNumber {
    guard number.isPowerOfTwo else { return product(y, logarithm: number.binaryLogarithm) }
    // The only logarithm that is not irrational.
    let power = FloatingPointNumber(
      isNegative: number.exponent < 0, exponent: 63, unnormalized: UInt64(number.exponent.magnitude))
    return multiply(y, power, to: .extended)
  }

  private mutating func product(_ y: FloatingPointNumber, logarithm: WideNumber) -> FloatingPointNumber {
    var value = WideNumber(magnitudeOf: y) * logarithm
    value.isNegative = y.isNegative != logarithm.isNegative
    return deliver(value)
  }

  // MARK: Arctangent

  /// The angle of the point (`x`, `y`), from -π to π.
  mutating func arctangent(_ y: FloatingPointNumber, _ x: FloatingPointNumber) -> FloatingPointNumber {
    if let nan = propagateNaN(y, x) { return nan }
    if x.isDenormal || y.isDenormal { raise(.denormal) }
    let isLeft = x.isNegative
    if y.isZero || (x.isInfinity && !y.isInfinity) {
      return isLeft ? angle(.pi, y) : .zero(isNegative: y.isNegative)
    }
    if y.isInfinity && x.isInfinity {
      let eighth = WideNumber.pi.scaled(by: -2)
      return angle(isLeft ? eighth * WideNumber(3) : eighth, y)
    }
    let quarter = WideNumber.pi.scaled(by: -1)
    if y.isInfinity || x.isZero { return angle(quarter, y) }
    let (height, width) = (WideNumber(magnitudeOf: y), WideNumber(magnitudeOf: x))
    let isSteep = Self.relation(y.magnitude, x.magnitude) == .greater
    let acute = (isSteep ? width / height : height / width).arctangent
    if isSteep { return angle(isLeft ? quarter + acute : quarter - acute, y) }
    return angle(isLeft ? .pi - acute : acute, y)
  }

  /// An angle with the sign of `y`.
  private mutating func angle(_ magnitude: WideNumber, _ y: FloatingPointNumber) -> FloatingPointNumber {
    deliver(y.isNegative ? -magnitude : magnitude)
  }

  // MARK: Sine, cosine, tangent

  /// Whether FSIN and its kin leave the operand alone and set C2: a finite one of 2^63 and more.
  static func isBeyondReduction(_ a: FloatingPointNumber) -> Bool { a.kind == .finite && a.exponent >= 63 }

  mutating func sine(_ a: FloatingPointNumber) -> FloatingPointNumber {
    if let special = specialAngle(a) { return special }
    return a.isZero ? a : deliver(ReducedAngle(a).sine)
  }

  mutating func cosine(_ a: FloatingPointNumber) -> FloatingPointNumber {
    if let special = specialAngle(a) { return special }
    return a.isZero ? .one : deliver(ReducedAngle(a).cosine)
  }

  mutating func tangent(_ a: FloatingPointNumber) -> FloatingPointNumber {
    if let special = specialAngle(a) { return special }
    return a.isZero ? a : deliver(ReducedAngle(a).tangent)
  }

  /// What no function is computed of.
  private mutating func specialAngle(_ a: FloatingPointNumber) -> FloatingPointNumber? {
    if let nan = propagateNaN(a) { return nan }
    if a.isInfinity { return invalidOperation() }
    if a.isDenormal { raise(.denormal) }
    return nil
  }
}

/// A finite angle below 2^63 as quarters of a turn and what is left, at most π/4 either way.
private struct ReducedAngle {
  /// π with 66 bits, in units of 2^-64 (Intel SDM volume 1, 8.3.8).
  private static let pi: UInt128 = 0x3_243F_6A88_85A3_08D3

  var quarters: UInt64 = 0
  var rest: WideNumber

  init(_ a: FloatingPointNumber) {
    rest = WideNumber(magnitudeOf: a)
    // From a half on, an angle is a whole number of units of 2^-65, in which π is two times what it is in units of 2^-64. What is left is never zero: π has 66
    // bits, the last of them set, so that no multiple of it has 64.
    if a.exponent >= -1 {
      let units = UInt128(a.significand) << UInt128(a.exponent &+ 2)
      var (turns, left) = units.quotientAndRemainder(dividingBy: Self.pi)
      let isBeyond = left > Self.pi / 2
      if isBeyond {
        turns += 1
        left = Self.pi - left
      }
      quarters = UInt64(truncatingIfNeeded: turns) & 3
      rest = WideNumber(significand: left, exponent: 127 - 65)
      rest.isNegative = isBeyond
    }
    if a.isNegative {
      quarters = (0 &- quarters) & 3
      rest = -rest
    }
  }

  var sine: WideNumber {
    switch quarters {
    case 0: rest.sine
    case 1: rest.cosine
    case 2: -rest.sine
    default: -rest.cosine
    }
  }

  var cosine: WideNumber {
    switch quarters {
    case 0: rest.cosine
    case 1: -rest.sine
    case 2: -rest.cosine
    default: rest.sine
    }
  }

  var tangent: WideNumber { quarters & 1 == 0 ? rest.tangent : -(rest.cosine / rest.sine) }
}

/// The series behind the transcendental instructions. Each result is off by less than 2^-370 of itself: arguments are exact or cut off at 384 bits, a
/// series ends with the term that no longer reaches the sum, and it has fewer than 2^8 terms.
extension WideNumber {
  /// Terms below this part of the sum no longer reach it.
  private static let reach: Int32 = bitCount &+ 4

  /// The sum of terms, each made of the one before, until they no longer reach it. The first is 1.
  private static func series(_ next: (_ term: WideNumber, _ number: UInt64) -> WideNumber) -> WideNumber {
    var sum = one
    var term = one
    var number: UInt64 = 1
    while true {
      term = next(term, number)
      if term.isZero { return sum }
      sum = sum + term
      if term.exponent < sum.exponent &- reach { return sum }
      number &+= 1
    }
  }

  /// 1 + s/3 + s²/5 + s³/7 + …, for `s` below 1/8 in magnitude.
  private static func oddReciprocals(of square: WideNumber) -> WideNumber {
    var power = one
    return series { _, number in
      power = power * square
      return power / (2 &* number &+ 1)
    }
  }

  // MARK: Constants, from their series

  /// The arctangents of 0, 1/16, 2/16 … 1: each is the one before and the angle between the two.
  private static let arctangents: [WideNumber] = {
    var angles = [zero]
    for k: UInt64 in 1...16 {
      // (k/16 − (k − 1)/16) / (1 + k (k − 1)/256)
      let tangent = WideNumber(16) / (256 &+ k &* (k &- 1))
      angles.append(angles[angles.count &- 1] + arctangentOfSmall(tangent))
    }
    return angles
  }()

  static let pi = arctangents[16].scaled(by: 2)

  /// The natural logarithm of 2: twice the inverse hyperbolic tangent of 1/3.
  static let naturalLogarithmOf2 = (one / 3 * oddReciprocals(of: one / 9)).scaled(by: 1)

  private static let binaryLogarithmOfE = one / naturalLogarithmOf2

  // MARK: Exponential and logarithm

  /// 2^x − 1 for `x` from -1 to 1: with y = x ln 2, y (1 + y/2! + y²/3! + …).
  var exponentialLess1: WideNumber {
    let y = self * Self.naturalLogarithmOf2
    return y * Self.series { term, number in term * y / (number &+ 1) }
  }

  /// The number, which is positive, is a power of two.
  var isPowerOfTwo: Bool {
    limbs[5] == 1 << 63 && limbs[4] == 0 && limbs[3] == 0 && limbs[2] == 0 && limbs[1] == 0 && limbs[0] == 0
  }

  /// The binary logarithm of a positive number.
  var binaryLogarithm: WideNumber {
    // The exponent apart, so that the rest is from √½ to √2, and its logarithm no more than a half.
    var fraction = self
    fraction.exponent = limbs[5] > 0xB504_F333_F9DE_6484 ? -1 : 0
    let power = exponent &- fraction.exponent
    var whole = WideNumber(UInt64(power.magnitude))
    whole.isNegative = power < 0
    let z = (fraction - .one) / (fraction + .one)
    return whole + Self.logarithm(ofQuotient: z)
  }

  /// The binary logarithm of 1 + x, for `x` below a half in magnitude: no bit of a small x is lost.
  static func binaryLogarithm(of1Plus x: WideNumber) -> WideNumber {
    logarithm(ofQuotient: x / (x + WideNumber(2)))
  }

  /// The binary logarithm of (1 + z) / (1 − z).
  private static func logarithm(ofQuotient z: WideNumber) -> WideNumber {
    if z.isZero { return .zero }
    return (z * oddReciprocals(of: z * z)).scaled(by: 1) * binaryLogarithmOfE
  }

  // MARK: Angles

  /// Of an angle up to π/4, and the same by the angle.
  var sine: WideNumber { self * sineByAngle }

  private var sineByAngle: WideNumber {
    let square = -(self * self)
    return Self.series { term, number in term * square / (2 &* number &* (2 &* number &+ 1)) }
  }

  /// Of an angle up to π/4.
  var cosine: WideNumber {
    let square = -(self * self)
    return Self.series { term, number in term * square / ((2 &* number &- 1) &* 2 &* number) }
  }

  /// Of an angle up to π/4. The angle comes last: of a tiny one the quotient is 1, and must not be less.
  var tangent: WideNumber { self * (sineByAngle / cosine) }

  /// Of a tangent from 0 to 1: the arctangent of the nearest sixteenth, and the angle between the two.
  var arctangent: WideNumber {
    // Below 1/32 the nearest is 0.
    guard exponent >= -5 else { return Self.arctangentOfSmall(self) }
    let sixteenths = exponent == 0 ? 16 : (limbs[5] >> UInt64(58 &- exponent) &+ 1) >> 1
    guard sixteenths > 0 else { return Self.arctangentOfSmall(self) }
    let near = WideNumber(sixteenths).scaled(by: -4)
    let tangent = (self - near) / (.one + self * near)
    return Self.arctangents[Int(sixteenths)] + Self.arctangentOfSmall(tangent)
  }

  private static func arctangentOfSmall(_ tangent: WideNumber) -> WideNumber {
    if tangent.isZero { return .zero }
    return tangent * oddReciprocals(of: -(tangent * tangent))
  }
}

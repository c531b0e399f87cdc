/// A number with 384 bits of significand: what the transcendental functions are computed in, so that their results can be rounded to 64 bits correctly.
///
/// Every operation cuts its result off; none rounds it to the nearest. A sum or difference of numbers that are far apart is cut off too, so that 1 minus
/// something tiny is less than 1 and not 1 again.
struct WideNumber {
  static let limbCount = 6
  static let bitCount: Int32 = 384

  var isNegative = false
  /// The value is `limbs` · 2^(`exponent` − 383).
  var exponent: Int32 = 0
  /// The least significant first. Bit 63 of the last is set unless the number is zero.
  var limbs: InlineArray<6, UInt64> = .init(repeating: 0)

  var isZero: Bool { limbs[5] == 0 }

  static let zero = WideNumber()
  static let one = WideNumber(1)

  private init() {}

  init(_ value: UInt64) {
    self.init(significand: value, exponent: 63)
  }

  /// `significand` · 2^(`exponent` − 63).
  init(significand: UInt64, exponent: Int32) {
    guard significand != 0 else { return }
    let shift = significand.leadingZeroBitCount
    limbs[5] = significand &<< UInt64(shift)
    self.exponent = exponent &- Int32(shift)
  }

  /// `significand` · 2^(`exponent` − 127).
  init(significand: UInt128, exponent: Int32) {
    guard significand != 0 else { return }
    let shift = significand.leadingZeroBitCount
    let aligned = significand << UInt128(shift)
    limbs[5] = UInt64(truncatingIfNeeded: aligned >> 64)
    limbs[4] = UInt64(truncatingIfNeeded: aligned)
    self.exponent = exponent &- Int32(shift)
  }

  /// The magnitude of a finite number.
  init(magnitudeOf number: FloatingPointNumber) {
    self.init(significand: number.significand, exponent: number.exponent)
  }

  var magnitude: WideNumber {
    var result = self
    result.isNegative = false
    return result
  }

  static prefix func - (number: WideNumber) -> WideNumber {
    var result = number
    result.isNegative.toggle()
    return result
  }

  /// Times a power of two.
  func scaled(by distance: Int32) -> WideNumber {
    var result = self
    result.exponent &+= distance
    return result
  }

  // MARK: Sums

  static func + (a: WideNumber, b: WideNumber) -> WideNumber {
    if a.isZero { return b }
    if b.isZero { return a }
    let aIsLarger = a.exponent > b.exponent || (a.exponent == b.exponent && !isLess(a.limbs, b.limbs))
    var result = aIsLarger ? a : b
    var small = aIsLarger ? b : a
    shiftRight(&small.limbs, by: UInt32(bitPattern: result.exponent &- small.exponent))
    if a.isNegative == b.isNegative {
      if addCarries(&result.limbs, small.limbs) {
        shiftRight(&result.limbs, by: 1)
        result.limbs[5] |= 1 << 63
        result.exponent &+= 1
      }
    } else {
      subtract(&result.limbs, small.limbs)
      result.normalize()
    }
    return result
  }

  static func - (a: WideNumber, b: WideNumber) -> WideNumber { a + (-b) }

  // MARK: Products and quotients

  static func * (a: WideNumber, b: WideNumber) -> WideNumber {
    if a.isZero || b.isZero { return zero }
    var product: InlineArray<12, UInt64> = .init(repeating: 0)
    for i in 0..<limbCount {
      var carry: UInt64 = 0
      for j in 0..<limbCount {
        let term = a.limbs[i].multipliedFullWidth(by: b.limbs[j])
        let sum = (UInt128(term.high) << 64 | UInt128(term.low)) &+ UInt128(product[i &+ j]) &+ UInt128(carry)
        product[i &+ j] = UInt64(truncatingIfNeeded: sum)
        carry = UInt64(truncatingIfNeeded: sum >> 64)
      }
      product[i &+ limbCount] = carry
    }
    var result = WideNumber()
    result.isNegative = a.isNegative != b.isNegative
    result.exponent = a.exponent &+ b.exponent &+ 1
    // The product of two numbers from 1 up to 2 is below 4: its leading bit is one of two.
    let shift: UInt64 = product[11] >> 63 == 0 ? 1 : 0
    for i in 0..<limbCount {
      result.limbs[i] = shift == 0 ? product[i &+ 6] : product[i &+ 6] << 1 | product[i &+ 5] >> 63
    }
    result.exponent &-= Int32(shift)
    return result
  }

  /// By a small number, which is not zero.
  static func / (a: WideNumber, divisor: UInt64) -> WideNumber {
    var result = a
    var remainder: UInt64 = 0
    for i in (0..<limbCount).reversed() {
      let step = divisor.dividingFullWidth((remainder, a.limbs[i]))
      result.limbs[i] = step.quotient
      remainder = step.remainder
    }
    result.normalize()
    return result
  }

  /// By a number that is not zero; one bit of the quotient after the other.
  static func / (a: WideNumber, b: WideNumber) -> WideNumber {
    if a.isZero { return zero }
    var result = WideNumber()
    result.isNegative = a.isNegative != b.isNegative
    result.exponent = a.exponent &- b.exponent
    var rest = a.limbs
    var carries = false
    if isLess(rest, b.limbs) {
      carries = doubleCarries(&rest)
      result.exponent &-= 1
    }
    for bit in (0..<Int(bitCount)).reversed() {
      if carries || !isLess(rest, b.limbs) {
        subtract(&rest, b.limbs)
        result.limbs[bit >> 6] |= 1 << UInt64(bit & 63)
      }
      carries = doubleCarries(&rest)
    }
    return result
  }

  // MARK: Limbs

  private typealias Limbs = InlineArray<6, UInt64>

  private static func isLess(_ a: Limbs, _ b: Limbs) -> Bool {
    for i in (0..<limbCount).reversed() where a[i] != b[i] { return a[i] < b[i] }
    return false
  }

  private static func addCarries(_ a: inout Limbs, _ b: Limbs) -> Bool {
    var carry = false
    for i in 0..<limbCount {
      let (first, overflows) = a[i].addingReportingOverflow(b[i])
      let (second, overflowsAgain) = first.addingReportingOverflow(carry ? 1 : 0)
      a[i] = second
      carry = overflows || overflowsAgain
    }
    return carry
  }

  /// What is borrowed in the end is dropped.
  private static func subtract(_ a: inout Limbs, _ b: Limbs) {
    var borrow = false
    for i in 0..<limbCount {
      let (first, overflows) = a[i].subtractingReportingOverflow(b[i])
      let (second, overflowsAgain) = first.subtractingReportingOverflow(borrow ? 1 : 0)
      a[i] = second
      borrow = overflows || overflowsAgain
    }
  }

  private static func doubleCarries(_ a: inout Limbs) -> Bool {
    let carries = a[5] >> 63 != 0
    for i in (1..<limbCount).reversed() { a[i] = a[i] << 1 | a[i &- 1] >> 63 }
    a[0] <<= 1
    return carries
  }

  /// Bit 0 of the result is set when any bit that left was.
  private static func shiftRight(_ a: inout Limbs, by count: UInt32) {
    guard count < UInt32(bitCount) else {
      a = .init(repeating: 0)
      a[0] = 1
      return
    }
    let whole = Int(count >> 6)
    let bits = UInt64(count & 63)
    var lost: UInt64 = bits == 0 ? 0 : a[whole] << (64 &- bits)
    for i in 0..<whole { lost |= a[i] }
    for i in 0..<limbCount {
      let low = i &+ whole < limbCount ? a[i &+ whole] : 0
      let high = i &+ whole &+ 1 < limbCount ? a[i &+ whole &+ 1] : 0
      a[i] = bits == 0 ? low : low >> bits | high << (64 &- bits)
    }
    if lost != 0 { a[0] |= 1 }
  }

  /// Moves the leading bit to its place.
  private mutating func normalize() {
    var whole = 0
    while whole < Self.limbCount && limbs[5 &- whole] == 0 { whole &+= 1 }
    guard whole < Self.limbCount else {
      self = .zero
      return
    }
    let bits = UInt64(limbs[5 &- whole].leadingZeroBitCount)
    guard whole > 0 || bits > 0 else { return }
    for i in (0..<Self.limbCount).reversed() {
      let high = i >= whole ? limbs[i &- whole] : 0
      let low = i >= whole &+ 1 ? limbs[i &- whole &- 1] : 0
      limbs[i] = bits == 0 ? high : high << bits | low >> (64 &- bits)
    }
    exponent &-= Int32(whole) &* 64 &+ Int32(bits)
  }
}

import Testing

@testable import OrreryMachine

/// Arithmetic in integers against values that follow from IEEE 754 by hand, and the rules of Intel SDM volume 1, chapter 4.
struct FloatingPointArithmeticTests {
  private func environment(_ rounding: RoundingMode = .nearest) -> FloatingPointEnvironment {
    FloatingPointEnvironment(mxcsr: 0x1F80 | UInt32(rounding.rawValue) << 13)
  }

  private func double(_ bits: UInt64) -> FloatingPointNumber { FloatingPointNumber(binary64: bits) }

  private static let one: UInt64 = 0x3FF0_0000_0000_0000
  private static let infinity: UInt64 = 0x7FF0_0000_0000_0000
  private static let greatest: UInt64 = 0x7FEF_FFFF_FFFF_FFFF

  @Test func quotientsAndRootsAreRoundedByTheMode() {
    let three: UInt64 = 0x4008_0000_0000_0000
    // A third is 0.010101…, cut after a 1 that a 0 follows; the square root of two is 1.0110…1100|1100….
    for (mode, third, root) in [
      (.nearest, 0x3FD5_5555_5555_5555, 0x3FF6_A09E_667F_3BCD), (.down, 0x3FD5_5555_5555_5555, 0x3FF6_A09E_667F_3BCC),
      (.up, 0x3FD5_5555_5555_5556, 0x3FF6_A09E_667F_3BCD),
      (.towardZero, 0x3FD5_5555_5555_5555, 0x3FF6_A09E_667F_3BCC),
    ] as [(RoundingMode, UInt64, UInt64)] {
      var environment = environment(mode)
      #expect(environment.divide(double(Self.one), by: double(three), to: .binary64).binary64 == third)
      #expect(environment.squareRoot(double(2 << 61), to: .binary64).binary64 == root)
      #expect(environment.raised == .precision)
    }
  }

  @Test func halfOfTheLastPlaceGoesToTheEvenNumber() {
    // 2^-53 added to 1 and to the number after it.
    let half: UInt64 = 0x3CA0_0000_0000_0000
    var environment = environment()
    #expect(environment.add(double(Self.one), double(half), to: .binary64).binary64 == Self.one)
    #expect(environment.add(double(Self.one + 1), double(half), to: .binary64).binary64 == Self.one + 2)
  }

  @Test func overflowGivesInfinityOrTheGreatestNumber() {
    for (mode, positive, negative) in [
      (.nearest, Self.infinity, Self.infinity), (.down, Self.greatest, Self.infinity),
      (.up, Self.infinity, Self.greatest), (.towardZero, Self.greatest, Self.greatest),
    ] as [(RoundingMode, UInt64, UInt64)] {
      var environment = environment(mode)
      let sign: UInt64 = 1 << 63
      let a = double(Self.greatest)
      #expect(environment.add(a, a, to: .binary64).binary64 == positive)
      #expect(environment.add(a.negated, a.negated, to: .binary64).binary64 == sign | negative)
      #expect(environment.raised == [.overflow, .precision])
    }
  }

  @Test func tininessIsDetectedAfterRounding() {
    // The least normal number times 1 − 2^-53 rounds, without bounds on the exponent, to 1 − 2^-53 of it: tiny. Times 1 − 2^-54 it would round to
    // the least normal number itself: not tiny. 1 − 2^-54 has 54 bits, so the extended format carries it.
    let least = double(0x0010_0000_0000_0000)
    let below = double(0x3FEF_FFFF_FFFF_FFFF)
    var tiny = environment()
    #expect(tiny.multiply(least, below, to: .binary64).binary64 == 0x0010_0000_0000_0000)
    #expect(tiny.raised == [.underflow, .precision])
    let nearer = FloatingPointNumber(kind: .finite, isNegative: false, exponent: -1, significand: .max << 10)
    var normal = environment()
    #expect(normal.multiply(least, nearer, to: .binary64).binary64 == 0x0010_0000_0000_0000)
    #expect(normal.raised == .precision)
  }

  @Test func denormalsAreExactUnlessMXCSRMakesThemZeros() {
    var exact = environment()
    #expect(exact.add(exact.operand(binary64: 1), exact.operand(binary64: 2), to: .binary64).binary64 == 3)
    #expect(exact.raised == .denormal)
    var zeros = FloatingPointEnvironment(mxcsr: 0x1FC0)
    #expect(zeros.add(zeros.operand(binary64: 1), zeros.operand(binary64: 2), to: .binary64).binary64 == 0)
    #expect(zeros.raised.isEmpty)
    var flushed = FloatingPointEnvironment(mxcsr: 0x9F80)
    let half = flushed.multiply(double(0x0010_0000_0000_0000), double(0xBFE0_0000_0000_0000), to: .binary64)
    #expect(half.binary64 == 1 << 63 && flushed.raised == [.underflow, .precision])
  }

  @Test func invalidOperationsGiveTheIndefinite() {
    let indefinite: UInt64 = 0xFFF8_0000_0000_0000
    let infinity = double(Self.infinity)
    let zero = double(0)
    let operations: [(inout FloatingPointEnvironment) -> FloatingPointNumber] = [
      { $0.subtract(infinity, infinity, to: .binary64) }, { $0.multiply(infinity, zero, to: .binary64) },
      { $0.divide(zero, by: zero, to: .binary64) }, { $0.divide(infinity, by: infinity, to: .binary64) },
      { $0.squareRoot(infinity.negated, to: .binary64) },
    ]
    for operation in operations {
      var environment = environment()
      #expect(operation(&environment).binary64 == indefinite)
      #expect(environment.raised == .invalid)
    }
    var environment = environment()
    #expect(environment.divide(double(Self.one), by: zero.negated, to: .binary64).binary64 == 1 << 63 | Self.infinity)
    #expect(environment.raised == .divide)
  }

  @Test func theSurvivingNaNFollowsTable4_7() {
    let small = double(0x7FF8_0000_0000_0001)
    let large = double(0x7FF8_0000_0000_0002)
    let signaling = double(0x7FF0_0000_0000_0003)
    // SSE takes the first, x87 the greater of two quiet ones and the quiet one before the signaling one.
    var sse = environment()
    #expect(sse.add(small, large, to: .binary64).binary64 == 0x7FF8_0000_0000_0001)
    #expect(sse.raised.isEmpty)
    #expect(sse.add(signaling, large, to: .binary64).binary64 == 0x7FF8_0000_0000_0003)
    #expect(sse.raised == .invalid)
    var x87 = FloatingPointEnvironment(x87Control: 0x37F)
    #expect(x87.add(small, large, to: .extended).binary64 == 0x7FF8_0000_0000_0002)
    #expect(x87.add(signaling, small, to: .extended).binary64 == 0x7FF8_0000_0000_0001)
    #expect(x87.add(signaling, double(Self.one), to: .extended).binary64 == 0x7FF8_0000_0000_0003)
  }

  @Test func integersThatDoNotFitAreTheIndefinite() {
    var environment = environment()
    #expect(environment.integer(double(0xC1E0_0000_0000_0000), bits: 32, truncating: false) == -0x8000_0000)
    #expect(environment.raised.isEmpty)
    #expect(environment.integer(double(0x41E0_0000_0000_0000), bits: 32, truncating: false) == -0x8000_0000)
    #expect(environment.raised == .invalid)
    // 2.5 and 3.5 both go to the even neighbour; truncated, to 2 and 3.
    #expect(environment.integer(double(0x4004_0000_0000_0000), bits: 32, truncating: false) == 2)
    #expect(environment.integer(double(0x400C_0000_0000_0000), bits: 32, truncating: false) == 4)
    #expect(environment.integer(double(0x400C_0000_0000_0000), bits: 32, truncating: true) == 3)
  }

  @Test func decimalsKeepTheirDigits() {
    var environment = FloatingPointEnvironment(x87Control: 0x37F)
    let number = FloatingPointEnvironment.decimal(low: 0x3456_7890_1234_5678, high: 0x8012)
    let digits = environment.decimal(number)
    #expect(digits.low == 0x3456_7890_1234_5678 && digits.high == 0x8012)
    #expect(environment.integer(number, bits: 64, truncating: false) == -123_456_789_012_345_678)
  }
}

import Testing

@testable import OrreryMachine

/// The transcendental functions against values computed elsewhere to 1,200 bits and then rounded, and the operands for which the manual names the result (Intel SDM
/// volume 2).
struct TranscendentalTests {
  enum Function {
    case exponential, logarithm, logarithmOf1Plus, arctangent, sine, cosine, tangent
  }

  /// The result of a function of ST(0) = `x` and ST(1) = `y`, and what was raised.
  private func result(
    _ function: Function, _ x: Extended, _ y: Extended = .zero, _ rounding: RoundingMode = .nearest
  ) -> (value: Extended, raised: FloatingPointExceptions) {
    // Single precision: these instructions do not care.
    var environment = FloatingPointEnvironment(x87Control: 0x7F | UInt16(rounding.rawValue) << 10)
    let (a, b) = (FloatingPointNumber(x), FloatingPointNumber(y))
    let value =
      switch function {
      case .exponential: environment.exponentialLess1(a)
      case .logarithm: environment.logarithm(of: a, times: b)
      case .logarithmOf1Plus: environment.logarithm(of1Plus: a, times: b)
      case .arctangent: environment.arctangent(b, a)
      case .sine: environment.sine(a)
      case .cosine: environment.cosine(a)
      case .tangent: environment.tangent(a)
      }
    return (value.extended, environment.raised)
  }

  @Test(arguments: reference) func valuesAreRoundedCorrectly(
    _ function: Function, _ rounding: RoundingMode, _ x: Extended, _ y: Extended, _ expected: Extended
  ) {
    #expect(result(function, x, y, rounding) == (expected, .precision))
  }

  /// Operands and results for `valuesAreRoundedCorrectly`.
  private static let reference: [(Function, RoundingMode, Extended, Extended, Extended)] = [
    (.exponential, .up, .init(0x961A_5F8E_7F45_3A0E, 0x3FC3), .init(0, 0), .init(0xD016_43BB_8101_7128, 0x3FC2)),
    (.exponential, .up, .init(0x8000_0000_0000_1000, 0xBFF8), .init(0, 0), .init(0xB0F7_51C2_383B_F038, 0xBFF7)),
    (.exponential, .nearest, .init(0x8B3B_E7FE_D988_D7C6, 0x3FFA), .init(0, 0), .init(0xC34F_AD70_0F23_FA96, 0x3FF9)),
    (.exponential, .up, .init(0xFCAC_AB3E_C592_CFC6, 0x3FE7), .init(0, 0), .init(0xAF23_FF6A_97DB_F022, 0x3FE7)),
    (
      .exponential, .towardZero, .init(0x8000_0000_0000_0000, 0xBFB7), .init(0, 0), .init(0xB172_17F7_D1CF_79AB, 0xBFB6)
    ),
    (.exponential, .down, .init(0xDB24_8172_9399_468A, 0xBFE9), .init(0, 0), .init(0x97E5_E6DD_C46F_9678, 0xBFE9)),
    (
      .logarithm, .up, .init(0xFFFF_FDFF_FFFF_FFFF, 0x65F2), .init(0xC016_24C2_80CC_3374, 0xBFF8),
      .init(0xE3D2_4359_1EB0_3BC4, 0xC005)
    ),
    (
      .logarithm, .nearest, .init(0xDCF1_61E2_6233_ACD6, 0x3FFF), .init(0x8C4E_4706_764E_F7BC, 0xBFF2),
      .init(0xDCFD_6CBF_A3C0_84D5, 0xBFF1)
    ),
    (
      .logarithm, .nearest, .init(0x8762_9B2C_5E09_9386, 0x3FFF), .init(0x8BA6_C9A4_8232_B967, 0x3620),
      .init(0xB4D2_B34A_2100_6550, 0x361C)
    ),
    (
      .logarithm, .towardZero, .init(0xD320_5A5E_2C7C_C586, 0x4001), .init(0x8000_0000_0000_0000, 0x4009),
      .init(0xAE34_A472_6AFD_33F4, 0x400A)
    ),
    (
      .logarithm, .towardZero, .init(0x8000_0000_00E0_B4C8, 0x3FFF), .init(0x8000_0000_0000_0000, 0x3FEC),
      .init(0xA217_5BBA_C753_BC84, 0x3FC5)
    ),
    (
      .logarithm, .down, .init(0xAB27_05BD_B5AF_2EEA, 0x3FFE), .init(0x9CEE_EE48_85A0_EB70, 0xB745),
      .init(0xB650_2EE3_A98F_0029, 0x3744)
    ),
    (
      .logarithmOf1Plus, .up, .init(0x8257_B455_3069_DE2C, 0xBF8E), .init(0x8490_3CB0_121C_AE7A, 0x3FF4),
      .init(0xC2BF_AD55_9DC5_82D7, 0xBF83)
    ),
    (
      .logarithmOf1Plus, .down, .init(0xA56E_7C95_726B_D36C, 0xBF84), .init(0xFFFF_FFFF_FFFF_7FFF, 0xBFF1),
      .init(0xEEAA_D64A_ACCD_A4ED, 0x3F77)
    ),
    (
      .logarithmOf1Plus, .up, .init(0xA5DF_1CCE_E8E0_746E, 0x3F8D), .init(0xC2B8_8AB1_6E97_30CA, 0xC006),
      .init(0xB605_19AA_2929_81E0, 0xBF95)
    ),
    (
      .logarithmOf1Plus, .towardZero, .init(0xC9C6_E880_053B_0655, 0xBF8F), .init(0x8000_0000_0000_0000, 0xC002),
      .init(0x918D_23D3_D9CC_FDA0, 0x3F93)
    ),
    (
      .logarithmOf1Plus, .up, .init(0x8000_0000_0000_0000, 0x3F8A), .init(0x952F_34DE_24CE_193B, 0xC00F),
      .init(0xD73A_43A5_82C4_4F2B, 0xBF9A)
    ),
    (
      .logarithmOf1Plus, .up, .init(0x8000_0000_0000_0000, 0xBFED), .init(0xC2CF_87A1_1624_5DAC, 0xC013),
      .init(0x8C86_C5E1_FFEE_1B68, 0x4002)
    ),
    (
      .arctangent, .nearest, .init(0x83D7_E855_173F_3AED, 0xBFD5), .init(0x8000_0000_0000_0000, 0xC008),
      .init(0xC90F_DAA2_2168_D2B0, 0xBFFF)
    ),
    (
      .arctangent, .nearest, .init(0xFDE8_7915_ACD6_16DE, 0x1F78), .init(0xBE50_8EC1_9A11_945D, 0x9FA1),
      .init(0xC90F_DAA2_2113_5F83, 0xBFFF)
    ),
    (
      .arctangent, .towardZero, .init(0x8000_0000_0000_0000, 0x6977), .init(0xFFFF_FFFF_BFFF_FFFF, 0x3FEE),
      .init(0xFFFF_FFFF_BFFF_FFFE, 0x1676)
    ),
    (
      .arctangent, .towardZero, .init(0x8000_0000_0080_0000, 0xC017), .init(0x92DB_A1E8_CB29_750E, 0xC007),
      .init(0xC90F_9134_5074_7D21, 0xC000)
    ),
    (
      .arctangent, .up, .init(0x8000_0040_0000_0000, 0xBFE4), .init(0x8000_0000_0000_0000, 0xBFF1),
      .init(0xC913_DAA2_2313_6CDE, 0xBFFF)
    ),
    (
      .arctangent, .up, .init(0x8000_0000_0000_0000, 0x2434), .init(0xB0AE_8E77_D4D4_CD1B, 0x815C),
      .init(0xB0AE_8E77_D4D4_CD1A, 0x9D27)
    ),
    (.sine, .towardZero, .init(0xD891_FE19_D295_AE69, 0x352F), .init(0, 0), .init(0xD891_FE19_D295_AE68, 0x352F)),
    (.sine, .nearest, .init(0xE15C_46CD_257C_C465, 0x4026), .init(0, 0), .init(0xF7CE_904B_2574_DCAF, 0xBFFA)),
    (.sine, .down, .init(0x8DE2_E558_2A54_4488, 0x401C), .init(0, 0), .init(0xF078_984A_6001_8679, 0xBFFE)),
    (.sine, .up, .init(0xBE35_8E32_309C_9B1E, 0xBFC7), .init(0, 0), .init(0xBE35_8E32_309C_9B1D, 0xBFC7)),
    (.sine, .up, .init(0xFC13_0AF5_1D5A_8945, 0xC020), .init(0, 0), .init(0xB8B9_D5B2_A597_A89C, 0xBFFE)),
    (.sine, .nearest, .init(0x8000_0000_0000_0000, 0x1DBC), .init(0, 0), .init(0x8000_0000_0000_0000, 0x1DBC)),
    (.cosine, .down, .init(0x8000_0000_0000_0000, 0xC030), .init(0, 0), .init(0xF76A_0345_94E2_D2F4, 0x3FFE)),
    (.cosine, .towardZero, .init(0xB073_AF1E_4141_A7A5, 0xA31C), .init(0, 0), .init(0xFFFF_FFFF_FFFF_FFFF, 0x3FFE)),
    (.cosine, .nearest, .init(0x8000_0000_0000_0000, 0x3FCD), .init(0, 0), .init(0x8000_0000_0000_0000, 0x3FFF)),
    (.cosine, .down, .init(0xFC05_8091_A716_D8C1, 0xBFFB), .init(0, 0), .init(0xFE10_6A8E_25CA_1931, 0x3FFE)),
    (.cosine, .down, .init(0x8000_0000_0000_0000, 0x3FE3), .init(0, 0), .init(0xFFFF_FFFF_FFFF_FF80, 0x3FFE)),
    (.cosine, .towardZero, .init(0xB0FC_0FCE_EA4A_88C4, 0xBFFD), .init(0, 0), .init(0xF0DB_6384_8CFD_DD74, 0x3FFE)),
    (.tangent, .up, .init(0x8000_0000_0000_1000, 0xC02F), .init(0, 0), .init(0x8563_B75A_7DFA_3EB8, 0xBFFD)),
    (.tangent, .up, .init(0x8B06_A129_DF3B_9CCF, 0xBD32), .init(0, 0), .init(0x8B06_A129_DF3B_9CCF, 0xBD32)),
    (.tangent, .nearest, .init(0x8000_0000_0000_0000, 0xBFF0), .init(0, 0), .init(0x8000_0000_AAAA_AAAC, 0xBFF0)),
    (.tangent, .down, .init(0xF0B2_80AA_9592_116B, 0xBFE5), .init(0, 0), .init(0xF0B2_80AA_9592_2327, 0xBFE5)),
    (.tangent, .towardZero, .init(0x9B25_B9B3_B3E6_DE2F, 0x4030), .init(0, 0), .init(0x983D_4441_7E8A_D86C, 0x3FFE)),
    (.tangent, .down, .init(0xB6CA_3CD8_81FA_0351, 0x4019), .init(0, 0), .init(0xDB86_80EA_CD4D_326D, 0x3FFE)),
  ]

  // MARK: Numbers that the tables name

  private static let one = Extended(1 << 63, 0x3FFF)
  private static let minusOne = Extended(1 << 63, 0xBFFF)
  private static let half = Extended(1 << 63, 0x3FFE)
  private static let three = Extended(3 << 62, 0x4000)
  private static let infinity = Extended(1 << 63, 0x7FFF)
  private static let minusInfinity = Extended(1 << 63, 0xFFFF)
  private static let minusZero = Extended(0, 0x8000)
  private static let denormal = Extended(5, 0)
  /// π has the significand C90FDAA2 2168C234|C4C6628B…, rounded up to the nearest.
  private static let pi = Extended(0xC90F_DAA2_2168_C235, 0x4000)

  @Test func piHasItsDigits() {
    // 3.243F6A88 85A308D3 13198A2E 03707344 A4093822 299F31D0 082EFA98 EC4E6C89 452821E6 38D01377 BE5466CF 34E90C6C C0AC29B7, of which the last dozen bits may be off.
    let expected: [UInt64] = [
      0xC90F_DAA2_2168_C234, 0xC4C6_628B_80DC_1CD1, 0x2902_4E08_8A67_CC74, 0x020B_BEA6_3B13_9B22,
      0x514A_0879_8E34_04DD, 0xEF95_19B3_CD3A_431B,
    ]
    for index in 0..<5 { #expect(WideNumber.pi.limbs[5 - index] == expected[index]) }
    #expect(WideNumber.pi.limbs[0] >> 12 == expected[5] >> 12)
    #expect(WideNumber.pi.exponent == 1)
  }

  @Test func exactResultsRaiseNothing() {
    #expect(result(.exponential, Self.one) == (Self.one, []))
    #expect(result(.exponential, Self.minusOne) == (Extended(1 << 63, 0xBFFE), []))
    #expect(result(.exponential, Self.minusZero) == (Self.minusZero, []))
    #expect(result(.logarithm, Self.half, Self.three) == (Extended(3 << 62, 0xC000), []))
    #expect(result(.logarithm, Self.one, Self.three) == (.zero, []))
    #expect(result(.logarithm, Self.half, .zero) == (Self.minusZero, []))
    #expect(result(.sine, Self.minusZero) == (Self.minusZero, []))
    #expect(result(.cosine, Self.minusZero) == (Self.one, []))
    #expect(result(.arctangent, Self.one, Self.minusZero) == (Self.minusZero, []))
  }

  @Test func infinitiesAndZerosAreAsTheTablesSay() {
    let quarter = Extended(Self.pi.significand, 0x3FFF)
    #expect(result(.arctangent, Self.minusInfinity, Self.three) == (Self.pi, .precision))
    #expect(result(.arctangent, .zero, Self.three) == (quarter, .precision))
    #expect(result(.arctangent, Self.infinity, Self.infinity) == (Extended(Self.pi.significand, 0x3FFE), .precision))
    // 3π/4: three times C90F… over four is 96CBE3F9 990E91A7|9394….
    #expect(
      result(.arctangent, Self.minusInfinity, Self.infinity) == (Extended(0x96CB_E3F9_990E_91A8, 0x4000), .precision))
    #expect(result(.arctangent, Self.minusZero, Self.minusZero) == (Extended(Self.pi.significand, 0xC000), .precision))
    #expect(result(.logarithm, .zero, Self.three) == (Self.minusInfinity, .divide))
    #expect(result(.logarithm, .zero, Self.infinity) == (Self.minusInfinity, []))
    #expect(result(.logarithm, Self.half, Self.infinity) == (Self.minusInfinity, []))
    #expect(result(.logarithmOf1Plus, Self.denormal, Self.minusInfinity) == (Self.minusInfinity, .denormal))
    for (function, x, y) in [
      (.sine, Self.infinity, .zero), (.tangent, Self.minusInfinity, .zero), (.logarithm, Self.minusOne, Self.three),
      (.logarithm, .zero, .zero), (.logarithm, Self.one, Self.infinity), (.logarithm, Self.infinity, .zero),
      (.logarithmOf1Plus, .zero, Self.infinity), (.logarithmOf1Plus, Self.minusInfinity, Self.one),
    ] as [(Function, Extended, Extended)] {
      #expect(result(function, x, y) == (.indefinite, .invalid))
    }
  }

  /// The sine of the π nearest to 64 bits: with the 66 bits of the manual, π exceeds that one by -2^-64.
  @Test func anglesAreReducedByThePiOf66Bits() {
    #expect(result(.sine, Self.pi) == (Extended(1 << 63, 0xBFBF), .precision))
    #expect(result(.sine, Self.pi, .zero, .towardZero) == (Extended(.max, 0xBFBE), .precision))
  }

  @Test func tinyResultsUnderflow() {
    #expect(result(.sine, Self.denormal) == (Self.denormal, [.denormal, .underflow, .precision]))
    // The least normal number times 1 − x²/6 rounds to itself, and towards zero to the number before it.
    let least = Extended(1 << 63, 1)
    #expect(result(.sine, least) == (least, .precision))
    #expect(result(.sine, least, .zero, .down) == (Extended(.max >> 1, 0), [.underflow, .precision]))
    #expect(result(.tangent, least, .zero, .up) == (Extended(1 << 63 | 1, 1), .precision))
  }
}

extension Extended {
  fileprivate init(_ significand: UInt64, _ signAndExponent: UInt16) {
    self.init(significand: significand, signAndExponent: signAndExponent)
  }
}

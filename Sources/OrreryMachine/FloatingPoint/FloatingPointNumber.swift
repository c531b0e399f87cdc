/// A floating-point number taken apart: the one form that all formats are computed in.
struct FloatingPointNumber {
  enum Kind: UInt8 {
    case zero
    case finite
    case infinity
    case quietNaN
    case signalingNaN
    /// A coding of the extended format that processors since the 80387 refuse (Intel SDM volume 1, 8.2.2).
    case unsupported
  }

  var kind: Kind
  var isNegative: Bool
  /// Was denormal in the format it came from.
  var isDenormal = false
  /// A finite number is `significand` · 2^(`exponent` − 63).
  var exponent: Int32 = 0
  /// Bit 63 is set when finite. Of a NaN: the fraction below bit 63, bit 62 saying that it is quiet.
  var significand: UInt64 = 0

  var isNaN: Bool { kind == .quietNaN || kind == .signalingNaN || kind == .unsupported }
  /// A signaling NaN or a coding that is refused.
  var isInvalid: Bool { kind == .signalingNaN || kind == .unsupported }
  var isZero: Bool { kind == .zero }
  var isInfinity: Bool { kind == .infinity }

  static func zero(isNegative: Bool) -> Self { Self(kind: .zero, isNegative: isNegative) }
  static func infinity(isNegative: Bool) -> Self { Self(kind: .infinity, isNegative: isNegative) }
  static let one = Self(kind: .finite, isNegative: false, exponent: 0, significand: 1 << 63)

  /// The real indefinite, which answers an invalid operation.
  static let indefinite = Self(kind: .quietNaN, isNegative: true, significand: 0xC000_0000_0000_0000)

  var negated: Self {
    var result = self
    result.isNegative.toggle()
    return result
  }

  var magnitude: Self {
    var result = self
    result.isNegative = false
    return result
  }

  /// The NaN as a result carries it.
  var quieted: Self {
    if kind == .unsupported { return .indefinite }
    var result = self
    result.kind = .quietNaN
    result.significand |= 1 << 62
    return result
  }

  /// An exact finite number, or zero, from a significand that is not normalised.
  init(isNegative: Bool, exponent: Int32, unnormalized significand: UInt64) {
    guard significand != 0 else {
      self = .zero(isNegative: isNegative)
      return
    }
    let shift = significand.leadingZeroBitCount
    self.init(
      kind: .finite, isNegative: isNegative, exponent: exponent &- Int32(shift),
      significand: significand &<< UInt64(shift))
  }

  init(kind: Kind, isNegative: Bool, isDenormal: Bool = false, exponent: Int32 = 0, significand: UInt64 = 0) {
    self.kind = kind
    self.isNegative = isNegative
    self.isDenormal = isDenormal
    self.exponent = exponent
    self.significand = significand
  }
}

/// A number in the x87 registers' format: 64 bits of significand with an explicit integer bit, then the exponent and the sign.
struct Extended: Equatable {
  var significand: UInt64
  var signAndExponent: UInt16

  static let indefinite = Extended(significand: 0xC000_0000_0000_0000, signAndExponent: 0xFFFF)
  static let zero = Extended(significand: 0, signAndExponent: 0)
}

/// What a result is rounded to.
struct FloatingPointFormat {
  /// The bits of the significand, the leading one included.
  var precision: Int32
  /// The exponents of the least and the greatest normal numbers.
  var minimumExponent: Int32
  var maximumExponent: Int32
  /// What is added to the exponent of a result that underflows unmasked, and taken away when it overflows (Intel SDM volume 1, 8.5.4, 8.5.5).
  var adjustment: Int32

  static let binary32 = Self(precision: 24, minimumExponent: -126, maximumExponent: 127, adjustment: 192)
  static let binary64 = Self(precision: 53, minimumExponent: -1022, maximumExponent: 1023, adjustment: 1536)
  static let extended = Self(precision: 64, minimumExponent: -16382, maximumExponent: 16383, adjustment: 24576)

  /// The extended format with the precision that the x87 control word asks for.
  static func x87(control: UInt16) -> Self {
    var format = extended
    switch control >> 8 & 3 {
    case 0: format.precision = 24
    case 2: format.precision = 53
    default: break
    }
    return format
  }
}

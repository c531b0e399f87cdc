/// Between the formats' bits and `FloatingPointNumber`. Nothing is rounded here: what is coded fits already.
extension FloatingPointNumber {
  /// Of one of the two interchange formats that hide the leading bit: `fractionBits` below the exponent.
  @inline(__always)
  private init(_ bits: UInt64, isNegative: Bool, fractionBits: UInt64, exponentMask: UInt64) {
    let fraction = bits & (1 &<< fractionBits &- 1)
    let biased = bits &>> fractionBits & exponentMask
    let bias = Int32(truncatingIfNeeded: exponentMask &>> 1)
    let aligned = fraction &<< (63 &- fractionBits)
    if biased == exponentMask {
      if fraction == 0 {
        self = .infinity(isNegative: isNegative)
      } else {
        self.init(
          kind: aligned & 1 << 62 != 0 ? .quietNaN : .signalingNaN, isNegative: isNegative,
          significand: 1 << 63 | aligned)
      }
    } else if biased == 0 {
      self.init(isNegative: isNegative, exponent: 1 &- bias, unnormalized: aligned)
      isDenormal = fraction != 0
    } else {
      self.init(
        kind: .finite, isNegative: isNegative, exponent: Int32(truncatingIfNeeded: biased) &- bias,
        significand: 1 << 63 | aligned)
    }
  }

  init(binary32 bits: UInt32) {
    self.init(UInt64(bits), isNegative: bits >> 31 != 0, fractionBits: 23, exponentMask: 0xFF)
  }

  init(binary64 bits: UInt64) {
    self.init(bits, isNegative: bits >> 63 != 0, fractionBits: 52, exponentMask: 0x7FF)
  }

  init(_ bits: Extended) {
    let isNegative = bits.signAndExponent >> 15 != 0
    let biased = Int32(bits.signAndExponent & 0x7FFF)
    let hasIntegerBit = bits.significand >> 63 != 0
    if biased == 0 {
      self.init(isNegative: isNegative, exponent: -16382, unnormalized: bits.significand)
      isDenormal = bits.significand != 0
    } else if !hasIntegerBit {
      self.init(kind: .unsupported, isNegative: isNegative)
    } else if biased < 0x7FFF {
      self.init(kind: .finite, isNegative: isNegative, exponent: biased &- 16383, significand: bits.significand)
    } else if bits.significand == 1 << 63 {
      self = .infinity(isNegative: isNegative)
    } else {
      self.init(
        kind: bits.significand & 1 << 62 != 0 ? .quietNaN : .signalingNaN, isNegative: isNegative,
        significand: bits.significand)
    }
  }

  @inline(__always)
  private func bits(fractionBits: UInt64, exponentMask: UInt64) -> UInt64 {
    let bias = Int32(truncatingIfNeeded: exponentMask &>> 1)
    let hidden = significand & ~(1 << 63)
    switch kind {
    case .zero: return 0
    case .infinity: return exponentMask &<< fractionBits
    case .quietNaN, .signalingNaN, .unsupported:
      return exponentMask &<< fractionBits | hidden &>> (63 &- fractionBits)
    case .finite:
      let biased = exponent &+ bias
      if biased > 0 {
        return (UInt64(truncatingIfNeeded: biased) & exponentMask) &<< fractionBits | hidden &>> (63 &- fractionBits)
      }
      return significand >> (64 &- fractionBits &+ UInt64(bitPattern: Int64(-biased)))
    }
  }

  var binary32: UInt32 {
    UInt32(truncatingIfNeeded: bits(fractionBits: 23, exponentMask: 0xFF)) | (isNegative ? 1 << 31 : 0)
  }

  var binary64: UInt64 { bits(fractionBits: 52, exponentMask: 0x7FF) | (isNegative ? 1 << 63 : 0) }

  var extended: Extended {
    let sign: UInt16 = isNegative ? 0x8000 : 0
    switch kind {
    case .zero: return Extended(significand: 0, signAndExponent: sign)
    case .infinity: return Extended(significand: 1 << 63, signAndExponent: sign | 0x7FFF)
    case .quietNaN, .signalingNaN: return Extended(significand: significand, signAndExponent: sign | 0x7FFF)
    case .unsupported: return .indefinite
    case .finite:
      let biased = exponent &+ 16383
      if biased > 0 {
        return Extended(
          significand: significand, signAndExponent: sign | UInt16(truncatingIfNeeded: biased) & 0x7FFF)
      }
      return Extended(significand: significand >> UInt64(bitPattern: Int64(1 &- biased)), signAndExponent: sign)
    }
  }
}

extension FloatingPointEnvironment {
  /// The operand as MXCSR.DAZ has it.
  func operand(_ number: FloatingPointNumber) -> FloatingPointNumber {
    number.isDenormal && denormalsAreZero ? .zero(isNegative: number.isNegative) : number
  }

  func operand(binary32 bits: UInt32) -> FloatingPointNumber { operand(FloatingPointNumber(binary32: bits)) }
  func operand(binary64 bits: UInt64) -> FloatingPointNumber { operand(FloatingPointNumber(binary64: bits)) }
}

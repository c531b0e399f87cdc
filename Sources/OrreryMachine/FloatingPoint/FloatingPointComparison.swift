/// How two numbers stand to each other.
enum FloatingPointRelation {
  case less
  case equal
  case greater
  case unordered
}

extension FloatingPointEnvironment {
  /// Compares; a quiet NaN is invalid when `signalsQuiet`, a signaling one always.
  mutating func compare(
    _ a: FloatingPointNumber, _ b: FloatingPointNumber, signalsQuiet: Bool
  ) -> FloatingPointRelation {
    if a.isNaN || b.isNaN {
      if signalsQuiet || a.isInvalid || b.isInvalid { raise(.invalid) }
      return .unordered
    }
    if a.isDenormal || b.isDenormal { raise(.denormal) }
    return Self.relation(a, b)
  }

  /// Compares numbers that are no NaNs.
  static func relation(_ a: FloatingPointNumber, _ b: FloatingPointNumber) -> FloatingPointRelation {
    if a.isZero && b.isZero { return .equal }
    if a.isZero { return b.isNegative ? .greater : .less }
    if b.isZero || a.isNegative != b.isNegative { return a.isNegative ? .less : .greater }
    let magnitudes: FloatingPointRelation =
      if a.isInfinity || b.isInfinity {
        a.isInfinity && b.isInfinity ? .equal : a.isInfinity ? .greater : .less
      } else if a.exponent != b.exponent {
        a.exponent > b.exponent ? .greater : .less
      } else if a.significand != b.significand {
        a.significand > b.significand ? .greater : .less
      } else {
        .equal
      }
    guard a.isNegative else { return magnitudes }
    switch magnitudes {
    case .less: return .greater
    case .greater: return .less
    default: return magnitudes
    }
  }

  /// Whether MINPS and its kin give the first operand: the second when either is a NaN or both are zeros.
  mutating func minimumIsFirst(_ a: FloatingPointNumber, _ b: FloatingPointNumber) -> Bool {
    compare(a, b, signalsQuiet: true) == .less
  }

  /// Whether MAXPS and its kin give the first operand.
  mutating func maximumIsFirst(_ a: FloatingPointNumber, _ b: FloatingPointNumber) -> Bool {
    compare(a, b, signalsQuiet: true) == .greater
  }
}

/// The exceptions of floating-point arithmetic, as the bits that MXCSR and the x87 status word both have for them.
struct FloatingPointExceptions: OptionSet {
  var rawValue: UInt8

  static let invalid = Self(rawValue: 1 << 0)
  static let denormal = Self(rawValue: 1 << 1)
  static let divide = Self(rawValue: 1 << 2)
  static let overflow = Self(rawValue: 1 << 3)
  static let underflow = Self(rawValue: 1 << 4)
  static let precision = Self(rawValue: 1 << 5)
  static let all = Self(rawValue: 0x3F)
  /// Those found in the operands, before anything is computed.
  static let ofOperands: Self = [.invalid, .denormal, .divide]
}

/// How a result that does not fit is rounded, in the coding of MXCSR.RC and the x87 control word.
enum RoundingMode: UInt8 {
  /// To the nearest; of two equally near ones, to the even one.
  case nearest
  case down
  case up
  case towardZero

  /// From the low two bits.
  init(bits: UInt32) {
    switch bits & 3 {
    case 0: self = .nearest
    case 1: self = .down
    case 2: self = .up
    default: self = .towardZero
    }
  }
}

/// What arithmetic depends on and what it leaves behind: one is made for each instruction.
///
/// All arithmetic is done in integers, so that no host's floating-point unit, nor its state, can reach a result.
struct FloatingPointEnvironment {
  /// Which unit's rules hold for NaNs.
  enum Unit {
    case sse
    case x87
  }

  var unit: Unit
  var rounding: RoundingMode
  /// The exceptions that are not masked.
  var unmasked: FloatingPointExceptions
  /// MXCSR.FTZ: a result that would be denormal is zero, while underflow is masked.
  var flushesToZero = false
  /// MXCSR.DAZ: a denormal operand is zero.
  var denormalsAreZero = false

  /// The exceptions met so far.
  var raised: FloatingPointExceptions = []
  /// The last rounding made the magnitude greater.
  var roundedUp = false

  mutating func raise(_ exceptions: FloatingPointExceptions) { raised.formUnion(exceptions) }

  /// The environment that MXCSR describes.
  init(mxcsr: UInt32) {
    unit = .sse
    rounding = RoundingMode(bits: mxcsr >> 13)
    unmasked = FloatingPointExceptions.all.subtracting(.init(rawValue: UInt8(truncatingIfNeeded: mxcsr >> 7) & 0x3F))
    flushesToZero = mxcsr & 1 << 15 != 0
    denormalsAreZero = mxcsr & 1 << 6 != 0
  }

  /// The environment that the x87 control word describes.
  init(x87Control control: UInt16) {
    unit = .x87
    rounding = RoundingMode(bits: UInt32(control >> 10))
    unmasked = FloatingPointExceptions.all.subtracting(.init(rawValue: UInt8(truncatingIfNeeded: control) & 0x3F))
  }
}

/// The arithmetic flags of RFLAGS by bit (Intel SDM volume 1, 3.4.3).
enum Flag {
  static let carry: UInt64 = 1 << 0
  static let parity: UInt64 = 1 << 2
  static let auxiliary: UInt64 = 1 << 4
  static let zero: UInt64 = 1 << 6
  static let sign: UInt64 = 1 << 7
  static let trap: UInt64 = 1 << 8
  static let interrupt: UInt64 = 1 << 9
  static let direction: UInt64 = 1 << 10
  static let overflow: UInt64 = 1 << 11
  static let nestedTask: UInt64 = 1 << 14
  static let resume: UInt64 = 1 << 16
  static let virtual8086: UInt64 = 1 << 17
  static let alignmentCheck: UInt64 = 1 << 18
  static let virtualInterrupt: UInt64 = 1 << 19
  static let virtualInterruptPending: UInt64 = 1 << 20
  static let identification: UInt64 = 1 << 21

  /// CF, PF, AF, ZF, SF, OF: the flags that are lazy.
  static let arithmetic: UInt64 = carry | parity | auxiliary | zero | sign | overflow
}

/// CF, PF, AF, ZF, SF and OF, not as bits but as what they follow from: the last operation that set them, its result and its sources.
///
/// Most flags are never read, so an operation only writes down what it did; the bits are computed when somebody asks. INC and DEC leave CF alone:
/// they write an *overlay* that gives every flag but CF, which the operation below it still gives.
struct LazyFlags {
  /// The result in the operand size, zero-extended; for `explicit` the six flags as bits of RFLAGS.
  var result: UInt64 = 0
  /// The sources, zero-extended; meaningful for `add` and `subtract`.
  var left: UInt64 = 0
  var right: UInt64 = 0
  /// The result of the INC or DEC on top.
  var overlay: UInt64 = 0
  /// Low byte: the operation (a constant below plus the binary logarithm of the size in bytes). High byte: the overlay, 0 for none.
  var kinds: UInt16 = LazyFlags.explicit

  static let explicit: UInt16 = 0
  static let add: UInt16 = 4
  static let subtract: UInt16 = 8
  static let logic: UInt16 = 12
  /// SUB with a borrow coming in: the same bits, but the sources no longer compare as the flags say.
  static let subtractWithBorrow: UInt16 = 16
  static let increment: UInt16 = 4 << 8
  static let decrement: UInt16 = 8 << 8
}

extension LazyFlags {
  /// PF for a result: set when its low byte has an even number of ones. Bit n of the constant is the answer for the nibble n.
  @inline(__always)
  static func parityBit(_ result: UInt64) -> UInt64 {
    (0x9669 >> ((result ^ result >> 4) & 0xF) & 1) << 2
  }

  /// PF, ZF and SF of a result of `8 << sizeLog2` bits.
  @inline(__always)
  static func resultBits(_ result: UInt64, sizeLog2: UInt64) -> UInt64 {
    let bits = 8 &<< sizeLog2
    return parityBit(result) | (result == 0 ? Flag.zero : 0) | (result &>> (bits &- 1) & 1) << 7
  }

  /// Which outcomes of `compare` make condition `code`, or its opposite when bit 0 is set, hold; 0 for overflow and parity. One nibble for each pair of conditions.
  @inline(__always)
  static func comparisonMask(_ code: UInt8) -> UInt32 { 0x6408_3210 &>> (UInt32(code >> 1) &<< 2) & 0xF }

  /// Whether condition `code` holds for the six flags as bits of RFLAGS.
  @inline(__always)
  static func holds(_ code: UInt8, bits: UInt64) -> Bool {
    // For each pair of conditions the flags of which one at least must be set, 16 bits each; bit 12 stands for SF and OF being different.
    let masks: UInt64 = code < 8 ? 0x0041_0040_0001_0800 : 0x1040_1000_0004_0080
    let mask = masks &>> (UInt64(code >> 1 & 3) &<< 4) & 0xFFFF
    let isLess = (bits &>> 7 ^ bits &>> 11) & 1
    return (bits | isLess &<< 12) & mask != 0 ? code & 1 == 0 : code & 1 != 0
  }

  /// The outcomes of comparing two numbers, as bits of a mask.
  static let belowOutcome: UInt32 = 1
  static let equalOutcome: UInt32 = 2
  static let lessOutcome: UInt32 = 4
  static let negativeOutcome: UInt32 = 8

  /// Whether two numbers compare with any of the outcomes in `mask`.
  @inline(__always)
  static func compare(_ left: UInt64, _ right: UInt64, mask: UInt32) -> Bool {
    let below = left < right ? belowOutcome : 0
    let equal = left == right ? equalOutcome : 0
    let less = Int64(bitPattern: left) < Int64(bitPattern: right) ? lessOutcome : 0
    let negative = Int64(bitPattern: left &- right) < 0 ? negativeOutcome : 0
    return (below | equal | less | negative) & mask != 0
  }
}

extension UnsafeMutablePointer<LazyFlags> {
  /// The six flags as bits of RFLAGS.
  var bits: UInt64 {
    let base = baseBits
    let over = pointee.kinds >> 8
    guard over != 0 else { return base }
    let sizeLog2 = UInt64(over & 3)
    let result = pointee.overlay
    let signBit: UInt64 = 1 &<< (8 &<< sizeLog2 &- 1)
    var flags = base & Flag.carry | LazyFlags.resultBits(result, sizeLog2: sizeLog2)
    if over & 0xFC == LazyFlags.increment >> 8 {
      if result & 0xF == 0 { flags |= Flag.auxiliary }
      if result == signBit { flags |= Flag.overflow }
    } else {
      if result & 0xF == 0xF { flags |= Flag.auxiliary }
      if result == signBit &- 1 { flags |= Flag.overflow }
    }
    return flags
  }

  /// The flags without the overlay.
  private var baseBits: UInt64 {
    let sizeLog2 = UInt64(pointee.kinds & 3)
    let top = 8 &<< sizeLog2 &- 1
    let (left, right, result) = (pointee.left, pointee.right, pointee.result)
    switch pointee.kinds & 0xFC {
    case LazyFlags.add:
      return LazyFlags.resultBits(result, sizeLog2: sizeLog2) | (carries &>> top & 1)
        | (left ^ right ^ result) & Flag.auxiliary | (additionOverflows &>> top & 1) << 11
    case LazyFlags.subtract, LazyFlags.subtractWithBorrow:
      return LazyFlags.resultBits(result, sizeLog2: sizeLog2) | (borrows &>> top & 1)
        | (left ^ right ^ result) & Flag.auxiliary | (subtractionOverflows &>> top & 1) << 11
    case LazyFlags.logic:
      return LazyFlags.resultBits(result, sizeLog2: sizeLog2)
    default:
      return result
    }
  }

  /// The carry out of every bit of an addition.
  private var carries: UInt64 {
    pointee.left & pointee.right | (pointee.left | pointee.right) & ~pointee.result
  }

  /// The borrow out of every bit of a subtraction.
  private var borrows: UInt64 {
    ~pointee.left & pointee.right | ~(pointee.left ^ pointee.right) & pointee.result
  }

  /// At the top bit, whether a signed addition overflowed: both sources have a sign that the result has not.
  @inline(__always)
  var additionOverflows: UInt64 {
    (pointee.left ^ pointee.result) & (pointee.right ^ pointee.result)
  }

  /// At the top bit, whether a signed subtraction overflowed.
  @inline(__always)
  var subtractionOverflows: UInt64 {
    (pointee.left ^ pointee.right) & (pointee.left ^ pointee.result)
  }

  /// CF alone.
  var carry: Bool {
    let top = UInt64(8 &<< (pointee.kinds & 3)) &- 1
    switch pointee.kinds & 0xFC {
    case LazyFlags.add: return carries &>> top & 1 != 0
    case LazyFlags.subtract, LazyFlags.subtractWithBorrow: return borrows &>> top & 1 != 0
    case LazyFlags.logic: return false
    default: return pointee.result & Flag.carry != 0
    }
  }

  /// Whether condition `code` (the low four bits of Jcc, SETcc, CMOVcc; Intel SDM volume 1, appendix B) holds.
  ///
  /// The common cases are a comparison of two numbers, and take no branch that depends on them: the host would mispredict it.
  @inline(__always)
  func holds(_ code: UInt8) -> Bool {
    let kinds = pointee.kinds
    let up = 64 &- UInt64(8 &<< (kinds & 3))
    let mask = LazyFlags.comparisonMask(code)
    if kinds & 0xFFFC == LazyFlags.subtract && mask != 0 {
      return LazyFlags.compare(pointee.left &<< up, pointee.right &<< up, mask: mask) != (code & 1 != 0)
    }
    if kinds & 0xFFFC == LazyFlags.logic && mask != 0 {
      return LazyFlags.compare(pointee.result &<< up, 0, mask: mask) != (code & 1 != 0)
    }
    if kinds == LazyFlags.explicit { return LazyFlags.holds(code, bits: pointee.result) }
    // What compilers that check for overflow ask after an addition.
    if kinds & 0xFFFC == LazyFlags.add && mask == 1 {
      return (carries &>> (63 &- up) & 1 != 0) != (code & 1 != 0)
    }
    if mask == 2 && kinds & 0xFC != LazyFlags.explicit {
      let isZero = (kinds >> 8 == 0 ? pointee.result : pointee.overlay) == 0
      return isZero != (code & 1 != 0)
    }
    return holdsByBits(code)
  }

  @inline(never)
  private func holdsByBits(_ code: UInt8) -> Bool {
    code >> 1 == 0 ? overflow != (code & 1 != 0) : LazyFlags.holds(code, bits: bits)
  }

  /// OF alone: compilers that check for overflow ask for it after every addition.
  private var overflow: Bool {
    let kinds = pointee.kinds
    guard kinds >> 8 == 0 else { return bits & Flag.overflow != 0 }
    let top = UInt64(8 &<< (kinds & 3)) &- 1
    switch kinds & 0xFC {
    case LazyFlags.add: return additionOverflows &>> top & 1 != 0
    case LazyFlags.subtract, LazyFlags.subtractWithBorrow: return subtractionOverflows &>> top & 1 != 0
    case LazyFlags.logic: return false
    default: return pointee.result & Flag.overflow != 0
    }
  }
}

extension CPU {
  /// The lazy flags, which are not worth copying.
  @inline(__always)
  var lazyFlags: UnsafeMutablePointer<LazyFlags> {
    guard let offset = MemoryLayout<CPUState>.offset(of: \.lazyFlags) else {
      preconditionFailure("a stored property has an offset")
    }
    return (UnsafeMutableRawPointer(self) + offset).assumingMemoryBound(to: LazyFlags.self)
  }

  /// RFLAGS, with the lazy flags computed.
  var flags: UInt64 { pointee.systemFlags | lazyFlags.bits }

  /// Sets every flag of RFLAGS from `value`; the caller has masked what may not change.
  func setFlags(_ value: UInt64) {
    pointee.systemFlags = value & ~Flag.arithmetic | 2
    setArithmeticFlags(value)
  }

  /// Sets CF, PF, AF, ZF, SF and OF from `bits`, and no other flag.
  @inline(__always)
  func setArithmeticFlags(_ bits: UInt64) {
    pointee.lazyFlags.result = bits & Flag.arithmetic
    pointee.lazyFlags.kinds = LazyFlags.explicit
  }

  @inline(__always)
  func setLogicFlags(_ result: UInt64, sizeLog2: UInt16) {
    pointee.lazyFlags.result = result
    pointee.lazyFlags.kinds = LazyFlags.logic | sizeLog2
  }

  @inline(__always)
  func setAddFlags(_ left: UInt64, _ right: UInt64, _ result: UInt64, sizeLog2: UInt16) {
    pointee.lazyFlags.result = result
    pointee.lazyFlags.left = left
    pointee.lazyFlags.right = right
    pointee.lazyFlags.kinds = LazyFlags.add | sizeLog2
  }

  @inline(__always)
  func setSubtractFlags(_ left: UInt64, _ right: UInt64, _ result: UInt64, sizeLog2: UInt16) {
    pointee.lazyFlags.result = result
    pointee.lazyFlags.left = left
    pointee.lazyFlags.right = right
    pointee.lazyFlags.kinds = LazyFlags.subtract | sizeLog2
  }
}

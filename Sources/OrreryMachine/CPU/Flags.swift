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

  /// The six flags as bits of RFLAGS.
  var bits: UInt64 {
    let base = baseBits
    let over = kinds >> 8
    guard over != 0 else { return base }
    let sizeLog2 = UInt64(over & 3)
    let signBit: UInt64 = 1 &<< (8 &<< sizeLog2 &- 1)
    var flags = base & Flag.carry | Self.resultBits(overlay, sizeLog2: sizeLog2)
    if over & 0xFC == Self.increment >> 8 {
      if overlay & 0xF == 0 { flags |= Flag.auxiliary }
      if overlay == signBit { flags |= Flag.overflow }
    } else {
      if overlay & 0xF == 0xF { flags |= Flag.auxiliary }
      if overlay == signBit &- 1 { flags |= Flag.overflow }
    }
    return flags
  }

  /// The flags without the overlay.
  private var baseBits: UInt64 {
    let sizeLog2 = UInt64(kinds & 3)
    let top = 8 &<< sizeLog2 &- 1
    switch kinds & 0xFC {
    case Self.add:
      let carries = left & right | (left | right) & ~result
      let overflow = (left ^ result) & (right ^ result)
      return Self.resultBits(result, sizeLog2: sizeLog2) | carries &>> top & 1 | (left ^ right ^ result)
        & Flag.auxiliary
        | (overflow &>> top & 1) << 11
    case Self.subtract, Self.subtractWithBorrow:
      let borrows = ~left & right | ~(left ^ right) & result
      let overflow = (left ^ right) & (left ^ result)
      return Self.resultBits(result, sizeLog2: sizeLog2) | borrows &>> top & 1 | (left ^ right ^ result)
        & Flag.auxiliary
        | (overflow &>> top & 1) << 11
    case Self.logic:
      return Self.resultBits(result, sizeLog2: sizeLog2)
    default:
      return result
    }
  }

  /// CF alone.
  @inline(__always)
  var carry: Bool {
    let top = UInt64(8 &<< (kinds & 3)) &- 1
    switch kinds & 0xFC {
    case Self.add: return (left & right | (left | right) & ~result) &>> top & 1 != 0
    case Self.subtract, Self.subtractWithBorrow: return (~left & right | ~(left ^ right) & result) &>> top & 1 != 0
    case Self.logic: return false
    default: return result & Flag.carry != 0
    }
  }

  /// ZF alone.
  @inline(__always)
  var zero: Bool {
    if kinds >> 8 != 0 { return overlay == 0 }
    return kinds < Self.add ? result & Flag.zero != 0 : result == 0
  }

  /// SF alone.
  @inline(__always)
  var sign: Bool {
    let over = kinds >> 8
    if over != 0 { return overlay &>> UInt64(8 &<< (over & 3) &- 1) & 1 != 0 }
    return kinds < Self.add ? result & Flag.sign != 0 : result &>> UInt64(8 &<< (kinds & 3) &- 1) & 1 != 0
  }

  /// OF alone.
  @inline(__always)
  var overflow: Bool {
    let over = kinds >> 8
    if over != 0 {
      let signBit: UInt64 = 1 &<< UInt64(8 &<< (over & 3) &- 1)
      return overlay == (over & 0xFC == Self.increment >> 8 ? signBit : signBit &- 1)
    }
    let top = UInt64(8 &<< (kinds & 3)) &- 1
    switch kinds & 0xFC {
    case Self.add: return ((left ^ result) & (right ^ result)) &>> top & 1 != 0
    case Self.subtract, Self.subtractWithBorrow: return ((left ^ right) & (left ^ result)) &>> top & 1 != 0
    case Self.logic: return false
    default: return result & Flag.overflow != 0
    }
  }

  /// PF alone.
  @inline(__always)
  var parity: Bool {
    if kinds >> 8 != 0 { return Self.parityBit(overlay) != 0 }
    return kinds < Self.add ? result & Flag.parity != 0 : Self.parityBit(result) != 0
  }

  /// Whether condition `code` (the low four bits of Jcc, SETcc, CMOVcc; Intel SDM volume 1, appendix B) holds.
  ///
  /// Only the flags that the condition names are computed: this is on the path of most conditional moves.
  @inline(__always)
  func holds(_ code: UInt8) -> Bool {
    let answer =
      switch code >> 1 & 7 {
      case 0: overflow
      case 1: carry
      case 2: zero
      case 3: zero || carry
      case 4: sign
      case 5: parity
      case 6: sign != overflow
      default: zero || sign != overflow
      }
    return answer != (code & 1 != 0)
  }
}

extension CPU {
  /// RFLAGS, with the lazy flags computed.
  var flags: UInt64 { pointee.systemFlags | pointee.lazyFlags.bits }

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

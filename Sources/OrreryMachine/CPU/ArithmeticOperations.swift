/// The arithmetic that is too rare, or has too many forms, for the engine's own switch. What it leaves undefined follows docs/UNDEFINED_FLAGS.md.
extension CPU {
  @inline(never)
  func executeArithmetic(
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>
  ) -> Outcome {
    guard let kind = ArithmeticOperation(rawValue: operation.pointee.detail) else {
      preconditionFailure("the decoder made an arithmetic operation that does not exist")
    }
    let sizeLog2 = operation.pointee.sizeLog2
    let a = operation.pointee.a
    let b = operation.pointee.b
    let mask = Self.mask(sizeLog2)
    switch kind {
    case .add, .or, .addWithCarry, .subtractWithBorrow, .and, .subtract, .xor, .compare, .test:
      let left = raw.read(a, sizeLog2: sizeLog2)
      let right =
        b == Register.immediate ? operation.pointee.signedImmediate & mask : raw.read(b, sizeLog2: sizeLog2)
      let result = compute(kind, left, right, sizeLog2: sizeLog2)
      if kind != .compare && kind != .test { raw.write(a, result, sizeLog2: sizeLog2) }
    case .increment, .decrement:
      let flags = (lazyFlags.carry ? Flag.carry : 0)
      let left = raw.read(a, sizeLog2: sizeLog2)
      let result = (kind == .increment ? left &+ 1 : left &- 1) & mask
      let sign = mask ^ mask >> 1
      var bits = LazyFlags.resultBits(result, sizeLog2: UInt64(sizeLog2)) | flags
      bits |= (left ^ result) & Flag.auxiliary
      if kind == .increment ? result == sign : left == sign { bits |= Flag.overflow }
      setArithmeticFlags(bits)
      raw.write(a, result, sizeLog2: sizeLog2)
    case .negate:
      let right = raw.read(a, sizeLog2: sizeLog2)
      let result = (0 &- right) & mask
      setSubtractFlags(0, right, result, sizeLog2: UInt16(sizeLog2))
      raw.write(a, result, sizeLog2: sizeLog2)
    case .not: raw.write(a, ~raw.read(a, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    case .rotateLeft, .rotateRight, .rotateLeftThroughCarry, .rotateRightThroughCarry, .shiftLeft, .shiftRight,
      .shiftLeftAlias, .shiftArithmetic:
      let count =
        (b == Register.immediate ? operation.pointee.signedImmediate : raw.read8(Register.rcx))
        & (sizeLog2 == 3 ? 63 : 31)
      shift(kind, place: a, count: count, sizeLog2: sizeLog2)
    case .shiftLeftDouble, .shiftRightDouble:
      let count =
        (operation.pointee.immediate < 0 ? raw.read8(Register.rcx) : operation.pointee.signedImmediate)
        & (sizeLog2 == 3 ? 63 : 31)
      shiftDouble(left: kind == .shiftLeftDouble, place: a, from: b, count: count, sizeLog2: sizeLog2)
    case .multiplyUnsigned, .multiplySigned:
      multiplyWide(isSigned: kind == .multiplySigned, by: raw.read(b, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    case .divideUnsigned, .divideSigned:
      let divisor = raw.read(b, sizeLog2: sizeLog2)
      guard
        kind == .divideSigned ? divideSigned(by: divisor, sizeLog2: sizeLog2) : divide(by: divisor, sizeLog2: sizeLog2)
      else {
        raise(.divideError)
        return .fault
      }
    case .multiply, .multiplyImmediate:
      let left = Int64(Int16(truncatingIfNeeded: raw.read16(kind == .multiply ? a : b)))
      let right =
        kind == .multiply ? Int64(Int16(truncatingIfNeeded: raw.read16(b))) : Int64(operation.pointee.immediate)
      let product = left &* right
      setArithmeticFlags(Int64(Int16(truncatingIfNeeded: product)) == product ? 0 : Flag.carry | Flag.overflow)
      raw.write16(a, UInt64(bitPattern: product))
    case .bitTest, .bitTestAndSet, .bitTestAndReset, .bitTestAndComplement:
      let number =
        (b == Register.immediate ? operation.pointee.signedImmediate : raw.read64(b)) & (8 &<< UInt64(sizeLog2) &- 1)
      let value = raw.read(a, sizeLog2: sizeLog2)
      let bit: UInt64 = 1 &<< number
      // ZF stays; the others but CF are undefined and cleared.
      setArithmeticFlags(lazyFlags.bits & Flag.zero | value &>> number & 1)
      switch kind {
      case .bitTestAndSet: raw.write(a, value | bit, sizeLog2: sizeLog2)
      case .bitTestAndReset: raw.write(a, value & ~bit, sizeLog2: sizeLog2)
      case .bitTestAndComplement: raw.write(a, value ^ bit, sizeLog2: sizeLog2)
      default: break
      }
    case .bitScanForward, .bitScanReverse:
      let value = raw.read(b, sizeLog2: sizeLog2)
      if value == 0 {
        // The destination is undefined: it stays, as on the processors that say so. With a 32-bit operand its upper half stays too.
        setArithmeticFlags(Flag.zero)
      } else {
        setArithmeticFlags(0)
        let number = kind == .bitScanForward ? value.trailingZeroBitCount : 63 - value.leadingZeroBitCount
        raw.write(a, UInt64(number), sizeLog2: sizeLog2)
      }
    case .trailingZeros, .leadingZeros:
      let value = raw.read(b, sizeLog2: sizeLog2)
      let bits = 8 << Int(sizeLog2)
      let number =
        kind == .trailingZeros ? min(value.trailingZeroBitCount, bits) : value.leadingZeroBitCount - (64 - bits)
      setArithmeticFlags((value == 0 ? Flag.carry : 0) | (number == 0 ? Flag.zero : 0))
      raw.write(a, UInt64(number), sizeLog2: sizeLog2)
    case .populationCount:
      let value = raw.read(b, sizeLog2: sizeLog2)
      setArithmeticFlags(value == 0 ? Flag.zero : 0)
      raw.write(a, UInt64(value.nonzeroBitCount), sizeLog2: sizeLog2)
    case .conditionalMove:
      if lazyFlags.holds(UInt8(truncatingIfNeeded: operation.pointee.immediate)) {
        raw.write16(a, raw.read16(b))
      }
    case .convertAccumulator:
      switch sizeLog2 {
      case 1: raw.write16(Register.rax, UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: raw.read8(Register.rax)))))
      case 2: raw.write32(Register.rax, UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: raw.read16(Register.rax)))))
      default: raw.write64(Register.rax, UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: raw.read32(Register.rax)))))
      }
    case .convertAccumulatorToPair:
      let isNegative = raw.read(Register.rax, sizeLog2: sizeLog2) & (mask ^ mask >> 1) != 0
      raw.write(Register.rdx, isNegative ? .max : 0, sizeLog2: sizeLog2)
    case .loadFlagsIntoAH:
      raw.write8(Register.rax + 1, lazyFlags.bits & ~Flag.overflow | 2)
    case .storeAHIntoFlags:
      let kept = lazyFlags.bits & Flag.overflow
      setArithmeticFlags(raw.read8(Register.rax + 1) | kept)
    case .clearCarry: setArithmeticFlags(lazyFlags.bits & ~Flag.carry)
    case .setCarry: setArithmeticFlags(lazyFlags.bits | Flag.carry)
    case .complementCarry: setArithmeticFlags(lazyFlags.bits ^ Flag.carry)
    case .clearDirection: pointee.systemFlags &= ~Flag.direction
    case .setDirection: pointee.systemFlags |= Flag.direction
    case .exchange:
      let left = raw.read(a, sizeLog2: sizeLog2)
      raw.write(a, raw.read(b, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
      raw.write(b, left, sizeLog2: sizeLog2)
    case .exchangeAdd:
      let left = raw.read(a, sizeLog2: sizeLog2)
      let right = raw.read(b, sizeLog2: sizeLog2)
      let sum = (left &+ right) & mask
      setAddFlags(left, right, sum, sizeLog2: UInt16(sizeLog2))
      // The destination last: with equal operands it keeps the sum.
      raw.write(b, left, sizeLog2: sizeLog2)
      raw.write(a, sum, sizeLog2: sizeLog2)
    case .compareExchange:
      let value = raw.read(a, sizeLog2: sizeLog2)
      let accumulator = raw.read(Register.rax, sizeLog2: sizeLog2)
      setSubtractFlags(accumulator, value, (accumulator &- value) & mask, sizeLog2: UInt16(sizeLog2))
      if accumulator == value {
        raw.write(a, raw.read(b, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
      } else {
        // Processors leave a register destination wholly alone, its upper half too: only memory has the value written back.
        raw.write(Register.rax, value, sizeLog2: sizeLog2)
      }
    case .byteSwap:
      // BSWAP of 16 bits is undefined: zero.
      raw.write16(a, 0)
    case .decimalAdjustAdd, .decimalAdjustSubtract: decimalAdjust(subtracts: kind == .decimalAdjustSubtract)
    case .adjustAdd, .adjustSubtract: asciiAdjust(subtracts: kind == .adjustSubtract)
    case .adjustMultiply:
      let radix = operation.pointee.signedImmediate & 0xFF
      guard radix != 0 else {
        raise(.divideError)
        return .fault
      }
      let al = raw.read8(Register.rax)
      raw.write16(Register.rax, (al / radix) << 8 | al % radix)
      setArithmeticFlags(LazyFlags.resultBits(al % radix, sizeLog2: 0))
    case .adjustDivide:
      let radix = operation.pointee.signedImmediate & 0xFF
      let al = (raw.read8(Register.rax) &+ raw.read8(Register.rax + 1) &* radix) & 0xFF
      raw.write16(Register.rax, al)
      setArithmeticFlags(LazyFlags.resultBits(al, sizeLog2: 0))
    case .setALFromCarry:
      raw.write8(Register.rax, lazyFlags.carry ? 0xFF : 0)
    case .adjustPrivilege:
      // Real-address mode has no privilege levels (Intel SDM volume 2, ARPL).
      guard isProtected else {
        raise(.invalidOpcode)
        return .fault
      }
      let destination = raw.read16(a)
      let source = raw.read16(b)
      let isLower = destination & 3 < source & 3
      if isLower { raw.write16(a, destination & ~3 | source & 3) }
      setArithmeticFlags(lazyFlags.bits & ~Flag.zero | (isLower ? Flag.zero : 0))
    }
    return .next
  }

  @inline(__always)
  static func mask(_ sizeLog2: UInt8) -> UInt64 { .max &>> (64 &- 8 &<< UInt64(sizeLog2)) }

  /// One of the eight ALU operations or TEST on zero-extended operands; sets the flags.
  @inline(__always)
  private func compute(_ kind: ArithmeticOperation, _ left: UInt64, _ right: UInt64, sizeLog2: UInt8) -> UInt64 {
    let mask = Self.mask(sizeLog2)
    let size = UInt16(sizeLog2)
    switch kind {
    case .add:
      let result = (left &+ right) & mask
      setAddFlags(left, right, result, sizeLog2: size)
      return result
    case .addWithCarry:
      let carry: UInt64 = lazyFlags.carry ? 1 : 0
      let result = (left &+ right &+ carry) & mask
      setAddFlags(left, right, result, sizeLog2: size)
      return result
    case .subtractWithBorrow:
      let carry: UInt64 = lazyFlags.carry ? 1 : 0
      let result = (left &- right &- carry) & mask
      setSubtractFlags(left, right, result, sizeLog2: size)
      pointee.lazyFlags.kinds = LazyFlags.subtractWithBorrow | size
      return result
    case .subtract, .compare:
      let result = (left &- right) & mask
      setSubtractFlags(left, right, result, sizeLog2: size)
      return result
    case .or:
      setLogicFlags(left | right, sizeLog2: size)
      return left | right
    case .xor:
      setLogicFlags(left ^ right, sizeLog2: size)
      return left ^ right
    default:
      setLogicFlags(left & right, sizeLog2: size)
      return left & right
    }
  }

  // MARK: Shifts

  /// SHL, SHR, SAR and the rotates, by a masked count.
  private func shift(_ kind: ArithmeticOperation, place: UInt8, count: UInt64, sizeLog2: UInt8) {
    let bits = 8 &<< UInt64(sizeLog2)
    let mask = Self.mask(sizeLog2)
    let value = raw.read(place, sizeLog2: sizeLog2)
    guard count != 0 else {
      // No flag changes; a 32-bit register still loses its upper half.
      raw.write(place, value, sizeLog2: sizeLog2)
      return
    }
    let top = bits &- 1
    var result: UInt64
    var carry: UInt64
    var overflow: UInt64 = 0
    switch kind {
    case .shiftLeft, .shiftLeftAlias:
      result = count >= 64 ? 0 : (value &<< count) & mask
      carry = count > bits ? 0 : (value &>> (bits &- count)) & 1
      overflow = (result &>> top ^ carry) & 1
    case .shiftRight:
      result = value &>> count
      carry = value &>> (count &- 1) & 1
      overflow = value &>> top
    case .shiftArithmetic:
      let up = 64 &- bits
      let signed = Int64(bitPattern: value &<< up) >> Int64(up)
      result = UInt64(bitPattern: signed >> Int64(count)) & mask
      carry = UInt64(bitPattern: signed >> Int64(count &- 1)) & 1
    case .rotateLeft, .rotateRight:
      let distance = count & top
      if kind == .rotateLeft {
        result = distance == 0 ? value : (value &<< distance | value &>> (bits &- distance)) & mask
        carry = result & 1
        overflow = (result &>> top ^ carry) & 1
      } else {
        result = distance == 0 ? value : (value &>> distance | value &<< (bits &- distance)) & mask
        carry = result &>> top & 1
        overflow = (result &>> top ^ result &>> (top &- 1)) & 1
      }
    default:
      // Through the carry flag: a rotation of one bit more than the operand has. For 8 and 16 bits the count goes round.
      carry = lazyFlags.carry ? 1 : 0
      result = value
      var distance = count % (bits &+ 1)
      let left = kind == .rotateLeftThroughCarry
      if !left { overflow = (value &>> top ^ carry) & 1 }
      while distance > 0 {
        distance &-= 1
        if left {
          let out = result &>> top & 1
          result = (result &<< 1 | carry) & mask
          carry = out
        } else {
          let out = result & 1
          result = result &>> 1 | carry &<< top
          carry = out
        }
      }
      if left { overflow = (result &>> top ^ carry) & 1 }
    }
    if count != 1 { overflow = 0 }
    raw.write(place, result, sizeLog2: sizeLog2)
    switch kind {
    case .shiftLeft, .shiftLeftAlias, .shiftRight, .shiftArithmetic:
      setArithmeticFlags(LazyFlags.resultBits(result, sizeLog2: UInt64(sizeLog2)) | carry | overflow << 11)
    default:
      let kept = lazyFlags.bits & ~(Flag.carry | Flag.overflow)
      setArithmeticFlags(kept | carry | overflow << 11)
    }
  }

  /// SHLD and SHRD. With 16 bits and a count above 16 the result is undefined: the destination stays and the flags are cleared.
  private func shiftDouble(left: Bool, place: UInt8, from: UInt8, count: UInt64, sizeLog2: UInt8) {
    let bits = 8 &<< UInt64(sizeLog2)
    let mask = Self.mask(sizeLog2)
    let value = raw.read(place, sizeLog2: sizeLog2)
    guard count != 0 else {
      raw.write(place, value, sizeLog2: sizeLog2)
      return
    }
    guard count <= bits else {
      setArithmeticFlags(0)
      return
    }
    let filler = raw.read(from, sizeLog2: sizeLog2)
    let result: UInt64
    let carry: UInt64
    if left {
      result = ((count == bits ? 0 : value &<< count) | filler &>> (bits &- count)) & mask
      carry = value &>> (bits &- count) & 1
    } else {
      result = ((count == bits ? 0 : value &>> count) | (filler &<< (bits &- count))) & mask
      carry = value &>> (count &- 1) & 1
    }
    let overflow = count == 1 ? (value ^ result) &>> (bits &- 1) & 1 : 0
    raw.write(place, result, sizeLog2: sizeLog2)
    setArithmeticFlags(LazyFlags.resultBits(result, sizeLog2: UInt64(sizeLog2)) | carry | overflow << 11)
  }

  // MARK: Multiplication and division

  /// MUL and IMUL of one operand: CF and OF say that the upper half matters; the others are undefined and cleared.
  private func multiplyWide(isSigned: Bool, by factor: UInt64, sizeLog2: UInt8) {
    let overflows: Bool
    if sizeLog2 == 3 {
      let left = raw.read64(Register.rax)
      if isSigned {
        let product = Int64(bitPattern: left).multipliedFullWidth(by: Int64(bitPattern: factor))
        overflows = product.high != Int64(bitPattern: product.low) >> 63
        raw.write64(Register.rax, product.low)
        raw.write64(Register.rdx, UInt64(bitPattern: product.high))
      } else {
        let product = left.multipliedFullWidth(by: factor)
        overflows = product.high != 0
        raw.write64(Register.rax, product.low)
        raw.write64(Register.rdx, product.high)
      }
    } else {
      let bits = 8 &<< UInt64(sizeLog2)
      let left = raw.read(Register.rax, sizeLog2: sizeLog2)
      let mask = Self.mask(sizeLog2)
      let product: UInt64
      if isSigned {
        let up = 64 &- bits
        let signedLeft = Int64(bitPattern: left &<< up) >> Int64(up)
        let signedRight = Int64(bitPattern: factor &<< up) >> Int64(up)
        let signed = signedLeft &* signedRight
        product = UInt64(bitPattern: signed)
        overflows = Int64(bitPattern: product &<< up) >> Int64(up) != signed
      } else {
        product = left &* factor
        overflows = product &>> bits != 0
      }
      if sizeLog2 == 0 {
        raw.write16(Register.rax, product)
      } else {
        raw.write(Register.rax, product & mask, sizeLog2: sizeLog2)
        raw.write(Register.rdx, product &>> bits & mask, sizeLog2: sizeLog2)
      }
    }
    setArithmeticFlags(overflows ? Flag.carry | Flag.overflow : 0)
  }

  /// The dividend of DIV and IDIV below 64 bits, zero-extended: AX, DX:AX or EDX:EAX.
  private func narrowDividend(sizeLog2: UInt8) -> UInt64 {
    switch sizeLog2 {
    case 0: raw.read16(Register.rax)
    case 1: raw.read16(Register.rdx) << 16 | raw.read16(Register.rax)
    default: raw.read32(Register.rdx) << 32 | raw.read32(Register.rax)
    }
  }

  private func writeQuotient(_ quotient: UInt64, remainder: UInt64, sizeLog2: UInt8) {
    if sizeLog2 == 0 {
      raw.write8(Register.rax, quotient)
      raw.write8(Register.rax + 1, remainder)
    } else {
      raw.write(Register.rax, quotient, sizeLog2: sizeLog2)
      raw.write(Register.rdx, remainder, sizeLog2: sizeLog2)
    }
    // All flags are undefined: cleared.
    setArithmeticFlags(0)
  }

  /// False for #DE.
  private func divide(by divisor: UInt64, sizeLog2: UInt8) -> Bool {
    guard divisor != 0 else { return false }
    if sizeLog2 == 3 {
      let high = raw.read64(Register.rdx)
      guard high < divisor else { return false }
      let result = divisor.dividingFullWidth((high, raw.read64(Register.rax)))
      writeQuotient(result.quotient, remainder: result.remainder, sizeLog2: 3)
    } else {
      let dividend = narrowDividend(sizeLog2: sizeLog2)
      let quotient = dividend / divisor
      guard quotient <= Self.mask(sizeLog2) else { return false }
      writeQuotient(quotient, remainder: dividend % divisor, sizeLog2: sizeLog2)
    }
    return true
  }

  /// False for #DE.
  private func divideSigned(by divisor: UInt64, sizeLog2: UInt8) -> Bool {
    guard divisor != 0 else { return false }
    if sizeLog2 == 3 {
      // By magnitudes, then the signs: the quotient rounds towards zero, the remainder has the dividend's sign.
      var high = raw.read64(Register.rdx)
      var low = raw.read64(Register.rax)
      let isNegative = Int64(bitPattern: high) < 0
      if isNegative {
        low = 0 &- low
        high = ~high &+ (low == 0 ? 1 : 0)
      }
      let magnitude = Int64(bitPattern: divisor).magnitude
      guard high < magnitude else { return false }
      let result = magnitude.dividingFullWidth((high, low))
      let quotientIsNegative = isNegative != (Int64(bitPattern: divisor) < 0)
      guard result.quotient <= (quotientIsNegative ? 1 << 63 : (1 << 63) - 1) else { return false }
      writeQuotient(
        quotientIsNegative ? 0 &- result.quotient : result.quotient,
        remainder: isNegative ? 0 &- result.remainder : result.remainder, sizeLog2: 3)
      return true
    }
    let bits = 8 &<< UInt64(sizeLog2)
    let up = 64 &- bits
    let signedDivisor = Int64(bitPattern: divisor &<< up) >> Int64(up)
    let dividendUp = 64 &- bits &* 2
    let dividend = Int64(bitPattern: narrowDividend(sizeLog2: sizeLog2) &<< dividendUp) >> Int64(dividendUp)
    let (quotient, overflows) = dividend.dividedReportingOverflow(by: signedDivisor)
    guard !overflows else { return false }
    let remainder = dividend.remainderReportingOverflow(dividingBy: signedDivisor).partialValue
    guard Int64(bitPattern: UInt64(bitPattern: quotient) &<< up) >> Int64(up) == quotient else { return false }
    writeQuotient(UInt64(bitPattern: quotient), remainder: UInt64(bitPattern: remainder), sizeLog2: sizeLog2)
    return true
  }

  // MARK: Decimal arithmetic

  private func decimalAdjust(subtracts: Bool) {
    let flags = lazyFlags.bits
    let old = raw.read8(Register.rax)
    var al = old
    var bits: UInt64 = 0
    if al & 0xF > 9 || flags & Flag.auxiliary != 0 {
      // The first correction alone may carry: only SUB's borrow out of AL counts then.
      if subtracts && (al < 6 || flags & Flag.carry != 0) { bits |= Flag.carry }
      if !subtracts && (al > 0xF9 || flags & Flag.carry != 0) { bits |= Flag.carry }
      al = (subtracts ? al &- 6 : al &+ 6) & 0xFF
      bits |= Flag.auxiliary
    }
    if old > 0x99 || flags & Flag.carry != 0 {
      al = (subtracts ? al &- 0x60 : al &+ 0x60) & 0xFF
      bits |= Flag.carry
    } else if !subtracts {
      bits &= ~Flag.carry
    }
    raw.write8(Register.rax, al)
    setArithmeticFlags(LazyFlags.resultBits(al, sizeLog2: 0) | bits)
  }

  private func asciiAdjust(subtracts: Bool) {
    var bits: UInt64 = 0
    let ax = raw.read16(Register.rax)
    var result = ax
    if ax & 0xF > 9 || lazyFlags.bits & Flag.auxiliary != 0 {
      result = subtracts ? (ax &- 6) &- 0x100 : ax &+ 0x106
      bits = Flag.auxiliary | Flag.carry
    }
    raw.write16(Register.rax, result & 0xFF0F)
    setArithmeticFlags(bits)
  }
}

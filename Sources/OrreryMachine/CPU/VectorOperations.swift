/// `Operation.detail` of `Code.vector`: `a` and `b` are numbers of xmm registers (16 is the scratch register), or places of general ones where the name says so.
/// The numbers in names are the width of a lane in bits. Loads and stores use the linear address in `Register.pointer`.
enum VectorOperation: UInt8 {
  case move, moveLow64, insertLow32, insertLow64, lowToHigh, highToLow
  case loadAligned, storeAligned, load64, load32, loadLow, loadHigh, storeLow, storeHigh, store32
  case moveFromGeneral, moveToGeneral, insert16, extract16
  case and, andNot, or, xor
  case add8, add16, add32, add64, subtract8, subtract16, subtract32, subtract64
  case addSaturating8, addSaturating16, addUnsignedSaturating8, addUnsignedSaturating16
  case subtractSaturating8, subtractSaturating16, subtractUnsignedSaturating8, subtractUnsignedSaturating16
  case compareEqual8, compareEqual16, compareEqual32, compareGreater8, compareGreater16, compareGreater32
  case minimumUnsigned8, maximumUnsigned8, minimum16, maximum16, average8, average16
  case multiplyLow16, multiplyHigh16, multiplyHighUnsigned16, multiplyUnsigned32, multiplyAdd16, sumOfDifferences8
  case shiftLeft16, shiftLeft32, shiftLeft64, shiftRight16, shiftRight32, shiftRight64
  case shiftArithmetic16, shiftArithmetic32, shiftLeftBytes, shiftRightBytes
  case unpackLow8, unpackLow16, unpackLow32, unpackLow64, unpackHigh8, unpackHigh16, unpackHigh32, unpackHigh64
  case packSigned16, packSigned32, packUnsigned16
  case shuffle32, shuffleLow16, shuffleHigh16, shuffleFloats32, shuffleFloats64
  case mask8, mask32, mask64
}

/// SSE and SSE2 without floating-point arithmetic.
extension CPU {
  private typealias Bytes = SIMD16<UInt8>
  private typealias Words = SIMD8<UInt16>
  private typealias Doublewords = SIMD4<UInt32>
  typealias Quadwords = SIMD2<UInt64>

  /// The xmm registers and, as the 17th, the scratch register.
  @inline(__always)
  var vectors: UnsafeMutablePointer<SIMD2<UInt64>> {
    guard let offset = MemoryLayout<CPUState>.offset(of: \.xmm) else {
      preconditionFailure("a stored property has an offset")
    }
    return (raw + offset).assumingMemoryBound(to: SIMD2<UInt64>.self)
  }

  @inline(never)
  func executeVector(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) -> Outcome {
    guard let kind = VectorOperation(rawValue: operation.pointee.detail) else {
      preconditionFailure("the decoder made a vector operation that does not exist")
    }
    switch kind {
    case .loadAligned, .storeAligned, .load64, .load32, .loadLow, .loadHigh, .storeLow, .storeHigh, .store32:
      return accessVector(kind, Int(operation.pointee.a))
    case .moveFromGeneral:
      let value = raw.read(operation.pointee.b, sizeLog2: operation.pointee.sizeLog2)
      vectors[Int(operation.pointee.a)] = Quadwords(value, 0)
    case .moveToGeneral:
      raw.write(operation.pointee.a, vectors[Int(operation.pointee.b)].x, sizeLog2: operation.pointee.sizeLog2)
    case .insert16:
      var words = unsafeBitCast(vectors[Int(operation.pointee.a)], to: Words.self)
      words[Int(operation.pointee.immediate & 7)] = UInt16(truncatingIfNeeded: raw.read16(operation.pointee.b))
      vectors[Int(operation.pointee.a)] = unsafeBitCast(words, to: Quadwords.self)
    case .extract16:
      let words = unsafeBitCast(vectors[Int(operation.pointee.b)], to: Words.self)
      raw.write64(operation.pointee.a, UInt64(words[Int(operation.pointee.immediate & 7)]))
    case .mask8, .mask32, .mask64:
      raw.write64(operation.pointee.a, Self.signMask(kind, vectors[Int(operation.pointee.b)]))
    case .shiftLeft16, .shiftLeft32, .shiftLeft64, .shiftRight16, .shiftRight32, .shiftRight64, .shiftArithmetic16,
      .shiftArithmetic32, .shiftLeftBytes, .shiftRightBytes:
      let count =
        operation.pointee.b == Register.immediate
        ? operation.pointee.signedImmediate : vectors[Int(operation.pointee.b)].x
      let a = Int(operation.pointee.a)
      vectors[a] = Self.shift(kind, vectors[a], count: count)
    case .shuffle32, .shuffleLow16, .shuffleHigh16, .shuffleFloats32, .shuffleFloats64:
      let a = Int(operation.pointee.a)
      vectors[a] = Self.shuffle(
        kind, vectors[a], vectors[Int(operation.pointee.b)], order: Int(operation.pointee.immediate & 0xFF))
    default:
      let a = Int(operation.pointee.a)
      vectors[a] = Self.combine(kind, vectors[a], vectors[Int(operation.pointee.b)])
    }
    return .next
  }

  // MARK: Memory

  private func accessVector(_ kind: VectorOperation, _ a: Int) -> Outcome {
    let linear = raw.read64(Register.pointer)
    switch kind {
    case .loadAligned, .storeAligned:
      guard linear & 15 == 0 else {
        raise(.generalProtection(0))
        return .fault
      }
      if kind == .loadAligned {
        guard let value = load128(linear) else { return .fault }
        vectors[a] = value
        return .next
      }
      return outcome(store128(linear, vectors[a]))
    case .load64, .loadLow, .loadHigh:
      guard let value = load(linear, sizeLog2: 3) else { return .fault }
      switch kind {
      case .load64: vectors[a] = Quadwords(value, 0)
      case .loadLow: vectors[a].x = value
      default: vectors[a].y = value
      }
      return .next
    case .load32:
      guard let value = load(linear, sizeLog2: 2) else { return .fault }
      vectors[a] = Quadwords(value, 0)
      return .next
    case .storeLow: return outcome(store(linear, vectors[a].x, sizeLog2: 3))
    case .storeHigh: return outcome(store(linear, vectors[a].y, sizeLog2: 3))
    default: return outcome(store(linear, vectors[a].x, sizeLog2: 2))
    }
  }

  /// Loads 16 bytes, aligned or not; `rip`, `clock` and `steps` are exact already.
  func load128(_ linear: UInt64) -> SIMD2<UInt64>? {
    let entry = Self.entry(pointee.tlb, linear)
    guard entry.pointee.readTag == (linear &+ 15) & ~0xFFF else { return load128Slow(linear) }
    return Self.host(entry, linear).loadUnaligned(as: SIMD2<UInt64>.self)
  }

  /// Stores 16 bytes, aligned or not; `rip`, `clock` and `steps` are exact already.
  func store128(_ linear: UInt64, _ value: SIMD2<UInt64>) -> StoreOutcome {
    let entry = Self.entry(pointee.tlb, linear)
    guard entry.pointee.writeTag == (linear &+ 15) & ~0xFFF else {
      guard store128Slow(linear, value) else { return .fault }
      return pointee.leavesBlock || pointee.stop != nil ? .leave : .done
    }
    Self.host(entry, linear).storeBytes(of: value, as: SIMD2<UInt64>.self)
    return .done
  }

  // MARK: Lanes

  static func combine(_ kind: VectorOperation, _ left: Quadwords, _ right: Quadwords) -> Quadwords {
    switch kind {
    case .move: right
    case .moveLow64: Quadwords(right.x, 0)
    case .insertLow32: Quadwords(left.x & ~0xFFFF_FFFF | right.x & 0xFFFF_FFFF, left.y)
    case .insertLow64: Quadwords(right.x, left.y)
    case .lowToHigh: Quadwords(left.x, right.x)
    case .highToLow: Quadwords(right.y, left.y)
    case .and: left & right
    case .andNot: ~left & right
    case .or: left | right
    case .xor: left ^ right
    case .add8: bytes(left, right) { $0 &+ $1 }
    case .add16: words(left, right) { $0 &+ $1 }
    case .add32: doublewords(left, right) { $0 &+ $1 }
    case .add64: left &+ right
    case .subtract8: bytes(left, right) { $0 &- $1 }
    case .subtract16: words(left, right) { $0 &- $1 }
    case .subtract32: doublewords(left, right) { $0 &- $1 }
    case .subtract64: left &- right
    case .addSaturating8: bytes(left, right) { saturate8(Int32(Int8(bitPattern: $0)) &+ Int32(Int8(bitPattern: $1))) }
    case .addSaturating16:
      words(left, right) { saturate16(Int32(Int16(bitPattern: $0)) &+ Int32(Int16(bitPattern: $1))) }
    case .addUnsignedSaturating8: bytes(left, right) { UInt8(min(255, UInt32($0) &+ UInt32($1))) }
    case .addUnsignedSaturating16: words(left, right) { UInt16(min(65535, UInt32($0) &+ UInt32($1))) }
    case .subtractSaturating8:
      bytes(left, right) { saturate8(Int32(Int8(bitPattern: $0)) &- Int32(Int8(bitPattern: $1))) }
    case .subtractSaturating16:
      words(left, right) { saturate16(Int32(Int16(bitPattern: $0)) &- Int32(Int16(bitPattern: $1))) }
    case .subtractUnsignedSaturating8: bytes(left, right) { $0 > $1 ? $0 &- $1 : 0 }
    case .subtractUnsignedSaturating16: words(left, right) { $0 > $1 ? $0 &- $1 : 0 }
    case .compareEqual8: bytes(left, right) { $0 == $1 ? 0xFF : 0 }
    case .compareEqual16: words(left, right) { $0 == $1 ? 0xFFFF : 0 }
    case .compareEqual32: doublewords(left, right) { $0 == $1 ? 0xFFFF_FFFF : 0 }
    case .compareGreater8: bytes(left, right) { Int8(bitPattern: $0) > Int8(bitPattern: $1) ? 0xFF : 0 }
    case .compareGreater16: words(left, right) { Int16(bitPattern: $0) > Int16(bitPattern: $1) ? 0xFFFF : 0 }
    case .compareGreater32:
      doublewords(left, right) { Int32(bitPattern: $0) > Int32(bitPattern: $1) ? 0xFFFF_FFFF : 0 }
    case .minimumUnsigned8: bytes(left, right) { min($0, $1) }
    case .maximumUnsigned8: bytes(left, right) { max($0, $1) }
    case .minimum16: words(left, right) { Int16(bitPattern: $0) < Int16(bitPattern: $1) ? $0 : $1 }
    case .maximum16: words(left, right) { Int16(bitPattern: $0) > Int16(bitPattern: $1) ? $0 : $1 }
    case .average8: bytes(left, right) { UInt8(truncatingIfNeeded: (UInt32($0) &+ UInt32($1) &+ 1) >> 1) }
    case .average16: words(left, right) { UInt16(truncatingIfNeeded: (UInt32($0) &+ UInt32($1) &+ 1) >> 1) }
    case .multiplyLow16: words(left, right) { $0 &* $1 }
    case .multiplyHigh16:
      words(left, right) {
        UInt16(truncatingIfNeeded: (Int32(Int16(bitPattern: $0)) &* Int32(Int16(bitPattern: $1))) >> 16)
      }
    case .multiplyHighUnsigned16: words(left, right) { UInt16(truncatingIfNeeded: (UInt32($0) &* UInt32($1)) >> 16) }
    case .multiplyUnsigned32: (left & 0xFFFF_FFFF) &* (right & 0xFFFF_FFFF)
    case .multiplyAdd16: multiplyAdd(left, right)
    case .sumOfDifferences8: sumOfDifferences(left, right)
    case .unpackLow64: Quadwords(left.x, right.x)
    case .unpackHigh64: Quadwords(left.y, right.y)
    case .packSigned16, .packSigned32, .packUnsigned16: pack(kind, left, right)
    default: unpack(kind, left, right)
    }
  }

  @inline(__always)
  private static func bytes(_ left: Quadwords, _ right: Quadwords, _ body: (UInt8, UInt8) -> UInt8) -> Quadwords {
    var a = unsafeBitCast(left, to: Bytes.self)
    let b = unsafeBitCast(right, to: Bytes.self)
    for lane in 0..<16 { a[lane] = body(a[lane], b[lane]) }
    return unsafeBitCast(a, to: Quadwords.self)
  }

  @inline(__always)
  private static func words(_ left: Quadwords, _ right: Quadwords, _ body: (UInt16, UInt16) -> UInt16) -> Quadwords {
    var a = unsafeBitCast(left, to: Words.self)
    let b = unsafeBitCast(right, to: Words.self)
    for lane in 0..<8 { a[lane] = body(a[lane], b[lane]) }
    return unsafeBitCast(a, to: Quadwords.self)
  }

  @inline(__always)
  private static func doublewords(_ left: Quadwords, _ right: Quadwords, _ body: (UInt32, UInt32) -> UInt32)
    -> Quadwords
  {
    var a = unsafeBitCast(left, to: Doublewords.self)
    let b = unsafeBitCast(right, to: Doublewords.self)
    for lane in 0..<4 { a[lane] = body(a[lane], b[lane]) }
    return unsafeBitCast(a, to: Quadwords.self)
  }

  @inline(__always)
  private static func saturate8(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(-128, min(127, value))) }
  @inline(__always)
  private static func saturate16(_ value: Int32) -> UInt16 {
    UInt16(truncatingIfNeeded: max(-32768, min(32767, value)))
  }

  private static func multiplyAdd(_ left: Quadwords, _ right: Quadwords) -> Quadwords {
    let a = unsafeBitCast(left, to: Words.self)
    let b = unsafeBitCast(right, to: Words.self)
    var sums = Doublewords(repeating: 0)
    for lane in 0..<4 {
      let low = Int32(Int16(bitPattern: a[lane * 2])) &* Int32(Int16(bitPattern: b[lane * 2]))
      let high = Int32(Int16(bitPattern: a[lane * 2 + 1])) &* Int32(Int16(bitPattern: b[lane * 2 + 1]))
      sums[lane] = UInt32(bitPattern: low &+ high)
    }
    return unsafeBitCast(sums, to: Quadwords.self)
  }

  private static func sumOfDifferences(_ left: Quadwords, _ right: Quadwords) -> Quadwords {
    let a = unsafeBitCast(left, to: Bytes.self)
    let b = unsafeBitCast(right, to: Bytes.self)
    var sums = Quadwords.zero
    for lane in 0..<16 { sums[lane / 8] &+= UInt64(a[lane] > b[lane] ? a[lane] &- b[lane] : b[lane] &- a[lane]) }
    return sums
  }

  static func signMask(_ kind: VectorOperation, _ value: Quadwords) -> UInt64 {
    var mask: UInt64 = 0
    switch kind {
    case .mask8:
      let lanes = unsafeBitCast(value, to: Bytes.self)
      for lane in 0..<16 { mask |= UInt64(lanes[lane] >> 7) << UInt64(lane) }
    case .mask32:
      let lanes = unsafeBitCast(value, to: Doublewords.self)
      for lane in 0..<4 { mask |= UInt64(lanes[lane] >> 31) << UInt64(lane) }
    default:
      mask = value.x >> 63 | (value.y >> 63) << 1
    }
    return mask
  }

  static func shift(_ kind: VectorOperation, _ value: Quadwords, count: UInt64) -> Quadwords {
    switch kind {
    case .shiftLeft16:
      guard count < 16 else { return .zero }
      return words(value, value) { left, _ in left &<< UInt16(count) }
    case .shiftLeft32:
      guard count < 32 else { return .zero }
      return doublewords(value, value) { left, _ in left &<< UInt32(count) }
    case .shiftLeft64: return count < 64 ? Quadwords(value.x &<< count, value.y &<< count) : .zero
    case .shiftRight16:
      guard count < 16 else { return .zero }
      return words(value, value) { left, _ in left &>> UInt16(count) }
    case .shiftRight32:
      guard count < 32 else { return .zero }
      return doublewords(value, value) { left, _ in left &>> UInt32(count) }
    case .shiftRight64: return count < 64 ? Quadwords(value.x &>> count, value.y &>> count) : .zero
    case .shiftArithmetic16:
      let distance = Int16(min(count, 15))
      return words(value, value) { left, _ in UInt16(bitPattern: Int16(bitPattern: left) &>> distance) }
    case .shiftArithmetic32:
      let distance = Int32(min(count, 31))
      return doublewords(value, value) { left, _ in UInt32(bitPattern: Int32(bitPattern: left) &>> distance) }
    case .shiftLeftBytes:
      let bits = min(count, 16) * 8
      if bits == 0 { return value }
      if bits >= 64 { return Quadwords(0, bits == 128 ? 0 : value.x &<< (bits &- 64)) }
      return Quadwords(value.x &<< bits, value.y &<< bits | value.x &>> (64 &- bits))
    default:
      let bits = min(count, 16) * 8
      if bits == 0 { return value }
      if bits >= 64 { return Quadwords(bits == 128 ? 0 : value.y &>> (bits &- 64), 0) }
      return Quadwords(value.x &>> bits | value.y &<< (64 &- bits), value.y &>> bits)
    }
  }

  private static func unpack(_ kind: VectorOperation, _ left: Quadwords, _ right: Quadwords) -> Quadwords {
    switch kind {
    case .unpackLow8, .unpackHigh8:
      let a = unsafeBitCast(left, to: Bytes.self)
      let b = unsafeBitCast(right, to: Bytes.self)
      let first = kind == .unpackHigh8 ? 8 : 0
      var result = Bytes(repeating: 0)
      for lane in 0..<8 {
        result[lane * 2] = a[first + lane]
        result[lane * 2 + 1] = b[first + lane]
      }
      return unsafeBitCast(result, to: Quadwords.self)
    case .unpackLow16, .unpackHigh16:
      let a = unsafeBitCast(left, to: Words.self)
      let b = unsafeBitCast(right, to: Words.self)
      let first = kind == .unpackHigh16 ? 4 : 0
      var result = Words(repeating: 0)
      for lane in 0..<4 {
        result[lane * 2] = a[first + lane]
        result[lane * 2 + 1] = b[first + lane]
      }
      return unsafeBitCast(result, to: Quadwords.self)
    default:
      let a = unsafeBitCast(left, to: Doublewords.self)
      let b = unsafeBitCast(right, to: Doublewords.self)
      let first = kind == .unpackHigh32 ? 2 : 0
      return unsafeBitCast(Doublewords(a[first], b[first], a[first + 1], b[first + 1]), to: Quadwords.self)
    }
  }

  private static func pack(_ kind: VectorOperation, _ left: Quadwords, _ right: Quadwords) -> Quadwords {
    if kind == .packSigned32 {
      let a = unsafeBitCast(left, to: Doublewords.self)
      let b = unsafeBitCast(right, to: Doublewords.self)
      var result = Words(repeating: 0)
      for lane in 0..<4 {
        result[lane] = saturate16(Int32(bitPattern: a[lane]))
        result[lane + 4] = saturate16(Int32(bitPattern: b[lane]))
      }
      return unsafeBitCast(result, to: Quadwords.self)
    }
    let a = unsafeBitCast(left, to: Words.self)
    let b = unsafeBitCast(right, to: Words.self)
    var result = Bytes(repeating: 0)
    for lane in 0..<8 {
      let first = Int32(Int16(bitPattern: a[lane]))
      let second = Int32(Int16(bitPattern: b[lane]))
      result[lane] = kind == .packSigned16 ? saturate8(first) : UInt8(max(0, min(255, first)))
      result[lane + 8] = kind == .packSigned16 ? saturate8(second) : UInt8(max(0, min(255, second)))
    }
    return unsafeBitCast(result, to: Quadwords.self)
  }

  static func shuffle(_ kind: VectorOperation, _ left: Quadwords, _ right: Quadwords, order: Int) -> Quadwords {
    let a = unsafeBitCast(left, to: Doublewords.self)
    let b = unsafeBitCast(right, to: Doublewords.self)
    switch kind {
    case .shuffle32:
      let result = Doublewords(b[order & 3], b[order >> 2 & 3], b[order >> 4 & 3], b[order >> 6 & 3])
      return unsafeBitCast(result, to: Quadwords.self)
    case .shuffleFloats32:
      let result = Doublewords(a[order & 3], a[order >> 2 & 3], b[order >> 4 & 3], b[order >> 6 & 3])
      return unsafeBitCast(result, to: Quadwords.self)
    case .shuffleFloats64: return Quadwords(left[order & 1], right[order >> 1 & 1])
    default:
      let first = kind == .shuffleHigh16 ? 4 : 0
      let source = unsafeBitCast(right, to: Words.self)
      var result = source
      for lane in 0..<4 { result[first + lane] = source[first + (order >> (lane * 2) & 3)] }
      return unsafeBitCast(result, to: Quadwords.self)
    }
  }
}

/// `Operation.detail` of `Code.vectorArithmetic`. `a` and `b` are numbers of xmm registers (16 is the scratch register), or places of general ones where the
/// name says `General`; `sizeLog2` is a `VectorShape`.
enum VectorArithmetic: UInt8 {
  case add, multiply, subtract, divide, minimum, maximum, squareRoot
  case reciprocal, reciprocalSquareRoot
  /// `immediate` is the predicate.
  case compare
  case compareToFlags, compareToFlagsQuiet
  /// Between single and double precision; the shape is the source's.
  case convertPrecision
  /// Between 32-bit integers and the numbers of the shape.
  case fromIntegers, toIntegers, toIntegersTruncating
  /// `immediate` is the binary logarithm of the general register's size in bytes.
  case fromGeneral, toGeneral, toGeneralTruncating
  /// MASKMOVDQU: the bytes of `a` that `b` selects go to the linear address in `Register.pointer`.
  case storeSelectedBytes
}

/// What an SSE instruction works on.
enum VectorShape: UInt8 {
  case packedSingle, packedDouble, scalarSingle, scalarDouble

  var isSingle: Bool { self == .packedSingle || self == .scalarSingle }

  var lanes: Int {
    switch self {
    case .packedSingle: 4
    case .packedDouble: 2
    case .scalarSingle, .scalarDouble: 1
    }
  }
}

/// SSE and SSE2 arithmetic on floating-point numbers (Intel SDM volume 1, chapters 10 and 11).
extension CPU {
  private typealias Doublewords = SIMD4<UInt32>

  @inline(never)
  func executeVectorArithmetic(_ operation: UnsafeMutablePointer<Operation>) -> Outcome {
    guard let kind = VectorArithmetic(rawValue: operation.pointee.detail),
      let shape = VectorShape(rawValue: operation.pointee.sizeLog2)
    else { preconditionFailure("the decoder made an operation of vector arithmetic that does not exist") }
    let a = operation.pointee.a
    let b = operation.pointee.b
    let immediate = UInt8(truncatingIfNeeded: operation.pointee.immediate)
    var environment = FloatingPointEnvironment(mxcsr: pointee.mxcsr)
    switch kind {
    case .storeSelectedBytes:
      return storeSelectedBytes(of: vectors[Int(a)], mask: vectors[Int(b)])
    case .compareToFlags, .compareToFlagsQuiet:
      let left = Self.number(vectors[Int(a)], 0, shape, environment)
      let right = Self.number(vectors[Int(b)], 0, shape, environment)
      let relation = environment.compare(left, right, signalsQuiet: kind == .compareToFlags)
      guard finishVectorArithmetic(environment) else { return .fault }
      setRelationFlags(relation)
    case .toGeneral, .toGeneralTruncating:
      let number = Self.number(vectors[Int(b)], 0, shape, environment)
      let value = environment.integer(
        number, bits: 8 &<< UInt64(immediate), truncating: kind == .toGeneralTruncating)
      guard finishVectorArithmetic(environment) else { return .fault }
      raw.write(a, UInt64(bitPattern: value), sizeLog2: immediate)
    case .fromGeneral:
      let bits = raw.read(b, sizeLog2: immediate)
      let value = immediate == 3 ? Int64(bitPattern: bits) : Int64(Int32(truncatingIfNeeded: bits))
      let number = environment.convert(integer: value, to: shape.isSingle ? .binary32 : .binary64)
      guard finishVectorArithmetic(environment) else { return .fault }
      Self.setNumber(&vectors[Int(a)], 0, shape, number)
    default:
      var result = vectors[Int(a)]
      let source = vectors[Int(b)]
      switch kind {
      case .convertPrecision: Self.convertPrecision(&result, source, shape, &environment)
      case .fromIntegers: result = Self.fromIntegers(source, shape, &environment)
      case .toIntegers, .toIntegersTruncating:
        result = Self.toIntegers(source, shape, truncating: kind == .toIntegersTruncating, &environment)
      default: Self.combine(kind, &result, source, shape, predicate: immediate, &environment)
      }
      guard finishVectorArithmetic(environment) else { return .fault }
      vectors[Int(a)] = result
    }
    return .next
  }

  /// Records the exceptions of an instruction; false when one is not masked, with the fault set (Intel SDM volume 1, 11.5).
  func finishVectorArithmetic(_ environment: FloatingPointEnvironment) -> Bool {
    guard !environment.raised.isEmpty else { return true }
    let found = environment.raised.intersection(environment.unmasked)
    // All lanes' operands are looked at before any result is computed.
    let stopsAtOperands = !found.isDisjoint(with: .ofOperands)
    let raised = stopsAtOperands ? environment.raised.intersection(.ofOperands) : environment.raised
    pointee.mxcsr |= UInt32(raised.rawValue)
    guard !found.isEmpty else { return true }
    return faults(pointee.cr4 & ControlRegister.osxmmexcpt != 0 ? .vectorFloatingPointError : .invalidOpcode)
  }

  // MARK: Lanes

  private static func bits(_ vector: Quadwords, _ lane: Int, isSingle: Bool) -> UInt64 {
    isSingle ? UInt64(unsafeBitCast(vector, to: Doublewords.self)[lane]) : vector[lane]
  }

  private static func setBits(_ vector: inout Quadwords, _ lane: Int, isSingle: Bool, _ bits: UInt64) {
    guard isSingle else {
      vector[lane] = bits
      return
    }
    var lanes = unsafeBitCast(vector, to: Doublewords.self)
    lanes[lane] = UInt32(truncatingIfNeeded: bits)
    vector = unsafeBitCast(lanes, to: Quadwords.self)
  }

  private static func number(
    _ vector: Quadwords, _ lane: Int, _ shape: VectorShape, _ environment: FloatingPointEnvironment
  ) -> FloatingPointNumber {
    let bits = bits(vector, lane, isSingle: shape.isSingle)
    return shape.isSingle
      ? environment.operand(binary32: UInt32(truncatingIfNeeded: bits)) : environment.operand(binary64: bits)
  }

  private static func setNumber(
    _ vector: inout Quadwords, _ lane: Int, _ shape: VectorShape, _ number: FloatingPointNumber
  ) {
    let bits = shape.isSingle ? UInt64(number.binary32) : number.binary64
    setBits(&vector, lane, isSingle: shape.isSingle, bits)
  }

  private static func combine(
    _ kind: VectorArithmetic, _ result: inout Quadwords, _ source: Quadwords, _ shape: VectorShape, predicate: UInt8,
    _ environment: inout FloatingPointEnvironment
  ) {
    let format: FloatingPointFormat = shape.isSingle ? .binary32 : .binary64
    for lane in 0..<shape.lanes {
      let left = number(result, lane, shape, environment)
      let right = number(source, lane, shape, environment)
      let answer: FloatingPointNumber
      switch kind {
      case .add: answer = environment.add(left, right, to: format)
      case .multiply: answer = environment.multiply(left, right, to: format)
      case .subtract: answer = environment.subtract(left, right, to: format)
      case .divide: answer = environment.divide(left, by: right, to: format)
      case .squareRoot: answer = environment.squareRoot(right, to: format)
      case .reciprocal: answer = approximateReciprocal(right)
      case .reciprocalSquareRoot: answer = approximateReciprocalSquareRoot(right)
      case .minimum, .maximum:
        let isFirst =
          kind == .minimum ? environment.minimumIsFirst(left, right) : environment.maximumIsFirst(left, right)
        // The operand itself, with what DAZ made of it.
        let chosen = isFirst ? left : right
        if !chosen.isZero {
          let bits = bits(isFirst ? result : source, lane, isSingle: shape.isSingle)
          setBits(&result, lane, isSingle: shape.isSingle, bits)
          continue
        }
        answer = chosen
      default:
        let holds = holds(predicate, left, right, &environment)
        setBits(&result, lane, isSingle: shape.isSingle, holds ? .max : 0)
        continue
      }
      setNumber(&result, lane, shape, answer)
    }
  }

  /// The predicates of CMPPS: equal, less, less or equal, unordered, and 4 more for their negation.
  private static func holds(
    _ predicate: UInt8, _ left: FloatingPointNumber, _ right: FloatingPointNumber,
    _ environment: inout FloatingPointEnvironment
  ) -> Bool {
    let kind = predicate & 3
    let relation = environment.compare(left, right, signalsQuiet: kind == 1 || kind == 2)
    let holds =
      switch kind {
      case 0: relation == .equal
      case 1: relation == .less
      case 2: relation == .less || relation == .equal
      default: relation == .unordered
      }
    return holds != (predicate & 4 != 0)
  }

  // MARK: Conversions

  private static func convertPrecision(
    _ result: inout Quadwords, _ source: Quadwords, _ shape: VectorShape, _ environment: inout FloatingPointEnvironment
  ) {
    let to: VectorShape = shape.isSingle ? .scalarDouble : .scalarSingle
    let isPacked = shape == .packedSingle || shape == .packedDouble
    if isPacked { result = .zero }
    for lane in 0..<(isPacked ? 2 : 1) {
      let number = number(source, lane, shape, environment)
      let answer = environment.convert(number, to: shape.isSingle ? .binary64 : .binary32)
      setNumber(&result, lane, to, answer)
    }
  }

  static func fromIntegers(
    _ source: Quadwords, _ shape: VectorShape, _ environment: inout FloatingPointEnvironment
  ) -> Quadwords {
    let integers = unsafeBitCast(source, to: Doublewords.self)
    var result = Quadwords.zero
    for lane in 0..<shape.lanes {
      let value = Int64(Int32(bitPattern: integers[lane]))
      let answer = environment.convert(integer: value, to: shape.isSingle ? .binary32 : .binary64)
      setNumber(&result, lane, shape, answer)
    }
    return result
  }

  static func toIntegers(
    _ source: Quadwords, _ shape: VectorShape, truncating: Bool, _ environment: inout FloatingPointEnvironment
  ) -> Quadwords {
    var result = Doublewords(repeating: 0)
    for lane in 0..<shape.lanes {
      let value = environment.integer(number(source, lane, shape, environment), bits: 32, truncating: truncating)
      result[lane] = UInt32(truncatingIfNeeded: value)
    }
    return unsafeBitCast(result, to: Quadwords.self)
  }

  // MARK: Approximations

  /// RCPPS: 1/x, rounded to the nearest number of single precision. Denormal operands count as zeros, tiny results become zeros, and no exception is
  /// reported. Processors differ within the error the manual allows (docs/UNDEFINED_FLAGS.md).
  private static func approximateReciprocal(_ x: FloatingPointNumber) -> FloatingPointNumber {
    if x.isNaN { return x.quieted }
    if x.isZero || x.isDenormal { return .infinity(isNegative: x.isNegative) }
    var environment = FloatingPointEnvironment(mxcsr: 0x9F80)
    return environment.divide(.one, by: x, to: .binary32)
  }

  /// RSQRTPS: the reciprocal of the square root, with 64 bits between the two steps; otherwise as `approximateReciprocal`.
  private static func approximateReciprocalSquareRoot(_ x: FloatingPointNumber) -> FloatingPointNumber {
    if x.isNaN { return x.quieted }
    if x.isZero || x.isDenormal { return .infinity(isNegative: x.isNegative) }
    if x.isNegative { return .indefinite }
    var environment = FloatingPointEnvironment(mxcsr: 0x9F80)
    return environment.divide(.one, by: environment.squareRoot(x, to: .extended), to: .binary32)
  }

  // MARK: MASKMOVDQU

  func storeSelectedBytes(of value: SIMD2<UInt64>, mask: SIMD2<UInt64>) -> Outcome {
    let linear = raw.read64(Register.pointer)
    let bytes = unsafeBitCast(value, to: SIMD16<UInt8>.self)
    let selects = unsafeBitCast(mask, to: SIMD16<UInt8>.self)
    for lane in 0..<16 where selects[lane] >> 7 != 0 {
      guard checkWrite(linear &+ UInt64(lane), size: 1) else { return .fault }
    }
    var result = Outcome.next
    for lane in 0..<16 where selects[lane] >> 7 != 0 {
      if store(linear &+ UInt64(lane), UInt64(bytes[lane]), sizeLog2: 0) == .leave { result = .leave }
    }
    return result
  }
}

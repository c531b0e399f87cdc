/// What an operation of the MMX registers does; it is `base` of an operation of `X87Operation.mmx`. `a` and `b` are numbers of MMX registers or, where the names say
/// so, of others; as a source, `Register.value` holds a memory operand. `index` is a `VectorOperation` or a `VectorArithmetic`.
enum MMXOperation: UInt8 {
  /// Checks that an MMX instruction may execute, before its address is computed.
  case check
  /// EMMS.
  case empty
  /// `index` on `a` and `b`.
  case combine
  /// By `b`, or by `immediate` when `b` is `Register.immediate`.
  case shift
  /// `immediate` is the order, or the lane.
  case shuffle, insert16, extract16
  case signMask
  /// Between an MMX register and a general one, of the size `sizeLog2`; to memory at the address in `Register.pointer`.
  case moveFromGeneral, moveToGeneral, store
  /// MASKMOVQ: the bytes of `a` that `b` selects, to the address in `Register.pointer`.
  case storeSelectedBytes
  /// MOVDQ2Q and MOVQ2DQ.
  case moveFromVector, moveToVector
  /// To MMX register `a` from xmm register `b`, and the other way; `sizeLog2` is a `VectorShape`, `index` the conversion.
  case convertFromVector, convertToVector
}

/// MMX: eight registers of 64 bits in the significands of the x87 registers R0…R7 (Intel SDM volume 1, chapter 9; volume 3, chapter 13).
///
/// Every instruction makes all x87 registers valid and R0 the top of the stack; writing one sets its sign and exponent to ones.
extension CPU {
  func executeMMX(_ operation: UnsafeMutablePointer<Operation>) -> Outcome {
    guard let kind = MMXOperation(rawValue: operation.pointee.base) else {
      preconditionFailure("the decoder made an MMX operation that does not exist")
    }
    let a = Int(operation.pointee.a)
    let b = operation.pointee.b
    let sizeLog2 = operation.pointee.sizeLog2
    // CVTPI2PD from memory has nothing to do with MMX registers.
    let isVectorAlone =
      kind == .convertToVector && b == Register.value && sizeLog2 == VectorShape.packedDouble.rawValue
    guard isVectorAlone || canExecuteMMX() else { return .fault }
    let immediate = Int(operation.pointee.immediate)
    switch kind {
    case .check: return .next
    case .empty:
      enterMMX()
      pointee.fpuTags = 0xFFFF
      return .next
    case .combine:
      writeMMX(a, Self.combineMMX(vectorOperation(operation), pointee.fpuSignificands[a & 7], mmxSource(b)))
    case .shift:
      let count = b == Register.immediate ? UInt64(immediate) : mmxSource(b)
      let value = Quadwords(pointee.fpuSignificands[a & 7], 0)
      writeMMX(a, Self.shift(vectorOperation(operation), value, count: count).x)
    case .shuffle:
      let source = Quadwords(mmxSource(b), 0)
      writeMMX(a, Self.shuffle(.shuffleLow16, source, source, order: immediate & 0xFF).x)
    case .insert16:
      let place = UInt64(immediate & 3) * 16
      writeMMX(a, pointee.fpuSignificands[a & 7] & ~(0xFFFF << place) | raw.read16(b) << place)
    case .extract16:
      raw.write64(operation.pointee.a, mmxSource(b) >> (UInt64(immediate & 3) * 16) & 0xFFFF)
    case .signMask: raw.write64(operation.pointee.a, Self.signMask(.mask8, Quadwords(mmxSource(b), 0)))
    case .moveFromGeneral: writeMMX(a, raw.read(b, sizeLog2: sizeLog2))
    case .moveToGeneral: raw.write(operation.pointee.a, mmxSource(b), sizeLog2: sizeLog2)
    case .store:
      let result = store(raw.read64(Register.pointer), pointee.fpuSignificands[a & 7], sizeLog2: sizeLog2)
      if result != .fault { enterMMX() }
      return outcome(result)
    case .storeSelectedBytes:
      let result = storeSelectedBytes(
        of: Quadwords(pointee.fpuSignificands[a & 7], 0), mask: Quadwords(mmxSource(b), 0))
      if result != .fault { enterMMX() }
      return result
    case .moveFromVector: writeMMX(a, vectors[Int(b)].x)
    case .moveToVector: vectors[a] = Quadwords(mmxSource(b), 0)
    case .convertFromVector, .convertToVector:
      guard convertMMX(kind, operation) else { return .fault }
      if isVectorAlone { return .next }
    }
    enterMMX()
    return .next
  }

  /// CR0.EM, CR0.TS, or an x87 exception that waits.
  private func canExecuteMMX() -> Bool {
    if pointee.cr0 & ControlRegister.em != 0 { return faults(.invalidOpcode) }
    return x87CanExecute(waits: true)
  }

  private func enterMMX() {
    pointee.fpuStatus &= ~(7 << 11)
    pointee.fpuTags = 0
  }

  private func writeMMX(_ register: Int, _ value: UInt64) {
    pointee.fpuSignificands[register & 7] = value
    pointee.fpuExponents[register & 7] = 0xFFFF
  }

  /// A source: an MMX register, or the memory operand.
  private func mmxSource(_ place: UInt8) -> UInt64 {
    place == Register.value ? raw.read64(Register.value) : pointee.fpuSignificands[Int(place & 7)]
  }

  private func vectorOperation(_ operation: UnsafeMutablePointer<Operation>) -> VectorOperation {
    guard let kind = VectorOperation(rawValue: operation.pointee.index) else {
      preconditionFailure("the decoder made an MMX operation on lanes that does not exist")
    }
    return kind
  }

  /// The operation on xmm registers, with what differs where a register has one half only.
  private static func combineMMX(_ kind: VectorOperation, _ left: UInt64, _ right: UInt64) -> UInt64 {
    let (a, b) = (Quadwords(left, 0), Quadwords(right, 0))
    switch kind {
    // The upper half of what the lower halves make.
    case .unpackHigh8: return combine(.unpackLow8, a, b).y
    case .unpackHigh16: return combine(.unpackLow16, a, b).y
    case .unpackHigh32: return combine(.unpackLow32, a, b).y
    case .packSigned16, .packSigned32, .packUnsigned16: return combine(kind, Quadwords(left, right), .zero).x
    default: return combine(kind, a, b).x
    }
  }

  // MARK: Conversions between an MMX and an xmm register

  private func convertMMX(_ kind: MMXOperation, _ operation: UnsafeMutablePointer<Operation>) -> Bool {
    guard let shape = VectorShape(rawValue: operation.pointee.sizeLog2) else {
      preconditionFailure("the decoder made a conversion of MMX of no shape")
    }
    let a = Int(operation.pointee.a)
    let b = operation.pointee.b
    var environment = FloatingPointEnvironment(mxcsr: pointee.mxcsr)
    if kind == .convertToVector {
      // Of four singles the upper two stay as they were.
      var result = Self.fromIntegers(Quadwords(mmxSource(b), 0), shape, &environment)
      if shape.isSingle { result.y = vectors[a].y }
      guard finishVectorArithmetic(environment) else { return false }
      vectors[a] = result
    } else {
      let source = shape.isSingle ? Quadwords(vectors[Int(b)].x, 0) : vectors[Int(b)]
      let truncates = operation.pointee.index == VectorArithmetic.toIntegersTruncating.rawValue
      let result = Self.toIntegers(source, shape, truncating: truncates, &environment)
      guard finishVectorArithmetic(environment) else { return false }
      writeMMX(a, result.x)
    }
    return true
  }
}

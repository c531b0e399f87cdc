/// The opcodes after 0F that compute with floating-point numbers of SSE and SSE2 (Intel SDM volume 2, appendix A, tables ).
extension Decoder {
  /// What the prefix says an instruction works on.
  private var vectorShape: VectorShape {
    switch repeatPrefix {
    case 0xF3: .scalarSingle
    case 0xF2: .scalarDouble
    default: hasOperandSizePrefix ? .packedDouble : .packedSingle
    }
  }

  /// ModR/M has been read.
  mutating func decodeVectorArithmetic(_ opcode: UInt8) {
    let shape = vectorShape
    switch opcode {
    case 0x51: arithmetic(.squareRoot, shape)
    case 0x52, 0x53:
      guard shape.isSingle else { return invalid() }
      arithmetic(opcode == 0x52 ? .reciprocalSquareRoot : .reciprocal, shape)
    case 0x58: arithmetic(.add, shape)
    case 0x59: arithmetic(.multiply, shape)
    case 0x5A:
      // The packed form takes two singles.
      let from = shape == .packedSingle ? scalarSource(sizeLog2: 3) : vectorSource(shape)
      emit(.convertPrecision, shape, a: register, b: from)
    case 0x5B:
      switch shape {
      case .packedSingle: arithmetic(.fromIntegers, .packedSingle)
      case .packedDouble: arithmetic(.toIntegers, .packedSingle)
      case .scalarSingle: emit(.toIntegersTruncating, .packedSingle, a: register, b: vectorSource())
      case .scalarDouble: invalid()
      }
    case 0x5C: arithmetic(.subtract, shape)
    case 0x5D: arithmetic(.minimum, shape)
    case 0x5E: arithmetic(.divide, shape)
    case 0x5F: arithmetic(.maximum, shape)
    case 0xC2:
      let from = vectorSource(shape)
      let predicate = Int32(nextByte() & 7)
      emit(.compare, shape, a: register, b: from, immediate: predicate)
    case 0xE6:
      switch shape {
      case .packedSingle: invalid()
      case .packedDouble: arithmetic(.toIntegersTruncating, .packedDouble)
      case .scalarSingle: emit(.fromIntegers, .packedDouble, a: register, b: scalarSource(sizeLog2: 3))
      case .scalarDouble: emit(.toIntegers, .packedDouble, a: register, b: vectorSource())
      }
    case 0xF7:
      if shape == .packedSingle { return decodeMMX(opcode) }
      guard shape == .packedDouble, !isMemory else { return invalid() }
      pointToSelectedBytes(size: 16)
      emit(.storeSelectedBytes, shape, a: register, b: registerOrMemory)
    default: decodeScalarConversion(opcode, shape)
    }
  }

  /// Between an xmm register and a general one or the flags.
  private mutating func decodeScalarConversion(_ opcode: UInt8, _ shape: VectorShape) {
    let isScalar = shape == .scalarSingle || shape == .scalarDouble
    let sizeLog2: UInt8 = rex & 8 != 0 ? 3 : 2
    switch opcode {
    case 0x2E, 0x2F:
      guard !isScalar else { return invalid() }
      let from = scalarSource(sizeLog2: shape.isSingle ? 2 : 3)
      emit(
        opcode == 0x2E ? .compareToFlagsQuiet : .compareToFlags, shape.isSingle ? .scalarSingle : .scalarDouble,
        a: register, b: from)
    case 0x2A where isScalar:
      let from = source(sizeLog2: sizeLog2)
      emit(.fromGeneral, shape, a: register, b: from, immediate: Int32(sizeLog2))
    case 0x2C where isScalar, 0x2D where isScalar:
      let from = vectorSource(shape)
      emit(
        opcode == 0x2C ? .toGeneralTruncating : .toGeneral, shape, a: Register.general(register), b: from,
        immediate: Int32(sizeLog2))
    default: decodeMMXAndVector(opcode, shape)
    }
  }

  // MARK: Emitting

  private mutating func emit(
    _ operation: VectorArithmetic, _ shape: VectorShape, a: UInt8, b: UInt8, immediate: Int32 = 0
  ) {
    guard vectorsAreEnabled else { return emitVectorFault() }
    emit(
      Operation(
        code: .vectorArithmetic, a: a, b: b, shift: operation.rawValue, sizeLog2: shape.rawValue, immediate: immediate))
  }

  private mutating func arithmetic(_ operation: VectorArithmetic, _ shape: VectorShape) {
    let from = vectorSource(shape)
    emit(operation, shape, a: register, b: from)
  }

  /// The number of the xmm register with the source, into which a memory operand of the shape is loaded.
  private mutating func vectorSource(_ shape: VectorShape) -> UInt8 {
    switch shape {
    case .packedSingle, .packedDouble: vectorSource()
    case .scalarSingle: scalarSource(sizeLog2: 2)
    case .scalarDouble: scalarSource(sizeLog2: 3)
    }
  }

  mutating func scalarSource(sizeLog2: UInt8) -> UInt8 {
    guard isMemory else { return registerOrMemory }
    prepareFixedAddress(size: 1 << Int(sizeLog2), isWrite: false)
    emit(sizeLog2 == 3 ? VectorOperation.load64 : .load32, a: Self.vectorScratch)
    return Self.vectorScratch
  }
}

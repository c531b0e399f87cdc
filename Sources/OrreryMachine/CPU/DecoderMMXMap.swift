/// The opcodes after 0F on MMX registers: those of MMX itself, without a prefix, and what SSE and SSE2 added to them (Intel SDM volume 2, appendix A, table A-3).
extension Decoder {
  /// ModR/M has been read; no prefix chooses another register file.
  mutating func decodeMMX(_ opcode: UInt8) {
    switch opcode {
    case 0x6E:
      let sizeLog2: UInt8 = rex & 8 != 0 ? 3 : 2
      checkBeforeMemory()
      emitMMX(.moveFromGeneral, a: registerField, b: source(sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    case 0x7E:
      let sizeLog2: UInt8 = rex & 8 != 0 ? 3 : 2
      if isMemory {
        storeMMX(sizeLog2: sizeLog2)
      } else {
        emitMMX(.moveToGeneral, a: Register.general(registerOrMemory), b: registerField, sizeLog2: sizeLog2)
      }
    case 0x6F: emitMMX(.combine, .move, a: registerField, b: sourceMMX())
    case 0x7F:
      if isMemory {
        storeMMX(sizeLog2: 3)
      } else {
        emitMMX(.combine, .move, a: modRM & 7, b: registerField)
      }
    case 0xE7:
      guard isMemory else { return invalid() }
      storeMMX(sizeLog2: 3)
    case 0x70:
      let from = sourceMMX()
      emitMMX(.shuffle, a: registerField, b: from, immediate: Int32(nextByte()))
    case 0x71, 0x72, 0x73:
      guard !isMemory, let operation = shiftByImmediate(opcode), opcode != 0x73 || registerField & 1 == 0 else {
        return invalid()
      }
      emitMMX(.shift, operation, a: modRM & 7, b: Register.immediate, immediate: Int32(nextByte()))
    case 0xC4:
      checkBeforeMemory()
      let from = isMemory ? source(sizeLog2: 1) : Register.general(registerOrMemory)
      emitMMX(.insert16, a: registerField, b: from, immediate: Int32(nextByte()))
    case 0xC5:
      guard !isMemory else { return invalid() }
      emitMMX(.extract16, a: Register.general(register), b: modRM & 7, immediate: Int32(nextByte()))
    case 0xD7:
      guard !isMemory else { return invalid() }
      emitMMX(.signMask, a: Register.general(register), b: modRM & 7)
    case 0xD1, 0xD2, 0xD3, 0xE1, 0xE2, 0xF1, 0xF2, 0xF3:
      guard let operation = Self.packedInteger(opcode) else { return invalid() }
      emitMMX(.shift, operation, a: registerField, b: sourceMMX())
    case 0xF7:
      guard !isMemory else { return invalid() }
      checkBeforeAddress()
      pointToSelectedBytes(size: 8)
      emitMMX(.storeSelectedBytes, a: registerField, b: modRM & 7)
    default:
      // The halves of 128 bits are not those of 64.
      guard opcode != 0x6C, opcode != 0x6D, let operation = Self.packedInteger(opcode) else { return invalid() }
      emitMMX(.combine, operation, a: registerField, b: sourceMMX())
    }
  }

  /// EMMS.
  mutating func decodeEmptyMMX() { emitMMX(.empty) }

  /// MOVQ2DQ and MOVDQ2Q, and the conversions between integers in an MMX register and numbers in an xmm register.
  mutating func decodeMMXAndVector(_ opcode: UInt8, _ shape: VectorShape) {
    guard vectorsAreEnabled else { return emitVectorFault() }
    switch opcode {
    case 0xD6:
      guard !isMemory else { return invalid() }
      if shape == .scalarSingle {
        emitMMX(.moveToVector, a: register, b: modRM & 7)
      } else {
        emitMMX(.moveFromVector, a: registerField, b: registerOrMemory)
      }
    case 0x2A:
      // CVTPI2PD from memory does not wait for x87.
      let from: UInt8
      if shape == .packedDouble && isMemory {
        loadValue(sizeLog2: 3)
        from = Register.value
      } else {
        from = sourceMMX()
      }
      convert(.convertToVector, .fromIntegers, shape, a: register, b: from)
    default:
      checkBeforeMemory()
      let from = shape.isSingle ? scalarSource(sizeLog2: 3) : vectorSource()
      convert(
        .convertFromVector, opcode == 0x2C ? .toIntegersTruncating : .toIntegers, shape, a: registerField, b: from)
    }
  }

  // MARK: Emitting

  private mutating func emitMMX(
    _ operation: MMXOperation, _ lanes: VectorOperation = .move, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0,
    sizeLog2: UInt8 = 0
  ) {
    emit(
      Operation(
        code: .floatingPoint, a: a, b: b, base: operation.rawValue, index: lanes.rawValue,
        shift: X87Operation.mmx.rawValue, sizeLog2: sizeLog2, immediate: immediate))
  }

  private mutating func convert(
    _ operation: MMXOperation, _ conversion: VectorArithmetic, _ shape: VectorShape, a: UInt8, b: UInt8
  ) {
    emit(
      Operation(
        code: .floatingPoint, a: a, b: b, base: operation.rawValue, index: conversion.rawValue,
        shift: X87Operation.mmx.rawValue, sizeLog2: shape.rawValue))
  }

  /// What keeps the instruction from executing comes before any fault of its address.
  private mutating func checkBeforeAddress() { emitMMX(.check) }

  private mutating func checkBeforeMemory() {
    if isMemory { checkBeforeAddress() }
  }

  /// An MMX register, or the place of the memory operand that was loaded.
  private mutating func sourceMMX() -> UInt8 {
    guard isMemory else { return modRM & 7 }
    checkBeforeAddress()
    loadValue(sizeLog2: 3)
    return Register.value
  }

  private mutating func storeMMX(sizeLog2: UInt8) {
    checkBeforeAddress()
    prepareFixedAddress(size: 1 << Int(sizeLog2), isWrite: true)
    emitMMX(.store, a: registerField, sizeLog2: sizeLog2)
  }
}

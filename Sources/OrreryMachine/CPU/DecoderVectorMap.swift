/// SSE and SSE2 opcodes after 0F: moves, logic, integer arithmetic (Intel SDM volume 2, appendix A, tables ).
///
/// Without a prefix most of the integer ones work on MMX registers: CPU/DecoderMMXMap.swift. Later extensions are not offered by CPUID, and are invalid.
extension Decoder {
  /// The xmm register that the memory operand of an instruction is loaded into.
  static let vectorScratch: UInt8 = 16

  private enum Prefix {
    case none, operandSize, repeats, repeatsNotEqual
  }

  private var vectorPrefix: Prefix {
    switch repeatPrefix {
    case 0xF3: .repeats
    case 0xF2: .repeatsNotEqual
    default: hasOperandSizePrefix ? .operandSize : .none
    }
  }

  mutating func decodeVector(_ opcode: UInt8) {
    switch opcode {
    case 0x10...0x17, 0x28, 0x29, 0x2B, 0x50, 0x54...0x57, 0x60...0x76, 0x7E, 0x7F, 0xC4...0xC6, 0xD1...0xE5,
      0xE7...0xF6, 0xF8...0xFE:
      readModRM()
    case 0x2A, 0x2C...0x2F, 0x51...0x53, 0x58...0x5F, 0xC2, 0xE6, 0xF7:
      readModRM()
      return decodeVectorArithmetic(opcode)
    case 0x77 where repeatPrefix == 0 && !hasOperandSizePrefix: return decodeEmptyMMX()
    default: return invalid()
    }
    let form = vectorPrefix
    let isPlain = form == .none || form == .operandSize
    switch opcode {
    case 0x10, 0x11:
      switch form {
      case .none, .operandSize: moveWhole(stores: opcode == 0x11, isAligned: false)
      case .repeats: moveScalar(stores: opcode == 0x11, sizeLog2: 2)
      case .repeatsNotEqual: moveScalar(stores: opcode == 0x11, sizeLog2: 3)
      }
    case 0x12,
      0x16 where isPlain:
      // MOVSLDUP, MOVDDUP and MOVSHDUP are of SSE3.
      guard isPlain else { return invalid() }
      let high = opcode == 0x16
      if isMemory {
        prepareFixedAddress(size: 8, isWrite: false)
        emit(high ? VectorOperation.loadHigh : .loadLow, a: register)
      } else {
        guard form == .none else { return invalid() }
        emit(high ? VectorOperation.lowToHigh : .highToLow, a: register, b: registerOrMemory)
      }
    case 0x13, 0x17:
      guard isPlain && isMemory else { return invalid() }
      prepareFixedAddress(size: 8, isWrite: true)
      emit(opcode == 0x17 ? VectorOperation.storeHigh : .storeLow, a: register)
    case 0x14 where isPlain: packed(form == .none ? .unpackLow32 : .unpackLow64)
    case 0x15 where isPlain: packed(form == .none ? .unpackHigh32 : .unpackHigh64)
    case 0x28, 0x29:
      guard isPlain else { return invalid() }
      moveWhole(stores: opcode == 0x29, isAligned: true)
    case 0x2B:
      guard isPlain && isMemory else { return invalid() }
      moveWhole(stores: true, isAligned: true)
    case 0x50:
      guard isPlain && !isMemory else { return invalid() }
      emit(form == .none ? VectorOperation.mask32 : .mask64, a: Register.general(register), b: registerOrMemory)
    case 0x54 where isPlain: packed(.and)
    case 0x55 where isPlain: packed(.andNot)
    case 0x56 where isPlain: packed(.or)
    case 0x57 where isPlain: packed(.xor)
    case 0x6F where form == .operandSize || form == .repeats:
      moveWhole(stores: false, isAligned: form == .operandSize)
    case 0x7F where form == .operandSize || form == .repeats:
      moveWhole(stores: true, isAligned: form == .operandSize)
    case 0x70 where form != .none:
      let from = vectorSource()
      let order = Int32(nextByte())
      let kind: VectorOperation =
        form == .operandSize ? .shuffle32 : form == .repeats ? .shuffleHigh16 : .shuffleLow16
      emit(kind, a: register, b: from, immediate: order)
    case 0x7E where form == .repeats:
      if isMemory {
        prepareFixedAddress(size: 8, isWrite: false)
        emit(VectorOperation.load64, a: register)
      } else {
        emit(VectorOperation.moveLow64, a: register, b: registerOrMemory)
      }
    case 0xC6 where isPlain:
      let from = vectorSource()
      let order = Int32(nextByte())
      emit(form == .none ? VectorOperation.shuffleFloats32 : .shuffleFloats64, a: register, b: from, immediate: order)
    case 0xD6 where form == .repeats || form == .repeatsNotEqual:
      decodeMMXAndVector(opcode, form == .repeats ? .scalarSingle : .scalarDouble)
    case _ where form == .operandSize: decodePackedInteger(opcode)
    case _ where form == .none: decodeMMX(opcode)
    default: invalid()
    }
  }

  /// The opcodes that with the prefix 66 work on xmm registers, and without it on MMX registers.
  private mutating func decodePackedInteger(_ opcode: UInt8) {
    switch opcode {
    case 0x6E:
      let sizeLog2: UInt8 = rex & 8 != 0 ? 3 : 2
      let from = source(sizeLog2: sizeLog2)
      emit(VectorOperation.moveFromGeneral, a: register, b: from, sizeLog2: sizeLog2)
    case 0x71, 0x72, 0x73:
      guard !isMemory, let operation = shiftByImmediate(opcode) else { return invalid() }
      emit(operation, a: registerOrMemory, b: Register.immediate, immediate: Int32(nextByte()))
    case 0x7E:
      let sizeLog2: UInt8 = rex & 8 != 0 ? 3 : 2
      if isMemory {
        prepareFixedAddress(size: 1 << Int(sizeLog2), isWrite: true)
        emit(sizeLog2 == 3 ? VectorOperation.storeLow : .store32, a: register)
      } else {
        emit(VectorOperation.moveToGeneral, a: Register.general(registerOrMemory), b: register, sizeLog2: sizeLog2)
      }
    case 0xC4:
      let from = isMemory ? source(sizeLog2: 1) : Register.general(registerOrMemory)
      let lane = Int32(nextByte() & 7)
      emit(VectorOperation.insert16, a: register, b: from, immediate: lane)
    case 0xC5:
      guard !isMemory else { return invalid() }
      let lane = Int32(nextByte() & 7)
      emit(VectorOperation.extract16, a: Register.general(register), b: registerOrMemory, immediate: lane)
    case 0xD6:
      if isMemory {
        prepareFixedAddress(size: 8, isWrite: true)
        emit(VectorOperation.storeLow, a: register)
      } else {
        emit(VectorOperation.moveLow64, a: registerOrMemory, b: register)
      }
    case 0xD7:
      guard !isMemory else { return invalid() }
      emit(VectorOperation.mask8, a: Register.general(register), b: registerOrMemory)
    case 0xE7:
      guard isMemory else { return invalid() }
      moveWhole(stores: true, isAligned: true)
    default:
      guard let operation = Self.packedInteger(opcode) else { return invalid() }
      packed(operation)
    }
  }

  /// The operations on lanes, which are the same for xmm and MMX registers.
  static func packedInteger(_ opcode: UInt8) -> VectorOperation? {
    switch opcode {
    case 0x60: .unpackLow8
    case 0x61: .unpackLow16
    case 0x62: .unpackLow32
    case 0x63: .packSigned16
    case 0x64: .compareGreater8
    case 0x65: .compareGreater16
    case 0x66: .compareGreater32
    case 0x67: .packUnsigned16
    case 0x68: .unpackHigh8
    case 0x69: .unpackHigh16
    case 0x6A: .unpackHigh32
    case 0x6B: .packSigned32
    case 0x6C: .unpackLow64
    case 0x6D: .unpackHigh64
    case 0x74: .compareEqual8
    case 0x75: .compareEqual16
    case 0x76: .compareEqual32
    case 0xD1: .shiftRight16
    case 0xD2: .shiftRight32
    case 0xD3: .shiftRight64
    case 0xD4: .add64
    case 0xD5: .multiplyLow16
    case 0xD8: .subtractUnsignedSaturating8
    case 0xD9: .subtractUnsignedSaturating16
    case 0xDA: .minimumUnsigned8
    case 0xDB: .and
    case 0xDC: .addUnsignedSaturating8
    case 0xDD: .addUnsignedSaturating16
    case 0xDE: .maximumUnsigned8
    case 0xDF: .andNot
    case 0xE0: .average8
    case 0xE1: .shiftArithmetic16
    case 0xE2: .shiftArithmetic32
    case 0xE3: .average16
    case 0xE4: .multiplyHighUnsigned16
    case 0xE5: .multiplyHigh16
    case 0xE8: .subtractSaturating8
    case 0xE9: .subtractSaturating16
    case 0xEA: .minimum16
    case 0xEB: .or
    case 0xEC: .addSaturating8
    case 0xED: .addSaturating16
    case 0xEE: .maximum16
    case 0xEF: .xor
    case 0xF1: .shiftLeft16
    case 0xF2: .shiftLeft32
    case 0xF3: .shiftLeft64
    case 0xF4: .multiplyUnsigned32
    case 0xF5: .multiplyAdd16
    case 0xF6: .sumOfDifferences8
    case 0xF8: .subtract8
    case 0xF9: .subtract16
    case 0xFA: .subtract32
    case 0xFB: .subtract64
    case 0xFC: .add8
    case 0xFD: .add16
    case 0xFE: .add32
    default: nil
    }
  }

  // MARK: Emitting

  mutating func emit(
    _ operation: VectorOperation, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0, sizeLog2: UInt8 = 0
  ) {
    guard vectorsAreEnabled else { return emitVectorFault() }
    emit(Operation(code: .vector, a: a, b: b, shift: operation.rawValue, sizeLog2: sizeLog2, immediate: immediate))
  }

  /// The number of the xmm register with the source; a memory operand must be aligned and is loaded into the scratch register.
  mutating func vectorSource() -> UInt8 {
    guard isMemory else { return registerOrMemory }
    prepareFixedAddress(size: 16, isWrite: false)
    emit(VectorOperation.loadAligned, a: Self.vectorScratch)
    return Self.vectorScratch
  }

  private mutating func packed(_ operation: VectorOperation) {
    let from = vectorSource()
    emit(operation, a: register, b: from)
  }

  private mutating func moveWhole(stores: Bool, isAligned: Bool) {
    guard isMemory else {
      let (to, from) = stores ? (registerOrMemory, register) : (register, registerOrMemory)
      return emit(VectorOperation.move, a: to, b: from)
    }
    guard vectorsAreEnabled else { return emit(VectorOperation.move) }
    if isAligned {
      prepareFixedAddress(size: 16, isWrite: stores)
      emit(stores ? VectorOperation.storeAligned : .loadAligned, a: register)
    } else {
      prepareAddress(size: 16, isWrite: stores)
      emitMemory(stores ? .store128 : .load128, a: register)
    }
  }

  private mutating func moveScalar(stores: Bool, sizeLog2: UInt8) {
    let is64 = sizeLog2 == 3
    if isMemory {
      prepareFixedAddress(size: 1 << Int(sizeLog2), isWrite: stores)
      if stores {
        emit(is64 ? VectorOperation.storeLow : .store32, a: register)
      } else {
        emit(is64 ? VectorOperation.load64 : .load32, a: register)
      }
    } else {
      let (to, from) = stores ? (registerOrMemory, register) : (register, registerOrMemory)
      emit(is64 ? VectorOperation.insertLow64 : .insertLow32, a: to, b: from)
    }
  }

  /// Of groups 12 to 14.
  func shiftByImmediate(_ opcode: UInt8) -> VectorOperation? {
    switch (opcode, registerField) {
    case (0x71, 2): .shiftRight16
    case (0x71, 4): .shiftArithmetic16
    case (0x71, 6): .shiftLeft16
    case (0x72, 2): .shiftRight32
    case (0x72, 4): .shiftArithmetic32
    case (0x72, 6): .shiftLeft32
    case (0x73, 2): .shiftRight64
    case (0x73, 3): .shiftRightBytes
    case (0x73, 6): .shiftLeft64
    case (0x73, 7): .shiftLeftBytes
    default: nil
    }
  }

  /// The bytes that MASKMOVQ and MASKMOVDQU select go to the address in rDI.
  mutating func pointToSelectedBytes(size: Int) {
    base = Register.rdi
    index = Register.zero
    shift = 0
    displacement = 0
    defaultSegment = .ds
    prepareFixedAddress(size: size, isWrite: true)
  }
}

/// Arithmetic of the one-byte opcodes: the eight ALU operations, groups 1 to 3, increments and exchanges (Intel SDM volume 2, appendix A,
/// tables ).
extension Decoder {
  mutating func decodeALU(_ opcode: UInt8) {
    let operation = opcode >> 3 & 7
    let sizeLog2: UInt8 = opcode & 1 == 0 ? 0 : operandSizeLog2
    let kind = ArithmeticOperation(rawValue: operation) ?? .add
    switch opcode & 7 {
    case 0, 1:
      readModRM()
      let from = place(register, sizeLog2: sizeLog2)
      if kind == .compare {
        arithmetic(kind, a: source(sizeLog2: sizeLog2), b: from, sizeLog2: sizeLog2)
      } else {
        modify(sizeLog2: sizeLog2) { $0.arithmetic(kind, a: $1, b: from, sizeLog2: sizeLog2) }
      }
    case 2, 3:
      readModRM()
      let to = place(register, sizeLog2: sizeLog2)
      if isMemory, sizeLog2 >= 2, let code = Self.loadForm(kind, is64: sizeLog2 == 3) {
        prepareAddress(size: 1 << Int(sizeLog2), isWrite: false)
        emitMemory(code, a: to)
      } else {
        arithmetic(kind, a: to, b: source(sizeLog2: sizeLog2), sizeLog2: sizeLog2)
      }
    default:
      arithmeticImmediate(kind, a: Register.rax, immediate: nextImmediate(sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    }
  }

  private static func loadForm(_ operation: ArithmeticOperation, is64: Bool) -> Code? {
    switch operation {
    case .add: is64 ? .addLoad64 : .addLoad32
    case .subtract: is64 ? .subtractLoad64 : .subtractLoad32
    case .and: is64 ? .andLoad64 : .andLoad32
    case .or: is64 ? .orLoad64 : .orLoad32
    case .xor: is64 ? .xorLoad64 : .xorLoad32
    case .compare: is64 ? .compareLoad64 : .compareLoad32
    default: nil
    }
  }

  /// An ALU operation between two registers.
  mutating func arithmetic(_ operation: ArithmeticOperation, a: UInt8, b: UInt8, sizeLog2: UInt8) {
    let is64 = sizeLog2 == 3
    let code: Code? =
      switch operation {
      case .test where sizeLog2 == 0: .test8
      case .and where sizeLog2 == 0: .and8
      case .or where sizeLog2 == 0: .or8
      case .xor where sizeLog2 == 0: .xor8
      case _ where sizeLog2 < 2: nil
      case .add: is64 ? .add64 : .add32
      case .subtract: is64 ? .subtract64 : .subtract32
      case .and: is64 ? .and64 : .and32
      case .or: is64 ? .or64 : .or32
      case .xor: is64 ? .xor64 : .xor32
      case .compare: is64 ? .compare64 : .compare32
      case .test: is64 ? .test64 : .test32
      default: nil
      }
    if let code { emit(code, a: a, b: b, sizeLog2: sizeLog2) } else { emit(operation, a: a, b: b, sizeLog2: sizeLog2) }
  }

  mutating func arithmeticImmediate(_ operation: ArithmeticOperation, a: UInt8, immediate: Int32, sizeLog2: UInt8) {
    let is64 = sizeLog2 == 3
    let code: Code? =
      switch operation {
      case .test where sizeLog2 == 0: .testImmediate8
      case .compare where sizeLog2 == 0: .compareImmediate8
      case .add where sizeLog2 == 0: .addImmediate8
      case _ where sizeLog2 < 2: nil
      case .add: is64 ? .addImmediate64 : .addImmediate32
      case .subtract: is64 ? .subtractImmediate64 : .subtractImmediate32
      case .and: is64 ? .andImmediate64 : .andImmediate32
      case .or: is64 ? .orImmediate64 : .orImmediate32
      case .xor: is64 ? .xorImmediate64 : .xorImmediate32
      case .compare: is64 ? .compareImmediate64 : .compareImmediate32
      case .test: is64 ? .testImmediate64 : .testImmediate32
      default: nil
      }
    if let code {
      emit(code, a: a, b: Register.immediate, immediate: immediate, sizeLog2: sizeLog2)
    } else {
      emit(operation, a: a, b: Register.immediate, immediate: immediate, sizeLog2: sizeLog2)
    }
  }

  mutating func decodeGroup1(sizeLog2: UInt8, immediateIsByte: Bool) {
    let kind = ArithmeticOperation(rawValue: registerField) ?? .add
    // The immediate comes after the address bytes, which readModRM has read.
    let immediate = immediateIsByte ? nextSigned8() : nextImmediate(sizeLog2: sizeLog2)
    if kind == .compare {
      arithmeticImmediate(kind, a: source(sizeLog2: sizeLog2), immediate: immediate, sizeLog2: sizeLog2)
    } else {
      modify(sizeLog2: sizeLog2) { $0.arithmeticImmediate(kind, a: $1, immediate: immediate, sizeLog2: sizeLog2) }
    }
  }

  mutating func decodeGroup3(sizeLog2: UInt8) {
    switch registerField {
    case 0, 1:
      let immediate = nextImmediate(sizeLog2: sizeLog2)
      arithmeticImmediate(.test, a: source(sizeLog2: sizeLog2), immediate: immediate, sizeLog2: sizeLog2)
    case 2:
      modify(sizeLog2: sizeLog2) {
        switch sizeLog2 {
        case 3: $0.emit(.not64, a: $1)
        case 2: $0.emit(.not32, a: $1)
        default: $0.emit(ArithmeticOperation.not, a: $1, sizeLog2: sizeLog2)
        }
      }
    case 3:
      modify(sizeLog2: sizeLog2) {
        switch sizeLog2 {
        case 3: $0.emit(.negate64, a: $1)
        case 2: $0.emit(.negate32, a: $1)
        default: $0.emit(ArithmeticOperation.negate, a: $1, sizeLog2: sizeLog2)
        }
      }
    default:
      let operations: [ArithmeticOperation] = [.multiplyUnsigned, .multiplySigned, .divideUnsigned, .divideSigned]
      let from = source(sizeLog2: sizeLog2)
      emit(operations[Int(registerField & 3)], b: from, sizeLog2: sizeLog2)
    }
  }

  mutating func decodeShift(_ opcode: UInt8, sizeLog2: UInt8) {
    let kind = ArithmeticOperation(rawValue: ArithmeticOperation.rotateLeft.rawValue + registerField) ?? .rotateLeft
    if opcode & 0x12 == 0x12 {
      modify(sizeLog2: sizeLog2) { $0.emit(kind, a: $1, b: Register.countCL, sizeLog2: sizeLog2) }
      lockIsAllowed = false
      return
    }
    let mask: UInt8 = sizeLog2 == 3 ? 63 : 31
    let count = Int32((opcode & 0x10 != 0 ? 1 : nextByte()) & mask)
    modify(sizeLog2: sizeLog2) { decoder, place in
      let is64 = sizeLog2 == 3
      var code: Code?
      if count != 0 && sizeLog2 >= 2 {
        switch kind {
        case .shiftLeft, .shiftLeftAlias: code = is64 ? .shiftLeft64 : .shiftLeft32
        case .shiftRight: code = is64 ? .shiftRight64 : .shiftRight32
        case .shiftArithmetic: code = is64 ? .shiftArithmetic64 : .shiftArithmetic32
        default: break
        }
      }
      if let code {
        decoder.emit(code, a: place, immediate: count, sizeLog2: sizeLog2)
      } else {
        decoder.emit(kind, a: place, b: Register.immediate, immediate: count, sizeLog2: sizeLog2)
      }
    }
    lockIsAllowed = false
  }

  mutating func incrementOrDecrement(place: UInt8, decrements: Bool, sizeLog2: UInt8) {
    switch sizeLog2 {
    case 3: emit(decrements ? .decrement64 : .increment64, a: place)
    case 2: emit(decrements ? .decrement32 : .increment32, a: place)
    default: emit(decrements ? ArithmeticOperation.decrement : .increment, a: place, sizeLog2: sizeLog2)
    }
  }

  mutating func exchange(sizeLog2: UInt8) {
    let other = place(register, sizeLog2: sizeLog2)
    guard isMemory else {
      return exchange(other, place(registerOrMemory, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    }
    lockIsAllowed = true
    prepareFixedAddress(size: 1 << Int(sizeLog2), isWrite: true)
    emitMemory(
      [.loadForWrite8, .loadForWrite16, .loadForWrite32, .loadForWrite64][Int(sizeLog2)], a: Register.value)
    exchange(other, Register.value, sizeLog2: sizeLog2)
    storeValue(sizeLog2: sizeLog2)
  }

  private mutating func exchange(_ a: UInt8, _ b: UInt8, sizeLog2: UInt8) {
    switch sizeLog2 {
    case 3: emit(.exchange64, a: a, b: b)
    case 2: emit(.exchange32, a: a, b: b)
    default: emit(ArithmeticOperation.exchange, a: a, b: b, sizeLog2: sizeLog2)
    }
  }

  mutating func exchangeWithAccumulator(_ low: UInt8) {
    exchange(Register.rax, Register.general(low | (rex & 1) << 3), sizeLog2: operandSizeLog2)
  }
}

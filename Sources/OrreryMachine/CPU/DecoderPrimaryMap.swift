/// The one-byte opcodes (Intel SDM volume 2, appendix A, table A-2).
extension Decoder {
  mutating func decodePrimary(_ opcode: UInt8) {
    let is64 = mode == .bits64
    /// Bit 0 of most opcodes chooses between bytes and the operand size.
    let sizeLog2: UInt8 = opcode & 1 == 0 ? 0 : operandSizeLog2
    switch opcode {
    case 0x0F: decodeSecondary(nextByte())
    case 0x00...0x3F where opcode & 7 < 6: decodeALU(opcode)
    case 0x06, 0x0E, 0x16, 0x1E:
      guard !is64 else { return invalid() }
      emit(SystemOperation.pushSegment, a: opcode >> 3, sizeLog2: operandSizeLog2, ends: false)
    case 0x07, 0x17, 0x1F:
      guard !is64 else { return invalid() }
      emit(SystemOperation.popSegment, a: opcode >> 3, sizeLog2: operandSizeLog2)
    case 0x27: legacy(.decimalAdjustAdd)
    case 0x2F: legacy(.decimalAdjustSubtract)
    case 0x37: legacy(.adjustAdd)
    case 0x3F: legacy(.adjustSubtract)
    case 0x40...0x47:
      incrementOrDecrement(place: Register.general(opcode & 7), decrements: false, sizeLog2: operandSizeLog2)
    case 0x48...0x4F:
      incrementOrDecrement(place: Register.general(opcode & 7), decrements: true, sizeLog2: operandSizeLog2)
    case 0x50...0x57: push(register: Register.general(opcode & 7 | (rex & 1) << 3))
    case 0x58...0x5F: pop(register: Register.general(opcode & 7 | (rex & 1) << 3))
    case 0x60, 0x61:
      guard !is64 else { return invalid() }
      emit(opcode == 0x60 ? MemoryOperation.pushAll : .popAll, sizeLog2: operandSizeLog2)
    case 0x62:
      guard !is64 else { return invalid() }
      readModRM()
      guard isMemory else { return invalid() }
      prepareFixedAddress(size: 2 << Int(operandSizeLog2), isWrite: false)
      emit(MemoryOperation.bound, a: Register.general(register), sizeLog2: operandSizeLog2)
    case 0x63: decodeMove63()
    case 0x68: pushImmediate(nextImmediate(sizeLog2: operandSizeLog2))
    case 0x6A: pushImmediate(nextSigned8())
    case 0x69, 0x6B:
      readModRM()
      let from = source(sizeLog2: operandSizeLog2)
      let factor = opcode == 0x69 ? nextImmediate(sizeLog2: operandSizeLog2) : nextSigned8()
      switch operandSizeLog2 {
      case 3: emit(.multiplyImmediate64, a: Register.general(register), b: from, immediate: factor)
      case 2: emit(.multiplyImmediate32, a: Register.general(register), b: from, immediate: factor)
      default:
        emit(
          ArithmeticOperation.multiplyImmediate, a: Register.general(register), b: from, immediate: factor, sizeLog2: 1)
      }
    case 0x6C, 0x6D: string(.input, sizeLog2: min(sizeLog2, 2))
    case 0x6E, 0x6F: string(.output, sizeLog2: min(sizeLog2, 2))
    case 0x70...0x7F:
      let distance = nextSigned8()
      jump(condition: opcode & 0xF, distance: distance)
    case 0x82 where is64: invalid()
    case 0x80...0x83:
      readModRM()
      decodeGroup1(sizeLog2: sizeLog2, immediateIsByte: opcode != 0x81)
    case 0x84, 0x85:
      readModRM()
      let left = source(sizeLog2: sizeLog2)
      arithmetic(.test, a: left, b: place(register, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    case 0x86, 0x87:
      readModRM()
      exchange(sizeLog2: sizeLog2)
    case 0x88, 0x89:
      readModRM()
      moveToMemoryOrRegister(from: place(register, sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    case 0x8A, 0x8B:
      readModRM()
      let to = place(register, sizeLog2: sizeLog2)
      guard isMemory else { return move(a: to, b: place(registerOrMemory, sizeLog2: sizeLog2), sizeLog2: sizeLog2) }
      prepareAddress(size: 1 << Int(sizeLog2), isWrite: false)
      emitMemory([.load8, .load16, .load32, .load64][Int(sizeLog2)], a: to)
    case 0x8C:
      readModRM()
      guard registerField < 6 else { return invalid() }
      if isMemory {
        prepareAddress(size: 2, isWrite: true)
        emit(SystemOperation.moveFromSegment, a: Register.value, b: registerField, sizeLog2: 2, ends: false)
        emitMemory(.store16, b: Register.value)
      } else {
        emit(
          SystemOperation.moveFromSegment, a: Register.general(registerOrMemory), b: registerField,
          sizeLog2: operandSizeLog2,
          ends: false)
      }
    case 0x8D:
      readModRM()
      guard isMemory else { return invalid() }
      loadEffectiveAddress()
    case 0x8E:
      readModRM()
      guard registerField < 6 && registerField != 1 else { return invalid() }
      emit(SystemOperation.moveToSegment, a: registerField, b: source(sizeLog2: 1))
    case 0x8F:
      readModRM()
      guard registerField == 0 else { return invalid() }
      popModRM()
    case 0x90:
      if rex & 1 == 0 {
        // NOP and, with F3, PAUSE: an instruction without an operation still counts.
        emit(.move64, a: Register.value, b: Register.value)
      } else {
        exchangeWithAccumulator(0)
      }
    case 0x91...0x97: exchangeWithAccumulator(opcode & 7)
    case 0x98: emit(ArithmeticOperation.convertAccumulator, sizeLog2: operandSizeLog2)
    case 0x99: emit(ArithmeticOperation.convertAccumulatorToPair, sizeLog2: operandSizeLog2)
    case 0x9A:
      guard !is64 else { return invalid() }
      farBranch(.callFar)
    case 0x9B: decodeX87Wait()
    case 0x9C: emit(MemoryOperation.pushFlags, sizeLog2: stackSizeLog2)
    case 0x9D:
      emit(MemoryOperation.popFlags, sizeLog2: stackSizeLog2)
      endsBlock = true
    case 0x9E: emit(ArithmeticOperation.storeAHIntoFlags, sizeLog2: 0)
    case 0x9F: emit(ArithmeticOperation.loadFlagsIntoAH, sizeLog2: 0)
    case 0xA0...0xA3: moveOffset(opcode)
    case 0xA4, 0xA5: string(.move, sizeLog2: sizeLog2)
    case 0xA6, 0xA7: string(.compare, sizeLog2: sizeLog2)
    case 0xA8, 0xA9:
      arithmeticImmediate(.test, a: Register.rax, immediate: nextImmediate(sizeLog2: sizeLog2), sizeLog2: sizeLog2)
    case 0xAA, 0xAB: string(.store, sizeLog2: sizeLog2)
    case 0xAC, 0xAD: string(.load, sizeLog2: sizeLog2)
    case 0xAE, 0xAF: string(.scan, sizeLog2: sizeLog2)
    case 0xB0...0xB7:
      emit(.moveImmediate8, a: register8(opcode & 7 | (rex & 1) << 3), immediate: Int32(nextByte()))
    case 0xB8...0xBF: moveImmediate(to: Register.general(opcode & 7 | (rex & 1) << 3))
    case 0xC0, 0xC1, 0xD0...0xD3:
      readModRM()
      decodeShift(opcode, sizeLog2: sizeLog2)
    case 0xC2: nearReturn(releasing: next16())
    case 0xC3: nearReturn(releasing: 0)
    case 0xC4, 0xC5:
      guard !is64 else { return invalid() }
      readModRM()
      guard isMemory else { return invalid() }
      loadFarPointer(into: opcode == 0xC4 ? .es : .ds)
    case 0xC6, 0xC7:
      readModRM()
      guard registerField == 0 else { return invalid() }
      storeImmediate(sizeLog2: sizeLog2)
    case 0xC8:
      let size = next16()
      emit(MemoryOperation.enter, a: nextByte(), immediate: Int32(size), sizeLog2: stackSizeLog2)
    case 0xC9:
      if is64 && !hasOperandSizePrefix { emit(.leave64) } else { emit(MemoryOperation.leave, sizeLog2: stackSizeLog2) }
    case 0xCA: emit(BranchOperation.returnFar, immediate: Int32(next16()), sizeLog2: operandSizeLog2)
    case 0xCB: emit(BranchOperation.returnFar, sizeLog2: operandSizeLog2)
    case 0xCC: emit(BranchOperation.interruptBreakpoint, immediate: 3)
    case 0xCD: emit(BranchOperation.interrupt, immediate: Int32(nextByte()))
    case 0xCE:
      guard !is64 else { return invalid() }
      emit(BranchOperation.interruptOverflow, immediate: 4)
    case 0xCF: emit(BranchOperation.interruptReturn, sizeLog2: operandSizeLog2)
    case 0xD4, 0xD5:
      guard !is64 else { return invalid() }
      let radix = Int32(nextByte())
      emit(opcode == 0xD4 ? ArithmeticOperation.adjustMultiply : .adjustDivide, immediate: radix, sizeLog2: 0)
    case 0xD6: legacy(.setALFromCarry)
    case 0xD7: translate()
    case 0xD8...0xDF: decodeX87(opcode)
    case 0xE0...0xE3:
      let operation: [BranchOperation] = [.loopNotEqual, .loopEqual, .loop, .jumpIfCounterZero]
      let distance = nextSigned8()
      emit(operation[Int(opcode & 3)], sizeLog2: addressSizeLog2, target: branchTarget(distance))
    case 0xE4, 0xE5:
      emit(SystemOperation.inputByte, b: Register.immediate, immediate: Int32(nextByte()), sizeLog2: min(sizeLog2, 2))
    case 0xE6, 0xE7:
      emit(SystemOperation.outputByte, b: Register.immediate, immediate: Int32(nextByte()), sizeLog2: min(sizeLog2, 2))
    case 0xE8:
      let distance = nextBranchDistance()
      nearCall(target: branchTarget(distance))
    case 0xE9:
      let distance = nextBranchDistance()
      jump(distance: distance)
    case 0xEA:
      guard !is64 else { return invalid() }
      farBranch(.jumpFar)
    case 0xEB:
      let distance = nextSigned8()
      jump(distance: distance)
    case 0xEC, 0xED: emit(SystemOperation.inputByte, b: Register.rdx, sizeLog2: min(sizeLog2, 2))
    case 0xEE, 0xEF: emit(SystemOperation.outputByte, b: Register.rdx, sizeLog2: min(sizeLog2, 2))
    case 0xF1: emit(BranchOperation.interruptDebug, immediate: 1)
    case 0xF4: emit(SystemOperation.halt)
    case 0xF5: emit(ArithmeticOperation.complementCarry, sizeLog2: 0)
    case 0xF6, 0xF7:
      readModRM()
      decodeGroup3(sizeLog2: sizeLog2)
    case 0xF8: emit(ArithmeticOperation.clearCarry, sizeLog2: 0)
    case 0xF9: emit(ArithmeticOperation.setCarry, sizeLog2: 0)
    case 0xFA: emit(SystemOperation.clearInterrupt)
    case 0xFB: emit(SystemOperation.setInterrupt)
    case 0xFC: emit(ArithmeticOperation.clearDirection, sizeLog2: 0)
    case 0xFD: emit(ArithmeticOperation.setDirection, sizeLog2: 0)
    case 0xFE, 0xFF:
      readModRM()
      decodeGroup5(opcode, sizeLog2: sizeLog2)
    default: invalid()
    }
  }

  /// Operand size of stack operations: 64 bits in 64-bit mode unless prefixed, whatever REX.W.
  var stackSizeLog2: UInt8 {
    mode == .bits64 ? (hasOperandSizePrefix ? 1 : 3) : operandSizeLog2
  }

  private mutating func legacy(_ operation: ArithmeticOperation) {
    guard mode != .bits64 else { return invalid() }
    emit(operation, sizeLog2: 0)
  }

  // MARK: Moves

  private mutating func decodeMove63() {
    readModRM()
    if mode == .bits64 {
      let to = Register.general(register)
      guard operandSizeLog2 == 3 else {
        // MOVSXD without REX.W moves without extending.
        if isMemory {
          prepareAddress(size: 1 << Int(operandSizeLog2), isWrite: false)
          emitMemory(operandSizeLog2 == 1 ? .load16 : .load32, a: to)
        } else {
          move(a: to, b: Register.general(registerOrMemory), sizeLog2: operandSizeLog2)
        }
        return
      }
      if isMemory {
        prepareAddress(size: 4, isWrite: false)
        emitMemory(.loadSign32to64, a: to)
      } else {
        emit(.signExtend32to64, a: to, b: Register.general(registerOrMemory))
      }
    } else {
      let from = Register.general(register)
      modify(sizeLog2: 1) { $0.emit(ArithmeticOperation.adjustPrivilege, a: $1, b: from, sizeLog2: 1) }
      lockIsAllowed = false
    }
  }

  private mutating func moveToMemoryOrRegister(from: UInt8, sizeLog2: UInt8) {
    guard isMemory else { return move(a: place(registerOrMemory, sizeLog2: sizeLog2), b: from, sizeLog2: sizeLog2) }
    prepareAddress(size: 1 << Int(sizeLog2), isWrite: true)
    emitMemory([.store8, .store16, .store32, .store64][Int(sizeLog2)], b: from)
  }

  private mutating func moveImmediate(to place: UInt8) {
    switch operandSizeLog2 {
    case 3: emit(Operation(code: .moveImmediate64, a: place, displacement: next64()))
    case 2: emit(Operation(code: .moveImmediate64, a: place, displacement: UInt64(next32())))
    default: emit(.moveImmediate16, a: place, immediate: Int32(next16()))
    }
  }

  private mutating func storeImmediate(sizeLog2: UInt8) {
    let immediate = nextImmediate(sizeLog2: sizeLog2)
    guard isMemory else {
      let to = place(registerOrMemory, sizeLog2: sizeLog2)
      switch sizeLog2 {
      case 3: emit(Operation(code: .moveImmediate64, a: to, displacement: UInt64(bitPattern: Int64(immediate))))
      case 2: emit(Operation(code: .moveImmediate64, a: to, displacement: UInt64(UInt32(bitPattern: immediate))))
      case 1: emit(.moveImmediate16, a: to, immediate: immediate)
      default: emit(.moveImmediate8, a: to, immediate: immediate)
      }
      return
    }
    prepareAddress(size: 1 << Int(sizeLog2), isWrite: true)
    emitMemory(
      [.storeImmediate8, .storeImmediate16, .storeImmediate32, .storeImmediate64][Int(sizeLog2)], immediate: immediate)
  }

  /// MOV between the accumulator and an address in the instruction.
  private mutating func moveOffset(_ opcode: UInt8) {
    let sizeLog2: UInt8 = opcode & 1 == 0 ? 0 : operandSizeLog2
    base = Register.zero
    index = Register.zero
    shift = 0
    defaultSegment = .ds
    displacement =
      switch addressSizeLog2 {
      case 3: next64()
      case 2: UInt64(next32())
      default: UInt64(next16())
      }
    prepareAddress(size: 1 << Int(sizeLog2), isWrite: opcode >= 0xA2)
    if opcode < 0xA2 {
      emitMemory([.load8, .load16, .load32, .load64][Int(sizeLog2)], a: Register.rax)
    } else {
      emitMemory([.store8, .store16, .store32, .store64][Int(sizeLog2)], b: Register.rax)
    }
  }

  private mutating func loadEffectiveAddress() {
    let to = Register.general(register)
    if addressSizeLog2 == 1 && operandSizeLog2 > 1 {
      emitOffset(to: to)
    } else if operandSizeLog2 == 1 {
      emitMemory(.lea16, a: to)
    } else {
      emitMemory(operandSizeLog2 == 3 && addressSizeLog2 == 3 ? .lea64 : .lea32, a: to)
    }
  }

  private mutating func translate() {
    base = Register.rbx
    index = Register.zero
    shift = 0
    displacement = 0
    defaultSegment = .ds
    // AL is added as an unsigned byte: widen it first.
    emit(.zeroExtend8, a: Register.value, b: Register.rax)
    index = Register.value
    prepareAddress(size: 1, isWrite: false)
    emitMemory(.load8, a: Register.rax)
  }

  mutating func loadFarPointer(into segment: SegmentRegister) {
    prepareFixedAddress(size: (1 << Int(operandSizeLog2)) + 2, isWrite: false)
    emit(
      SystemOperation.loadFarPointer, a: Register.general(register), b: UInt8(truncatingIfNeeded: segment.rawValue),
      sizeLog2: operandSizeLog2)
  }

  // MARK: The stack

  mutating func push(register place: UInt8) {
    if stackSizeLog2 == 3 {
      emit(.push64, b: place)
    } else {
      emit(MemoryOperation.push, a: place, sizeLog2: stackSizeLog2)
    }
  }

  private mutating func pop(register place: UInt8) {
    if stackSizeLog2 == 3 {
      emit(.pop64, a: place)
    } else {
      emit(MemoryOperation.pop, a: place, sizeLog2: stackSizeLog2)
    }
  }

  private mutating func pushImmediate(_ immediate: Int32) {
    if stackSizeLog2 == 3 {
      emit(.pushImmediate64, immediate: immediate)
    } else {
      emit(MemoryOperation.push, b: Register.immediate, immediate: immediate, sizeLog2: stackSizeLog2)
    }
  }

  private mutating func popModRM() {
    guard isMemory else { return pop(register: Register.general(registerOrMemory)) }
    // rSP in the address is its value after the pop.
    if base == Register.rsp { displacement &+= 1 << UInt64(stackSizeLog2) }
    prepareFixedAddress(size: 1 << Int(stackSizeLog2), isWrite: true)
    emit(MemoryOperation.popMemory, sizeLog2: stackSizeLog2)
  }

  // MARK: Strings

  private mutating func string(_ operation: StringOperation, sizeLog2: UInt8) {
    emit(
      Operation(
        code: .string, a: repeatPrefix, b: addressSizeLog2, shift: operation.rawValue, sizeLog2: sizeLog2,
        immediate: Int32((segmentOverride ?? .ds).rawValue)))
    // One iteration is one step, and only the end of a block can stop between steps.
    if repeatPrefix != 0 || operation == .input || operation == .output { endsBlock = true }
  }

  // MARK: Branches

  /// A distance of 32 bits, or 16 with a 16-bit operand size outside 64-bit mode.
  mutating func nextBranchDistance() -> Int32 {
    mode != .bits64 && operandSizeLog2 == 1 ? Int32(Int16(bitPattern: next16())) : Int32(bitPattern: next32())
  }

  /// Call it when all bytes of the instruction are read.
  func branchTarget(_ distance: Int32) -> UInt64 {
    let target = rip &+ UInt64(position) &+ UInt64(bitPattern: Int64(distance))
    return mode == .bits64 ? target : operandSizeLog2 == 1 ? target & 0xFFFF : target & 0xFFFF_FFFF
  }

  private mutating func jump(distance: Int32) {
    emit(Operation(code: .jump, displacement: branchTarget(distance)))
    endsBlock = true
  }

  mutating func jump(condition: UInt8, distance: Int32) {
    emit(Operation(code: .jumpCondition, a: condition, displacement: branchTarget(distance)))
    endsBlock = true
  }

  private mutating func nearCall(target: UInt64) {
    if mode == .bits64 {
      guard target == UInt64(bitPattern: Int64(bitPattern: target << 16) >> 16) else {
        return emit(SystemOperation.generalProtection)
      }
      emit(Operation(code: .call64, displacement: target))
      endsBlock = true
    } else {
      emit(BranchOperation.call, sizeLog2: operandSizeLog2, target: target)
    }
  }

  private mutating func nearReturn(releasing bytes: UInt16) {
    if mode == .bits64 {
      emit(.return64, immediate: Int32(bytes))
      endsBlock = true
    } else {
      emit(BranchOperation.nearReturn, immediate: Int32(bytes), sizeLog2: operandSizeLog2)
    }
  }

  private mutating func farBranch(_ operation: BranchOperation) {
    let target = operandSizeLog2 == 1 ? UInt64(next16()) : UInt64(next32())
    let selector = next16()
    emit(operation, immediate: Int32(selector), sizeLog2: operandSizeLog2, target: target)
  }

  private mutating func decodeGroup5(_ opcode: UInt8, sizeLog2: UInt8) {
    let is64 = mode == .bits64
    switch registerField {
    case 0, 1:
      let decrements = registerField == 1
      modify(sizeLog2: sizeLog2) { $0.incrementOrDecrement(place: $1, decrements: decrements, sizeLog2: sizeLog2) }
    case _ where opcode == 0xFE: invalid()
    case 2, 4:
      let isCall = registerField == 2
      let to = source(sizeLog2: is64 ? 3 : operandSizeLog2)
      if is64 {
        emit(isCall ? .callIndirect64 : .jumpIndirect, b: to)
        endsBlock = true
      } else {
        emit(isCall ? BranchOperation.callIndirect : .jumpIndirect, b: to, sizeLog2: operandSizeLog2)
      }
    case 3, 5:
      guard isMemory else { return invalid() }
      let isCall = registerField == 3
      prepareFixedAddress(size: (1 << Int(operandSizeLog2)) + 2, isWrite: false)
      emit(isCall ? BranchOperation.callFarIndirect : .jumpFarIndirect, sizeLog2: operandSizeLog2)
    case 6:
      if isMemory {
        let from = source(sizeLog2: stackSizeLog2)
        push(register: from)
      } else {
        push(register: Register.general(registerOrMemory))
      }
    default: invalid()
    }
  }
}

/// The two-byte opcodes after 0F (Intel SDM volume 2, appendix A, table A-3), but for the vector ones.
extension Decoder {
  mutating func decodeSecondary(_ opcode: UInt8) {
    let sizeLog2: UInt8 = opcode & 1 == 0 ? 0 : operandSizeLog2
    switch opcode {
    case 0x00: decodeGroup6()
    case 0x01: decodeGroup7()
    case 0x02, 0x03:
      readModRM()
      let from = source(sizeLog2: isMemory ? 1 : operandSizeLog2)
      emit(
        opcode == 2 ? SystemOperation.loadAccessRights : .loadSegmentLimit, a: Register.general(register), b: from,
        sizeLog2: operandSizeLog2, ends: false)
    case 0x05:
      emit(SystemOperation.systemCall)
    case 0x06: emit(SystemOperation.clearTaskSwitched)
    case 0x07: emit(SystemOperation.systemReturn, sizeLog2: operandSizeLog2)
    case 0x08, 0x09: emit(SystemOperation.invalidateCaches)
    case 0x0B: invalid()
    case 0x0D, 0x18...0x1F:
      // PREFETCH, the hint space and multi-byte NOP, ENDBR64 among them: the address is not touched.
      readModRM()
      emit(.move64, a: Register.value, b: Register.value)
    case 0x20, 0x22:
      readModRMOfRegisters()
      let number = registerField | (rex & 4) << 1
      let place = Register.general(registerOrMemory)
      if opcode == 0x20 {
        emit(SystemOperation.moveFromControl, a: place, b: number, ends: false)
      } else {
        emit(SystemOperation.moveToControl, a: number, b: place)
      }
    case 0x21, 0x23:
      readModRMOfRegisters()
      let number = registerField | (rex & 4) << 1
      let place = Register.general(registerOrMemory)
      if opcode == 0x21 {
        emit(SystemOperation.moveFromDebug, a: place, b: number, ends: false)
      } else {
        emit(SystemOperation.moveToDebug, a: number, b: place)
      }
    case 0x30: emit(SystemOperation.writeMSR)
    case 0x31: emit(SystemOperation.readTSC, ends: false)
    case 0x32: emit(SystemOperation.readMSR, ends: false)
    case 0x33: emit(SystemOperation.readPerformance)
    case 0x34: emit(SystemOperation.systemEnter)
    case 0x35: emit(SystemOperation.systemExit, sizeLog2: operandSizeLog2)
    case 0x40...0x4F:
      readModRM()
      let from = source(sizeLog2: operandSizeLog2)
      let to = Register.general(register)
      switch operandSizeLog2 {
      case 3: emit(.conditionalMove64, a: to, b: from, condition: opcode & 0xF)
      case 2: emit(.conditionalMove32, a: to, b: from, condition: opcode & 0xF)
      default:
        emit(ArithmeticOperation.conditionalMove, a: to, b: from, immediate: Int32(opcode & 0xF), sizeLog2: 1)
      }
    case 0x80...0x8F:
      let distance = nextBranchDistance()
      jump(condition: opcode & 0xF, distance: distance)
    case 0x90...0x9F:
      readModRM()
      if isMemory {
        prepareAddress(size: 1, isWrite: true)
        emit(.setCondition, a: Register.value, condition: opcode & 0xF)
        emitMemory(.store8, b: Register.value)
      } else {
        emit(.setCondition, a: register8(registerOrMemory), condition: opcode & 0xF)
      }
    case 0xA0, 0xA8:
      emit(SystemOperation.pushSegment, a: opcode >> 3 & 7 == 4 ? 4 : 5, sizeLog2: stackSizeLog2, ends: false)
    case 0xA1, 0xA9:
      emit(SystemOperation.popSegment, a: opcode >> 3 & 7 == 4 ? 4 : 5, sizeLog2: stackSizeLog2)
    case 0xA2: emit(SystemOperation.identify, ends: false)
    case 0xA3: bitTest(.bitTest)
    case 0xAB: bitTest(.bitTestAndSet)
    case 0xB3: bitTest(.bitTestAndReset)
    case 0xBB: bitTest(.bitTestAndComplement)
    case 0xBA:
      readModRM()
      let kinds: [ArithmeticOperation] = [.bitTest, .bitTestAndSet, .bitTestAndReset, .bitTestAndComplement]
      let size = operandSizeLog2
      guard registerField >= 4 else { return invalid() }
      let kind = kinds[Int(registerField & 3)]
      let number = Int32(nextByte())
      if kind == .bitTest {
        emit(kind, a: source(sizeLog2: size), b: Register.immediate, immediate: number, sizeLog2: size)
      } else {
        modify(sizeLog2: size) {
          $0.emit(kind, a: $1, b: Register.immediate, immediate: number, sizeLog2: size)
        }
      }
    case 0xA4, 0xA5, 0xAC, 0xAD:
      readModRM()
      let kind: ArithmeticOperation = opcode < 0xA8 ? .shiftLeftDouble : .shiftRightDouble
      let from = Register.general(register)
      let count: Int32 = opcode & 1 == 0 ? Int32(nextByte()) : -1
      let size = operandSizeLog2
      modify(sizeLog2: size) { $0.emit(kind, a: $1, b: from, immediate: count, sizeLog2: size) }
      lockIsAllowed = false
    case 0xAE: decodeGroup15()
    case 0xAF:
      readModRM()
      let from = source(sizeLog2: operandSizeLog2)
      let to = Register.general(register)
      switch operandSizeLog2 {
      case 3: emit(.multiply64, a: to, b: from)
      case 2: emit(.multiply32, a: to, b: from)
      default: emit(ArithmeticOperation.multiply, a: to, b: from, sizeLog2: 1)
      }
    case 0xB0, 0xB1:
      readModRM()
      exchangingModify(.compareExchange, sizeLog2: sizeLog2)
    case 0xC0, 0xC1:
      readModRM()
      exchangingModify(.exchangeAdd, sizeLog2: sizeLog2)
    case 0xB2, 0xB4, 0xB5:
      readModRM()
      guard isMemory else { return invalid() }
      loadFarPointer(into: opcode == 0xB2 ? .ss : opcode == 0xB4 ? .fs : .gs)
    case 0xB6, 0xB7, 0xBE, 0xBF: moveExtending(opcode)
    case 0xB8:
      guard repeatPrefix == 0xF3 else { return invalid() }
      scan(.populationCount)
    case 0xB9: invalid()
    case 0xBC: scan(.bitScanForward)
    case 0xBD: scan(.bitScanReverse)
    case 0xC3:
      readModRM()
      // MOVNTI has 32 bits in 16-bit code too.
      guard isMemory, !hasOperandSizePrefix, repeatPrefix == 0 else { return invalid() }
      prepareAddress(size: operandSizeLog2 == 3 ? 8 : 4, isWrite: true)
      emitMemory(operandSizeLog2 == 3 ? .store64 : .store32, b: Register.general(register))
    case 0xC7: decodeGroup9()
    case 0xC8...0xCF:
      let place = Register.general(opcode & 7 | (rex & 1) << 3)
      switch operandSizeLog2 {
      case 3: emit(.byteSwap64, a: place)
      case 2: emit(.byteSwap32, a: place)
      default: emit(ArithmeticOperation.byteSwap, a: place, sizeLog2: 1)
      }
    case 0xFF: invalid()
    case 0x38, 0x3A:
      // SSSE3 and what came after it: CPUID offers none of them.
      invalid()
    case 0x04, 0x0A, 0x0C, 0x0E, 0x24...0x27, 0x36, 0x39, 0x3B...0x3F, 0xA6, 0xA7: invalid()
    case 0xAA:
      // RSM outside system-management mode.
      invalid()
    default: decodeVector(opcode)
    }
  }

  private mutating func moveExtending(_ opcode: UInt8) {
    readModRM()
    let fromSizeLog2 = opcode & 1
    let to = Register.general(register)
    let isSigned = opcode & 8 != 0
    if operandSizeLog2 == 1 {
      // From 16 to 16 bits it is a plain move.
      guard fromSizeLog2 == 0 else {
        if isMemory {
          prepareAddress(size: 2, isWrite: false)
          emitMemory(.load16, a: to)
        } else {
          move(a: to, b: Register.general(registerOrMemory), sizeLog2: 1)
        }
        return
      }
      if isMemory {
        prepareAddress(size: 1, isWrite: false)
        emitMemory(isSigned ? .loadSign8to16 : .loadZero8to16, a: to)
      } else {
        emit(isSigned ? .signExtend8to16 : .zeroExtend8to16, a: to, b: register8(registerOrMemory))
      }
      return
    }
    let is64 = operandSizeLog2 == 3
    if isMemory {
      prepareAddress(size: 1 << Int(fromSizeLog2), isWrite: false)
      let code: Code =
        switch (isSigned, fromSizeLog2) {
        case (false, 0): .loadZero8
        case (false, _): .loadZero16
        case (true, 0): is64 ? .loadSign8to64 : .loadSign8to32
        case (true, _): is64 ? .loadSign16to64 : .loadSign16to32
        }
      emitMemory(code, a: to)
    } else {
      let code: Code =
        switch (isSigned, fromSizeLog2) {
        case (false, 0): .zeroExtend8
        case (false, _): .zeroExtend16
        case (true, 0): is64 ? .signExtend8to64 : .signExtend8to32
        case (true, _): is64 ? .signExtend16to64 : .signExtend16to32
        }
      emit(code, a: to, b: place(registerOrMemory, sizeLog2: fromSizeLog2))
    }
  }

  private mutating func scan(_ operation: ArithmeticOperation) {
    readModRM()
    let from = source(sizeLog2: operandSizeLog2)
    emit(operation, a: Register.general(register), b: from, sizeLog2: operandSizeLog2)
  }

  private mutating func bitTest(_ operation: ArithmeticOperation) {
    readModRM()
    let size = operandSizeLog2
    let number = Register.general(register)
    guard isMemory else {
      return emit(operation, a: Register.general(registerOrMemory), b: number, sizeLog2: size)
    }
    // The bit number is signed and reaches beyond the operand.
    let isWrite = operation != .bitTest
    lockIsAllowed = isWrite
    emitOffset(to: Register.pointer)
    emit(MemoryOperation.bitAddress, a: number, b: addressSizeLog2, sizeLog2: size)
    emitSegment(size: 1 << Int(size), isWrite: isWrite)
    if isWrite {
      emitMemory([.loadForWrite8, .loadForWrite16, .loadForWrite32, .loadForWrite64][Int(size)], a: Register.value)
      emit(operation, a: Register.value, b: number, sizeLog2: size)
      storeValue(sizeLog2: size)
    } else {
      emitMemory([.loadZero8, .loadZero16, .load32, .load64][Int(size)], a: Register.value)
      emit(operation, a: Register.value, b: number, sizeLog2: size)
    }
  }

  /// XADD and CMPXCHG, which change a register before the store: the address is computed once.
  private mutating func exchangingModify(_ operation: ArithmeticOperation, sizeLog2: UInt8) {
    let other = place(register, sizeLog2: sizeLog2)
    guard isMemory else {
      return emit(operation, a: place(registerOrMemory, sizeLog2: sizeLog2), b: other, sizeLog2: sizeLog2)
    }
    lockIsAllowed = true
    prepareFixedAddress(size: 1 << Int(sizeLog2), isWrite: true)
    emitMemory(
      [.loadForWrite8, .loadForWrite16, .loadForWrite32, .loadForWrite64][Int(sizeLog2)], a: Register.value)
    emit(operation, a: Register.value, b: other, sizeLog2: sizeLog2)
    storeValue(sizeLog2: sizeLog2)
  }

  private mutating func decodeGroup6() {
    readModRM()
    switch registerField {
    case 0, 1:
      let operation: SystemOperation = registerField == 0 ? .storeLDT : .storeTask
      if isMemory {
        prepareAddress(size: 2, isWrite: true)
        emit(operation, a: Register.value, sizeLog2: 2, ends: false)
        emitMemory(.store16, b: Register.value)
      } else {
        emit(operation, a: Register.general(registerOrMemory), sizeLog2: operandSizeLog2, ends: false)
      }
    case 2: emit(SystemOperation.loadLDT, b: source(sizeLog2: 1))
    case 3: emit(SystemOperation.loadTask, b: source(sizeLog2: 1))
    case 4: emit(SystemOperation.verifyRead, b: source(sizeLog2: 1), ends: false)
    case 5: emit(SystemOperation.verifyWrite, b: source(sizeLog2: 1), ends: false)
    default: invalid()
    }
  }

  private mutating func decodeGroup7() {
    readModRM()
    let is64 = mode == .bits64
    switch registerField {
    case 0...3 where isMemory:
      let operations: [SystemOperation] = [.storeGDT, .storeIDT, .loadGDT, .loadIDT]
      prepareFixedAddress(size: is64 ? 10 : 6, isWrite: registerField < 2)
      emit(operations[Int(registerField)], sizeLog2: is64 ? 3 : operandSizeLog2)
    case 4:
      if isMemory {
        prepareAddress(size: 2, isWrite: true)
        emit(SystemOperation.storeMachineStatus, a: Register.value, sizeLog2: 2, ends: false)
        emitMemory(.store16, b: Register.value)
      } else {
        emit(
          SystemOperation.storeMachineStatus, a: Register.general(registerOrMemory), sizeLog2: operandSizeLog2,
          ends: false)
      }
    case 6: emit(SystemOperation.loadMachineStatus, b: source(sizeLog2: 1))
    case 7 where isMemory:
      prepareFixedAddress(size: 0, isWrite: false)
      emit(SystemOperation.invalidatePage)
    default:
      switch modRM {
      case 0xF8 where is64: emit(SystemOperation.swapGS)
      case 0xF9: emit(SystemOperation.readTSCP, ends: false)
      default:
        // VMX, SMX, MONITOR, XGETBV and their kin: CPUID offers none of them.
        invalid()
      }
    }
  }

  private mutating func decodeGroup9() {
    readModRM()
    // RDRAND, RDSEED and VMX: CPUID offers none of them.
    guard registerField == 1 && isMemory else { return invalid() }
    lockIsAllowed = true
    let isPairOf64 = operandSizeLog2 == 3
    prepareFixedAddress(size: isPairOf64 ? 16 : 8, isWrite: true)
    emit(MemoryOperation.compareExchangePair, sizeLog2: isPairOf64 ? 3 : 2)
  }

  private mutating func decodeGroup15() {
    readModRM()
    // With a prefix the codes are those of extensions that CPUID does not offer, or of nothing (Intel SDM volume 2, 3.1.1: NP).
    guard repeatPrefix == 0, !hasOperandSizePrefix else { return invalid() }
    guard isMemory else {
      switch registerField {
      case 5, 6, 7:
        // LFENCE, MFENCE, SFENCE: one processor sees its own accesses in order.
        emit(.move64, a: Register.value, b: Register.value)
      default:
        // RDFSBASE and its kin, RDPID: CPUID offers none of them.
        invalid()
      }
      return
    }
    switch registerField {
    case 0, 1:
      prepareFixedAddress(size: 512, isWrite: registerField == 0)
      emit(registerField == 0 ? MemoryOperation.saveVectorState : .restoreVectorState, sizeLog2: operandSizeLog2)
    case 2:
      emit(SystemOperation.loadMXCSR, b: source(sizeLog2: 2), ends: false)
    case 3:
      prepareAddress(size: 4, isWrite: true)
      emit(SystemOperation.storeMXCSR, a: Register.value, ends: false)
      emitMemory(.store32, b: Register.value)
    case 7:
      // CLFLUSH: there is no cache, but the address is checked as a load's is.
      loadValue(sizeLog2: 0)
    default: invalid()
    }
  }
}

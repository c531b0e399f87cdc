/// The escape opcodes D8…DF (Intel SDM volume 2, appendix A.5).
extension Decoder {
  mutating func decodeX87(_ opcode: UInt8) {
    readModRM()
    if isMemory { decodeX87Memory(opcode) } else { decodeX87Register(opcode) }
  }

  /// FWAIT.
  mutating func decodeX87Wait() { emit(.wait, opcode: 0) }

  // MARK: Emitting

  /// An instruction on registers; `number` and `pops` as `X87Operation` says.
  private mutating func emit(
    _ operation: X87Operation, opcode: UInt8, index: UInt8 = 0, number: UInt8 = 0, pops: Int32 = 0
  ) {
    emitX87(operation, opcode, .register, index: index, number: number, pops: pops)
  }

  private mutating func emitX87(
    _ operation: X87Operation, _ opcode: UInt8, _ operand: X87Operand, index: UInt8 = 0, number: UInt8, pops: Int32
  ) {
    let origin = X87Origin(
      opcode: UInt16(opcode & 7) << 8 | UInt16(modRM), segment: isMemory ? segmentOverride ?? defaultSegment : nil)
    emit(
      Operation(
        code: .floatingPoint, a: index, b: operand.rawValue, shift: operation.rawValue, sizeLog2: number,
        displacement: origin.rawValue, immediate: pops))
  }

  /// An instruction on memory.
  private mutating func emit(
    _ operation: X87Operation, opcode: UInt8, _ operand: X87Operand, size: Int? = nil, isWrite: Bool = false,
    number: UInt8 = 0, pops: Int32 = 0
  ) {
    // The address may fault where segments are checked, but only after what the unit itself reports.
    if mode != .bits64 {
      emit(operation.rawValue < X87Operation.initialize.rawValue ? .check : .noOperationAtOnce, opcode: opcode)
    }
    prepareFixedAddress(size: size ?? operand.size, isWrite: isWrite)
    emitX87(operation, opcode, operand, number: number, pops: pops)
  }

  // MARK: Memory

  private mutating func decodeX87Memory(_ opcode: UInt8) {
    let field = registerField
    switch (opcode, field) {
    case (0xD8, _), (0xDA, _), (0xDC, _), (0xDE, _):
      let operands: [X87Operand] = [.binary32, .integer32, .binary64, .integer16]
      let operand = operands[Int(opcode >> 1 & 3)]
      if field == 2 || field == 3 {
        emit(.compare, opcode: opcode, operand, pops: field == 3 ? 1 : 0)
      } else {
        emit(.arithmetic, opcode: opcode, operand, number: field)
      }
    case (0xD9, 0): emit(.load, opcode: opcode, .binary32)
    case (0xDD, 0): emit(.load, opcode: opcode, .binary64)
    case (0xDB, 0): emit(.load, opcode: opcode, .integer32)
    case (0xDF, 0): emit(.load, opcode: opcode, .integer16)
    case (0xDB, 5): emit(.load, opcode: opcode, .extended)
    case (0xDF, 4): emit(.load, opcode: opcode, .decimal)
    case (0xDF, 5): emit(.load, opcode: opcode, .integer64)
    case (0xD9, 2), (0xD9, 3): emitStore(opcode, .binary32)
    case (0xDD, 2), (0xDD, 3): emitStore(opcode, .binary64)
    case (0xDB, 2), (0xDB, 3): emitStore(opcode, .integer32)
    case (0xDF, 2), (0xDF, 3): emitStore(opcode, .integer16)
    case (0xDB, 7): emitStore(opcode, .extended)
    case (0xDF, 6): emitStore(opcode, .decimal)
    case (0xDF, 7): emitStore(opcode, .integer64)
    case (0xD9, 4): emit(.loadEnvironment, opcode: opcode, .register, size: x87EnvironmentSize, number: operandSizeLog2)
    case (0xD9, 5): emit(.loadControl, opcode: opcode, .integer16)
    case (0xD9, 6):
      emit(
        .storeEnvironment, opcode: opcode, .register, size: x87EnvironmentSize, isWrite: true, number: operandSizeLog2)
    case (0xD9, 7): emit(.storeControl, opcode: opcode, .integer16, isWrite: true)
    case (0xDD, 4): emit(.restore, opcode: opcode, .register, size: x87EnvironmentSize + 80, number: operandSizeLog2)
    case (0xDD, 6):
      emit(.save, opcode: opcode, .register, size: x87EnvironmentSize + 80, isWrite: true, number: operandSizeLog2)
    case (0xDD, 7): emit(.storeStatus, opcode: opcode, .integer16, isWrite: true)
    default:
      // FISTTP is of SSE3, which CPUID does not offer; the others are reserved.
      invalid()
    }
  }

  private var x87EnvironmentSize: Int { operandSizeLog2 == 1 ? 14 : 28 }

  /// Field 2 keeps the register, the others pop it.
  private mutating func emitStore(_ opcode: UInt8, _ operand: X87Operand) {
    emit(.store, opcode: opcode, operand, isWrite: true, pops: registerField == 2 ? 0 : 1)
  }

  // MARK: Registers

  private mutating func decodeX87Register(_ opcode: UInt8) {
    let field = registerField
    let index = modRM & 7
    switch (opcode, field) {
    // The codes that appendix A leaves out are those of the 80287, which every processor still executes.
    case (0xD8, 2), (0xD8, 3), (0xDC, 2), (0xDC, 3), (0xDE, 2):
      emit(.compare, opcode: opcode, index: index, pops: field == 3 || opcode == 0xDE ? 1 : 0)
    case (0xDE, 3):
      guard index == 1 else { return invalid() }
      emit(.compare, opcode: opcode, index: 1, pops: 2)
    case (0xD8, _): emit(.arithmetic, opcode: opcode, index: index, number: field)
    case (0xDC, _): emit(.arithmeticToRegister, opcode: opcode, index: index, number: field)
    case (0xDE, _): emit(.arithmeticToRegister, opcode: opcode, index: index, number: field, pops: 1)
    case (0xD9, 0): emit(.load, opcode: opcode, index: index)
    case (0xD9, 1), (0xDD, 1), (0xDF, 1): emit(.exchange, opcode: opcode, index: index)
    case (0xD9, 3), (0xDD, 3), (0xDF, 2), (0xDF, 3): emit(.store, opcode: opcode, index: index, pops: 1)
    case (0xDD, 2): emit(.store, opcode: opcode, index: index)
    case (0xD9, _): decodeX87Single(opcode)
    case (0xDA, 0...3): emit(.conditionalMove, opcode: opcode, index: index, number: field)
    case (0xDB, 0...3): emit(.conditionalMove, opcode: opcode, index: index, number: field | 4)
    case (0xDA, 5):
      guard index == 1 else { return invalid() }
      emit(.compareQuiet, opcode: opcode, index: 1, pops: 2)
    case (0xDB, 4): decodeX87Administration(opcode)
    case (0xDB, 5), (0xDF, 5):
      emit(.compareToFlagsQuiet, opcode: opcode, index: index, pops: opcode == 0xDF ? 1 : 0)
    case (0xDB, 6), (0xDF, 6): emit(.compareToFlags, opcode: opcode, index: index, pops: opcode == 0xDF ? 1 : 0)
    case (0xDD, 0): emit(.free, opcode: opcode, index: index)
    case (0xDF, 0): emit(.free, opcode: opcode, index: index, pops: 1)
    case (0xDD, 4), (0xDD, 5): emit(.compareQuiet, opcode: opcode, index: index, pops: field == 5 ? 1 : 0)
    case (0xDF, 4):
      guard index == 0 else { return invalid() }
      emit(.storeStatus, opcode: opcode)
    default: invalid()
    }
  }

  /// D9 D0…FF: what needs no second operand.
  private mutating func decodeX87Single(_ opcode: UInt8) {
    switch modRM {
    case 0xD0: emit(.noOperation, opcode: opcode)
    case 0xE0: emit(.changeSign, opcode: opcode)
    case 0xE1: emit(.absolute, opcode: opcode)
    case 0xE4: emit(.test, opcode: opcode)
    case 0xE5: emit(.examine, opcode: opcode)
    case 0xE8...0xEE: emit(.loadConstant, opcode: opcode, number: modRM & 7)
    case 0xF0: emit(.exponential, opcode: opcode)
    case 0xF1: emit(.logarithm, opcode: opcode)
    case 0xF2: emit(.tangent, opcode: opcode)
    case 0xF3: emit(.arctangent, opcode: opcode)
    case 0xF4: emit(.extract, opcode: opcode)
    case 0xF5: emit(.remainderNearest, opcode: opcode)
    case 0xF6: emit(.decrementStack, opcode: opcode)
    case 0xF7: emit(.incrementStack, opcode: opcode)
    case 0xF8: emit(.remainder, opcode: opcode)
    case 0xF9: emit(.logarithmOf1Plus, opcode: opcode)
    case 0xFA: emit(.squareRoot, opcode: opcode)
    case 0xFB: emit(.sineAndCosine, opcode: opcode)
    case 0xFC: emit(.roundToIntegral, opcode: opcode)
    case 0xFD: emit(.scale, opcode: opcode)
    case 0xFE: emit(.sine, opcode: opcode)
    case 0xFF: emit(.cosine, opcode: opcode)
    default: invalid()
    }
  }

  private mutating func decodeX87Administration(_ opcode: UInt8) {
    switch modRM {
    // FNENI, FNDISI and FNSETPM did something up to the 80287.
    case 0xE0, 0xE1, 0xE4: emit(.noOperationAtOnce, opcode: opcode)
    case 0xE2: emit(.clearExceptions, opcode: opcode)
    case 0xE3: emit(.initialize, opcode: opcode)
    default: invalid()
    }
  }
}

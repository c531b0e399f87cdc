/// How a cold operation ended, and how the engine goes on.
enum Outcome {
  /// With the next operation.
  case next
  /// The branch at the end of the block is taken, to `displacement`.
  case taken
  /// The branch at the end of the block is not taken.
  case notTaken
  /// `rip` was set to where execution goes on.
  case target
  /// The instruction faulted, or `stop` was set; `rip` is the instruction's.
  case fault
  /// The instruction is complete and the engine must return: at the following instruction.
  case leave
  /// The instruction is complete and the engine must return: at `rip`, which was set.
  case leaveAt
}

/// How a store ended.
enum StoreOutcome {
  case done
  case fault
  /// Stored, and the engine must return after this instruction.
  case leave
}

/// `Operation.detail` of `Code.arithmetic`. The first eight are in the order of the ALU opcodes, the eight from `rotateLeft` in that of group 2.
enum ArithmeticOperation: UInt8 {
  case add, or, addWithCarry, subtractWithBorrow, and, subtract, xor, compare
  case rotateLeft, rotateRight, rotateLeftThroughCarry, rotateRightThroughCarry
  case shiftLeft, shiftRight, shiftLeftAlias, shiftArithmetic
  case test, increment, decrement, negate, not
  case multiplyUnsigned, multiplySigned, divideUnsigned, divideSigned
  /// `a = a * b`, `a = b * immediate`.
  case multiply, multiplyImmediate
  /// `immediate` is the count, or -1 for CL.
  case shiftLeftDouble, shiftRightDouble
  case bitTest, bitTestAndSet, bitTestAndReset, bitTestAndComplement
  case bitScanForward, bitScanReverse, trailingZeros, leadingZeros, populationCount
  case conditionalMove
  case convertAccumulator, convertAccumulatorToPair
  case loadFlagsIntoAH, storeAHIntoFlags
  case clearCarry, setCarry, complementCarry, clearDirection, setDirection
  case exchange, exchangeAdd, compareExchange
  case byteSwap
  case decimalAdjustAdd, decimalAdjustSubtract, adjustAdd, adjustSubtract, adjustMultiply, adjustDivide
  case setALFromCarry
  case adjustPrivilege
}

/// `Operation.detail` of `Code.memory`: what works on the linear address in `Register.pointer`, or on the stack.
enum MemoryOperation: UInt8 {
  /// Of register `a`, or `immediate` when `b` is `Register.immediate`.
  case push
  case pop
  /// Pops into memory at the pointer.
  case popMemory
  case pushFlags, popFlags
  case pushAll, popAll
  case enter, leave
  /// Adds the byte distance of the bit in register `b` to the pointer.
  case bitAddress
  case compareExchangePair
  case bound
  case saveVectorState, restoreVectorState
}

/// `Operation.detail` of `Code.branch`.
enum BranchOperation: UInt8 {
  case jumpIndirect, call, callIndirect, nearReturn
  case loop, loopEqual, loopNotEqual, jumpIfCounterZero
  case jumpFar, callFar, jumpFarIndirect, callFarIndirect, returnFar
  case interruptReturn
  case interrupt, interruptOverflow, interruptDebug, interruptBreakpoint
}

/// `Operation.detail` of `Code.string`; `sizeLog2` is the element's.
enum StringOperation: UInt8 {
  case move, compare, store, load, scan, input, output
}

/// `Operation.detail` of `Code.system`.
enum SystemOperation: UInt8 {
  case invalidOpcode, generalProtection
  case halt, clearInterrupt, setInterrupt
  case inputByte, outputByte
  case moveFromSegment, moveToSegment, pushSegment, popSegment, loadFarPointer
  case moveFromControl, moveToControl, moveFromDebug, moveToDebug
  case loadMachineStatus, storeMachineStatus, clearTaskSwitched
  case loadGDT, loadIDT, storeGDT, storeIDT, loadLDT, storeLDT, loadTask, storeTask
  case loadAccessRights, loadSegmentLimit, verifyRead, verifyWrite
  case invalidatePage, invalidateCaches
  case swapGS, systemCall, systemReturn, systemEnter, systemExit
  case readMSR, writeMSR, readTSC, readTSCP, readPerformance, identify
  case loadMXCSR, storeMXCSR
  /// An SSE instruction while SSE is off.
  case vectorFault
}

extension Register {
  /// The second operand is `immediate`.
  static let immediate: UInt8 = 254
  /// The count of a shift is CL.
  static let countCL: UInt8 = rcx
}

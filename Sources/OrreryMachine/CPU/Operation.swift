/// What the engine does for one operation. An instruction becomes one operation or a few (an address, a load, the work, a store).
///
/// The names say the size in bits last. `Load` in a name: the source is memory. `Quiet`: the flags are not written, because the next
/// operation that looks at flags comes after one that overwrites them (see FlagLiveness.swift). An operation of the cold groups at the end has its own
/// switch in the file named.
enum Code: UInt16 {
  // Moves between registers
  case move64, move32, move16, move8
  case moveImmediate64, moveImmediate16, moveImmediate8
  case zeroExtend8, zeroExtend16, zeroExtend8to16
  case signExtend8to16, signExtend8to32, signExtend8to64, signExtend16to32, signExtend16to64, signExtend32to64
  case lea64, lea32, lea16
  case exchange64, exchange32
  case byteSwap64, byteSwap32
  /// Computes an address that needs more than base, index and displacement (segment, 16- or 32-bit wrapping) into the scratch register `a`.
  case address

  // Loads and stores
  case load64, load32, load16, load8
  /// `Base`: the address has no index.
  case load64Base, load32Base, loadZero8Base, loadZero16Base
  case loadZero8, loadZero16, loadZero8to16
  case loadSign8to16, loadSign8to32, loadSign8to64, loadSign16to32, loadSign16to64, loadSign32to64
  /// Loads what a later operation of the same instruction stores to the same place: faults as the store would.
  case loadForWrite64, loadForWrite32, loadForWrite16, loadForWrite8
  case store64, store32, store16, store8
  case store64Base, store32Base, store8Base
  /// Of xmm register `a`, whose number it is, not the place.
  case load128, store128
  case storeImmediate64, storeImmediate32, storeImmediate16, storeImmediate8

  // The stack in 64-bit mode
  case push64, pushImmediate64, pop64
  case leave64

  // Arithmetic with memory, and comparisons
  case addLoad64, addLoad32, subtractLoad64, subtractLoad32, andLoad64, andLoad32, orLoad64, orLoad32, xorLoad64,
    xorLoad32
  case compareLoad64, compareLoad32
  case compare64, compare32, compareImmediate64, compareImmediate32, compareImmediate8
  case test64, test32, testImmediate64, testImmediate32, test8, testImmediate8
  /// `a = a op b`, bytes.
  case and8, or8, xor8, addImmediate8

  // Arithmetic and logic: `a = base op b`, so that a move before it needs no operation of its own
  case add64, add64Quiet, add32, add32Quiet, addImmediate64, addImmediate64Quiet, addImmediate32, addImmediate32Quiet
  case subtract64, subtract64Quiet, subtract32, subtract32Quiet
  case subtractImmediate64, subtractImmediate64Quiet, subtractImmediate32, subtractImmediate32Quiet
  case and64, and64Quiet, and32, and32Quiet, andImmediate64, andImmediate64Quiet, andImmediate32, andImmediate32Quiet
  case or64, or64Quiet, or32, or32Quiet, orImmediate64, orImmediate64Quiet, orImmediate32, orImmediate32Quiet
  case xor64, xor64Quiet, xor32, xor32Quiet, xorImmediate64, xorImmediate64Quiet, xorImmediate32, xorImmediate32Quiet
  case increment64, increment64Quiet, increment32, increment32Quiet
  case decrement64, decrement64Quiet, decrement32, decrement32Quiet
  case negate64, negate64Quiet, negate32, negate32Quiet
  case not64, not32
  case multiply64, multiply64Quiet, multiply32, multiply32Quiet
  case multiplyImmediate64, multiplyImmediate64Quiet, multiplyImmediate32, multiplyImmediate32Quiet
  /// Shifts and rotates by a count that is not zero, kept in `immediate`.
  case shiftLeft64, shiftLeft64Quiet, shiftLeft32, shiftLeft32Quiet
  case shiftRight64, shiftRight64Quiet, shiftRight32, shiftRight32Quiet
  case shiftArithmetic64, shiftArithmetic64Quiet, shiftArithmetic32, shiftArithmetic32Quiet
  case rotateLeft64Quiet, rotateLeft32Quiet
  /// Shifts by CL. When its count is 0 the flags stay, so there are only quiet ones.
  case shiftLeftCount64Quiet, shiftRightCount64Quiet, shiftArithmeticCount64Quiet
  case shiftLeftCount32Quiet, shiftRightCount32Quiet, shiftArithmeticCount32Quiet
  case setCondition
  case conditionalMove64, conditionalMove32
  /// A comparison with the SETcc or CMOVcc after it: `base` with `b` or `immediate` on its `condition`; CMOVcc moves from `index`.
  case compareSelect64, compareSelect32, compareSet
  case compareImmediateSelect64, compareImmediateSelect32, compareImmediateSet
  case testSelect64, testSelect32, testSet
  case testImmediateSelect64, testImmediateSelect32, testImmediateSet

  // Ends of a block
  /// The block ends because it is full or because the next instruction must begin one.
  case proceed
  case jump
  case jumpIndirect
  case jumpCondition
  /// JE and JNE where the result that set ZF is at hand, and after INC and DEC.
  case jumpZero, jumpNotZero, jumpOverlayZero, jumpOverlayNotZero
  /// On CF or OF of the addition or subtraction right before it, as compilers that check for overflow ask: not taken for the opposite when `a` is odd.
  case jumpCarry, jumpBorrow, jumpAdditionOverflow64, jumpSubtractionOverflow64
  case call64, callIndirect64
  case return64
  case compare64JumpB, compare64JumpAE, compare64JumpE, compare64JumpNE, compare64JumpBE, compare64JumpA,
    compare64JumpS, compare64JumpNS, compare64JumpL, compare64JumpGE, compare64JumpLE, compare64JumpG
  case compareImmediate64JumpB, compareImmediate64JumpAE, compareImmediate64JumpE, compareImmediate64JumpNE,
    compareImmediate64JumpBE, compareImmediate64JumpA, compareImmediate64JumpS, compareImmediate64JumpNS,
    compareImmediate64JumpL, compareImmediate64JumpGE, compareImmediate64JumpLE, compareImmediate64JumpG
  case compare32JumpB, compare32JumpAE, compare32JumpE, compare32JumpNE, compare32JumpBE, compare32JumpA,
    compare32JumpS, compare32JumpNS, compare32JumpL, compare32JumpGE, compare32JumpLE, compare32JumpG
  case compareImmediate32JumpB, compareImmediate32JumpAE, compareImmediate32JumpE, compareImmediate32JumpNE,
    compareImmediate32JumpBE, compareImmediate32JumpA, compareImmediate32JumpS, compareImmediate32JumpNS,
    compareImmediate32JumpL, compareImmediate32JumpGE, compareImmediate32JumpLE, compareImmediate32JumpG
  case test64JumpE, test64JumpNE, test64JumpS, test64JumpNS, test64JumpLE, test64JumpG
  case test32JumpE, test32JumpNE, test32JumpS, test32JumpNS, test32JumpLE, test32JumpG
  case compareImmediate8JumpE, compareImmediate8JumpNE, compareNarrowJump
  case test8JumpE, test8JumpNE, test8JumpS, test8JumpNS, testImmediate32JumpE, testImmediate32JumpNE,
    testImmediate8JumpE, testImmediate8JumpNE
  case decrement64JumpNE, decrement32JumpNE
  /// The instruction here has a breakpoint.
  case breakpoint
  /// The block was invalidated: find the code at its address anew.
  case stale

  // Two operations in one, the second where it always was, behind the first: CPU/PairedOperations.swift
  case pairMoveMove, pairMoveConstant, pairMoveAddress, pairMoveAdd, pairMoveXor, pairMoveAnd, pairMoveOr,
    pairMoveMultiply, pairMoveShiftLeft, pairMoveShiftRight, pairMoveShiftArithmetic, pairMoveNot, pairMoveSelect
  case pairConstantMove, pairConstantConstant, pairConstantAddress, pairConstantAdd, pairConstantXor, pairConstantAnd,
    pairConstantOr, pairConstantMultiply, pairConstantShiftLeft, pairConstantShiftRight, pairConstantShiftArithmetic,
    pairConstantNot, pairConstantSelect
  case pairAddressMove, pairAddressConstant, pairAddressAddress, pairAddressAdd, pairAddressXor, pairAddressAnd,
    pairAddressOr, pairAddressMultiply, pairAddressShiftLeft, pairAddressShiftRight, pairAddressShiftArithmetic,
    pairAddressNot, pairAddressSelect
  case pairAddMove, pairAddConstant, pairAddAddress, pairAddAdd, pairAddXor, pairAddAnd, pairAddOr, pairAddMultiply,
    pairAddShiftLeft, pairAddShiftRight, pairAddShiftArithmetic, pairAddNot, pairAddSelect
  case pairXorMove, pairXorConstant, pairXorAddress, pairXorAdd, pairXorXor, pairXorAnd, pairXorOr, pairXorMultiply,
    pairXorShiftLeft, pairXorShiftRight, pairXorShiftArithmetic, pairXorNot, pairXorSelect
  case pairAndMove, pairAndConstant, pairAndAddress, pairAndAdd, pairAndXor, pairAndAnd, pairAndOr, pairAndMultiply,
    pairAndShiftLeft, pairAndShiftRight, pairAndShiftArithmetic, pairAndNot, pairAndSelect
  case pairOrMove, pairOrConstant, pairOrAddress, pairOrAdd, pairOrXor, pairOrAnd, pairOrOr, pairOrMultiply,
    pairOrShiftLeft, pairOrShiftRight, pairOrShiftArithmetic, pairOrNot, pairOrSelect
  case pairMultiplyMove, pairMultiplyConstant, pairMultiplyAddress, pairMultiplyAdd, pairMultiplyXor, pairMultiplyAnd,
    pairMultiplyOr, pairMultiplyMultiply, pairMultiplyShiftLeft, pairMultiplyShiftRight, pairMultiplyShiftArithmetic,
    pairMultiplyNot, pairMultiplySelect
  case pairShiftLeftMove, pairShiftLeftConstant, pairShiftLeftAddress, pairShiftLeftAdd, pairShiftLeftXor,
    pairShiftLeftAnd, pairShiftLeftOr, pairShiftLeftMultiply, pairShiftLeftShiftLeft, pairShiftLeftShiftRight,
    pairShiftLeftShiftArithmetic, pairShiftLeftNot, pairShiftLeftSelect
  case pairShiftRightMove, pairShiftRightConstant, pairShiftRightAddress, pairShiftRightAdd, pairShiftRightXor,
    pairShiftRightAnd, pairShiftRightOr, pairShiftRightMultiply, pairShiftRightShiftLeft, pairShiftRightShiftRight,
    pairShiftRightShiftArithmetic, pairShiftRightNot, pairShiftRightSelect
  case pairShiftArithmeticMove, pairShiftArithmeticConstant, pairShiftArithmeticAddress, pairShiftArithmeticAdd,
    pairShiftArithmeticXor, pairShiftArithmeticAnd, pairShiftArithmeticOr, pairShiftArithmeticMultiply,
    pairShiftArithmeticShiftLeft, pairShiftArithmeticShiftRight, pairShiftArithmeticShiftArithmetic,
    pairShiftArithmeticNot, pairShiftArithmeticSelect
  case pairNotMove, pairNotConstant, pairNotAddress, pairNotAdd, pairNotXor, pairNotAnd, pairNotOr, pairNotMultiply,
    pairNotShiftLeft, pairNotShiftRight, pairNotShiftArithmetic, pairNotNot, pairNotSelect
  case pairSelectMove, pairSelectConstant, pairSelectAddress, pairSelectAdd, pairSelectXor, pairSelectAnd, pairSelectOr,
    pairSelectMultiply, pairSelectShiftLeft, pairSelectShiftRight, pairSelectShiftArithmetic, pairSelectNot,
    pairSelectSelect
  case pairPushPush, pairPopPop, pairLoadLoad
  case pairAddressTestSelect, pairXorCompareSelect
  case pairMoveCall, pairMoveJump, pairMoveReturn, pairPopReturn, pairAddReturn, pairXorReturn

  // Cold groups: `detail` says which
  /// 8- and 16-bit arithmetic, carries, shifts, multiplication, division, bits: CPU/ArithmeticOperations.swift.
  case arithmetic
  /// Operations on memory as a whole, the stack in other modes: CPU/MemoryOperations.swift.
  case memory
  /// Branches of other modes and the rarer ones: CPU/BranchOperations.swift.
  case branch
  /// CPU/StringOperations.swift.
  case string
  /// CPU/VectorOperations.swift.
  case vector
  /// SSE's floating-point arithmetic: CPU/VectorArithmetic.swift.
  case vectorArithmetic
  /// x87: CPU/FloatingPointOperations.swift.
  case floatingPoint
  /// CPU/SystemOperations.swift.
  case system
}

extension Code {
  /// Arithmetic that takes its left operand from `base`.
  var hasLeftOperand: Bool {
    rawValue >= Code.add64.rawValue && rawValue <= Code.rotateLeft32Quiet.rawValue
  }

  /// The form for an address without an index, where there is one.
  var withoutIndex: Code {
    switch self {
    case .load64: .load64Base
    case .load32: .load32Base
    case .loadZero8: .loadZero8Base
    case .loadZero16: .loadZero16Base
    case .store64: .store64Base
    case .store32: .store32Base
    case .store8: .store8Base
    default: self
    }
  }
}

/// One decoded operation. Registers are byte offsets from the start of `CPUState`, so that AH is as good as AL and the scratch registers as RAX.
///
/// 24 bytes: a block of 32 operations stays within 13 cache lines.
struct Operation {
  var code: Code
  /// Destination; the first operand of a comparison.
  var a: UInt8 = 0
  /// Source, or second operand.
  var b: UInt8 = 0
  /// The left operand of arithmetic. The address of a memory operand is `base + (index << shift) + displacement`.
  var base: UInt8 = Register.zero
  var index: UInt8 = Register.zero
  var shift: UInt8 = 0
  /// The binary logarithm of the operand size in bytes, where the code does not say it.
  var sizeLog2: UInt8 = 0
  /// Also the target of a branch, and a 64-bit immediate.
  var displacement: UInt64 = 0
  var immediate: Int32 = 0
  /// The instruction's distance from the start of its part of the block, in bytes; `secondPart` is added in the second.
  var offset: UInt16 = 0
  /// How many instructions of the block have not retired when this operation begins, its own included.
  var left: UInt8 = 0
  /// The length of the instruction, in bytes.
  var length: UInt8 = 0

  /// What marks an `offset` in the second part of a block: more than the bytes of a block's instructions.
  static let secondPart: UInt16 = 1 << 15

  /// Which operation of a cold group; it shares its place with `shift`, which an operation on registers alone does not need.
  var detail: UInt8 {
    get { shift }
    set { shift = newValue }
  }

  /// `immediate`, sign-extended to 64 bits.
  @inline(__always)
  var signedImmediate: UInt64 { UInt64(bitPattern: Int64(immediate)) }
}

/// Registers as byte offsets from the start of `CPUState`.
enum Register {
  static let rax: UInt8 = 0
  static let rcx: UInt8 = 8
  static let rdx: UInt8 = 16
  static let rbx: UInt8 = 24
  static let rsp: UInt8 = 32
  static let rbp: UInt8 = 40
  static let rsi: UInt8 = 48
  static let rdi: UInt8 = 56
  /// Always zero: the base or index of an address that has none.
  static let zero: UInt8 = 128
  /// Holds a memory operand between the operations of one instruction.
  static let value: UInt8 = 136
  /// Holds an address between the operations of one instruction.
  static let pointer: UInt8 = 144
  /// In the decoder only: the base is the address of the next instruction.
  static let nextInstruction: UInt8 = 255

  /// The offset of general register `number` (0…15).
  @inline(__always)
  static func general(_ number: UInt8) -> UInt8 { number &* 8 }
}

extension UnsafeMutableRawPointer {
  @inline(__always)
  func read64(_ offset: UInt8) -> UInt64 { load(fromByteOffset: Int(offset), as: UInt64.self) }
  @inline(__always)
  func read32(_ offset: UInt8) -> UInt64 { UInt64(load(fromByteOffset: Int(offset), as: UInt32.self)) }
  @inline(__always)
  func read16(_ offset: UInt8) -> UInt64 { UInt64(load(fromByteOffset: Int(offset), as: UInt16.self)) }
  @inline(__always)
  func read8(_ offset: UInt8) -> UInt64 { UInt64(load(fromByteOffset: Int(offset), as: UInt8.self)) }

  @inline(__always)
  func write64(_ offset: UInt8, _ value: UInt64) { storeBytes(of: value, toByteOffset: Int(offset), as: UInt64.self) }
  /// Writes a 32-bit register, which clears the upper half.
  @inline(__always)
  func write32(_ offset: UInt8, _ value: UInt64) {
    storeBytes(of: value & 0xFFFF_FFFF, toByteOffset: Int(offset), as: UInt64.self)
  }
  @inline(__always)
  func write16(_ offset: UInt8, _ value: UInt64) {
    storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: Int(offset), as: UInt16.self)
  }
  @inline(__always)
  func write8(_ offset: UInt8, _ value: UInt64) {
    storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: Int(offset), as: UInt8.self)
  }

  /// Reads a register of `1 << sizeLog2` bytes, zero-extended.
  @inline(__always)
  func read(_ offset: UInt8, sizeLog2: UInt8) -> UInt64 {
    switch sizeLog2 {
    case 0: read8(offset)
    case 1: read16(offset)
    case 2: read32(offset)
    default: read64(offset)
    }
  }

  /// Writes a register of `1 << sizeLog2` bytes: 8 and 16 bits leave the rest alone, 32 bits clear the upper half.
  @inline(__always)
  func write(_ offset: UInt8, _ value: UInt64, sizeLog2: UInt8) {
    switch sizeLog2 {
    case 0: write8(offset, value)
    case 1: write16(offset, value)
    case 2: write32(offset, value)
    default: write64(offset, value)
    }
  }
}

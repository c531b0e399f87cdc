/// `Operation.detail` of `Code.floatingPoint`: the x87 instructions. `a` is i of ST(i), `b` the operand as an `X87Operand`, `sizeLog2` a number that the
/// name explains, `immediate` how many registers are popped, `displacement` an `X87Origin`. Memory is at the linear address in `Register.pointer`.
enum X87Operation: UInt8 {
  /// Checks that a waiting instruction may execute, before its address is computed.
  case check
  /// Number 0…7 in the order of the reg field: add, multiply, -, -, subtract, reversed, divide, reversed. To ST(0), or to ST(i).
  case arithmetic, arithmeticToRegister
  /// `Quiet`: a quiet NaN is not invalid.
  case compare, compareQuiet, compareToFlags, compareToFlagsQuiet
  case load, store
  case loadConstant
  case exchange, changeSign, absolute, test, examine
  case squareRoot, roundToIntegral, scale, extract, remainder, remainderNearest
  case exponential, logarithm, logarithmOf1Plus, sine, cosine, sineAndCosine, tangent, arctangent
  /// The number: B, E, BE, U and 4 more for their negation.
  case conditionalMove
  case free, incrementStack, decrementStack, noOperation
  case wait
  case loadControl, loadEnvironment, restore
  // Those that do not wait for an exception of an earlier instruction
  case initialize, clearExceptions, storeStatus, storeControl, storeEnvironment, save, noOperationAtOnce
  /// On MMX registers, which are these registers under other names: CPU/MMXOperations.swift.
  case mmx
}

/// What an x87 instruction works on.
enum X87Operand: UInt8 {
  case register
  case binary32, binary64, extended
  case integer16, integer32, integer64
  case decimal

  /// In bytes.
  var size: Int {
    switch self {
    case .register: 0
    case .integer16: 2
    case .binary32, .integer32: 4
    case .binary64, .integer64: 8
    case .extended, .decimal: 10
    }
  }
}

/// What FNSTENV tells of an instruction: its opcode, and the segment of its memory operand.
struct X87Origin: RawRepresentable {
  var rawValue: UInt64

  init(rawValue: UInt64) { self.rawValue = rawValue }

  init(opcode: UInt16, segment: SegmentRegister?) {
    rawValue = UInt64(opcode & 0x7FF) | UInt64(segment.map { $0.rawValue } ?? 7) << 16
  }

  var opcode: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
  var segment: SegmentRegister? { SegmentRegister(rawValue: Int(rawValue >> 16 & 7)) }
}

/// The x87 instructions (Intel SDM volume 1, chapter 8; volume 2).
extension CPU {
  @inline(never)
  func executeX87(_ operation: UnsafeMutablePointer<Operation>) -> Outcome {
    if operation.pointee.detail == X87Operation.mmx.rawValue { return executeMMX(operation) }
    guard let kind = X87Operation(rawValue: operation.pointee.detail),
      let operand = X87Operand(rawValue: operation.pointee.b)
    else { preconditionFailure("the decoder made an x87 operation that does not exist") }
    let index = Int(operation.pointee.a)
    let pops = Int(operation.pointee.immediate)
    let number = operation.pointee.sizeLog2
    if kind == .wait {
      // CR0.MP and CR0.TS.
      if pointee.cr0 & 0xA == 0xA { return failsX87(.deviceNotAvailable) }
      return x87NothingWaits() ? .next : .fault
    }
    guard x87CanExecute(waits: kind.rawValue < X87Operation.initialize.rawValue) else { return .fault }
    if kind.rawValue >= X87Operation.loadControl.rawValue { return executeX87Control(kind, operation) }
    guard kind != .check else { return .next }
    var memory = Extended.zero
    if operand != .register && kind != .store {
      guard let value = loadX87(operand) else { return .fault }
      memory = value
    }
    var outcome = Outcome.next
    switch kind {
    case .arithmetic, .arithmeticToRegister:
      x87Arithmetic(
        number, operand, memory, index: index, destination: kind == .arithmetic ? 0 : index, pops: pops)
    case .compare, .compareQuiet:
      x87Compare(operand, memory, index: index, signalsQuiet: kind == .compare, pops: pops)
    case .compareToFlags, .compareToFlagsQuiet:
      x87CompareToFlags(index: index, signalsQuiet: kind == .compareToFlags, pops: pops)
    case .load: x87Load(operand, memory, index: index)
    case .store:
      outcome = operand == .register ? x87StoreRegister(index, pops: pops) : x87Store(operand, pops: pops)
      if outcome == .fault { return .fault }
    case .loadConstant: x87LoadConstant(number)
    case .conditionalMove: x87ConditionalMove(number, index: index)
    case .exchange: x87Exchange(index)
    case .free:
      x87SetConditions(X87Status.c1, 0)
      x87MakeEmpty(index)
      x87Pop(pops)
    case .incrementStack, .decrementStack:
      x87MoveTop(by: kind == .incrementStack ? 1 : -1)
      x87SetConditions(X87Status.c1, 0)
    case .noOperation: break
    case .exponential, .logarithm, .logarithmOf1Plus, .sine, .cosine, .sineAndCosine, .tangent, .arctangent:
      x87Transcendental(kind)
    default: x87Unary(kind)
    }
    noteX87(operation, operand)
    return outcome
  }

  private func failsX87(_ fault: Fault) -> Outcome {
    raise(fault)
    return .fault
  }

  /// Remembers the instruction for FNSTENV.
  private func noteX87(_ operation: UnsafeMutablePointer<Operation>, _ operand: X87Operand) {
    let origin = X87Origin(rawValue: operation.pointee.displacement)
    pointee.fpuInstruction = X87Pointer(offset: pointee.rip, selector: pointee.segments[1].selector)
    pointee.fpuOpcode = origin.opcode
    guard operand != .register, let segment = origin.segment else { return }
    let is64 = pointee.codeMode == .bits64
    let hasBase = !is64 || segment == .fs || segment == .gs
    let offset = raw.read64(Register.pointer) &- (hasBase ? pointee.segments[segment.rawValue].base : 0)
    pointee.fpuData = X87Pointer(
      offset: is64 ? offset : offset & 0xFFFF_FFFF, selector: pointee.segments[segment.rawValue].selector)
  }

  // MARK: Memory

  /// The bits of a memory operand, extended to 80; nil after a fault.
  private func loadX87(_ operand: X87Operand) -> Extended? {
    let linear = raw.read64(Register.pointer)
    let sizeLog2: UInt8
    switch operand {
    case .integer16: sizeLog2 = 1
    case .binary32, .integer32: sizeLog2 = 2
    default: sizeLog2 = 3
    }
    guard let low = load(linear, sizeLog2: sizeLog2) else { return nil }
    guard operand.size == 10 else { return Extended(significand: low, signAndExponent: 0) }
    guard let high = load(linear &+ 8, sizeLog2: 1) else { return nil }
    return Extended(significand: low, signAndExponent: UInt16(truncatingIfNeeded: high))
  }

  /// Stores the bits of a memory operand.
  private func storeX87(_ operand: X87Operand, _ value: Extended) -> StoreOutcome {
    let linear = raw.read64(Register.pointer)
    switch operand.size {
    case 2: return store(linear, value.significand, sizeLog2: 1)
    case 4: return store(linear, value.significand, sizeLog2: 2)
    case 8: return store(linear, value.significand, sizeLog2: 3)
    default:
      guard checkWrite(linear, size: 10) else { return .fault }
      let first = store(linear, value.significand, sizeLog2: 3)
      guard first != .fault else { return .fault }
      let second = store(linear &+ 8, UInt64(value.signAndExponent), sizeLog2: 1)
      return second == .done ? first : second
    }
  }

  /// The number that the bits of a memory operand are.
  static func x87Source(_ operand: X87Operand, _ bits: Extended) -> FloatingPointNumber {
    let integer: Int64
    switch operand {
    case .binary32: return FloatingPointNumber(binary32: UInt32(truncatingIfNeeded: bits.significand))
    case .binary64: return FloatingPointNumber(binary64: bits.significand)
    case .extended, .register: return FloatingPointNumber(bits)
    case .decimal: return FloatingPointEnvironment.decimal(low: bits.significand, high: bits.signAndExponent)
    case .integer16: integer = Int64(Int16(truncatingIfNeeded: bits.significand))
    case .integer32: integer = Int64(Int32(truncatingIfNeeded: bits.significand))
    case .integer64: integer = Int64(bitPattern: bits.significand)
    }
    return FloatingPointNumber(isNegative: integer < 0, exponent: 63, unnormalized: integer.magnitude)
  }

  // MARK: Loads and stores

  private func x87Load(_ operand: X87Operand, _ bits: Extended, index: Int) {
    // An empty source is found before a full destination.
    let isUnderflow = operand == .register && x87IsEmpty(index)
    guard x87IsEmpty(-1) && !isUnderflow else {
      if x87StackFault(isOverflow: !isUnderflow) == .delivers { x87Push(.indefinite) }
      return
    }
    switch operand {
    case .register:
      x87SetConditions(X87Status.c1, 0)
      x87Push(x87Read(index))
    case .extended:
      x87SetConditions(X87Status.c1, 0)
      x87Push(bits)
    default:
      var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
      // Every number of the other formats is one of the extended format.
      let value = environment.convert(Self.x87Source(operand, bits), to: .extended)
      // A denormal operand is reported when that is not masked, but loaded all the same.
      _ = x87Finish(environment)
      if environment.raised.isDisjoint(with: environment.unmasked.intersection(.invalid)) { x87Push(value.extended) }
    }
  }

  private func x87StoreRegister(_ index: Int, pops: Int) -> Outcome {
    if x87IsEmpty(0) {
      guard x87StackFault(isOverflow: false) == .delivers else { return .next }
      x87Write(index, .indefinite)
    } else {
      x87SetConditions(X87Status.c1, 0)
      x87Write(index, x87Read(0))
    }
    x87Pop(pops)
    return .next
  }

  private func x87Store(_ operand: X87Operand, pops: Int) -> Outcome {
    let status = pointee.fpuStatus
    let isEmpty = x87IsEmpty(0)
    var environment = FloatingPointEnvironment(x87Control: pointee.fpuControl)
    let value = x87Bits(of: isEmpty ? .indefinite : x87Read(0), as: operand, &environment)
    let reaction = isEmpty ? x87StackFault(isOverflow: false) : x87FinishStore(environment)
    guard reaction == .delivers else {
      // Nothing is stored, but the operand must be one that could be.
      if checkWrite(raw.read64(Register.pointer), size: operand.size) { return .next }
      pointee.fpuStatus = status
      return .fault
    }
    let result = storeX87(operand, value)
    guard result != .fault else {
      pointee.fpuStatus = status
      return .fault
    }
    x87Pop(pops)
    return self.outcome(result)
  }

  /// A register's contents in the format of a memory operand.
  private func x87Bits(
    of value: Extended, as operand: X87Operand, _ environment: inout FloatingPointEnvironment
  ) -> Extended {
    let number = FloatingPointNumber(value)
    func integer(_ bits: UInt64) -> Extended {
      let value = environment.integer(number, bits: bits, truncating: false)
      return Extended(significand: UInt64(bitPattern: value), signAndExponent: 0)
    }
    switch operand {
    case .binary32:
      let single = environment.convert(number, to: .binary32, signalsDenormal: false)
      return Extended(significand: UInt64(single.binary32), signAndExponent: 0)
    case .binary64:
      let double = environment.convert(number, to: .binary64, signalsDenormal: false)
      return Extended(significand: double.binary64, signAndExponent: 0)
    case .integer16: return integer(16)
    case .integer32: return integer(32)
    case .integer64: return integer(64)
    case .decimal:
      let digits = environment.decimal(number)
      return Extended(significand: digits.low, signAndExponent: digits.high)
    case .extended, .register: return value
    }
  }

  private func x87Exchange(_ index: Int) {
    if x87IsEmpty(0) || x87IsEmpty(index) {
      guard x87StackFault(isOverflow: false) == .delivers else { return }
      if x87IsEmpty(0) { x87Write(0, .indefinite) }
      if x87IsEmpty(index) { x87Write(index, .indefinite) }
    } else {
      x87SetConditions(X87Status.c1, 0)
    }
    let old = x87Read(0)
    x87Write(0, x87Read(index))
    x87Write(index, old)
  }

  private func x87ConditionalMove(_ number: UInt8, index: Int) {
    guard !x87IsEmpty(0) && !x87IsEmpty(index) else {
      if x87StackFault(isOverflow: false) == .delivers { x87Write(0, .indefinite) }
      return
    }
    // The conditions of Jcc: B 2, E 4, BE 6, P 10, and the next for their negation.
    let condition = [2, 4, 6, 10][Int(number & 3)] | number >> 2 & 1
    if lazyFlags.holds(condition) { x87Write(0, x87Read(index)) }
  }

  /// FLD1 and its kin: the constants have more bits than the format, so that the rounding mode chooses between two neighbours.
  private func x87LoadConstant(_ number: UInt8) {
    guard x87IsEmpty(-1) else {
      if x87StackFault(isOverflow: true) == .delivers { x87Push(.indefinite) }
      return
    }
    x87SetConditions(X87Status.c1, 0)
    /// The significand cut off, whether the nearest is the one above, the exponent.
    let constants: [(significand: UInt64, isUp: Bool, exponent: UInt16)] = [
      (0x8000_0000_0000_0000, false, 0x3FFF),  // 1
      (0xD49A_784B_CD1B_8AFE, false, 0x4000),  // The binary logarithm of 10
      (0xB8AA_3B29_5C17_F0BB, true, 0x3FFF),  // The binary logarithm of e
      (0xC90F_DAA2_2168_C234, true, 0x4000),  // π
      (0x9A20_9A84_FBCF_F798, true, 0x3FFD),  // The decimal logarithm of 2
      (0xB172_17F7_D1CF_79AB, true, 0x3FFE),  // The natural logarithm of 2
      (0, false, 0),
    ]
    let constant = constants[Int(number)]
    let isExact = number == 0 || number == 6
    let isUp =
      switch RoundingMode(bits: UInt32(pointee.fpuControl >> 10)) {
      case .nearest: constant.isUp
      case .up: true
      case .down, .towardZero: false
      }
    x87Push(
      Extended(
        significand: isUp && !isExact ? constant.significand &+ 1 : constant.significand,
        signAndExponent: constant.exponent))
  }
}

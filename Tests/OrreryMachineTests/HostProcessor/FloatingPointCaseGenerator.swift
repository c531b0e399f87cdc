import OrreryBase

/// Draws cases for the floating-point units: numbers near the edges of their formats and near each other, in every rounding mode and precision.
struct FloatingPointCaseGenerator {
  /// Where the operand in memory lies: far enough from both ends that a store that goes astray is seen.
  private static let place = 64

  private var random: SeededGenerator
  private let situation: CaseSituation
  /// Exceptions are unmasked, and waited for.
  private let unmasks: Bool
  private var data = CaseData(repeating: 0xA5)
  private var code = CodeBytes()
  private var ignored: [Range<Int>] = []
  private var hasManyPieces = false

  /// A case of `form`, or of two to eight forms when nil, whose last instruction ends at `end`.
  static func makeCase(
    seed: UInt64, form: FloatingPointForm?, end: UInt64, in situation: CaseSituation = .inside, unmasks: Bool = false
  ) -> InstructionCase {
    var generator = FloatingPointCaseGenerator(
      random: SeededGenerator(seed: seed), situation: situation, unmasks: unmasks)
    return generator.make(seed: seed, form: form)
  }

  private init(random: SeededGenerator, situation: CaseSituation, unmasks: Bool) {
    self.random = random
    self.situation = situation
    self.unmasks = unmasks
    // Operands at the ends of the data are whatever lies there.
    if situation != .inside { data = CaseData(window: Int(self.random.next() % UInt64(CaseData.poolSize))) }
  }

  private mutating func make(seed: UInt64, form: FloatingPointForm?) -> InstructionCase {
    var forms: [FloatingPointForm] = []
    if let form {
      forms = [form]
    } else {
      let count = 2 + Int(random.next() % 7)
      while forms.count < count {
        let any = random.next() % UInt64(FloatingPointForm.ofSequences.count)
        let next = FloatingPointForm.ofSequences[Int(any)]
        if !unmasks || next.hasExceptions { forms.append(next) }
      }
    }
    var context = RegisterContext()
    context.flags = 2 | random.next() & ArithmeticFlags.all.rawValue
    for register in 0..<16 { context.registers[register] = randomInteger() }
    context.registers[5] = HostProcessor.dataAddress + UInt64(Self.place)
    context.registers[7] = HostProcessor.dataAddress + UInt64(Self.place + 32)
    if situation != .inside { context.registers[5] = random.pointer(in: situation, reach: 300) }
    if situation == .misaligned { context.flags |= 1 << 18 }
    context.registers[4] = HostProcessor.dataAddress + UInt64(CaseData.ownSize)
    fillVectors(&context, forms[0].operand)
    context.x87 = drawX87(mayUnmask: form != nil && situation == .inside || unmasks)
    form?.confine(&context.x87)
    for form in forms {
      draw(form)
      if unmasks && form.isX87 && random.next() & 1 == 0 { code.append(0x9B) }  // fwait
    }
    return InstructionCase(
      seed: seed, code: code, context: context, data: data, names: forms.map(\.name), ignored: ignored,
      ulps: form?.ulps ?? 0, hasManyPieces: hasManyPieces)
  }

  // MARK: Instructions

  private mutating func draw(_ form: FloatingPointForm) {
    if let prefix = form.prefix { code.append(prefix) }
    switch form.coding {
    case .plain: emit(form, rex: 0)
    case .single(let byte): emit(form, rex: 0, .register(byte))
    case .stack(let byte): emit(form, rex: 0, .register(byte | UInt8(random.next() & 7)))
    case .memory(let field): emit(form, rex: 0, drawMemory(field, form.operand, lanes: 1))
    case .vector(let lanes): drawRegisterAndMemory(UInt8(random.next() & 15), form, lanes: lanes, rex: 0)
    case .generalFromVector(let lanes):
      // A result in rbp would move the memory operands of what follows: rax, rcx, rdx, rbx, r8 to r11.
      let any = UInt8(truncatingIfNeeded: random.next())
      drawRegisterAndMemory(any & 3 | any & 4 << 1, form, lanes: lanes, rex: any & 8 == 0 ? 0 : 0x48)
    case .vectorFromGeneral:
      let any = UInt8(truncatingIfNeeded: random.next())
      drawRegisterAndMemory(any & 15, form, lanes: 1, rex: any & 16 == 0 ? 0 : 0x48)
    case .registers(let field, let other, let lanes): drawRegisters(field, other, form, lanes: lanes)
    }
    if form.immediates > 0 { code.append(UInt8(random.next() % UInt64(form.immediates))) }
  }

  private enum ModRM {
    case register(UInt8)
    /// With a displacement of one byte.
    case memory(UInt8, displacement: UInt8)
  }

  private mutating func emit(_ form: FloatingPointForm, rex: UInt8, _ modRM: ModRM? = nil) {
    if rex != 0 { code.append(rex) }
    code.append(contentsOf: form.opcode)
    switch modRM {
    case .register(let byte): code.append(byte)
    case .memory(let byte, let displacement):
      code.append(byte)
      code.append(displacement)
    case nil: break
    }
  }

  private mutating func drawRegisterAndMemory(_ register: UInt8, _ form: FloatingPointForm, lanes: Int, rex: UInt8) {
    let rex = register >= 8 ? rex | 0x44 : rex
    let any = random.next()
    if any & 3 == 0 || situation != .inside {
      return emit(form, rex: rex, drawMemory(register & 7, form.operand, lanes: lanes))
    }
    let other = UInt8(any >> 8 & 15)
    emit(form, rex: other >= 8 ? rex | 0x41 : rex, .register(0xC0 | (register & 7) << 3 | other & 7))
  }

  private mutating func drawRegisters(
    _ field: FloatingPointForm.RegisterKind, _ other: FloatingPointForm.RegisterKind, _ form: FloatingPointForm,
    lanes: Int
  ) {
    var rex: UInt8 = random.next() & 1 == 0 ? 0 : 0x48
    let number = drawRegister(field, extendedBy: 0x44, &rex)
    var isMemory = lanes > 0 && random.next() & 3 == 0
    if case .none = other { isMemory = true }
    guard !isMemory else { return emit(form, rex: rex, drawMemory(number, form.operand, lanes: lanes)) }
    let second = drawRegister(other, extendedBy: 0x41, &rex)
    emit(form, rex: rex, .register(0xC0 | number << 3 | second))
  }

  /// Three bits of a register's number; the fourth goes to `rex`, which no MMX register heeds.
  private mutating func drawRegister(
    _ kind: FloatingPointForm.RegisterKind, extendedBy bit: UInt8, _ rex: inout UInt8
  ) -> UInt8 {
    let any = UInt8(truncatingIfNeeded: random.next())
    let number: UInt8
    switch kind {
    // Not rbp and rdi, which point to the operands of what follows: rax, rcx, rdx, rbx, r8 to r11.
    case .general: number = any & 3 | any & 4 << 1
    case .vector, .mmx: number = any & 15
    case .digit(let digit): return digit
    case .none: return 0
    }
    if number >= 8 { rex |= bit }
    return number & 7
  }

  /// [rbp], or [rbp + 16], with an operand drawn there.
  private mutating func drawMemory(_ field: UInt8, _ operand: FloatingPointOperand, lanes: Int) -> ModRM {
    let displacement = random.next() & 1 == 0 ? 0 : 16
    guard situation == .inside else {
      // What of a large store has happened when a page ends in the middle of it is left open.
      if operand.size > 10 {
        ignored = [0..<HostProcessor.dataSize]
        hasManyPieces = true
      }
      return .memory(0x45 | field << 3, displacement: UInt8(displacement))
    }
    let place = Self.place + displacement
    for lane in 0..<lanes { drawOperand(operand, at: place + lane * operand.size) }
    // Of a saved environment: the pointers to the last instruction, which processors keep differently.
    switch operand {
    case .environment, .state: ignored.append(place + 12..<place + 28)
    case .environment16, .state16: ignored.append(place + 6..<place + 14)
    default: break
    }
    return .memory(0x45 | field << 3, displacement: UInt8(displacement))
  }

  // MARK: State

  private mutating func fillVectors(_ context: inout RegisterContext, _ operand: FloatingPointOperand) {
    var near: UInt64 = randomDouble(near: 0)
    for register in 0..<32 {
      switch operand {
      case .binary32, .integer32:
        let low = randomSingle(near: near & 0xFFFF_FFFF)
        near = randomSingle(near: low) << 32 | low
        // Few instructions see only small integers otherwise.
        if operand == .integer32 && random.next() & 1 == 0 { near = random.next() }
      default: near = randomDouble(near: near)
      }
      context.vectors[register] = near
    }
  }

  private mutating func drawX87(mayUnmask: Bool) -> X87Context {
    var context = X87Context()
    // Rounding, DAZ, FTZ and flags that were raised before.
    context.mxcsr = 0x1F80 | UInt32(truncatingIfNeeded: random.next() & 0xE07F)
    if random.next() & 1 == 0 { context.mxcsr &= 0xFFBF & ~(1 << 15) }
    if unmasks { context.mxcsr ^= UInt32(truncatingIfNeeded: random.next() & random.next() & 0x1F80) }
    let masks: UInt16 = mayUnmask && random.next() % 3 == 0 ? UInt16(random.next() & 0x3F) : 0x3F
    context.control = 0x40 | masks | Self.precision(random.next()) << 8 | UInt16(random.next() & 3) << 10
    let raised = UInt16(random.next() & 0x7F) & (masks | 0x40)
    context.status = UInt16(random.next() & 0x7F00) | raised
    context.tags = random.next() & 3 == 0 ? UInt8(random.next() & 0xFF) : 0xFF
    // Loads want an empty register to push to.
    if random.next() & 1 == 0 { context.tags &= ~(1 << UInt8((context.status >> 11 &- 1) & 7)) }
    var near: UInt64 = 0x3FFF
    for index in 0..<8 {
      let (significand, exponent) = randomExtended(near: near)
      context.registers[2 * index] = significand
      context.registers[2 * index + 1] = exponent
      near = exponent
    }
    return context
  }

  /// Single, double, and twice as often extended precision.
  private static func precision(_ any: UInt64) -> UInt16 { any & 2 == 0 ? UInt16(any & 1) << 1 : 3 }

  private mutating func drawOperand(_ operand: FloatingPointOperand, at place: Int) {
    switch operand {
    case .binary32: data.write(randomSingle(near: 0x3F80_0000), size: 4, at: place)
    case .binary64: data.write(randomDouble(near: 0x3FF << 52), size: 8, at: place)
    case .extended:
      let (significand, exponent) = randomExtended(near: 0x3FFF)
      data.write(significand, size: 8, at: place)
      data.write(exponent, size: 2, at: place + 8)
    case .integer16, .integer32, .integer64: data.write(randomInteger(), size: operand.size, at: place)
    case .decimal:
      for index in 0..<9 {
        let any = random.next()
        data.write(any % 10 << 4 | (any >> 32) % 10, size: 1, at: place + index)
      }
      data.write(random.next() & 0x80, size: 1, at: place + 9)
    case .control: data.write(random.next(), size: 2, at: place)
    case .mxcsr: data.write(random.next() & 0xE07F | 0x1F80, size: 4, at: place)
    case .environment, .environment16, .state, .state16: drawState(operand, at: place)
    }
  }

  /// A saved environment, with the registers behind it.
  private mutating func drawState(_ operand: FloatingPointOperand, at place: Int) {
    let context = drawX87(mayUnmask: false)
    let width = operand == .environment || operand == .state ? 4 : 2
    data.write(UInt64(context.control), size: width, at: place)
    data.write(UInt64(context.status), size: width, at: place + width)
    data.write(random.next(), size: width, at: place + 2 * width)
    for index in 3..<7 { data.write(0, size: width, at: place + index * width) }
    guard operand == .state || operand == .state16 else { return }
    for index in 0..<8 {
      let start = place + 7 * width + index * 10
      data.write(context.registers[2 * index], size: 8, at: start)
      data.write(context.registers[2 * index + 1], size: 2, at: start + 8)
    }
  }

  // MARK: Numbers

  private mutating func randomInteger() -> UInt64 {
    UInt64(bitPattern: Int64(bitPattern: random.next()) >> Int64(random.next() & 63))
  }

  /// Bits of a fraction: all zeros, all ones, one bit, all but one, the upper half, any.
  private mutating func randomFraction(bits: UInt64) -> UInt64 {
    let mask = (UInt64(1) << bits) - 1
    let any = random.next()
    switch any >> 60 {
    case 0, 1: return 0
    case 2: return mask
    case 3, 4: return 1 << (any % bits)
    case 5: return mask & ~(1 << (any % bits))
    case 6, 7: return any & mask & ~((1 << (bits / 2)) - 1)
    default: return any & mask
    }
  }

  /// A biased exponent: the ends of the range, small powers of two, some that are near another number's, any.
  private mutating func randomExponent(mask: UInt64, near: UInt64, reach: UInt64) -> UInt64 {
    let any = random.next()
    switch any & 15 {
    case 0, 1: return 0
    case 2: return mask
    case 3: return 1
    case 4: return mask - 1
    case 5...8: return (mask >> 1) - 4 + (any >> 8) % 72
    case 9...12: return (near &+ (any >> 8) % (2 * reach) &- reach) & mask
    default: return any >> 8 & mask
    }
  }

  private mutating func randomSingle(near: UInt64) -> UInt64 {
    let exponent = randomExponent(mask: 0xFF, near: near >> 23 & 0xFF, reach: 28)
    return (random.next() & 1) << 31 | exponent << 23 | randomFraction(bits: 23)
  }

  private mutating func randomDouble(near: UInt64) -> UInt64 {
    let exponent = randomExponent(mask: 0x7FF, near: near >> 52 & 0x7FF, reach: 58)
    return (random.next() & 1) << 63 | exponent << 52 | randomFraction(bits: 52)
  }

  private mutating func randomExtended(near: UInt64) -> (significand: UInt64, exponent: UInt64) {
    let any = random.next()
    // Near the ends of the shorter formats too, which are stored from here.
    let exponent: UInt64 =
      switch any & 7 {
      case 0: 0x3FFF - 130 + (any >> 8) % 260
      case 1: 0x3FFF - 1030 + (any >> 8) % 12
      case 2: 0x3FFF + 1020 + (any >> 8) % 8
      default: randomExponent(mask: 0x7FFF, near: near & 0x7FFF, reach: 70)
      }
    // Now and then a coding that is refused, or a pseudo-denormal.
    let isUnusual = any >> 32 & 31 == 0
    let integerBit: UInt64 = (exponent != 0) != isUnusual ? 1 << 63 : 0
    return (integerBit | randomFraction(bits: 63), (any >> 40 & 1) << 15 | exponent)
  }
}

extension FloatingPointForm {
  /// Those that can follow one another.
  static let ofSequences = all.filter(\.mayFollowOthers)

  /// It works on whatever an earlier instruction left in memory: no saved state, which the manual leaves open in part, no control word, which might unmask
  /// exceptions, no decimal, which has digits that mean nothing.
  private var mayFollowOthers: Bool {
    switch operand {
    case .environment, .environment16, .state, .state16, .control, .mxcsr, .decimal: false
    default: ulps == 0
    }
  }
}

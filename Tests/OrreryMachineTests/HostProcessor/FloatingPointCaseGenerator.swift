import OrreryBase

/// Draws cases for the floating-point units: numbers near the edges of their formats and near each other, in every rounding mode and precision.
struct FloatingPointCaseGenerator {
  /// The data of a case; the operand in memory lies in its middle, so that a store that goes astray is seen.
  static let dataSize = 256
  private static let place = 64

  private var random: SeededGenerator
  private var data = [UInt8](repeating: 0xA5, count: dataSize)
  private var ignored: [Range<Int>] = []

  /// A case of `form`, or of two to eight forms when nil, whose last instruction ends at `end`.
  static func makeCase(seed: UInt64, form: FloatingPointForm?, end: UInt64) -> InstructionCase {
    var generator = FloatingPointCaseGenerator(random: SeededGenerator(seed: seed))
    return generator.make(seed: seed, form: form)
  }

  private init(random: SeededGenerator) { self.random = random }

  private mutating func make(seed: UInt64, form: FloatingPointForm?) -> InstructionCase {
    var forms: [FloatingPointForm] = []
    if let form {
      forms = [form]
    } else {
      let count = Int.random(in: 2...8, using: &random)
      while forms.count < count {
        let next = FloatingPointForm.all.randomElement(using: &random)!
        if next.mayFollowOthers { forms.append(next) }
      }
    }
    var context = RegisterContext()
    context.flags = 2 | random.next() & ArithmeticFlags.all.rawValue
    for register in 0..<16 { context.registers[register] = randomInteger() }
    context.registers[5] = HostProcessor.dataAddress + UInt64(Self.place)
    context.registers[4] = HostProcessor.dataAddress + UInt64(Self.dataSize)
    fillVectors(&context, forms[0].operand)
    context.x87 = drawX87(mayUnmask: form != nil)
    var code: [UInt8] = []
    for form in forms { code += draw(form) }
    return InstructionCase(
      seed: seed, code: code, context: context, data: data, undefined: [], names: forms.map(\.name), ignored: ignored)
  }

  // MARK: Instructions

  private mutating func draw(_ form: FloatingPointForm) -> [UInt8] {
    var code = form.prefix.map { [$0] } ?? []
    var rex: UInt8 = 0
    var modRM: [UInt8] = []
    switch form.coding {
    case .plain: break
    case .single(let byte): modRM = [byte]
    case .stack(let byte): modRM = [byte | UInt8.random(in: 0..<8, using: &random)]
    case .memory(let field): modRM = drawMemory(field, form.operand, lanes: 1)
    case .vector(let lanes), .generalFromVector(let lanes):
      var register = UInt8.random(in: 0..<16, using: &random)
      // A result in rbp would move the memory operands of what follows.
      if case .generalFromVector = form.coding {
        register = [0, 1, 2, 3, 8, 9][Int(register % 6)]
        if Bool.random(using: &random) { rex |= 0x48 }
      }
      modRM = drawRegisterAndMemory(register, form.operand, lanes: lanes, &rex)
    case .vectorFromGeneral:
      if Bool.random(using: &random) { rex |= 0x48 }
      modRM = drawRegisterAndMemory(
        UInt8.random(in: 0..<16, using: &random), form.operand, lanes: 1, &rex)
    }
    if rex != 0 { code.append(rex) }
    code += form.opcode + modRM
    if form.immediates > 0 { code.append(UInt8.random(in: 0..<form.immediates, using: &random)) }
    return code
  }

  private mutating func drawRegisterAndMemory(
    _ register: UInt8, _ operand: FloatingPointOperand, lanes: Int, _ rex: inout UInt8
  ) -> [UInt8] {
    if register >= 8 { rex |= 0x44 }
    if Int.random(in: 0..<4, using: &random) == 0 { return drawMemory(register & 7, operand, lanes: lanes) }
    let other = UInt8.random(in: 0..<16, using: &random)
    if other >= 8 { rex |= 0x41 }
    return [0xC0 | (register & 7) << 3 | other & 7]
  }

  /// [rbp], or [rbp + 16], with an operand drawn there.
  private mutating func drawMemory(_ field: UInt8, _ operand: FloatingPointOperand, lanes: Int) -> [UInt8] {
    let displacement = Bool.random(using: &random) ? 16 : 0
    let place = Self.place + displacement
    for lane in 0..<lanes { write(drawBytes(operand), at: place + lane * operand.size) }
    // Of a saved environment: the pointers to the last instruction, which processors keep differently.
    switch operand {
    case .environment, .state: ignored.append(place + 12..<place + 28)
    case .environment16, .state16: ignored.append(place + 6..<place + 14)
    default: break
    }
    return [0x45 | field << 3, UInt8(displacement)]
  }

  private mutating func write(_ bytes: [UInt8], at place: Int) {
    data.replaceSubrange(place..<place + bytes.count, with: bytes)
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
        if operand == .integer32 && Bool.random(using: &random) { near = random.next() }
      default: near = randomDouble(near: near)
      }
      context.vectors[register] = near
    }
  }

  private mutating func drawX87(mayUnmask: Bool) -> X87Context {
    var context = X87Context()
    // Rounding, DAZ, FTZ and flags that were raised before.
    context.mxcsr = 0x1F80 | UInt32(truncatingIfNeeded: random.next() & 0xE07F)
    if Bool.random(using: &random) { context.mxcsr &= 0xFFBF & ~(1 << 15) }
    let masks: UInt16 = mayUnmask && Int.random(in: 0..<3, using: &random) == 0 ? UInt16(random.next() & 0x3F) : 0x3F
    context.control = 0x40 | masks | [0, 2, 3, 3][Int(random.next() & 3)] << 8 | UInt16(random.next() & 3) << 10
    let raised = UInt16(random.next() & 0x7F) & (masks | 0x40)
    context.status = UInt16(random.next() & 0x7F00) | raised
    context.tags = Int.random(in: 0..<4, using: &random) == 0 ? UInt8.random(in: 0...255, using: &random) : 0xFF
    // Loads want an empty register to push to.
    if Bool.random(using: &random) { context.tags &= ~(1 << UInt8((context.status >> 11 &- 1) & 7)) }
    var near: UInt64 = 0x3FFF
    for index in 0..<8 {
      let (significand, exponent) = randomExtended(near: near)
      context.registers[2 * index] = significand
      context.registers[2 * index + 1] = exponent
      near = exponent
    }
    return context
  }

  private mutating func drawBytes(_ operand: FloatingPointOperand) -> [UInt8] {
    switch operand {
    case .binary32: return littleEndian(randomSingle(near: 0x3F80_0000), 4)
    case .binary64: return littleEndian(randomDouble(near: 0x3FF << 52), 8)
    case .extended:
      let (significand, exponent) = randomExtended(near: 0x3FFF)
      return littleEndian(significand, 8) + littleEndian(exponent, 2)
    case .integer16, .integer32, .integer64: return littleEndian(randomInteger(), operand.size)
    case .decimal:
      let digits = (0..<9).map { _ in
        UInt8.random(in: 0..<10, using: &random) << 4 | UInt8.random(in: 0..<10, using: &random)
      }
      return digits + [Bool.random(using: &random) ? 0x80 : 0]
    case .control: return littleEndian(random.next(), 2)
    case .mxcsr: return littleEndian(random.next() & 0xE07F | 0x1F80, 4)
    case .environment, .environment16, .state, .state16: return drawState(operand)
    }
  }

  /// A saved environment, with the registers behind it.
  private mutating func drawState(_ operand: FloatingPointOperand) -> [UInt8] {
    let context = drawX87(mayUnmask: false)
    let width = operand == .environment || operand == .state ? 4 : 2
    let words = [UInt64(context.control), UInt64(context.status), random.next(), 0, 0, 0, 0]
    var bytes = words.flatMap { littleEndian($0, width) }
    guard operand == .state || operand == .state16 else { return bytes }
    for index in 0..<8 {
      bytes += littleEndian(context.registers[2 * index], 8) + littleEndian(context.registers[2 * index + 1], 2)
    }
    return bytes
  }

  private func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  // MARK: Numbers

  private mutating func randomInteger() -> UInt64 {
    UInt64(bitPattern: Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
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
  /// It works on whatever an earlier instruction left in memory: no saved state, which the manual leaves open in part, no control word, which might unmask
  /// exceptions, no decimal, which has digits that mean nothing.
  fileprivate var mayFollowOthers: Bool {
    switch operand {
    case .environment, .environment16, .state, .state16, .control, .mxcsr, .decimal: false
    default: true
    }
  }
}

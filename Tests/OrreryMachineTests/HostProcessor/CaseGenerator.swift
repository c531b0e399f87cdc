import OrreryBase

/// Draws cases from the table of forms.
///
/// Some registers always point into the data (rsp, rbp, rsi, rdi, r12, r13: with them every special coding of ModRM and SIB occurs), r9 is a
/// small index; instructions may read but never write them, but for pushes, pops and string instructions.
struct CaseGenerator {
  private static let pointers: InlineArray<6, UInt8> = [4, 5, 12, 13, 6, 7]
  private static let index: UInt8 = 9
  private static let writable: InlineArray<9, UInt8> = [0, 1, 2, 3, 8, 10, 11, 14, 15]

  private var random: SeededGenerator
  private let form: InstructionForm?
  private let situation: CaseSituation
  private var code = CodeBytes()
  private var context = RegisterContext()
  private var fixups: InlineArray<8, Fixup> = .init(repeating: Fixup())
  private var fixupCount = 0
  /// The instruction being drawn names ah, ch, dh or bh, which no REX prefix can go with.
  private var forbidsREX = false
  private var usesAddressSize = false
  private var isLocked = false
  private var isRepeated = false
  private var rex: UInt8 = 0

  /// A displacement relative to rip, whose value is known when the whole length of the code is.
  private struct Fixup {
    var place = 0
    var end = 0
    /// The address it shall reach.
    var target: UInt64 = 0
  }

  /// Encoded bytes of ModRM, SIB and displacement.
  private struct ModRM {
    var bytes: UInt64
    var count: Int
    /// What a displacement relative to rip, then the last four bytes, shall reach; 0 for none.
    var ripTarget: UInt64 = 0
    var isMemory = false
  }

  /// A case of `form` alone, or of two to eight forms when nil, whose last instruction ends at `end`.
  static func makeCase(
    seed: UInt64, form: InstructionForm?, end: UInt64, in situation: CaseSituation = .inside
  ) -> InstructionCase {
    var generator = CaseGenerator(seed: seed, form: form, in: situation)
    return generator.make(seed: seed, end: end)
  }

  private init(seed: UInt64, form: InstructionForm?, in situation: CaseSituation) {
    random = SeededGenerator(seed: seed)
    self.form = form
    self.situation = situation
  }

  private mutating func make(seed: UInt64, end: UInt64) -> InstructionCase {
    fillContext()
    var test = InstructionCase(
      seed: seed, code: CodeBytes(), context: RegisterContext(), data: CaseData(window: below(CaseData.poolSize)),
      names: [])
    if let form {
      test.names.append(form.name)
      draw(form)
      // What a fault leaves is all from before.
      if !form.keepsUndefined { test.undefined.subtract(form.defines) }
      test.undefined.formUnion(form.undefines)
    } else {
      for _ in 0..<2 + below(7) { addToSequence(&test) }
    }
    let start = end - UInt64(code.count)
    for index in 0..<fixupCount {
      let fixup = fixups[index]
      let distance = fixup.target &- (start + UInt64(fixup.end))
      code.replace(at: fixup.place, with: UInt32(truncatingIfNeeded: distance))
    }
    test.code = code
    test.context = context
    return test
  }

  private mutating func addToSequence(_ test: inout InstructionCase) {
    while true {
      let candidate = InstructionForm.ofSequences[below(InstructionForm.ofSequences.count)]
      if situation == .misaligned && candidate.mayCheckAlignment { continue }
      guard candidate.reads.isDisjoint(with: test.undefined) else { continue }
      test.instructions.append((code.count, test.undefined))
      draw(candidate)
      test.names.append(candidate.name)
      if !candidate.keepsUndefined { test.undefined.subtract(candidate.defines) }
      test.undefined.formUnion(candidate.undefines)
      return
    }
  }

  // MARK: Registers

  private mutating func fillContext() {
    for register in 0..<16 { context.registers[register] = random.edgeOrAny() }
    context.registers[Int(Self.index)] = situation == .edges ? 0 : random.next() & 7 &* 16
    for slot in 0..<6 { context.registers[Int(Self.pointers[slot])] = drawPointer() }
    // Which of its two operands CMPS looks at first is left open.
    if situation == .edges && form?.isComparingString ?? true {
      context.registers[6] = random.pointer(in: .inside, reach: 0)
    }
    for vector in 0..<32 { context.vectors[vector] = random.edgeOrAny() }
    context.flags = 2 | random.next() & ArithmeticFlags.all.rawValue
    if form?.isString ?? true { context.flags |= random.next() & 1 << 10 }
    if situation == .misaligned { context.flags |= 1 << 18 }
    if situation == .singleStepped { emitTrapFlag() }
  }

  private mutating func drawPointer() -> UInt64 {
    // Repeated string instructions come to the edge from afar.
    random.pointer(in: situation, reach: form?.isString ?? false ? 330 : 40)
  }

  private mutating func drawPlace(alignment: UInt64) -> UInt64 {
    // A page that an instruction names by itself is never one before the data.
    let place = situation == .edges ? random.edge(first: 1) : random.pointer(in: .inside, reach: 0)
    let spread = random.next() & 31
    return (situation == .edges ? place &+ spread &- 24 : place + spread & 15) & ~(alignment - 1)
  }

  /// push; popf: the trap comes after the next instruction.
  private mutating func emitTrapFlag() {
    code.append(0x68)
    code.append(1 << 8 | context.flags, size: 4)
    code.append(0x9D)
  }

  // MARK: Instructions

  private mutating func draw(_ form: InstructionForm) {
    let size = form.sizes[below(form.sizes.count)]
    rex = 0
    if size == 8 || (form.ignoresWidth && random.next() & 1 == 0) { rex |= 0x48 }
    forbidsREX = rex == 0 && (size == 1 || form.hasByteSource) && random.next() & 1 == 0
    // A REX prefix without bits changes which byte registers 4…7 name.
    if !forbidsREX && random.next() & 3 == 0 { rex |= 0x40 }
    let any = random.next()
    usesAddressSize = form.takesAddressSize && any & 7 == 0
    isLocked = form.isLockable && any >> 8 & 3 == 0
    drawPreparation(form)

    var opcodeRegister: UInt8 = 0
    var modRM: ModRM?
    switch form.operands {
    case .registerAndRM: modRM = drawModRM(form, size, field: nil, allows: isLocked ? .memory : .both)
    case .extensionAndRM(let digit, _):
      modRM = drawModRM(form, size, field: digit, allows: isLocked ? .memory : .both)
    case .registerAndMemory: modRM = drawModRM(form, size, field: nil, allows: .memory)
    case .extensionAndMemory(let digit): modRM = drawModRM(form, size, field: digit, allows: .memory)
    case .registerAndRegister: modRM = drawModRM(form, size, field: nil, allows: .register)
    case .extensionAndRegister(let digit, _): modRM = drawModRM(form, size, field: digit, allows: .register)
    case .opcodeRegister:
      let register = drawRegister(isByte: size == 1)
      if register >= 8 { rex |= 0x41 }
      opcodeRegister = register & 7
    case .none: break
    }
    emitPrefixes(form, size)
    code.append(form.opcode[0] | opcodeRegister)
    for index in 1..<max(1, form.opcode.count) { code.append(form.opcode[index]) }
    if let modRM { emit(modRM) }
    emitImmediate(form.immediate, size)
    if fixupCount > 0 && fixups[fixupCount - 1].end == 0 { fixups[fixupCount - 1].end = code.count }
  }

  /// What goes before an instruction, or its registers get, for it to do what a case can compare.
  private mutating func drawPreparation(_ form: InstructionForm) {
    switch form.preparation {
    case .none, .bitOffset, .nonzeroSource, .frame: break
    case .count:
      isRepeated = random.next() & 1 == 0
      guard isRepeated else { return }
      // mov ecx, 0…40: repeated forms count down from it.
      code.append(0xB9)
      code.append(UInt64(below(41)), size: 4)
    case .flags:
      // push: the arithmetic flags and DF, for POPF to pop.
      code.append(0x68)
      code.append(2 | random.next() & (ArithmeticFlags.all.rawValue | 1 << 10), size: 4)
    case .table: context.registers[3] = drawPlace(alignment: 1)
    case .quotient:
      // Mostly quotients that fit: rdx small, or the sign of rax.
      switch random.next() & 3 {
      case 0: context.registers[2] = 0
      case 1: context.registers[2] = context.registers[0] >> 63 == 0 ? 0 : .max
      case 2: context.registers[2] = random.next() & 0xFF
      default: break
      }
    }
  }

  private mutating func emitPrefixes(_ form: InstructionForm, _ size: Int) {
    let any = random.next()
    if isLocked { code.append(0xF0) }
    if any & 7 == 0 {
      // Without effect in 64-bit mode, but for that of GS, which keeps away from the edges.
      let override = (any >> 8) % 5
      if override == 4 && situation != .edges {
        code.append(0x65)
      } else {
        code.append(0x26 | UInt8(override & 3) << 3)
      }
    }
    if usesAddressSize { code.append(0x67) }
    if let prefix = form.mandatoryPrefix { code.append(prefix) }
    if size == 2 { code.append(0x66) }
    if form.isString && isRepeated {
      code.append(form.isComparingString && any >> 17 & 1 == 0 ? 0xF2 : 0xF3)
    }
    if rex != 0 { code.append(rex) }
  }

  private mutating func emit(_ modRM: ModRM) {
    code.append(modRM.bytes, size: modRM.count)
    guard modRM.ripTarget != 0 else { return }
    fixups[fixupCount] = Fixup(place: code.count, end: 0, target: modRM.ripTarget)
    fixupCount += 1
    code.append(0, size: 4)
  }

  // MARK: Operands

  private enum Allowed { case both, register, memory }

  private mutating func drawModRM(
    _ form: InstructionForm, _ size: Int, field: UInt8?, allows: Allowed
  ) -> ModRM {
    var register: UInt8
    if let field {
      register = field
    } else if form.files == .vector || form.files == .vectorThenGeneral {
      register = UInt8(below(16))
    } else {
      register = drawRegister(isByte: size == 1)
    }
    if field == nil && register >= 8 { rex |= 0x44 }
    let isMemory = allows == .memory || (allows == .both && random.next() & 1 == 0)
    guard isMemory else {
      var other: UInt8
      if form.files == .vector || form.files == .generalThenVector {
        other = UInt8(below(16))
      } else {
        other = drawRegister(isByte: size == 1 || form.hasByteSource)
      }
      if other >= 8 { rex |= 0x41 }
      if form.preparation == .nonzeroSource { context.registers[Int(other)] |= 1 << (random.next() % UInt64(8 * size)) }
      return ModRM(bytes: UInt64(0xC0 | (register & 7) << 3 | other & 7), count: 1)
    }
    if form.preparation == .bitOffset {
      // A thousand bytes to either side, in whatever number of bits counts.
      context.registers[Int(register)] = UInt64(bitPattern: Int64(below(16_000) - 8_000))
    }
    var modRM = drawMemory(alignment: max(form.alignment, isLocked ? size : 1), register & 7)
    modRM.isMemory = true
    return modRM
  }

  private mutating func drawMemory(alignment: Int, _ register: UInt8) -> ModRM {
    let mask = -alignment
    let field = UInt64(register) << 3
    switch below(8) {
    case 0:  // relative to rip
      return ModRM(bytes: field | 5, count: 1, ripTarget: drawPlace(alignment: UInt64(alignment)))
    case 1:  // an absolute address of 32 bits
      return ModRM(bytes: field | 4 | 0x25 << 8 | drawPlace(alignment: UInt64(alignment)) << 16, count: 6)
    default:
      // Those that nothing moves, and no number above 7 without a REX prefix: they come first of those after rsp.
      let base: UInt8 =
        alignment > 1
        ? (forbidsREX ? 5 : Self.pointers[1 + below(3)])
        : Self.pointers[forbidsREX ? [0, 1, 4, 5][below(4)] : below(6)]
      if base >= 8 { rex |= 0x41 }
      widen(base)
      // rsp and r12 always need a SIB byte; a second register is r9, or none.
      let usesIndex = !forbidsREX && random.next() & 1 == 0
      let needsSIB = usesIndex || base & 7 == 4
      var bytes = field | (needsSIB ? 4 : UInt64(base & 7))
      var count = 1
      if needsSIB {
        let scale = alignment > 1 ? 0 : random.next() & 3
        if usesIndex { rex |= 0x42 }
        bytes |= (scale << 6 | UInt64(usesIndex ? Self.index & 7 : 4) << 3 | UInt64(base & 7)) << 8
        count = 2
      }
      let displacementSize = base & 7 == 5 ? 1 + below(2) : below(3)
      let reach = situation == .edges ? 20 : displacementSize == 1 ? 112 : 300
      let displacement = (below(2 * reach) - reach) & mask
      switch displacementSize {
      case 0: return ModRM(bytes: bytes, count: count)
      case 1:
        let byte = UInt64(UInt8(truncatingIfNeeded: displacement))
        return ModRM(bytes: bytes | 1 << 6 | byte << (8 * UInt64(count)), count: count + 1)
      default:
        let word = UInt64(UInt32(truncatingIfNeeded: displacement))
        return ModRM(bytes: bytes | 2 << 6 | word << (8 * UInt64(count)), count: count + 4)
      }
    }
  }

  /// With an address size of 32 bits the upper half of a pointer does not matter: of an instruction alone it gets one.
  private mutating func widen(_ base: UInt8) {
    guard usesAddressSize, form != nil, base != 4, base != 5 || form?.preparation != .frame else { return }
    context.registers[Int(base)] |= random.next() << 32
  }

  /// A register an instruction may write; as a byte register also ah, ch, dh, bh by leaving REX away.
  private mutating func drawRegister(isByte: Bool) -> UInt8 {
    if forbidsREX { return UInt8(below(isByte ? 8 : 4)) }
    return Self.writable[below(9)]
  }

  private mutating func emitImmediate(_ kind: Immediate, _ size: Int) {
    switch kind {
    case .none: break
    case .byte: code.append(random.next(), size: 1)
    case .full: code.append(random.edgeOrAny(), size: min(size, 4))
    case .whole: code.append(random.edgeOrAny(), size: size)
    case .count: code.append(UInt64(1 + below(size * 8 - 1)), size: 1)
    case .address: code.append(drawPlace(alignment: 1), size: 8)
    case .frame:
      code.append(random.next() & 0xFF, size: 2)
      code.append(random.next(), size: 1)
    }
  }

  private mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: random.next() % UInt64(limit)) }
}

import OrreryBase

/// A random straight-line piece of code with the registers and memory it starts from; everything follows from its seed.
struct InstructionCase {
  var seed: UInt64
  var code: [UInt8]
  var context: RegisterContext
  var data: [UInt8]
  /// Flags whose value after the code the manual leaves undefined.
  var undefined: ArithmeticFlags
  /// The names of the forms in it, in order.
  var names: [String]
  /// Bytes of the data that the manual leaves open after the code.
  var ignored: [Range<Int>] = []
}

/// Draws cases from the table of forms.
///
/// Some registers always point into the data (rsp, rbp, rsi, rdi, r12, r13: with them every special coding of ModRM and SIB occurs), r9 is a
/// small index; instructions may read but never write them, but for pushes, pops and string instructions.
struct CaseGenerator {
  private static let pointers: [UInt8] = [4, 5, 6, 7, 12, 13]
  private static let index: UInt8 = 9
  /// Those of `pointers` that nothing moves, for operands that must be aligned.
  private static let steadyPointers: [UInt8] = [5, 12, 13]
  private static let writable: [UInt8] = [0, 1, 2, 3, 8, 10, 11, 14, 15]
  /// The distance of any pointer from the ends of the data, in bytes: more than displacement, index and pushes together.
  private static let margin = 4096

  private var random: SeededGenerator
  private let form: InstructionForm?
  /// The instruction being drawn names ah, ch, dh or bh, which no REX prefix can go with.
  private var forbidsREX = false

  /// Cases of `form` alone, or of sequences of all forms when nil.
  init(seed: UInt64, form: InstructionForm? = nil) {
    random = SeededGenerator(seed: seed)
    self.form = form
  }

  /// A case whose last instruction ends at `end`.
  static func makeCase(seed: UInt64, form: InstructionForm?, end: UInt64) -> InstructionCase {
    var generator = CaseGenerator(seed: seed, form: form)
    return generator.make(seed: seed, end: end)
  }

  private mutating func make(seed: UInt64, end: UInt64) -> InstructionCase {
    var context = RegisterContext()
    for register in 0..<16 { context.registers[register] = randomValue() }
    for pointer in Self.pointers {
      let place = Self.margin + Int.random(in: 0..<HostProcessor.dataSize - 2 * Self.margin, using: &random)
      context.registers[Int(pointer)] = HostProcessor.dataAddress + UInt64(place & ~15)
    }
    context.registers[Int(Self.index)] = UInt64.random(in: 0..<8, using: &random) * 16
    for vector in 0..<32 { context.vectors[vector] = randomValue() }
    context.flags = 2 | random.next() & ArithmeticFlags.all.rawValue
    // Mostly runs of equal bytes, so that compare and scan go on for a while.
    let filler = UInt8.random(in: 0...255, using: &random)
    var data = [UInt8](repeating: filler, count: HostProcessor.dataSize)
    for offset in stride(from: 0, to: data.count, by: 8) where random.next() & 3 != 0 {
      let value = randomValue()
      for byte in 0..<8 { data[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte))) }
    }

    // Operands relative to rip need the address of each instruction: the pieces are drawn first, then laid out to end at `end`.
    var pieces: [Piece] = []
    var undefined: ArithmeticFlags = []
    var names: [String] = []
    let count = form != nil ? 1 : Int.random(in: 2...8, using: &random)
    while pieces.count < count {
      let candidate = form ?? InstructionForm.all.randomElement(using: &random)!
      guard candidate.reads.isDisjoint(with: undefined) else { continue }
      pieces.append(draw(candidate, &context))
      names.append(candidate.name)
      if !candidate.keepsUndefined { undefined.subtract(candidate.defines) }
      undefined.formUnion(candidate.undefines)
    }
    var address = end - UInt64(pieces.reduce(0) { $0 + $1.length })
    var code: [UInt8] = []
    for piece in pieces {
      address += UInt64(piece.length)
      code += piece.bytes(endingAt: address)
    }
    return InstructionCase(
      seed: seed, code: code, context: context, data: data, undefined: undefined, names: names)
  }

  /// Encoded bytes around an optional displacement that is relative to the end of the instruction.
  private struct Piece {
    var head: [UInt8] = []
    /// The address that a displacement relative to rip shall reach.
    var ripTarget: UInt64?
    var tail: [UInt8] = []

    var length: Int { head.count + (ripTarget == nil ? 0 : 4) + tail.count }

    func bytes(endingAt end: UInt64) -> [UInt8] {
      guard let ripTarget else { return head + tail }
      let displacement = UInt32(truncatingIfNeeded: ripTarget &- end)
      return head + (0..<4).map { UInt8(truncatingIfNeeded: displacement >> (8 * UInt32($0))) } + tail
    }
  }

  private mutating func draw(_ form: InstructionForm, _ context: inout RegisterContext) -> Piece {
    let size = form.sizes.randomElement(using: &random)!
    var piece = Piece()
    var rex: UInt8 = 0
    if size == 8 || (form.ignoresWidth && Bool.random(using: &random)) { rex |= 0x48 }
    forbidsREX = rex == 0 && (size == 1 || form.hasByteSource) && Bool.random(using: &random)
    // A REX prefix without bits changes which byte registers 4…7 name.
    if !forbidsREX && Int.random(in: 0..<4, using: &random) == 0 { rex |= 0x40 }
    var opcode = form.opcode
    var modRM: [UInt8] = []
    var immediate = Immediate.none
    switch form.operands {
    case .registerAndRM(let kind):
      immediate = kind
      modRM = drawModRM(form, size, &rex, field: nil, allows: .both, &piece)
    case .extensionAndRM(let digit, let kind):
      immediate = kind
      modRM = drawModRM(form, size, &rex, field: digit, allows: .both, &piece)
    case .registerAndMemory: modRM = drawModRM(form, size, &rex, field: nil, allows: .memory, &piece)
    case .extensionAndMemory(let digit): modRM = drawModRM(form, size, &rex, field: digit, allows: .memory, &piece)
    case .registerAndRegister(let kind):
      immediate = kind
      modRM = drawModRM(form, size, &rex, field: nil, allows: .register, &piece)
    case .extensionAndRegister(let digit, let kind):
      immediate = kind
      modRM = drawModRM(form, size, &rex, field: digit, allows: .register, &piece)
    case .opcodeRegister(let kind):
      immediate = kind
      let register = drawRegister(isByte: size == 1)
      if register >= 8 { rex |= 0x41 }
      opcode[0] |= register & 7
    case .none(let kind): immediate = kind
    }
    var prefixes: [UInt8] = []
    if let prefix = form.mandatoryPrefix { prefixes.append(prefix) }
    if size == 2 { prefixes.append(0x66) }
    if form.isString && Bool.random(using: &random) {
      // `mov ecx, 0…40` first; repeated forms count down from it.
      piece.head += [0xB9, UInt8.random(in: 0...40, using: &random), 0, 0, 0]
      prefixes.append(form.isComparingString && Bool.random(using: &random) ? 0xF2 : 0xF3)
    }
    piece.head += prefixes
    if rex != 0 { piece.head.append(rex) }
    piece.head += opcode + modRM
    piece.tail += drawImmediate(immediate, size)
    return piece
  }

  private enum Allowed { case both, register, memory }

  private mutating func drawModRM(
    _ form: InstructionForm, _ size: Int, _ rex: inout UInt8, field: UInt8?, allows: Allowed, _ piece: inout Piece
  ) -> [UInt8] {
    var register: UInt8
    if let field {
      register = field
    } else if form.files == .vector || form.files == .vectorThenGeneral {
      register = UInt8.random(in: 0..<16, using: &random)
    } else {
      register = drawRegister(isByte: size == 1)
    }
    if field == nil && register >= 8 { rex |= 0x44 }
    register &= 7
    let isMemory = allows == .memory || (allows == .both && Bool.random(using: &random))
    guard isMemory else {
      var other: UInt8
      if form.files == .vector || form.files == .generalThenVector {
        other = UInt8.random(in: 0..<16, using: &random)
      } else {
        other = drawRegister(isByte: size == 1 || form.hasByteSource)
      }
      if other >= 8 { rex |= 0x41 }
      return [0xC0 | register << 3 | other & 7]
    }
    return drawMemory(form, register, &rex, &piece)
  }

  private mutating func drawMemory(
    _ form: InstructionForm, _ register: UInt8, _ rex: inout UInt8, _ piece: inout Piece
  ) -> [UInt8] {
    let mask = -form.alignment
    switch Int.random(in: 0..<8, using: &random) {
    case 0:  // relative to rip
      let place = Self.margin + Int.random(in: 0..<HostProcessor.dataSize - 2 * Self.margin, using: &random)
      piece.ripTarget = HostProcessor.dataAddress + UInt64(place & mask)
      return [register << 3 | 5]
    case 1:  // an absolute address of 32 bits
      let place = Self.margin + Int.random(in: 0..<HostProcessor.dataSize - 2 * Self.margin, using: &random)
      let address = UInt32(HostProcessor.dataAddress) + UInt32(place & mask)
      return [register << 3 | 4, 0x25] + littleEndian(UInt64(address), 4)
    default:
      let bases = form.alignment > 1 ? Self.steadyPointers : Self.pointers
      let base = bases.filter { !forbidsREX || $0 < 8 }.randomElement(using: &random)!
      if base >= 8 { rex |= 0x41 }
      // rsp and r12 always need a SIB byte; a second register is r9, or none.
      let usesIndex = !forbidsREX && Bool.random(using: &random)
      let needsSIB = usesIndex || base & 7 == 4
      var sib: [UInt8] = []
      if needsSIB {
        let scale = UInt8.random(in: 0..<(form.alignment > 1 ? 1 : 4), using: &random)
        if usesIndex { rex |= 0x42 }
        sib = [scale << 6 | (usesIndex ? Self.index & 7 : 4) << 3 | base & 7]
      }
      let field = needsSIB ? 4 : base & 7
      switch Int.random(in: base & 7 == 5 ? 1..<3 : 0..<3, using: &random) {
      case 0: return [register << 3 | field] + sib
      case 1:
        let displacement = Int8(truncatingIfNeeded: Int.random(in: -128..<112, using: &random) & mask)
        return [0x40 | register << 3 | field] + sib + [UInt8(bitPattern: displacement)]
      default:
        let displacement = Int32(truncatingIfNeeded: Int.random(in: -300..<300, using: &random) & mask)
        return [0x80 | register << 3 | field] + sib + littleEndian(UInt64(UInt32(bitPattern: displacement)), 4)
      }
    }
  }

  /// A register an instruction may write; as a byte register also ah, ch, dh, bh by leaving REX away.
  private mutating func drawRegister(isByte: Bool) -> UInt8 {
    if forbidsREX { return UInt8.random(in: 0..<(isByte ? 8 : 4), using: &random) }
    return Self.writable.randomElement(using: &random)!
  }

  private mutating func drawImmediate(_ kind: Immediate, _ size: Int) -> [UInt8] {
    switch kind {
    case .none: []
    case .byte: [UInt8.random(in: 0...255, using: &random)]
    case .full: littleEndian(randomValue(), min(size, 4))
    case .whole: littleEndian(randomValue(), size)
    case .count: [UInt8.random(in: 1..<UInt8(size * 8), using: &random)]
    }
  }

  private func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// Numbers near the edges are as likely as random ones.
  private mutating func randomValue() -> UInt64 {
    let edges: [UInt64] = [
      0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
      0x8000_0000_0000_0000, .max,
    ]
    return Int.random(in: 0..<3, using: &random) == 0 ? edges.randomElement(using: &random)! : random.next()
  }
}

extension InstructionForm {
  var isString: Bool { InstructionForm.stringNames.contains(name) }
  var isComparingString: Bool { name == "cmps" || name == "scas" }
  private static let stringNames: Set<String> = ["movs", "stos", "lods", "cmps", "scas"]

  /// One of the operands is a byte register although the operation's size is not: `movzx`, `movsx`.
  var hasByteSource: Bool { opcode == [0x0F, 0xB6] || opcode == [0x0F, 0xBE] }
}

import OrreryBase

/// Code that raises an exception by what it is, whatever its operands: what the manual says of it, by vector.
struct FaultEncoding {
  var name: String
  /// The heading under which the table of a long run counts it.
  var group: String
  var vector: UInt64
  var code: [UInt8]

  static let all: [FaultEncoding] =
    invalidOpcodes + invalidLocks + invalidFloatingPoint + privileged + softwareInterrupts + tooLong

  /// `code` in random registers, with RBX at the data.
  static func makeCase(seed: UInt64, encoding: FaultEncoding) -> InstructionCase {
    var random = SeededGenerator(seed: seed)
    var context = RegisterContext()
    for register in 0..<16 { context.registers[register] = random.edgeOrAny() }
    for register in [3, 4, 6, 7] { context.registers[register] = random.pointer(in: .inside, reach: 0) }
    for vector in 0..<32 { context.vectors[vector] = random.edgeOrAny() }
    context.flags = 2 | random.next() & (ArithmeticFlags.all.rawValue | 1 << 10)
    return InstructionCase(
      seed: seed, code: CodeBytes(encoding.code), context: context,
      data: CaseData(window: Int(random.next() % UInt64(CaseData.poolSize))), names: [encoding.name])
  }

  private static func forms(_ group: String, _ vector: UInt64, _ codes: [(String, [UInt8])]) -> [FaultEncoding] {
    codes.map { FaultEncoding(name: $0.0, group: group, vector: vector, code: $0.1) }
  }

  /// Opcodes of extensions that CPUID does not offer are not among them: the host may have them.
  private static let invalidOpcodes = forms(
    "invalid opcodes", 6,
    [
      ("ud2", [0x0F, 0x0B]), ("ud1", [0x0F, 0xB9, 0xC0]), ("ud0", [0x0F, 0xFF, 0xC0]),
      // Not in 64-bit mode.
      ("push es", [0x06]), ("pop es", [0x07]), ("push cs", [0x0E]), ("push ss", [0x16]), ("pop ss", [0x17]),
      ("push ds", [0x1E]), ("pop ds", [0x1F]), ("daa", [0x27]), ("das", [0x2F]), ("aaa", [0x37]), ("aas", [0x3F]),
      ("pusha", [0x60]), ("popa", [0x61]), ("82", [0x82, 0xC0, 0]), ("call far", [0x9A, 0, 0, 0, 0, 0, 0]),
      ("into", [0xCE]), ("aam", [0xD4, 10]), ("aad", [0xD5, 10]), ("salc", [0xD6]),
      ("jmp far", [0xEA, 0, 0, 0, 0, 0, 0]),
      // Digits and operands that do not exist.
      ("lea of a register", [0x8D, 0xC0]), ("mov cs", [0x8E, 0xC8]), ("mov sreg 6", [0x8E, 0xF0]),
      ("mov sreg 7", [0x8E, 0xF8]), ("mov from sreg 6", [0x8C, 0xF0]), ("mov from sreg 7", [0x8C, 0xF8]),
      ("C6 /1", [0xC6, 0xC8, 0]), ("C7 /1", [0xC7, 0xC8, 0, 0, 0, 0]), ("FE /2", [0xFE, 0xD0]),
      ("FE /7", [0xFE, 0xF8]),
      ("FF /7", [0xFF, 0xF8]), ("call far of a register", [0xFF, 0xD8]), ("jmp far of a register", [0xFF, 0xE8]),
      ("0F BA /0", [0x0F, 0xBA, 0xC0, 0]), ("0F BA /3", [0x0F, 0xBA, 0xD8, 0]), ("0F 00 /6", [0x0F, 0x00, 0xF0]),
      ("0F 00 /7", [0x0F, 0x00, 0xF8]), ("cmpxchg8b of a register", [0x0F, 0xC7, 0xC8]),
      ("fxsave of a register", [0x0F, 0xAE, 0xC0]), ("ldmxcsr of a register", [0x0F, 0xAE, 0xD0]),
      // Prefixes where there is none.
      ("66 fxsave", [0x66, 0x0F, 0xAE, 0x03]), ("f2 fxsave", [0xF2, 0x0F, 0xAE, 0x03]),
      ("66 fxrstor", [0x66, 0x0F, 0xAE, 0x0B]), ("f2 fxrstor", [0xF2, 0x0F, 0xAE, 0x0B]),
      ("66 ldmxcsr", [0x66, 0x0F, 0xAE, 0x13]), ("f3 ldmxcsr", [0xF3, 0x0F, 0xAE, 0x13]),
      ("66 stmxcsr", [0x66, 0x0F, 0xAE, 0x1B]), ("f2 stmxcsr", [0xF2, 0x0F, 0xAE, 0x1B]),
      ("66 lfence", [0x66, 0x0F, 0xAE, 0xE8]), ("f2 lfence", [0xF2, 0x0F, 0xAE, 0xE8]),
      ("66 sfence", [0x66, 0x0F, 0xAE, 0xF8]), ("f2 sfence", [0xF2, 0x0F, 0xAE, 0xF8]),
      ("66 movnti", [0x66, 0x0F, 0xC3, 0x03]), ("f2 movnti", [0xF2, 0x0F, 0xC3, 0x03]),
      ("f3 movnti", [0xF3, 0x0F, 0xC3, 0x03]),
      // Opcodes that nothing has.
      ("0F 04", [0x0F, 0x04]), ("0F 0A", [0x0F, 0x0A]), ("0F 0C", [0x0F, 0x0C]), ("0F 24", [0x0F, 0x24, 0xC0]),
      ("0F 26", [0x0F, 0x26, 0xC0]), ("0F 36", [0x0F, 0x36]), ("0F 39", [0x0F, 0x39]), ("0F 3B", [0x0F, 0x3B]),
      ("0F A6", [0x0F, 0xA6, 0xFF]), ("rsm", [0x0F, 0xAA]),
      // Vector instructions without the register or memory operand that they would need.
      ("movnti of a register", [0x0F, 0xC3, 0xC0]), ("movntps of a register", [0x0F, 0x2B, 0xC0]),
      ("movlps to a register", [0x0F, 0x13, 0xC0]), ("movhps to a register", [0x0F, 0x17, 0xC0]),
      ("movlpd of a register", [0x66, 0x0F, 0x12, 0xC0]), ("movntdq of a register", [0x66, 0x0F, 0xE7, 0xC0]),
      ("pmovmskb of memory", [0x66, 0x0F, 0xD7, 0x03]), ("movmskps of memory", [0x0F, 0x50, 0x03]),
      ("pextrw of memory", [0x66, 0x0F, 0xC5, 0x03, 0]), ("psrlw of memory", [0x66, 0x0F, 0x71, 0x13, 0]),
      ("0F 71 /0", [0x66, 0x0F, 0x71, 0xC0, 0]), ("0F 73 /1", [0x66, 0x0F, 0x73, 0xC8, 0]),
    ])

  private static let invalidLocks = forms(
    "lock where it cannot be", 6,
    [
      ("lock nop", [0xF0, 0x90]), ("lock mov", [0xF0, 0x89, 0x03]), ("lock add to a register", [0xF0, 0x01, 0xC3]),
      ("lock add from memory", [0xF0, 0x03, 0x03]), ("lock cmp", [0xF0, 0x39, 0x03]),
      ("lock test", [0xF0, 0x85, 0x03]),
      ("lock cmp with a number", [0xF0, 0x83, 0x3B, 1]), ("lock inc of a register", [0xF0, 0xFF, 0xC0]),
      ("lock bt", [0xF0, 0x0F, 0xA3, 0x03]), ("lock bt with a number", [0xF0, 0x0F, 0xBA, 0x23, 1]),
      ("lock bts of a register", [0xF0, 0x0F, 0xAB, 0xC1]), ("lock xchg of registers", [0xF0, 0x87, 0xC1]),
      ("lock cmpxchg of registers", [0xF0, 0x0F, 0xB1, 0xC1]), ("lock push", [0xF0, 0x50]),
      ("lock lea", [0xF0, 0x8D, 0x03]), ("lock jmp", [0xF0, 0xEB, 0]), ("lock movaps", [0xF0, 0x0F, 0x28, 0x03]),
      ("lock fadd", [0xF0, 0xD8, 0x03]), ("lock movs", [0xF0, 0xA4]), ("lock shl", [0xF0, 0xD1, 0x23]),
      ("lock mul", [0xF0, 0xF7, 0x23]), ("lock push of memory", [0xF0, 0xFF, 0x33]),
    ])

  private static let invalidFloatingPoint = forms(
    "invalid x87 codes", 6,
    [
      (0xD9, 0xD1), (0xD9, 0xD7), (0xD9, 0xE2), (0xD9, 0xE3), (0xD9, 0xE6), (0xD9, 0xE7), (0xD9, 0xEF), (0xD9, 0x0B),
      (0xDA, 0xE0), (0xDA, 0xE8), (0xDA, 0xEA), (0xDA, 0xFF), (0xDB, 0xE5), (0xDB, 0xE7), (0xDB, 0xF8), (0xDB, 0x23),
      (0xDB, 0x33), (0xDD, 0xF0), (0xDD, 0xFF), (0xDD, 0x2B), (0xDE, 0xD8), (0xDE, 0xDA), (0xDE, 0xDF), (0xDF, 0xE1),
      (0xDF, 0xE7), (0xDF, 0xF8),
    ].map { ("\(hexadecimal($0.0 as UInt8, digits: 2)) \(hexadecimal($0.1 as UInt8, digits: 2))", [$0.0, $0.1]) })

  private static let privileged = forms(
    "privileged instructions", 13,
    [
      ("hlt", [0xF4]), ("cli", [0xFA]), ("sti", [0xFB]), ("in al, n", [0xE4, 0x80]), ("in eax, n", [0xE5, 0x80]),
      ("out n, al", [0xE6, 0x80]), ("out n, eax", [0xE7, 0x80]), ("in al, dx", [0xEC]), ("in eax, dx", [0xED]),
      ("out dx, al", [0xEE]), ("out dx, eax", [0xEF]), ("insb", [0x6C]), ("outsb", [0x6E]),
      ("lgdt", [0x0F, 0x01, 0x13]), ("lidt", [0x0F, 0x01, 0x1B]), ("lmsw", [0x0F, 0x01, 0xF0]),
      ("invlpg", [0x0F, 0x01, 0x3B]), ("swapgs", [0x0F, 0x01, 0xF8]), ("lldt", [0x0F, 0x00, 0xD0]),
      ("ltr", [0x0F, 0x00, 0xD8]), ("clts", [0x0F, 0x06]), ("sysret", [0x48, 0x0F, 0x07]), ("invd", [0x0F, 0x08]),
      ("wbinvd", [0x0F, 0x09]), ("mov from cr0", [0x0F, 0x20, 0xC0]), ("mov to cr0", [0x0F, 0x22, 0xC0]),
      ("mov from dr0", [0x0F, 0x21, 0xC0]), ("mov to dr0", [0x0F, 0x23, 0xC0]), ("wrmsr", [0x0F, 0x30]),
      ("rdmsr", [0x0F, 0x32]),
    ])

  /// Gates that programs may use, and those that they may not. 0x80 is Linux's own. INT1 is not among them: hypervisors that take #DB for
  /// themselves give it back with RIP still at the instruction.
  private static let softwareInterrupts =
    forms(
      "software interrupts", 13,
      (0...255).filter { ![3, 4, 0x80].contains($0) }.map { ("int \($0)", [0xCD, UInt8($0)]) })
    + forms("software interrupts", 3, [("int3", [0xCC]), ("int 3", [0xCD, 3])])
    + forms("software interrupts", 4, [("int 4", [0xCD, 4])])

  /// More than fifteen bytes.
  private static let tooLong = forms(
    "more than 15 bytes", 13,
    [
      ("nop", [UInt8](repeating: 0x66, count: 15) + [0x90]),
      ("add", [UInt8](repeating: 0x2E, count: 10) + [0x81, 0x83, 0, 0, 0, 0, 1, 0, 0, 0]),
      ("mov", [UInt8](repeating: 0x3E, count: 6) + [0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0]),
    ])
}

extension InstructionForm {
  /// The SSE2 moves, logic and integer operations that compilers use for copies and comparisons of memory.
  static let vectors: [InstructionForm] = {
    var forms: [InstructionForm] = []
    func add(
      _ name: String, _ prefix: UInt8?, _ opcode: UInt8, _ operands: Operands = .registerAndRM(),
      files: RegisterFile = .vector, sizes: [Int] = [4], alignment: Int = 16
    ) {
      forms.append(
        InstructionForm(
          name: name, mandatoryPrefix: prefix, opcode: [0x0F, opcode], operands: operands, sizes: sizes, files: files,
          alignment: alignment, ignoresWidth: sizes == [4]))
    }
    // Moves.
    for (name, prefix) in [("ups", nil), ("upd", 0x66), ("ss", 0xF3), ("sd", 0xF2)] as [(String, UInt8?)] {
      add("mov" + name, prefix, 0x10, alignment: 1)
      add("mov" + name, prefix, 0x11, alignment: 1)
    }
    for prefix in [nil, 0x66] as [UInt8?] {
      add("movaps", prefix, 0x28)
      add("movaps", prefix, 0x29)
      add("movlps", prefix, 0x13, .registerAndMemory, alignment: 1)
      add("movhps", prefix, 0x17, .registerAndMemory, alignment: 1)
      add("movntps", prefix, 0x2B, .registerAndMemory)
      add("unpcklps", prefix, 0x14)
      add("unpckhps", prefix, 0x15)
      add("andps", prefix, 0x54)
      add("andnps", prefix, 0x55)
      add("orps", prefix, 0x56)
      add("xorps", prefix, 0x57)
      add("shufps", prefix, 0xC6, .registerAndRM(immediate: .byte))
    }
    add("movlps", nil, 0x12, alignment: 1)
    add("movlpd", 0x66, 0x12, .registerAndMemory, alignment: 1)
    add("movhps", nil, 0x16, alignment: 1)
    add("movhpd", 0x66, 0x16, .registerAndMemory, alignment: 1)
    add("movdqa", 0x66, 0x6F)
    add("movdqa", 0x66, 0x7F)
    add("movdqu", 0xF3, 0x6F, alignment: 1)
    add("movdqu", 0xF3, 0x7F, alignment: 1)
    add("movntdq", 0x66, 0xE7, .registerAndMemory)
    add("movq", 0xF3, 0x7E, alignment: 1)
    add("movq", 0x66, 0xD6, alignment: 1)
    add("movd", 0x66, 0x6E, files: .vectorThenGeneral, sizes: [4, 8], alignment: 1)
    add("movd", 0x66, 0x7E, files: .vectorThenGeneral, sizes: [4, 8], alignment: 1)
    add("pmovmskb", 0x66, 0xD7, .registerAndRegister(), files: .generalThenVector)
    add("pshufd", 0x66, 0x70, .registerAndRM(immediate: .byte))
    add("pshufhw", 0xF3, 0x70, .registerAndRM(immediate: .byte))
    add("pshuflw", 0xF2, 0x70, .registerAndRM(immediate: .byte))
    // Integer operations on a register and a register or aligned memory.
    let integer: [(String, [UInt8])] = [
      ("pack", [0x63, 0x67, 0x6B]), ("pcmpgt", [0x64, 0x65, 0x66]), ("padds", [0xEC, 0xED]), ("paddus", [0xDC, 0xDD]),
      ("psubs", [0xE8, 0xE9]), ("psubus", [0xD8, 0xD9]), ("pminmax", [0xDA, 0xDE, 0xEA, 0xEE]),
      ("pavg", [0xE0, 0xE3]), ("pmul", [0xD5, 0xE4, 0xE5, 0xF4]), ("pmaddwd", [0xF5]), ("psadbw", [0xF6]),
      ("punpckl", [0x60, 0x61, 0x62, 0x6C]), ("punpckh", [0x68, 0x69, 0x6A, 0x6D]), ("pcmpeq", [0x74, 0x75, 0x76]),
      ("pand", [0xDB]), ("pandn", [0xDF]), ("por", [0xEB]), ("pxor", [0xEF]), ("padd", [0xFC, 0xFD, 0xFE, 0xD4]),
      ("psub", [0xF8, 0xF9, 0xFA, 0xFB]), ("psrl", [0xD1, 0xD2, 0xD3]), ("psra", [0xE1, 0xE2]),
      ("psll", [0xF1, 0xF2, 0xF3]),
    ]
    for (name, opcodes) in integer {
      for opcode in opcodes { add(name, 0x66, opcode) }
    }
    add("pinsrw", 0x66, 0xC4, .registerAndRM(immediate: .byte), files: .vectorThenGeneral, alignment: 1)
    add("pextrw", 0x66, 0xC5, .registerAndRegister(immediate: .byte), files: .generalThenVector)
    add("movmskps", nil, 0x50, .registerAndRegister(), files: .generalThenVector)
    add("movmskpd", 0x66, 0x50, .registerAndRegister(), files: .generalThenVector)
    // Shifts by an immediate.
    for (opcode, digits) in [(0x71, [2, 4, 6]), (0x72, [2, 4, 6]), (0x73, [2, 3, 6, 7])] as [(UInt8, [UInt8])] {
      for digit in digits {
        add("pshift", 0x66, opcode, .extensionAndRegister(digit, immediate: .byte))
      }
    }
    return forms
  }()
}

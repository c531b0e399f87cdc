#if arch(x86_64)
/// MMX, and what SSE and SSE2 do with MMX registers.
///
/// They are drawn with the x87 unit's state, since they share its registers and reset its stack.
extension FloatingPointForm {
  static let mmxForms: [FloatingPointForm] = {
    var forms: [FloatingPointForm] = []
    func add(
      _ name: String, _ opcode: UInt8, prefix: UInt8? = nil, _ field: RegisterKind = .mmx, _ other: RegisterKind = .mmx,
      memory: Int = 1, _ operand: FloatingPointOperand = .integer64, hasImmediate: Bool = false
    ) {
      forms.append(
        FloatingPointForm(
          name: name, prefix: prefix, opcode: [0x0F, opcode],
          coding: .registers(field, other, memoryLanes: memory), operand: operand, immediates: hasImmediate ? 255 : 0,
          isMMX: true))
    }
    let lanes: [(String, [UInt8])] = [
      ("punpckl mm", [0x60, 0x61, 0x62]), ("punpckh mm", [0x68, 0x69, 0x6A]), ("pack mm", [0x63, 0x67, 0x6B]),
      ("pcmpgt mm", [0x64, 0x65, 0x66]), ("pcmpeq mm", [0x74, 0x75, 0x76]), ("psrl mm", [0xD1, 0xD2, 0xD3]),
      ("psra mm", [0xE1, 0xE2]), ("psll mm", [0xF1, 0xF2, 0xF3]), ("padd mm", [0xFC, 0xFD, 0xFE, 0xD4]),
      ("psub mm", [0xF8, 0xF9, 0xFA, 0xFB]), ("padds mm", [0xEC, 0xED]), ("paddus mm", [0xDC, 0xDD]),
      ("psubs mm", [0xE8, 0xE9]), ("psubus mm", [0xD8, 0xD9]), ("pminmax mm", [0xDA, 0xDE, 0xEA, 0xEE]),
      ("pavg mm", [0xE0, 0xE3]), ("pmul mm", [0xD5, 0xE4, 0xE5, 0xF4]), ("pmaddwd mm", [0xF5]), ("psadbw mm", [0xF6]),
      ("pand mm", [0xDB]), ("pandn mm", [0xDF]), ("por mm", [0xEB]), ("pxor mm", [0xEF]), ("movq mm", [0x6F, 0x7F]),
    ]
    for (name, opcodes) in lanes {
      for opcode in opcodes { add(name, opcode) }
    }
    for (opcode, digits) in [(0x71, [2, 4, 6]), (0x72, [2, 4, 6]), (0x73, [2, 6])] as [(UInt8, [UInt8])] {
      for digit in digits { add("pshift mm", opcode, .digit(digit), memory: 0, hasImmediate: true) }
    }
    add("movd mm", 0x6E, .mmx, .general)
    add("movd mm", 0x7E, .mmx, .general)
    add("pshufw", 0x70, hasImmediate: true)
    add("pinsrw mm", 0xC4, .mmx, .general, hasImmediate: true)
    add("pextrw mm", 0xC5, .general, memory: 0, hasImmediate: true)
    add("pmovmskb mm", 0xD7, .general, memory: 0)
    add("maskmovq", 0xF7, memory: 0)
    add("movntq", 0xE7, .mmx, .none)
    add("movq2dq", 0xD6, prefix: 0xF3, .vector, .mmx, memory: 0)
    add("movdq2q", 0xD6, prefix: 0xF2, .mmx, .vector, memory: 0)
    // From memory it is not compared: processors differ in whether it resets the x87 stack then.
    add("cvtpi2ps", 0x2A, .vector, .mmx, memory: 0)
    add("cvtpi2pd", 0x2A, prefix: 0x66, .vector, .mmx)
    for (opcode, name) in [(0x2C, "cvtt"), (0x2D, "cvt")] as [(UInt8, String)] {
      add(name + "ps2pi", opcode, .mmx, .vector, memory: 2, .binary32)
      add(name + "pd2pi", opcode, prefix: 0x66, .mmx, .vector, memory: 2, .binary64)
    }
    forms.append(FloatingPointForm(name: "emms", opcode: [0x0F, 0x77], coding: .plain, isMMX: true))
    return forms
  }()
}
#endif

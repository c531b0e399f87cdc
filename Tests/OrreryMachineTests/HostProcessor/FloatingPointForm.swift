/// A format of operands in memory or registers.
enum FloatingPointOperand {
  case binary32, binary64, extended
  case integer16, integer32, integer64
  case decimal
  /// What FNSTENV or FNSAVE stores, with 32- or 16-bit words.
  case environment, environment16, state, state16
  /// A control word, an MXCSR.
  case control, mxcsr

  /// In bytes.
  var size: Int {
    switch self {
    case .integer16, .control: 2
    case .binary32, .integer32, .mxcsr: 4
    case .binary64, .integer64: 8
    case .extended, .decimal: 10
    case .environment16: 14
    case .environment: 28
    case .state16: 94
    case .state: 108
    }
  }
}

/// One instruction form of SSE arithmetic or of x87 (Intel SDM volume 2).
struct FloatingPointForm {
  enum Coding {
    /// ModRM with any registers, or memory of the operand's format.
    case vector(lanes: Int)
    /// As `vector`, the other operand being a general register, or the register field one.
    case vectorFromGeneral
    case generalFromVector(lanes: Int)
    /// ModRM with registers of these kinds, or memory of some operands in place of the other unless it has none.
    case registers(RegisterKind, RegisterKind, memoryLanes: Int)
    /// The low three bits of ModRM are i of ST(i), or it is one code alone.
    case stack(UInt8)
    case single(UInt8)
    /// The reg field, with memory.
    case memory(UInt8)
    /// The opcode alone.
    case plain
  }

  /// What a field of ModRM names.
  enum RegisterKind {
    case general, vector, mmx
    case digit(UInt8)
    /// Memory alone.
    case none
  }

  var name: String
  var prefix: UInt8?
  var opcode: [UInt8]
  var coding: Coding
  var operand = FloatingPointOperand.binary64
  /// An immediate byte below this follows.
  var immediates: UInt8 = 0
  /// It may find an exception of an earlier instruction waiting, so that it can follow none that is not masked.
  var isX87 = false
  /// It works on MMX registers.
  var isMMX = false
  /// How many units of the last place a processor's result may be off.
  var ulps: UInt64 = 0

  /// Its exceptions are compared: those of MMX and of the transcendental instructions are not.
  var hasExceptions: Bool { !isMMX && ulps == 0 }

  /// It has a memory operand, or may have one.
  var usesMemory: Bool {
    switch coding {
    case .vector, .vectorFromGeneral, .generalFromVector, .memory: true
    case .registers(_, _, let lanes): lanes > 0
    case .stack, .single, .plain: false
    }
  }

  /// The heading under which the table of a long run counts it.
  var group: String {
    if isMMX { return "MMX" }
    guard isX87 else { return "SSE floating point" }
    if ulps > 0 { return "x87 transcendental" }
    if case .memory = coding { return "x87 with memory" }
    return "x87 with registers"
  }

  static let all: [FloatingPointForm] =
    vectorForms + conversionForms + x87MemoryForms + x87RegisterForms + transcendentalForms + mmxForms

  /// The four shapes by their prefix.
  private static let shapes: [(suffix: String, prefix: UInt8?, operand: FloatingPointOperand, lanes: Int)] = [
    ("ps", nil, .binary32, 4), ("pd", 0x66, .binary64, 2), ("ss", 0xF3, .binary32, 1), ("sd", 0xF2, .binary64, 1),
  ]

  private static let vectorForms: [FloatingPointForm] = shapes.flatMap { shape in
    let names: [(String, UInt8)] = [
      ("sqrt", 0x51), ("add", 0x58), ("mul", 0x59), ("sub", 0x5C), ("min", 0x5D), ("div", 0x5E), ("max", 0x5F),
    ]
    var forms = names.map { name, opcode in
      FloatingPointForm(
        name: name + shape.suffix, prefix: shape.prefix, opcode: [0x0F, opcode], coding: .vector(lanes: shape.lanes),
        operand: shape.operand)
    }
    forms.append(
      FloatingPointForm(
        name: "cmp" + shape.suffix, prefix: shape.prefix, opcode: [0x0F, 0xC2], coding: .vector(lanes: shape.lanes),
        operand: shape.operand, immediates: 8))
    return forms
  }

  private static let conversionForms: [FloatingPointForm] = {
    var forms: [FloatingPointForm] = []
    func add(
      _ name: String, _ prefix: UInt8?, _ opcode: UInt8, _ coding: Coding, _ operand: FloatingPointOperand
    ) {
      forms.append(
        FloatingPointForm(name: name, prefix: prefix, opcode: [0x0F, opcode], coding: coding, operand: operand))
    }
    add("cvtps2pd", nil, 0x5A, .vector(lanes: 2), .binary32)
    add("cvtpd2ps", 0x66, 0x5A, .vector(lanes: 2), .binary64)
    add("cvtss2sd", 0xF3, 0x5A, .vector(lanes: 1), .binary32)
    add("cvtsd2ss", 0xF2, 0x5A, .vector(lanes: 1), .binary64)
    add("cvtdq2ps", nil, 0x5B, .vector(lanes: 4), .integer32)
    add("cvtps2dq", 0x66, 0x5B, .vector(lanes: 4), .binary32)
    add("cvttps2dq", 0xF3, 0x5B, .vector(lanes: 4), .binary32)
    add("cvtdq2pd", 0xF3, 0xE6, .vector(lanes: 2), .integer32)
    add("cvttpd2dq", 0x66, 0xE6, .vector(lanes: 2), .binary64)
    add("cvtpd2dq", 0xF2, 0xE6, .vector(lanes: 2), .binary64)
    for (suffix, prefix, operand) in [("ss", 0xF3, .binary32), ("sd", 0xF2, .binary64)]
      as [(String, UInt8, FloatingPointOperand)]
    {
      add("cvtsi2" + suffix, prefix, 0x2A, .vectorFromGeneral, .integer64)
      add("cvtt\(suffix)2si", prefix, 0x2C, .generalFromVector(lanes: 1), operand)
      add("cvt\(suffix)2si", prefix, 0x2D, .generalFromVector(lanes: 1), operand)
    }
    for (suffix, prefix, operand) in [("ss", nil, .binary32), ("sd", 0x66, .binary64)]
      as [(String, UInt8?, FloatingPointOperand)]
    {
      add("ucomi" + suffix, prefix, 0x2E, .vector(lanes: 1), operand)
      add("comi" + suffix, prefix, 0x2F, .vector(lanes: 1), operand)
    }
    add("ldmxcsr", nil, 0xAE, .memory(2), .mxcsr)
    add("stmxcsr", nil, 0xAE, .memory(3), .mxcsr)
    return forms
  }()

  private static let x87MemoryForms: [FloatingPointForm] = {
    var forms: [FloatingPointForm] = []
    func add(_ name: String, _ opcode: UInt8, _ field: UInt8, _ operand: FloatingPointOperand, prefix: UInt8? = nil) {
      forms.append(
        FloatingPointForm(
          name: name, prefix: prefix, opcode: [opcode], coding: .memory(field), operand: operand, isX87: true))
    }
    let arithmetic = ["fadd", "fmul", "fcom", "fcomp", "fsub", "fsubr", "fdiv", "fdivr"]
    for (opcode, operand, suffix) in [
      (0xD8, .binary32, " m32"), (0xDC, .binary64, " m64"), (0xDA, .integer32, " m32int"),
      (0xDE, .integer16, " m16int"),
    ] as [(UInt8, FloatingPointOperand, String)] {
      for (field, name) in arithmetic.enumerated() { add(name + suffix, opcode, UInt8(field), operand) }
    }
    let moves: [(String, UInt8, UInt8, FloatingPointOperand)] = [
      ("fld m32", 0xD9, 0, .binary32), ("fst m32", 0xD9, 2, .binary32), ("fstp m32", 0xD9, 3, .binary32),
      ("fld m64", 0xDD, 0, .binary64), ("fst m64", 0xDD, 2, .binary64), ("fstp m64", 0xDD, 3, .binary64),
      ("fld m80", 0xDB, 5, .extended), ("fstp m80", 0xDB, 7, .extended),
      ("fild m16", 0xDF, 0, .integer16), ("fist m16", 0xDF, 2, .integer16), ("fistp m16", 0xDF, 3, .integer16),
      ("fild m32", 0xDB, 0, .integer32), ("fist m32", 0xDB, 2, .integer32), ("fistp m32", 0xDB, 3, .integer32),
      ("fild m64", 0xDF, 5, .integer64), ("fistp m64", 0xDF, 7, .integer64),
      ("fbld", 0xDF, 4, .decimal), ("fbstp", 0xDF, 6, .decimal),
      ("fldcw", 0xD9, 5, .control), ("fnstcw", 0xD9, 7, .control), ("fnstsw", 0xDD, 7, .control),
      ("fldenv", 0xD9, 4, .environment), ("fnstenv", 0xD9, 6, .environment),
      ("frstor", 0xDD, 4, .state), ("fnsave", 0xDD, 6, .state),
    ]
    for (name, opcode, field, operand) in moves { add(name, opcode, field, operand) }
    add("fldenv 16", 0xD9, 4, .environment16, prefix: 0x66)
    add("fnstenv 16", 0xD9, 6, .environment16, prefix: 0x66)
    add("frstor 16", 0xDD, 4, .state16, prefix: 0x66)
    add("fnsave 16", 0xDD, 6, .state16, prefix: 0x66)
    return forms
  }()

  private static let x87RegisterForms: [FloatingPointForm] = {
    var forms: [FloatingPointForm] = []
    func add(_ name: String, _ opcode: UInt8, _ coding: Coding) {
      forms.append(FloatingPointForm(name: name, opcode: [opcode], coding: coding, isX87: true))
    }
    let stack: [(UInt8, [(UInt8, String)])] = [
      (
        0xD8,
        [
          (0xC0, "fadd"), (0xC8, "fmul"), (0xD0, "fcom"), (0xD8, "fcomp"), (0xE0, "fsub"), (0xE8, "fsubr"),
          (0xF0, "fdiv"), (0xF8, "fdivr"),
        ]
      ),
      (0xD9, [(0xC0, "fld"), (0xC8, "fxch")]),
      (0xDA, [(0xC0, "fcmovb"), (0xC8, "fcmove"), (0xD0, "fcmovbe"), (0xD8, "fcmovu")]),
      (
        0xDB,
        [
          (0xC0, "fcmovnb"), (0xC8, "fcmovne"), (0xD0, "fcmovnbe"), (0xD8, "fcmovnu"), (0xE8, "fucomi"),
          (0xF0, "fcomi"),
        ]
      ),
      (
        0xDC,
        [
          (0xC0, "fadd to"), (0xC8, "fmul to"), (0xE0, "fsubr to"), (0xE8, "fsub to"), (0xF0, "fdivr to"),
          (0xF8, "fdiv to"),
        ]
      ),
      (0xDD, [(0xC0, "ffree"), (0xD0, "fst"), (0xD8, "fstp"), (0xE0, "fucom"), (0xE8, "fucomp")]),
      (
        0xDE,
        [
          (0xC0, "faddp"), (0xC8, "fmulp"), (0xE0, "fsubrp"), (0xE8, "fsubp"), (0xF0, "fdivrp"), (0xF8, "fdivp"),
        ]
      ),
      (0xDF, [(0xE8, "fucomip"), (0xF0, "fcomip")]),
      // Codes that appendix A leaves out.
      (0xDC, [(0xD0, "fcom DC"), (0xD8, "fcomp DC")]), (0xDD, [(0xC8, "fxch DD")]), (0xDE, [(0xD0, "fcomp DE")]),
      (0xDF, [(0xC0, "ffreep"), (0xC8, "fxch DF"), (0xD0, "fstp DF D0"), (0xD8, "fstp DF D8")]),
    ]
    for (opcode, codes) in stack {
      for (code, name) in codes { add(name, opcode, .stack(code)) }
    }
    let singles: [(String, UInt8, UInt8)] = [
      ("fnop", 0xD9, 0xD0), ("fchs", 0xD9, 0xE0), ("fabs", 0xD9, 0xE1), ("ftst", 0xD9, 0xE4), ("fxam", 0xD9, 0xE5),
      ("fld1", 0xD9, 0xE8), ("fldl2t", 0xD9, 0xE9), ("fldl2e", 0xD9, 0xEA), ("fldpi", 0xD9, 0xEB),
      ("fldlg2", 0xD9, 0xEC), ("fldln2", 0xD9, 0xED), ("fldz", 0xD9, 0xEE), ("fxtract", 0xD9, 0xF4),
      ("fprem1", 0xD9, 0xF5), ("fdecstp", 0xD9, 0xF6), ("fincstp", 0xD9, 0xF7), ("fprem", 0xD9, 0xF8),
      ("fsqrt", 0xD9, 0xFA), ("frndint", 0xD9, 0xFC), ("fscale", 0xD9, 0xFD), ("fucompp", 0xDA, 0xE9),
      ("fnclex", 0xDB, 0xE2), ("fninit", 0xDB, 0xE3), ("fneni", 0xDB, 0xE0), ("fcompp", 0xDE, 0xD9),
      ("fnstsw ax", 0xDF, 0xE0),
    ]
    for (name, opcode, code) in singles { add(name, opcode, .single(code)) }
    add("fwait", 0x9B, .plain)
    return forms
  }()
}

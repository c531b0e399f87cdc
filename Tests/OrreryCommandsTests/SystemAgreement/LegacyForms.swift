/// One instruction form of 16- and 32-bit code: its opcode and what follows it.
struct LegacyForm {
  enum Operand {
    case none
    /// ModRM with a register and a register or memory.
    case any
    /// ModRM with a digit of the opcode.
    case digit(UInt8)
    /// ModRM whose memory form alone exists, or whose register form does.
    case memory, register
    case memoryDigit(UInt8)
    /// A register in the low bits of the opcode.
    case opcode
    /// An address without ModRM.
    case offset
  }

  enum Immediate {
    case none, byte
    /// A byte below this.
    case below(UInt8)
    /// Two or four bytes by the operand size.
    case full
    /// These bytes; when none are given, a distance of 0 of the operand size.
    case fixed([UInt8])
  }

  var name: String
  var opcode: [UInt8]
  var operand = Operand.none
  var immediate = Immediate.none
  /// Flags that it leaves undefined, as bits of FLAGS.
  var undefined: UInt64 = 0
  /// It has no operand size of 16 bits.
  var needs32 = false
  /// It branches: with 16 bits in 32-bit code to a place that is no code.
  var branches = false
  /// It may fault: then it is drawn in user mode, where the handler's frame lies on another stack. QEMU pushes no RF.
  var faults = false

  private enum Flag {
    static let carry: UInt64 = 1 << 0
    static let parity: UInt64 = 1 << 2
    static let adjust: UInt64 = 1 << 4
    static let zero: UInt64 = 1 << 6
    static let sign: UInt64 = 1 << 7
    static let overflow: UInt64 = 1 << 11
    static let all = carry | parity | adjust | zero | sign | overflow
  }

  static let all: [LegacyForm] = arithmetic + shiftsAndBits + moves + stackAndBranches + decimal

  private static let arithmetic: [LegacyForm] = {
    var forms: [LegacyForm] = []
    for (index, name) in ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"].enumerated() {
      let undefined = [1, 4, 6].contains(index) ? Flag.adjust : 0
      let digit = UInt8(index)
      for low in 0..<4 as Range<UInt8> {
        forms.append(LegacyForm(name: name, opcode: [digit << 3 | low], operand: .any, undefined: undefined))
      }
      forms += [
        LegacyForm(name: name, opcode: [digit << 3 | 4], immediate: .byte, undefined: undefined),
        LegacyForm(name: name, opcode: [digit << 3 | 5], immediate: .full, undefined: undefined),
        LegacyForm(name: name, opcode: [0x81], operand: .digit(digit), immediate: .full, undefined: undefined),
      ]
      for opcode in [0x80, 0x82, 0x83] as [UInt8] {
        forms.append(
          LegacyForm(name: name, opcode: [opcode], operand: .digit(digit), immediate: .byte, undefined: undefined))
      }
    }
    for low in 0..<2 as Range<UInt8> {
      let immediate: Immediate = low == 0 ? .byte : .full
      forms += [
        LegacyForm(name: "test", opcode: [0x84 | low], operand: .any, undefined: Flag.adjust),
        LegacyForm(name: "test", opcode: [0xA8 | low], immediate: immediate, undefined: Flag.adjust),
        LegacyForm(
          name: "test", opcode: [0xF6 | low], operand: .digit(0), immediate: immediate, undefined: Flag.adjust),
        LegacyForm(name: "not", opcode: [0xF6 | low], operand: .digit(2)),
        LegacyForm(name: "neg", opcode: [0xF6 | low], operand: .digit(3)),
        LegacyForm(
          name: "mul", opcode: [0xF6 | low], operand: .digit(4), undefined: Flag.all & ~(Flag.carry | Flag.overflow)),
        LegacyForm(
          name: "imul", opcode: [0xF6 | low], operand: .digit(5), undefined: Flag.all & ~(Flag.carry | Flag.overflow)),
        LegacyForm(name: "div", opcode: [0xF6 | low], operand: .digit(6), undefined: Flag.all, faults: true),
        LegacyForm(name: "idiv", opcode: [0xF6 | low], operand: .digit(7), undefined: Flag.all, faults: true),
        LegacyForm(name: "inc", opcode: [0xFE | low], operand: .digit(0)),
        LegacyForm(name: "dec", opcode: [0xFE | low], operand: .digit(1)),
        LegacyForm(name: "xadd", opcode: [0x0F, 0xC0 | low], operand: .any),
        LegacyForm(name: "cmpxchg", opcode: [0x0F, 0xB0 | low], operand: .any),
      ]
    }
    let product = Flag.all & ~(Flag.carry | Flag.overflow)
    forms += [
      LegacyForm(name: "inc", opcode: [0x40], operand: .opcode),
      LegacyForm(name: "dec", opcode: [0x48], operand: .opcode),
      LegacyForm(name: "imul", opcode: [0x69], operand: .any, immediate: .full, undefined: product),
      LegacyForm(name: "imul", opcode: [0x6B], operand: .any, immediate: .byte, undefined: product),
      LegacyForm(name: "imul", opcode: [0x0F, 0xAF], operand: .any, undefined: product),
      LegacyForm(name: "cmpxchg8b", opcode: [0x0F, 0xC7], operand: .memoryDigit(1)),
      LegacyForm(name: "cbw", opcode: [0x98]), LegacyForm(name: "cwd", opcode: [0x99]),
      LegacyForm(name: "cmc", opcode: [0xF5]), LegacyForm(name: "clc", opcode: [0xF8]),
      LegacyForm(name: "stc", opcode: [0xF9]), LegacyForm(name: "lahf", opcode: [0x9F]),
      LegacyForm(name: "sahf", opcode: [0x9E]),
    ]
    return forms
  }()

  private static let shiftsAndBits: [LegacyForm] = {
    var forms: [LegacyForm] = []
    for (index, name) in ["rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar"].enumerated() {
      let adjust = index < 4 ? 0 : Flag.adjust
      for opcode in [0xD0, 0xD1] as [UInt8] {
        forms.append(LegacyForm(name: name, opcode: [opcode], operand: .digit(UInt8(index)), undefined: adjust))
      }
      for opcode in [0xC0, 0xC1] as [UInt8] {
        forms.append(
          LegacyForm(
            name: name, opcode: [opcode], operand: .digit(UInt8(index)), immediate: .below(8),
            undefined: adjust | Flag.overflow))
      }
      // By CL the count may exceed the width.
      for opcode in [0xD2, 0xD3] as [UInt8] {
        forms.append(
          LegacyForm(
            name: name, opcode: [opcode], operand: .digit(UInt8(index)),
            undefined: adjust | Flag.overflow | (index < 4 ? 0 : Flag.carry)))
      }
    }
    for (name, opcode) in [("shld", 0xA4), ("shrd", 0xAC)] as [(String, UInt8)] {
      forms.append(
        LegacyForm(
          name: name, opcode: [0x0F, opcode], operand: .any, immediate: .below(16),
          undefined: Flag.overflow | Flag.adjust))
      forms.append(
        LegacyForm(
          name: name, opcode: [0x0F, opcode + 1], operand: .any, undefined: Flag.overflow | Flag.adjust, needs32: true))
    }
    let bit = Flag.overflow | Flag.sign | Flag.adjust | Flag.parity
    for (index, name) in ["bt", "bts", "btr", "btc"].enumerated() {
      let digit = UInt8(index) + 4
      forms += [
        // A bit number in a register reaches far beyond the operand.
        LegacyForm(name: name, opcode: [0x0F, digit << 3 | 0x83], operand: .register, undefined: bit),
        LegacyForm(name: name, opcode: [0x0F, 0xBA], operand: .digit(digit), immediate: .byte, undefined: bit),
      ]
    }
    for (name, opcode) in [("bsf", 0xBC), ("bsr", 0xBD)] as [(String, UInt8)] {
      forms.append(
        LegacyForm(name: name, opcode: [0x0F, opcode], operand: .any, undefined: Flag.all & ~Flag.zero))
    }
    forms.append(LegacyForm(name: "bswap", opcode: [0x0F, 0xC8], operand: .opcode, needs32: true))
    return forms
  }()

  private static let moves: [LegacyForm] = {
    var forms: [LegacyForm] = []
    for opcode in 0x86...0x8B as ClosedRange<UInt8> {
      forms.append(LegacyForm(name: opcode < 0x88 ? "xchg" : "mov", opcode: [opcode], operand: .any))
    }
    for opcode in 0xA0...0xA3 as ClosedRange<UInt8> {
      forms.append(LegacyForm(name: "mov offset", opcode: [opcode], operand: .offset))
    }
    for opcode in [0xB6, 0xB7, 0xBE, 0xBF] as [UInt8] {
      forms.append(LegacyForm(name: "movzx and movsx", opcode: [0x0F, opcode], operand: .any))
    }
    for condition in 0..<16 as Range<UInt8> {
      forms += [
        LegacyForm(name: "set\(condition)", opcode: [0x0F, 0x90 | condition], operand: .digit(0)),
        LegacyForm(name: "cmov\(condition)", opcode: [0x0F, 0x40 | condition], operand: .any),
        // Over an INC of the accumulator, or not.
        LegacyForm(name: "j\(condition)", opcode: [0x70 | condition], immediate: .fixed([1, 0x40]), branches: true),
      ]
    }
    return forms + [
      LegacyForm(name: "mov", opcode: [0xB0], operand: .opcode, immediate: .byte),
      LegacyForm(name: "mov", opcode: [0xB8], operand: .opcode, immediate: .full),
      LegacyForm(name: "mov", opcode: [0xC6], operand: .digit(0), immediate: .byte),
      LegacyForm(name: "mov", opcode: [0xC7], operand: .digit(0), immediate: .full),
      LegacyForm(name: "xchg", opcode: [0x90], operand: .opcode),
      LegacyForm(name: "lea", opcode: [0x8D], operand: .memory),
      LegacyForm(name: "xlat", opcode: [0xD7]),
    ]
  }()

  private static let stackAndBranches: [LegacyForm] =
    [
      LegacyForm(name: "push", opcode: [0x50], operand: .opcode),
      LegacyForm(name: "pop", opcode: [0x58], operand: .opcode),
      LegacyForm(name: "push", opcode: [0x68], immediate: .full),
      LegacyForm(name: "push", opcode: [0x6A], immediate: .byte),
      LegacyForm(name: "push", opcode: [0xFF], operand: .digit(6)),
      LegacyForm(name: "pop", opcode: [0x8F], operand: .digit(0)),
      LegacyForm(name: "push es", opcode: [0x06]), LegacyForm(name: "push ds", opcode: [0x1E]),
      LegacyForm(name: "push fs", opcode: [0x0F, 0xA0]), LegacyForm(name: "push cs", opcode: [0x0E]),
      LegacyForm(name: "pusha", opcode: [0x60]), LegacyForm(name: "popa", opcode: [0x61]),
      LegacyForm(name: "pushf", opcode: [0x9C]), LegacyForm(name: "leave", opcode: [0xC9]),
      LegacyForm(name: "bound", opcode: [0x62], operand: .memory, faults: true),
      LegacyForm(name: "call", opcode: [0xE8], immediate: .fixed([]), branches: true),
    ]
    + (0..<4 as Range<UInt8>).map { level in
      LegacyForm(name: "enter \(level)", opcode: [0xC8, 0x24, 0, level])
    }
    + (0..<4 as Range<UInt8>).map { kind in
      LegacyForm(name: "loop or jcxz \(kind)", opcode: [0xE0 | kind], immediate: .fixed([1, 0x40]), branches: true)
    }

  private static let decimal: [LegacyForm] =
    [
      ("daa", [0x27], Flag.overflow), ("das", [0x2F], Flag.overflow),
      ("aaa", [0x37], Flag.all & ~(Flag.carry | Flag.adjust)),
      ("aas", [0x3F], Flag.all & ~(Flag.carry | Flag.adjust)),
      ("aam 10", [0xD4, 10], Flag.overflow | Flag.adjust | Flag.carry),
      ("aam 7", [0xD4, 7], Flag.overflow | Flag.adjust | Flag.carry),
      ("aad 10", [0xD5, 10], Flag.overflow | Flag.adjust | Flag.carry),
      ("aad 16", [0xD5, 16], Flag.overflow | Flag.adjust | Flag.carry), ("salc", [0xD6], 0),
    ].flatMap { (name: String, opcode: [UInt8], undefined: UInt64) in
      // What they do depends on digits and flags: they are drawn more often.
      [LegacyForm](repeating: LegacyForm(name: name, opcode: opcode, undefined: undefined), count: 4)
    }
}

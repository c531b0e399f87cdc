/// The arithmetic flags as bits of RFLAGS.
struct ArithmeticFlags: OptionSet {
  var rawValue: UInt64

  static let carry = Self(rawValue: 1 << 0)
  static let parity = Self(rawValue: 1 << 2)
  static let adjust = Self(rawValue: 1 << 4)
  static let zero = Self(rawValue: 1 << 6)
  static let sign = Self(rawValue: 1 << 7)
  static let overflow = Self(rawValue: 1 << 11)
  static let all: Self = [.carry, .parity, .adjust, .zero, .sign, .overflow]
}

/// How an instruction is coded and which operands it takes.
enum Operands {
  /// ModRM with a register field and a register or memory operand.
  case registerAndRM(immediate: Immediate = .none)
  /// ModRM with an opcode extension in the register field.
  case extensionAndRM(UInt8, immediate: Immediate = .none)
  /// ModRM whose memory form alone exists.
  case registerAndMemory
  case extensionAndMemory(UInt8)
  /// ModRM whose register form alone exists.
  case registerAndRegister(immediate: Immediate = .none)
  case extensionAndRegister(UInt8, immediate: Immediate = .none)
  /// A register in the low three bits of the opcode.
  case opcodeRegister(immediate: Immediate = .none)
  case none(immediate: Immediate = .none)
}

enum Immediate {
  case none
  case byte
  /// 1, 2 or 4 bytes by operand size, sign-extended to 8.
  case full
  /// 1, 2, 4 or 8 bytes by operand size.
  case whole
  /// A byte below the operand's width in bits, at least 1: a shift or rotate whose result is defined.
  case count
}

/// Which register file the ModRM fields name.
enum RegisterFile {
  case general
  /// Vector registers in both fields.
  case vector
  /// Vector in the register field, general in the other.
  case vectorThenGeneral
  /// General in the register field, vector in the other.
  case generalThenVector
}

/// One instruction form: an opcode with its operands, and what the manual says of its flags (Intel SDM volume 2).
struct InstructionForm {
  var name: String
  var mandatoryPrefix: UInt8?
  var opcode: [UInt8]
  var operands: Operands
  /// The operand sizes, in bytes, that the form has.
  var sizes: [Int]
  var files = RegisterFile.general
  /// Flags it needs to be defined.
  var reads: ArithmeticFlags = []
  /// Flags it leaves with a stated value.
  var defines: ArithmeticFlags = []
  /// Flags it leaves undefined.
  var undefines: ArithmeticFlags = []
  /// Its flags depend on a count that may be 0, so flags undefined before stay so.
  var keepsUndefined = false
  /// Takes a memory operand aligned to this many bytes.
  var alignment = 1
  /// Means the same with and without REX.W.
  var ignoresWidth = false
}

extension InstructionForm {
  static let anySize = [1, 2, 4, 8]
  static let wordSizes = [2, 4, 8]

  /// Every form under test.
  static let all: [InstructionForm] = arithmetic + shifts + bits + moves + stack + conditions + strings + vectors

  private static let logic: ArithmeticFlags = [.carry, .parity, .zero, .sign, .overflow]

  static let arithmetic: [InstructionForm] = {
    var forms: [InstructionForm] = []
    let names = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"]
    for (index, name) in names.enumerated() {
      let isLogic = [1, 4, 6].contains(index)
      let reads: ArithmeticFlags = index == 2 || index == 3 ? .carry : []
      func form(_ opcode: UInt8, _ operands: Operands, _ sizes: [Int]) -> InstructionForm {
        InstructionForm(
          name: name, opcode: [opcode], operands: operands, sizes: sizes, reads: reads,
          defines: isLogic ? logic : .all, undefines: isLogic ? .adjust : [])
      }
      let base = UInt8(index) << 3
      forms += [
        form(base, .registerAndRM(), [1]), form(base + 1, .registerAndRM(), wordSizes),
        form(base + 2, .registerAndRM(), [1]), form(base + 3, .registerAndRM(), wordSizes),
        form(base + 4, .none(immediate: .full), [1]), form(base + 5, .none(immediate: .full), wordSizes),
        form(0x80, .extensionAndRM(UInt8(index), immediate: .full), [1]),
        form(0x81, .extensionAndRM(UInt8(index), immediate: .full), wordSizes),
        form(0x83, .extensionAndRM(UInt8(index), immediate: .byte), wordSizes),
      ]
    }
    func add(
      _ name: String, _ opcode: [UInt8], _ operands: Operands, _ sizes: [Int], reads: ArithmeticFlags = [],
      defines: ArithmeticFlags = [], undefines: ArithmeticFlags = [], alignment: Int = 1
    ) {
      forms.append(
        InstructionForm(
          name: name, opcode: opcode, operands: operands, sizes: sizes, reads: reads, defines: defines,
          undefines: undefines, alignment: alignment))
    }
    let unary: [(String, UInt8, ArithmeticFlags, ArithmeticFlags)] = [
      ("not", 2, [], []), ("neg", 3, .all, []), ("mul", 4, [.carry, .overflow], [.sign, .zero, .adjust, .parity]),
      ("imul", 5, [.carry, .overflow], [.sign, .zero, .adjust, .parity]),
    ]
    for (name, digit, defines, undefines) in unary {
      add(name, [0xF6], .extensionAndRM(digit), [1], defines: defines, undefines: undefines)
      add(name, [0xF7], .extensionAndRM(digit), wordSizes, defines: defines, undefines: undefines)
    }
    for digit: UInt8 in [0, 1] {
      let name = digit == 0 ? "inc" : "dec"
      add(name, [0xFE], .extensionAndRM(digit), [1], defines: .all.subtracting(.carry))
      add(name, [0xFF], .extensionAndRM(digit), wordSizes, defines: .all.subtracting(.carry))
    }
    add("test", [0xF6], .extensionAndRM(0, immediate: .full), [1], defines: logic, undefines: .adjust)
    add("test", [0xF7], .extensionAndRM(0, immediate: .full), wordSizes, defines: logic, undefines: .adjust)
    add("test", [0x84], .registerAndRM(), [1], defines: logic, undefines: .adjust)
    add("test", [0x85], .registerAndRM(), wordSizes, defines: logic, undefines: .adjust)
    add("test", [0xA8], .none(immediate: .full), [1], defines: logic, undefines: .adjust)
    add("test", [0xA9], .none(immediate: .full), wordSizes, defines: logic, undefines: .adjust)
    let product: (ArithmeticFlags, ArithmeticFlags) = ([.carry, .overflow], [.sign, .zero, .adjust, .parity])
    add("imul", [0x0F, 0xAF], .registerAndRM(), wordSizes, defines: product.0, undefines: product.1)
    add("imul", [0x69], .registerAndRM(immediate: .full), wordSizes, defines: product.0, undefines: product.1)
    add("imul", [0x6B], .registerAndRM(immediate: .byte), wordSizes, defines: product.0, undefines: product.1)
    add("cmpxchg", [0x0F, 0xB0], .registerAndRM(), [1], defines: .all)
    add("cmpxchg", [0x0F, 0xB1], .registerAndRM(), wordSizes, defines: .all)
    add("xadd", [0x0F, 0xC0], .registerAndRM(), [1], defines: .all)
    add("xadd", [0x0F, 0xC1], .registerAndRM(), wordSizes, defines: .all)
    add("cmpxchg8b", [0x0F, 0xC7], .extensionAndMemory(1), [4], defines: .zero)
    add("cmpxchg16b", [0x0F, 0xC7], .extensionAndMemory(1), [8], defines: .zero, alignment: 16)
    add("cbw", [0x98], .none(), wordSizes)
    add("cwd", [0x99], .none(), wordSizes)
    for (name, opcode) in [("clc", 0xF8), ("stc", 0xF9)] as [(String, UInt8)] {
      add(name, [opcode], .none(), [4], defines: .carry)
    }
    add("cmc", [0xF5], .none(), [4], reads: .carry, defines: .carry)
    add("lahf", [0x9F], .none(), [4], reads: .all)
    add("sahf", [0x9E], .none(), [4], defines: .all.subtracting(.overflow))
    return forms
  }()

  static let shifts: [InstructionForm] = {
    var forms: [InstructionForm] = []
    let names = ["rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar"]
    for (index, name) in names.enumerated() {
      let isRotate = index < 4
      let reads: ArithmeticFlags = index == 2 || index == 3 ? .carry : []
      let byOne: ArithmeticFlags = isRotate ? [.carry, .overflow] : logic
      func add(_ opcode: UInt8, _ sizes: [Int], _ immediate: Immediate) {
        let isByOne = opcode == 0xD0 || opcode == 0xD1
        var form = InstructionForm(
          name: name, opcode: [opcode], operands: .extensionAndRM(UInt8(index), immediate: immediate), sizes: sizes,
          reads: reads)
        if isByOne {
          form.defines = byOne
          form.undefines = isRotate ? [] : .adjust
        } else {
          form.undefines = isRotate ? .overflow : [.overflow, .adjust]
          form.defines = immediate == .count ? byOne.subtracting(.overflow) : []
          form.keepsUndefined = immediate != .count
        }
        // By CL the count may exceed the width of a byte or word: then the carry of a shift is undefined too.
        if opcode >= 0xD2 && !isRotate && sizes.contains(where: { $0 < 4 }) { form.undefines.insert(.carry) }
        forms.append(form)
      }
      add(0xD0, [1], .none)
      add(0xD1, wordSizes, .none)
      add(0xC0, [1], .count)
      add(0xC1, wordSizes, .count)
      add(0xD2, [1], .none)
      add(0xD3, [2], .none)
      add(0xD3, [4, 8], .none)
    }
    for (name, opcode) in [("shld", 0xA4), ("shrd", 0xAC)] as [(String, UInt8)] {
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, opcode], operands: .registerAndRM(immediate: .count), sizes: wordSizes,
          defines: [.carry, .parity, .zero, .sign], undefines: [.overflow, .adjust]))
      // By CL only where no count exceeds the width.
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, opcode + 1], operands: .registerAndRM(), sizes: [4, 8],
          undefines: [.overflow, .adjust], keepsUndefined: true))
    }
    return forms
  }()

  static let bits: [InstructionForm] = {
    var forms: [InstructionForm] = []
    let undefined: ArithmeticFlags = [.overflow, .sign, .adjust, .parity]
    for (index, name) in ["bt", "bts", "btr", "btc"].enumerated() {
      let opcode = 0xA3 + UInt8(index) * 8
      // A bit offset in a register may lie far outside of the operand in memory, so that form takes registers alone here.
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, opcode], operands: .registerAndRegister(), sizes: wordSizes, defines: .carry,
          undefines: undefined))
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, 0xBA], operands: .extensionAndRM(UInt8(index) + 4, immediate: .byte),
          sizes: wordSizes, defines: .carry, undefines: undefined))
    }
    // Registers 4…7 hold pointers that a case never changes.
    for index: UInt8 in 0..<4 {
      forms.append(InstructionForm(name: "bswap", opcode: [0x0F, 0xC8 + index], operands: .none(), sizes: [4, 8]))
    }
    return forms
  }()

  static let moves: [InstructionForm] = {
    var forms: [InstructionForm] = []
    func add(
      _ name: String, _ opcode: [UInt8], _ operands: Operands, _ sizes: [Int]
    ) {
      forms.append(
        InstructionForm(name: name, opcode: opcode, operands: operands, sizes: sizes))
    }
    add("mov", [0x88], .registerAndRM(), [1])
    add("mov", [0x89], .registerAndRM(), wordSizes)
    add("mov", [0x8A], .registerAndRM(), [1])
    add("mov", [0x8B], .registerAndRM(), wordSizes)
    add("mov", [0xB0], .opcodeRegister(immediate: .whole), [1])
    add("mov", [0xB8], .opcodeRegister(immediate: .whole), wordSizes)
    add("mov", [0xC6], .extensionAndRM(0, immediate: .full), [1])
    add("mov", [0xC7], .extensionAndRM(0, immediate: .full), wordSizes)
    add("xchg", [0x86], .registerAndRM(), [1])
    add("xchg", [0x87], .registerAndRM(), wordSizes)
    add("xchg", [0x90], .opcodeRegister(), wordSizes)
    add("lea", [0x8D], .registerAndMemory, wordSizes)
    add("movsxd", [0x63], .registerAndRM(), [4, 8])
    for (name, opcode) in [("movzx", 0xB6), ("movsx", 0xBE)] as [(String, UInt8)] {
      add(name, [0x0F, opcode], .registerAndRM(), wordSizes)
      add(name, [0x0F, opcode + 1], .registerAndRM(), [4, 8])
    }
    add("movnti", [0x0F, 0xC3], .registerAndMemory, [4, 8])
    add("nop", [0x0F, 0x1F], .extensionAndRM(0), wordSizes)
    return forms
  }()

  static let stack: [InstructionForm] = {
    var forms: [InstructionForm] = []
    func add(_ name: String, _ opcode: [UInt8], _ operands: Operands, _ sizes: [Int]) {
      forms.append(InstructionForm(name: name, opcode: opcode, operands: operands, sizes: sizes))
    }
    add("push", [0x50], .opcodeRegister(), [2, 4])
    add("pop", [0x58], .opcodeRegister(), [2, 4])
    add("push", [0x68], .none(immediate: .full), [2, 4])
    add("push", [0x6A], .none(immediate: .byte), [2, 4])
    add("push", [0xFF], .extensionAndRM(6), [2, 4])
    add("pop", [0x8F], .extensionAndRM(0), [2, 4])
    forms.append(InstructionForm(name: "pushf", opcode: [0x9C], operands: .none(), sizes: [2, 4], reads: .all))
    return forms
  }()

  static let conditions: [InstructionForm] = (0..<16).flatMap { (condition: UInt8) -> [InstructionForm] in
    // The flags each pair of conditions reads: O, B, E, BE, S, P, L, LE (volume 1, appendix B).
    let reads: [ArithmeticFlags] = [
      .overflow, .carry, .zero, [.carry, .zero], .sign, .parity, [.sign, .overflow], [.zero, .sign, .overflow],
    ]
    let needed = reads[Int(condition >> 1)]
    return [
      InstructionForm(
        name: "cmov\(condition)", opcode: [0x0F, 0x40 + condition], operands: .registerAndRM(), sizes: wordSizes,
        reads: needed),
      InstructionForm(
        name: "set\(condition)", opcode: [0x0F, 0x90 + condition], operands: .extensionAndRM(0), sizes: [1],
        reads: needed),
      // Over a two-byte instruction that changes eax: taken or not makes a difference.
      InstructionForm(
        name: "j\(condition)", opcode: [0x70 + condition, 2, 0xF7, 0xD0], operands: .none(), sizes: [4],
        reads: needed),
      InstructionForm(
        name: "j\(condition) near", opcode: [0x0F, 0x80 + condition, 2, 0, 0, 0, 0xF7, 0xD0], operands: .none(),
        sizes: [4], reads: needed),
    ]
  }

  /// String instructions on whatever rsi and rdi point to, behind `mov ecx, …` where they repeat.
  static let strings: [InstructionForm] = {
    var forms: [InstructionForm] = []
    let names: [(String, UInt8)] = [("movs", 0xA4), ("stos", 0xAA), ("lods", 0xAC), ("cmps", 0xA6), ("scas", 0xAE)]
    for (name, opcode) in names {
      // Repeated no times, a comparison leaves the flags as they were.
      for (opcode, sizes) in [(opcode, [1]), (opcode + 1, wordSizes)] {
        forms.append(
          InstructionForm(name: name, opcode: [opcode], operands: .none(), sizes: sizes, keepsUndefined: true))
      }
    }
    return forms
  }()
}

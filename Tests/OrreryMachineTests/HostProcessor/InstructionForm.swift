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
  /// Eight bytes: an address in the data.
  case address
  /// What ENTER takes: a word below 256 and a byte.
  case frame
}

/// What must be so before an instruction for a case to be able to compare what it does.
enum Preparation {
  case none
  /// Half of the cases repeat, ECX times.
  case count
  /// Flags lie on the stack.
  case flags
  /// RBX points into the data.
  case table
  /// The register operand is a bit offset that stays inside the data.
  case bitOffset
  /// The quotient mostly fits.
  case quotient
  /// The source is not zero, for which the result is undefined.
  case nonzeroSource
  /// RBP leads to a stack frame.
  case frame
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
  var preparation = Preparation.none
  /// Takes LOCK with a memory operand.
  var isLockable = false
  /// Changes registers that other instructions of a sequence need, or needs some as they are not there.
  var isAlone = false
  /// The heading under which the table of a long run counts it, and the instruction that it is a form of; the first word of its name unless stated.
  private(set) var group = ""
  var family = ""

  // Derived once, by `completed`: a case asks for them.
  private(set) var immediate = Immediate.none
  private(set) var isString = false
  private(set) var isComparingString = false
  /// One of the operands is a byte register although the operation's size is not: `movzx`, `movsx`.
  private(set) var hasByteSource = false
  /// It has a memory operand in some of its cases, or uses the stack.
  private(set) var usesMemory = false
  /// With EFLAGS.AC it may check the alignment of its 16 bytes, or not (volume 2, MOVUPS, MOVUPD, MOVDQU).
  private(set) var mayCheckAlignment = false
  /// An address-size prefix leaves the length of the instruction as it is.
  private(set) var takesAddressSize = true
}

extension String {
  var firstWord: String { String(prefix { $0 != " " }) }
}

extension InstructionForm {
  fileprivate func completed(group: String) -> InstructionForm {
    var form = self
    form.group = group
    if family.isEmpty { form.family = name.firstWord }
    switch operands {
    case .registerAndRM(let kind), .extensionAndRM(_, let kind), .registerAndRegister(let kind),
      .extensionAndRegister(_, let kind), .opcodeRegister(let kind), .none(let kind):
      form.immediate = kind
    case .registerAndMemory, .extensionAndMemory: break
    }
    form.isString = preparation == .count
    form.mayCheckAlignment = ["movups", "movupd", "movdqu"].contains(name)
    switch operands {
    case .registerAndRM, .extensionAndRM, .registerAndMemory, .extensionAndMemory: form.usesMemory = true
    default:
      form.usesMemory =
        form.isString || form.immediate == .address || group == "stack" || ["call", "ret", "xlat"].contains(name)
    }
    form.isComparingString = name == "cmps" || name == "scas"
    form.hasByteSource = opcode == [0x0F, 0xB6] || opcode == [0x0F, 0xBE]
    form.takesAddressSize = form.immediate != .address
    form.isLockable = isLockable || canBeLocked
    return form
  }

  /// Intel SDM volume 2, LOCK.
  private var canBeLocked: Bool {
    switch operands {
    case .registerAndRM:
      (opcode[0] & 0xC6 == 0 && opcode[0] < 0x38) || opcode == [0x86] || opcode == [0x87]
        || [[0x0F, 0xB0], [0x0F, 0xB1], [0x0F, 0xC0], [0x0F, 0xC1]].contains(opcode)
    case .extensionAndRM(let digit, _):
      switch opcode {
      case [0x80], [0x81], [0x83]: digit != 7
      case [0xF6], [0xF7]: digit == 2 || digit == 3
      case [0xFE]: digit < 2
      case [0xFF]: digit < 2
      case [0x0F, 0xBA]: digit > 4
      default: false
      }
    case .registerAndMemory: [[0x0F, 0xAB], [0x0F, 0xB3], [0x0F, 0xBB]].contains(opcode)
    case .extensionAndMemory: opcode == [0x0F, 0xC7]
    default: false
    }
  }
}

extension InstructionForm {
  static let anySize = [1, 2, 4, 8]
  static let wordSizes = [2, 4, 8]

  /// Every form under test.
  static let all: [InstructionForm] = {
    let groups: [(String, [InstructionForm])] = [
      ("arithmetic and logic", arithmetic), ("shifts and rotates", shifts), ("bits", bits), ("moves", moves),
      ("stack", stack), ("conditions", conditions), ("jumps, calls and loops", branches), ("strings", strings),
      ("flags and hints", flagsAndHints), ("vector moves, logic and integers", vectors),
    ]
    return groups.flatMap { group, forms in forms.map { $0.completed(group: group) } }
  }()

  /// Those that can follow one another.
  static let ofSequences = all.filter { !$0.isAlone }

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
    for digit: UInt8 in [6, 7] {
      for (opcode, sizes) in [(0xF6, [1]), (0xF7, wordSizes)] as [(UInt8, [Int])] {
        forms.append(
          InstructionForm(
            name: digit == 6 ? "div" : "idiv", opcode: [opcode], operands: .extensionAndRM(digit), sizes: sizes,
            undefines: .all, preparation: .quotient, isAlone: true))
      }
    }
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
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, opcode], operands: .registerAndRegister(), sizes: wordSizes, defines: .carry,
          undefines: undefined))
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, opcode], operands: .registerAndMemory, sizes: wordSizes, defines: .carry,
          undefines: undefined, preparation: .bitOffset, isAlone: true))
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, 0xBA], operands: .extensionAndRM(UInt8(index) + 4, immediate: .byte),
          sizes: wordSizes, defines: .carry, undefines: undefined))
    }
    for (name, opcode) in [("bsf", 0xBC), ("bsr", 0xBD)] as [(String, UInt8)] {
      forms.append(
        InstructionForm(
          name: name, opcode: [0x0F, opcode], operands: .registerAndRegister(), sizes: wordSizes, defines: .zero,
          undefines: [.carry, .overflow, .sign, .adjust, .parity], preparation: .nonzeroSource, isAlone: true))
    }
    forms.append(
      InstructionForm(
        name: "popcnt", mandatoryPrefix: 0xF3, opcode: [0x0F, 0xB8], operands: .registerAndRM(), sizes: wordSizes,
        defines: .all))
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
    for (opcode, sizes) in [(0xA0, [1]), (0xA1, wordSizes), (0xA2, [1]), (0xA3, wordSizes)] as [(UInt8, [Int])] {
      add("mov", [opcode], .none(immediate: .address), sizes)
    }
    for segment: UInt8 in 0..<6 { add("mov from segment", [0x8C], .extensionAndRM(segment), wordSizes) }
    forms.append(
      InstructionForm(
        name: "xlat", opcode: [0xD7], operands: .none(), sizes: [4], preparation: .table, isAlone: true))
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
    add("push segment", [0x0F, 0xA0], .none(), [2, 4])
    add("push segment", [0x0F, 0xA8], .none(), [2, 4])
    forms.append(InstructionForm(name: "pushf", opcode: [0x9C], operands: .none(), sizes: [2, 4], reads: .all))
    forms.append(
      InstructionForm(
        name: "popf", opcode: [0x9D], operands: .none(), sizes: [4], defines: .all, preparation: .flags))
    forms.append(
      InstructionForm(
        name: "enter", opcode: [0xC8], operands: .none(immediate: .frame), sizes: [2, 4], preparation: .frame,
        isAlone: true))
    forms.append(
      InstructionForm(
        name: "leave", opcode: [0xC9], operands: .none(), sizes: [2, 4], preparation: .frame, isAlone: true))
    return forms
  }()

  static let conditions: [InstructionForm] = (0..<16).flatMap { (condition: UInt8) -> [InstructionForm] in
    // The flags each pair of conditions reads: O, B, E, BE, S, P, L, LE (volume 1, appendix B).
    let reads: [ArithmeticFlags] = [
      .overflow, .carry, .zero, [.carry, .zero], .sign, .parity, [.sign, .overflow], [.zero, .sign, .overflow],
    ]
    let suffixes = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"]
    let suffix = suffixes[Int(condition)]
    let needed = reads[Int(condition >> 1)]
    return [
      InstructionForm(
        name: "cmov\(suffix)", opcode: [0x0F, 0x40 + condition], operands: .registerAndRM(), sizes: wordSizes,
        reads: needed, family: "cmovcc"),
      InstructionForm(
        name: "set\(suffix)", opcode: [0x0F, 0x90 + condition], operands: .extensionAndRM(0), sizes: [1],
        reads: needed, family: "setcc"),
      // Over a two-byte instruction that changes eax: taken or not makes a difference.
      InstructionForm(
        name: "j\(suffix)", opcode: [0x70 + condition, 2, 0xF7, 0xD0], operands: .none(), sizes: [4],
        reads: needed, family: "jcc"),
      InstructionForm(
        name: "j\(suffix) near", opcode: [0x0F, 0x80 + condition, 2, 0, 0, 0, 0xF7, 0xD0], operands: .none(),
        sizes: [4], reads: needed, family: "jcc"),
    ]
  }

  /// Each goes over an instruction that changes eax, or to it.
  static let branches: [InstructionForm] = {
    var forms: [InstructionForm] = []
    func add(_ name: String, _ code: [UInt8], reads: ArithmeticFlags = []) {
      forms.append(InstructionForm(name: name, opcode: code, operands: .none(), sizes: [4], reads: reads))
    }
    add("loopne", [0xE0, 2, 0xF7, 0xD0], reads: .zero)
    add("loope", [0xE1, 2, 0xF7, 0xD0], reads: .zero)
    add("loop", [0xE2, 2, 0xF7, 0xD0])
    add("jrcxz", [0xE3, 2, 0xF7, 0xD0])
    add("jmp", [0xEB, 2, 0xF7, 0xD0])
    add("jmp", [0xE9, 2, 0, 0, 0, 0xF7, 0xD0])
    // lea rax, [the end]; jmp or call rax; or push rax; jmp [rsp]
    add("jmp", [0x48, 0x8D, 0x05, 4, 0, 0, 0, 0xFF, 0xE0, 0xF7, 0xD0])
    add("jmp", [0x48, 0x8D, 0x05, 6, 0, 0, 0, 0x50, 0xFF, 0x24, 0x24, 0xF7, 0xD0])
    add("call", [0xE8, 2, 0, 0, 0, 0xF7, 0xD0])
    add("call", [0x48, 0x8D, 0x05, 4, 0, 0, 0, 0xFF, 0xD0, 0xF7, 0xD0])
    add("call", [0x48, 0x8D, 0x05, 6, 0, 0, 0, 0x50, 0xFF, 0x14, 0x24, 0xF7, 0xD0])
    // call to the ret behind a jump to the end
    add("ret", [0xE8, 2, 0, 0, 0, 0xEB, 1, 0xC3])
    add("ret", [0xE8, 2, 0, 0, 0, 0xEB, 3, 0xC2, 16, 0])
    return forms
  }()

  static let flagsAndHints: [InstructionForm] = {
    var forms: [InstructionForm] = []
    func add(
      _ name: String, _ opcode: [UInt8], _ operands: Operands = .none(), prefix: UInt8? = nil,
      reads: ArithmeticFlags = [], defines: ArithmeticFlags = []
    ) {
      forms.append(
        InstructionForm(
          name: name, mandatoryPrefix: prefix, opcode: opcode, operands: operands, sizes: [4], reads: reads,
          defines: defines))
    }
    add("clc", [0xF8], defines: .carry)
    add("stc", [0xF9], defines: .carry)
    add("cmc", [0xF5], reads: .carry, defines: .carry)
    add("cld", [0xFC])
    add("std", [0xFD])
    add("lahf", [0x9F], reads: .all)
    add("sahf", [0x9E], defines: .all.subtracting(.overflow))
    add("nop", [0x90])
    add("pause", [0x90], prefix: 0xF3)
    add("lfence", [0x0F, 0xAE, 0xE8])
    add("mfence", [0x0F, 0xAE, 0xF0])
    add("sfence", [0x0F, 0xAE, 0xF8])
    for hint: UInt8 in 0..<4 { add("prefetch", [0x0F, 0x18], .extensionAndMemory(hint)) }
    return forms
  }()

  /// String instructions on whatever rsi and rdi point to, behind `mov ecx, …` where they repeat.
  static let strings: [InstructionForm] = {
    var forms: [InstructionForm] = []
    let names: [(String, UInt8)] = [("movs", 0xA4), ("stos", 0xAA), ("lods", 0xAC), ("cmps", 0xA6), ("scas", 0xAE)]
    for (name, opcode) in names {
      // Repeated no times, a comparison leaves the flags as they were.
      for (opcode, sizes) in [(opcode, [1]), (opcode + 1, wordSizes)] {
        forms.append(
          InstructionForm(
            name: name, opcode: [opcode], operands: .none(), sizes: sizes, keepsUndefined: true, preparation: .count))
      }
    }
    return forms
  }()
}

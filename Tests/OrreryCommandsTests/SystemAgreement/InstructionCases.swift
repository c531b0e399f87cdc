/// Single instructions that depend on mode and privilege, each in every mode: which of them execute, which fault, and with what.
enum InstructionCases {
  private typealias Map = GuestMap

  /// The bytes mean the same, or are as undefined, in every mode unless the name says otherwise.
  private static let instructions: [(String, [UInt8])] = [
    // Exceptions and software interrupts.
    ("div ecx by 0", [0xF7, 0xF1]), ("div cl by 0", [0xF6, 0xF1]), ("idiv ecx by 0", [0xF7, 0xF9]), ("int3", [0xCC]),
    ("int 3 of two bytes", [0xCD, 3]), ("into", [0xCE]), ("int1", [0xF1]), ("int 0x21", [0xCD, 0x21]),
    ("int 0x80", [0xCD, 0x80]), ("ud2", [0x0F, 0x0B]),
    ("ud1", [0x0F, 0xB9, 0xC0]), ("ff /7", [0xFF, 0xF8]), ("fe /2", [0xFE, 0xD0]), ("0f 0a", [0x0F, 0x0A]),
    ("0f 04", [0x0F, 0x04]), ("0f 24", [0x0F, 0x24, 0xC0]), ("0f a6", [0x0F, 0xA6]), ("0f ff", [0x0F, 0xFF, 0xC0]),
    ("c6 /1", [0xC6, 0xC8, 0]), ("8f /1", [0x8F, 0xC8]), ("bound", [0x62, 0x07]),
    // What 64-bit mode has no more.
    ("push es", [0x06]), ("pop es", [0x07]), ("push ss", [0x16]), ("push ds", [0x1E]), ("pop ds", [0x1F]),
    ("push cs", [0x0E]), ("daa", [0x27]), ("das", [0x2F]), ("aaa", [0x37]), ("aas", [0x3F]), ("pushad", [0x60]),
    ("popad", [0x61]), ("82 /0", [0x82, 0xC0, 1]), ("aam", [0xD4, 10]), ("aad", [0xD5, 10]), ("aam 0", [0xD4, 0]),
    ("salc", [0xD6]), ("push fs", [0x0F, 0xA0]), ("pop gs", [0x0F, 0xA9]),
    ("arpl or movsxd", [0x63, 0xC1]),
    // Prefixes.
    ("lock nop", [0xF0, 0x90]), ("lock mov", [0xF0, 0x89, 0x07]), ("lock add register", [0xF0, 0x01, 0xC0]),
    ("lock cmp", [0xF0, 0x39, 0x07]), ("lock add memory", [0xF0, 0x01, 0x07]), ("lock xchg", [0xF0, 0x87, 0x07]),
    ("lock bt", [0xF0, 0x0F, 0xA3, 0x07]), ("lock bts", [0xF0, 0x0F, 0xAB, 0x07]), ("lock not", [0xF0, 0xF7, 0x17]),
    ("lock test", [0xF0, 0xF7, 0x07, 0, 0, 0, 0]), ("lock cmpxchg8b", [0xF0, 0x0F, 0xC7, 0x0F]),
    ("cmpxchg8b register", [0x0F, 0xC7, 0xC8]),
    ("15 bytes", [UInt8](repeating: 0x2E, count: 14) + [0x90]),
    ("16 bytes", [UInt8](repeating: 0x2E, count: 15) + [0x90]),
    // Privilege.
    ("hlt", [0xF4]), ("cli", [0xFA]), ("sti; nop", [0xFB, 0x90]), ("clts", [0x0F, 0x06]), ("invd", [0x0F, 0x08]),
    ("wbinvd", [0x0F, 0x09]), ("invlpg", [0x0F, 0x01, 0x3F]),
    ("swapgs", [0x0F, 0x01, 0xF8]), ("lgdt register", [0x0F, 0x01, 0xD0]), ("sidt register", [0x0F, 0x01, 0xC8]),
    ("smsw eax", [0x0F, 0x01, 0xE0]), ("lmsw ax", [0x0F, 0x01, 0xF0]), ("sgdt", [0x0F, 0x01, 0x07]),
    ("sidt", [0x0F, 0x01, 0x0F]), ("sldt eax", [0x0F, 0x00, 0xC0]), ("str eax", [0x0F, 0x00, 0xC8]),
    ("str memory", [0x0F, 0x00, 0x0F]), ("0f 00 /6", [0x0F, 0x00, 0xF0]), ("lldt 0", [0x0F, 0x00, 0xD1]),
    ("ltr 0", [0x0F, 0x00, 0xD9]), ("mov eax, cr0", [0x0F, 0x20, 0xC0]), ("mov eax, cr1", [0x0F, 0x20, 0xC8]),
    ("mov eax, cr2", [0x0F, 0x20, 0xD0]), ("mov eax, cr3", [0x0F, 0x20, 0xD8]), ("mov eax, cr4", [0x0F, 0x20, 0xE0]),
    ("mov eax, cr5", [0x0F, 0x20, 0xE8]), ("mov eax, cr7", [0x0F, 0x20, 0xF8]), ("mov cr2, ecx", [0x0F, 0x22, 0xD1]),
    ("mov cr6, ecx", [0x0F, 0x22, 0xF1]), ("mov cr8 or lock mov cr0", [0x44, 0x0F, 0x20, 0xC0]),
    ("mov eax, dr0", [0x0F, 0x21, 0xC0]), ("mov eax, dr6", [0x0F, 0x21, 0xF0]), ("mov eax, dr7", [0x0F, 0x21, 0xF8]),
    ("mov eax, dr4", [0x0F, 0x21, 0xE0]), ("mov dr1, ecx", [0x0F, 0x23, 0xC9]), ("mov dr5, ecx", [0x0F, 0x23, 0xE9]),
    ("mov rax, dr8", [0x44, 0x0F, 0x21, 0xC0]), ("mov dr9, rcx", [0x44, 0x0F, 0x23, 0xC9]),
    ("mov rax, dr12", [0x44, 0x0F, 0x21, 0xE0]), ("mov dr15, rcx", [0x44, 0x0F, 0x23, 0xF9]),
    ("lock mov eax, cr0", [0xF0, 0x0F, 0x20, 0xC0]),
    ("mov eax, cr0 as of memory", [0x0F, 0x20, 0x05]), ("mov cr2, ecx as of memory", [0x0F, 0x22, 0x91]),
    ("mov edx, dr6 as of memory", [0x0F, 0x21, 0x72]), ("invlpg without a segment", [0x64, 0x0F, 0x01, 0x3F]),
    ("rdmsr 0", [0xB9, 0xFF, 0xFF, 0xFF, 0x0F, 0x0F, 0x32]), ("wrmsr 0", [0xB9, 0xFF, 0xFF, 0xFF, 0x0F, 0x0F, 0x30]),
    ("rdpmc", [0x0F, 0x33]), ("in al, 0x64", [0xE4, 0x64]), ("out 0x80, al", [0xE6, 0x80]), ("in al, dx", [0xEC]),
    ("insb", [0x6C]), ("outsb", [0x6E]), ("pushf", [0x9C]), ("popf", [0x9D]), ("pushf; popf", [0x9C, 0x9D]),
    ("iret on nothing", [0xCF]), ("mov cs, ecx", [0x8E, 0xC9]), ("mov segment 6", [0x8E, 0xF1]),
    ("mov eax, segment 7", [0x8C, 0xF8]), ("mov ss, ecx", [0x8E, 0xD1]), ("mov ds, ecx", [0x8E, 0xD9]),
    ("mov fs, ecx", [0x8E, 0xE1]), ("les or vex", [0xC4, 0x07]), ("lds or vex", [0xC5, 0x07]),
    ("lss register", [0x0F, 0xB2, 0xC0]), ("lea register", [0x8D, 0xC0]),
    ("movntdq register", [0x66, 0x0F, 0xE7, 0xC0]),
    // Fast calls.
    ("syscall", [0x0F, 0x05]), ("sysenter", [0x0F, 0x34]),
    // Floating point and vectors.
    ("fninit", [0xDB, 0xE3]), ("fwait", [0x9B]), ("fld1", [0xD9, 0xE8]), ("xorps xmm0, xmm0", [0x0F, 0x57, 0xC0]),
    ("movaps from an odd place", [0x0F, 0x28, 0x43, 0x01]), ("movaps to an odd place", [0x0F, 0x29, 0x43, 0x01]),
    ("movaps from an even place", [0x0F, 0x28, 0x03]), ("ldmxcsr", [0x0F, 0xAE, 0x17]),
    ("fxsave at an odd place", [0x0F, 0xAE, 0x43, 0x01]), ("mfence", [0x0F, 0xAE, 0xF0]),
    ("pause", [0xF3, 0x90]), ("movnti", [0x0F, 0xC3, 0x07]),
    ("paddb from an odd place", [0x66, 0x0F, 0xFC, 0x43, 0x01]),
    ("paddb mm from an odd place", [0x0F, 0xFC, 0x43, 0x01]),
    // Codes that the tables leave blank, and extensions that are not offered.
    ("punpcklqdq mm", [0x0F, 0x6C, 0xC1]), ("psrldq mm", [0x0F, 0x73, 0xD8, 1]), ("psrlw /0", [0x0F, 0x71, 0xC0, 1]),
    ("psrlw memory", [0x0F, 0x71, 0x17, 1]), ("movq2dq memory", [0xF3, 0x0F, 0xD6, 0x07]),
    ("pmovmskb memory", [0x0F, 0xD7, 0x07]), ("movntq register", [0x0F, 0xE7, 0xC0]),
    ("maskmovq memory", [0x0F, 0xF7, 0x07]), ("f3 paddb", [0xF3, 0x0F, 0xFC, 0xC1]), ("0f d6", [0x0F, 0xD6, 0xC1]),
    ("0f 7a", [0x0F, 0x7A, 0xC0]), ("pshufb", [0x0F, 0x38, 0x00, 0xC1]), ("palignr", [0x0F, 0x3A, 0x0F, 0xC1, 1]),
    ("femms", [0x0F, 0x0E]), ("3dnow", [0x0F, 0x0F, 0xC1, 0x9E]), ("crc32", [0xF2, 0x0F, 0x38, 0xF0, 0xC1]),
    ("rdrand", [0x0F, 0xC7, 0xF0]), ("xgetbv", [0x0F, 0x01, 0xD0]), ("monitor", [0x0F, 0x01, 0xC8]),
    ("vzeroupper or les", [0xC5, 0xF8, 0x77]), ("rdfsbase", [0xF3, 0x0F, 0xAE, 0xC0]),
  ]

  /// What QEMU executes, or refuses otherwise, although the manual says which exception is raised.
  private static func known(_ name: String, _ mode: SystemCase.Mode, isLong: Bool) -> (reason: String, vector: String)?
  {
    switch name {
    case "int1": ("Volume 2, INT n: INT1 raises #DB. QEMU has no such instruction.", "1")
    case "c6 /1", "8f /1": ("Volume 2, table A-6: group 11 and group 1A have /0 only. QEMU takes every /r.", "6")
    case "lock mov", "lock bt", "lock test":
      ("Volume 2, LOCK: #UD but for the instructions listed there with a memory destination. QEMU executes it.", "6")
    case "mov eax, cr1" where mode.isUser, "mov eax, cr5" where mode.isUser, "mov eax, cr7" where mode.isUser,
      "mov cr6, ecx" where mode.isUser, "mov rax, dr8" where mode == .user64, "mov dr9, rcx" where mode == .user64,
      "mov rax, dr12" where mode == .user64, "mov dr15, rcx" where mode == .user64:
      ("Volume 3, 6.9: what is no instruction is found before its privilege is looked at. QEMU raises #GP(0).", "6")
    case "lock mov eax, cr0":
      ("Volume 2, MOV to and from control registers: #UD with LOCK. QEMU takes it for AMD's way to CR8.", "6")
    case "movntdq register": ("Volume 2, MOVNTDQ: only to memory. QEMU executes the register form.", "6")
    case "movntq register": ("Volume 2, MOVNTQ: only to memory. QEMU executes the register form.", "6")
    case "ldmxcsr": ("Volume 2, LDMXCSR: #GP for reserved bits. QEMU ignores them.", "d")
    case "ltr 0" where !mode.isUser: ("Volume 2, LTR: #GP(0) for a null selector. QEMU loads it.", "d")
    case "rdmsr 0" where !mode.isUser, "wrmsr 0" where !mode.isUser:
      ("Volume 2, RDMSR, WRMSR: #GP(0) for a number that is reserved. QEMU answers 0.", "d")
    case "rdpmc" where !mode.isUser:
      ("Volume 2, RDPMC: #GP(0) for a counter that does not exist. QEMU has no such instruction.", "d")
    case "syscall" where isLong && ![.kernel64, .user64].contains(mode):
      ("Volume 2, SYSCALL: #UD outside 64-bit mode. QEMU does as AMD's processors do, whatever its vendor.", "6")
    default: nil
    }
  }

  private static func base(_ name: String, _ mode: SystemCase.Mode, _ code: [UInt8], isLong: Bool) -> SystemCase {
    var item = SystemCase("\(name), \(mode)", mode, isLong: isLong, code)
    item[.rax] = 0x11
    item[.rdx] = 0x87
    item[.rbx] = Map.data + 0x40
    item[.rsi] = Map.data + 0x80
    item[.rdi] = Map.data + 0x10
    item[.rbp] = Map.data + 0x100
    item.peeks = [Map.data + 0x10, Map.data + 0x18]
    return item
  }

  static func everywhere(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for (name, code) in instructions {
      for mode in SystemCase.Mode.allCases {
        if !isLong && [.kernel64, .user64].contains(mode) || name == "hlt" && !mode.isUser { continue }
        var item = base(name, mode, code, isLong: isLong)
        if let (reason, vector) = known(name, mode, isLong: isLong) {
          item = item.differing(reason, manual: "vector=\(vector)")
        }
        cases.append(item)
      }
    }
    return cases
  }

  /// IOPL and the I/O permission map, for the instructions that look at them.
  static func inputAndOutput(isLong: Bool) -> [SystemCase] {
    let instructions: [(String, [UInt8])] = [
      ("cli", [0xFA]), ("sti", [0xFB, 0x90]), ("in al, 0x82", [0xE4, 0x82]), ("in ax, 0x82", [0x66, 0xE5, 0x82]),
      ("out 0x82, al", [0xE6, 0x82]), ("out 0x87, eax", [0xE7, 0x87]), ("outsb", [0x6E]), ("rep outsb", [0xF3, 0x6E]),
      ("pushf; or word [esp], 0x3200; popf", [0x9C, 0x66, 0x81, 0x0C, 0x24, 0x00, 0x32, 0x9D]),
    ]
    let maps: [(String, [(UInt64, UInt64)])] = [
      ("no map", []), ("denied", [(Map.task + 0x60, 0x0068 << 48)]),
      ("allowed", [(Map.task + 0x60, 0x0068 << 48), (Map.task + 0x68 + 0x10, 0)]),
      ("half allowed", [(Map.task + 0x60, 0x0068 << 48), (Map.task + 0x68 + 0x10, ~0b100)]),
      ("at the limit", [(Map.task + 0x60, 0x01EF << 48), (Map.task + 0x1F8, 0)]),
      ("beyond the limit", [(Map.task + 0x60, 0x01F0 << 48), (Map.task + 0x1F8, 0)]),
    ]
    var cases: [SystemCase] = []
    for (name, code) in instructions {
      for (mapName, pokes) in maps {
        for level in 0..<4 as Range<UInt64> {
          for mode in isLong ? [.kernel64, .user64, .user32] : [SystemCase.Mode.kernel32, .user32] {
            var item = base("\(name), map \(mapName), IOPL \(level)", mode, code, isLong: isLong)
            item[.rflags] = 2 | level << 12
            item[.rdx] = 0x82
            item[.rcx] = 3
            item.pokes = pokes
            cases.append(item)
          }
        }
      }
    }
    return cases
  }

  /// Control registers: which values can be written.
  static func controlRegisters() -> [SystemCase] {
    var cases: [SystemCase] = []
    func write(_ number: UInt8, _ name: String, _ value: UInt64) {
      // mov cr, rcx; then everything back before the end, so that the next instructions can be fetched.
      var item = base("mov cr\(number), \(name)", .kernel64, [0x0F, 0x22, 0xC1 | number << 3], isLong: true)
      item[.rcx] = value
      cases.append(item)
    }
    for bit in 0..<64 as Range<UInt64> {
      if ![0, 29, 31].contains(bit) {
        write(0, "with bit \(bit)", 0x8001_0031 ^ 1 << bit)
        if [6...15, 17...17, 19...28].contains(where: { $0.contains(bit) }), let last = cases.popLast() {
          cases.append(
            last.differing("Volume 3, 2.5: reserved bits of CR0 stay 0. QEMU keeps them.", manual: "vector=80"))
        } else if bit > 31, let last = cases.popLast() {
          cases.append(
            last.differing("Volume 2, MOV: #GP(0) for the upper half of CR0. QEMU ignores it.", manual: "vector=d"))
        }
      }
      // QEMU takes bits of CR3 and CR4 that its processor does not have, and goes on in long mode without PAE: then it is lost.
      if [2, 3, 4, 7, 8, 9, 10].contains(bit) { write(4, "with bit \(bit)", 0x620 ^ 1 << bit) }
      if bit < 12 { write(3, "with bit \(bit)", Map.rootTable ^ 1 << bit) }
      // As in CR4, QEMU would lose long mode with LME.
      guard bit != 8 else { continue }
      var item = base("EFER with bit \(bit)", .kernel64, [0x0F, 0x30], isLong: true)
      item[.rcx] = 0xC000_0080
      item[.rax] = (0xD01 ^ 1 << bit) & 0xFFFF_FFFF
      item[.rdx] = (0xD01 ^ 1 << bit) >> 32
      if ![0, 10, 11].contains(bit) {
        item = item.differing(
          "Volume 3, 2.2.1: reserved bits of IA32_EFER raise #GP(0). QEMU ignores them.", manual: "vector=d")
      }
      cases.append(item)
    }
    write(0, "with CD and NW", 0xE001_0031)
    write(0, "with CD alone", 0xC001_0031)
    for (name, number) in [
      ("LSTAR", 0xC000_0082), ("CSTAR", 0xC000_0083), ("FS base", 0xC000_0100), ("GS base", 0xC000_0101),
      ("kernel GS base", 0xC000_0102), ("SYSENTER ESP", 0x175), ("SYSENTER EIP", 0x176),
    ] as [(String, UInt64)] {
      for value in [0, 0x7FFF_FFFF_FFFF, 0x8000_0000_0000, 0xFFFF_8000_0000_0000, 0xFFFF_7FFF_FFFF_FFFF] as [UInt64] {
        var item = base("\(name) = \(String(value, radix: 16))", .kernel64, [0x0F, 0x30], isLong: true)
        item[.rcx] = number
        item[.rax] = value & 0xFFFF_FFFF
        item[.rdx] = value >> 32
        if UInt64(bitPattern: Int64(bitPattern: value << 16) >> 16) != value {
          item = item.differing(
            "Volume 2, WRMSR: #GP(0) for an address that is not canonical. QEMU takes any.", manual: "vector=d")
        }
        cases.append(item)
      }
    }
    return cases
  }
}

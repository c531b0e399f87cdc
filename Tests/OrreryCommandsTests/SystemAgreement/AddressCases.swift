/// Addresses that are not canonical, wrap around, or are not aligned.
enum AddressCases {
  private typealias Map = GuestMap

  private static let notStack =
    "Volume 1, 3.3.7.1 and volume 3, 6.15: an address through the stack segment that is not canonical raises #SS(0). QEMU raises #GP(0)."

  /// The code addresses through rdi, rsp or rbp.
  private static let accesses: [(String, [UInt8], usesStack: Bool)] = [
    ("mov eax, [rdi]", [0x8B, 0x07], false), ("mov [rdi], eax", [0x89, 0x07], false),
    ("mov [rdi], rax", [0x48, 0x89, 0x07], false), ("inc qword [rdi]", [0x48, 0xFF, 0x07], false),
    ("movups xmm0, [rdi]", [0x0F, 0x10, 0x07], false), ("stosq", [0x48, 0xAB], false), ("lodsb", [0xAC], false),
    ("mov al, [rbp]", [0x8A, 0x45, 0], true), ("mov al, [rsp]", [0x8A, 0x04, 0x24], true), ("push rax", [0x50], true),
    ("pop rax", [0x58], true), ("call", [0xE8, 0, 0, 0, 0], true), ("pushf", [0x9C], true), ("leave", [0xC9], true),
    ("push qword [rdi]", [0xFF, 0x37], false), ("jmp [rdi]", [0xFF, 0x27], false),
    ("lgdt [rdi]", [0x0F, 0x01, 0x17], false),
    ("sidt [rdi]", [0x0F, 0x01, 0x0F], false), ("fxsave [rdi]", [0x0F, 0xAE, 0x07], false),
    ("cmpxchg16b [rdi]", [0x48, 0x0F, 0xC7, 0x0F], false), ("invlpg [rdi]", [0x0F, 0x01, 0x3F], false),
    ("prefetch [rdi]", [0x0F, 0x18, 0x07], false), ("mov eax, gs:[rdi]", [0x65, 0x8B, 0x07], false),
    ("mov eax, ds:[rbp]", [0x3E, 0x8B, 0x45, 0], true), ("mov eax, ss:[rdi]", [0x36, 0x8B, 0x07], false),
    ("nop [rdi]", [0x0F, 0x1F, 0x07], false),
  ]

  private static func isCanonical(_ address: UInt64) -> Bool {
    UInt64(bitPattern: Int64(bitPattern: address << 16) >> 16) == address
  }

  static func canonical() -> [SystemCase] {
    var cases: [SystemCase] = []
    let addresses: [UInt64] = [
      0x7FFF_FFFF_FFF0, 0x8000_0000_0000, 0xFFFF_7FFF_FFFF_FFF0, 0xFFFF_8000_0000_0000, 0x1234_5678_9ABC_DEF0,
      .max & ~0xF,
    ]
    for (name, code, usesStack) in accesses {
      for address in addresses {
        for mode in [SystemCase.Mode.kernel64, .user64] {
          var item = SystemCase("\(name) at \(String(address, radix: 16)), \(mode)", mode, code)
          item[.rdi] = address
          item[.rsi] = address
          item[.rbp] = address
          if usesStack {
            // The kernel's own frames would go there too.
            if mode == .kernel64 { continue }
            item[.rsp] = address
          }
          let isPush = ["push rax", "call", "pushf"].contains(name)
          let isCanonical = isCanonical(address &- (isPush ? 8 : 0))
          if usesStack && !isCanonical {
            item = item.differing(notStack, manual: "vector=c", "error=0")
          } else if isCanonical && ["inc qword [rdi]", "cmpxchg16b [rdi]"].contains(name) {
            item = item.differing(
              PagingCases.readsBeforeItWrites, manual: "vector=e", "error=\(mode.isUser ? 6 : 2)")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// Branches to places that are not canonical: the branch faults, not the fetch.
  static func branches() -> [SystemCase] {
    var cases: [SystemCase] = []
    let reason = "Volume 2, JMP, CALL, RET: #GP(0) before the instruction pointer changes. QEMU faults at the target."
    for (name, code) in [
      ("jmp rdi", [0xFF, 0xE7]), ("call rdi", [0xFF, 0xD7]), ("push rdi; ret", [0x57, 0xC3]),
      ("push rdi; ret 8", [0x57, 0xC2, 8, 0]),
    ] as [(String, [UInt8])] {
      for address in [0x8000_0000_0000, 0xFFFF_7FFF_FFFF_FFFF, 0x1234_5678_9ABC_DEF0] as [UInt64] {
        for mode in [SystemCase.Mode.kernel64, .user64] {
          var item = SystemCase("\(name) to \(String(address, radix: 16)), \(mode)", mode, code)
          item[.rdi] = address
          cases.append(item.differing(reason, manual: "vector=d", "error=0"))
        }
      }
    }
    return cases
  }

  /// CR0.EM, MP, TS, NE and CR4.OSFXSR: which instructions of the floating-point and vector units execute.
  static func units() -> [SystemCase] {
    var cases: [SystemCase] = []
    let instructions: [(String, [UInt8])] = [
      // While nothing waits in the x87 unit: for that QEMU's MMX does not look.
      ("paddb mm", [0x0F, 0xFC, 0xC1]), ("movq to memory", [0x0F, 0x7F, 0x07]), ("emms", [0x0F, 0x77]),
      ("maskmovq", [0x0F, 0xF7, 0xC1]), ("cvtpi2ps", [0x0F, 0x2A, 0xC1]), ("movq2dq", [0xF3, 0x0F, 0xD6, 0xC1]),
      ("fsin", [0xD9, 0xFE]),
      ("fninit", [0xDB, 0xE3]), ("fld1", [0xD9, 0xE8]), ("fwait", [0x9B]), ("fnstsw ax", [0xDF, 0xE0]),
      ("fxsave", [0x0F, 0xAE, 0x07]), ("fxrstor", [0x0F, 0xAE, 0x0F]), ("xorps", [0x0F, 0x57, 0xC0]),
      ("movdqa", [0x66, 0x0F, 0x6F, 0xC1]), ("addsd", [0xF2, 0x0F, 0x58, 0xC1]), ("stmxcsr", [0x0F, 0xAE, 0x1F]),
      ("movnti", [0x0F, 0xC3, 0x07]), ("sfence", [0x0F, 0xAE, 0xF8]), ("prefetch", [0x0F, 0x18, 0x07]),
      ("movss", [0xF3, 0x0F, 0x10, 0x07]), ("cvtsi2sd", [0xF2, 0x0F, 0x2A, 0xC0]), ("clflush", [0x0F, 0xAE, 0x3F]),
    ]
    for (name, code) in instructions {
      for bits in 0..<8 as Range<UInt64> {
        for hasVectors in [true, false] {
          for mode in [SystemCase.Mode.kernel64, .user32] {
            var item = SystemCase("\(name), CR0 bits \(bits), OSFXSR \(hasVectors), \(mode)", mode, code)
            item[.cr0] |= bits << 1
            item[.cr4] = hasVectors ? 0x620 : 0x20
            item[.rdi] = Map.data + 0x100
            // What FXRSTOR loads into MXCSR.
            item.pokes = [(Map.data + 0x118, 0xFFFF_0000_1F80)]
            let isMMX = ["paddb mm", "movq to memory", "maskmovq"].contains(name)
            let isVector = ["xorps", "movdqa", "addsd", "movss", "cvtsi2sd", "cvtpi2ps", "movq2dq"].contains(
              name)
            // What QEMU's own forms of these look at: nothing.
            let isUnchecked = ["emms", "cvtpi2ps", "movq2dq"].contains(name)
            let isInvalid = bits & 2 != 0 || (isVector && !hasVectors)
            if isUnchecked && (isInvalid || bits & 4 != 0) {
              item = item.differing(
                "Volume 3, tables 13-1 and 14-2: #UD with EM set, or without OSFXSR for xmm registers, and #NM with TS set. QEMU executes it.",
                manual: isInvalid ? "vector=6" : "vector=7")
            }
            if bits & 6 == 6 && !isUnchecked && (isMMX || isVector && hasVectors) {
              item = item.differing(
                "Volume 3, tables 13-1 and 14-2: with EM set, #UD whatever TS. QEMU looks at TS first.",
                manual: "vector=6")
            }
            cases.append(item)
          }
        }
      }
    }
    return cases
  }
}

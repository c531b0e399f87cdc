/// Single steps (RFLAGS.TF), and the instructions that interrupts and traps wait for.
enum StepCases {
  private typealias Map = GuestMap

  private static let instructions: [(String, [UInt8])] = [
    ("nop", [0x90]), ("mov eax, ecx", [0x89, 0xC8]), ("jmp", [0xEB, 0]), ("jcc not taken", [0x75, 0x10]),
    ("rep movsb of 3", [0xF3, 0xA4]), ("rep stosb of 3", [0xF3, 0xAA]), ("pushf", [0x9C]),
    ("popf", [0x6A, 0x02, 0x9D]),
    ("cli", [0xFA]), ("sti", [0xFB]), ("mov ss; nop", [0x8E, 0xD0, 0x90]), ("mov ds", [0x8E, 0xD8, 0x90]),
    ("int3", [0xCC]), ("int 0x80", [0xCD, 0x80]), ("ud2", [0x0F, 0x0B]), ("div by 0", [0xF7, 0xF2]),
    ("load from nowhere", [0x8B, 0x05, 0, 0, 0, 0x40]), ("in al, 0x82", [0xE4, 0x82]), ("call", [0xE8, 0, 0, 0, 0]),
    ("lock inc", [0xF0, 0xFF, 0x07]),
    ("xchg", [0x87, 0x07]), ("movaps", [0x0F, 0x28, 0xC1]),
  ]

  /// The first instruction executes with TF set.
  static func steps() -> [SystemCase] {
    var cases: [SystemCase] = []
    for (name, code) in instructions {
      for mode in [SystemCase.Mode.kernel64, .user64, .user32] {
        for interrupts in [0, 0x200] as [UInt64] {
          var item = SystemCase("step of \(name), IF \(interrupts >> 9), \(mode)", mode, code + [0x90, 0x90])
          item[.rflags] = 0x102 | interrupts | 3 << 12
          item[.rax] = mode.isUser ? 0x23 : 0x10
          item[.rcx] = 3
          item[.rsi] = Map.data + 0x40
          item[.rdi] = Map.data + 0x10
          item.peeks = [Map.data + 0x10]
          if name == "sti" {
            item = item.differing(
              "Volume 3, 6.8.3: STI holds back interrupts, not single steps. QEMU steps over the next instruction too.",
              manual: "vector=1")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// The keyboard controller asks for an interrupt while IF is 0; then something opens the window. eax counts the instructions that went by.
  static func windows() -> [SystemCase] {
    // mov al, 0xFD; out 0x21, al; mov al, 0x60; out 0x64, al; mov al, 0x65; out 0x60, al: IRQ 1 on; mov al, 0xD2; out 0x64, al; mov al, 0x1E; out 0x60, al: a
    // byte as from the keyboard; then eax is 0.
    let request: [UInt8] = [
      0xB0, 0x60, 0xE6, 0x64, 0xB0, 0x65, 0xE6, 0x60, 0xB0, 0xFD, 0xE6, 0x21, 0xB0, 0xD2, 0xE6, 0x64, 0xB0, 0x1E, 0xE6,
      0x60, 0xB8, 0, 0, 0, 0,
    ]
    let count: [UInt8] = [0xFF, 0xC0]
    let openings: [(String, [UInt8])] = [
      ("sti", [0xFB]), ("sti; sti", [0xFB, 0xFB]), ("sti; cli; sti", [0xFB, 0xFA, 0x90, 0xFB]),
      ("sti; hlt", [0xFB, 0xF4]),
      ("popf", [0x68, 0x02, 0x02, 0, 0, 0x9D]), ("mov ss, then sti", [0x8E, 0xD1, 0xFB]),
      ("sti, then mov ss", [0xFB, 0x8E, 0xD1]), ("popf, then mov ss", [0x68, 0x02, 0x02, 0, 0, 0x8E, 0xD1, 0x9D]),
      ("mov ss under popf", [0x68, 0x02, 0x02, 0, 0, 0x9D, 0x8E, 0xD1]),
      ("sti; jmp", [0xFB, 0xEB, 0]), ("sti; call", [0xFB, 0xE8, 0, 0, 0, 0]), ("sti; ud2", [0xFB, 0x0F, 0x0B]),
      ("sti; int3", [0xFB, 0xCC]), ("sti; rep movsb", [0xFB, 0xF3, 0xA4]),
      ("hlt after popf", [0x68, 2, 2, 0, 0, 0x9D, 0xF4]),
      ("sti; mov cr0", [0xFB, 0x0F, 0x20, 0xC2, 0x0F, 0x22, 0xC2]),
    ]
    var cases: [SystemCase] = []
    for (name, code) in openings {
      for mode in [SystemCase.Mode.kernel64, .user64] {
        if mode.isUser && ["hlt", "mov ss", "cr0"].contains(where: name.contains) { continue }
        var item = SystemCase("window: \(name), \(mode)", mode, request + code + count + count + count)
        item[.rflags] = 2 | 3 << 12
        item[.rcx] = mode.isUser ? 0x23 : 0x10
        item[.rsi] = Map.data + 0x40
        item[.rdi] = Map.data + 0x10
        if ["mov ss, then sti", "sti, then mov ss"].contains(name) {
          item = item.differing(
            "Volume 2, MOV: of instructions in sequence that delay interrupts, the second may or may not. Here it does; in QEMU not.",
            manual: "vector=21", "rax=1")
        } else if name == "sti; rep movsb" {
          item = item.differing(
            "Volume 2, REP: interrupts are taken between iterations, of which the first is what STI delays them by. QEMU waits for the last.",
            manual: "vector=21", "rsi=300041")
        }
        cases.append(item)
      }
    }
    return cases
  }
}

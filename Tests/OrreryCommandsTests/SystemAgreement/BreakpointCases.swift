/// Hardware breakpoints: the debug registers (Intel SDM volume 3, 17.2 and 17.3.1).
enum BreakpointCases {
  private typealias Map = GuestMap

  /// What DR7 has for a breakpoint: R/W.
  private enum Kind: UInt64 {
    case execute, write, port, access
  }

  /// DR7 with the breakpoint `number`, enabled by Ln, or by Gn. `length` is its field: 0, 1, 3 and 2 for 1, 2, 4 and 8 bytes.
  private static func control(
    _ number: UInt64, _ kind: Kind, length: UInt64 = 0, isGlobal: Bool = false
  ) -> UInt64 {
    0x400 | (isGlobal ? 2 : 1) << (number * 2) | (length << 2 | kind.rawValue) << (16 + number * 4)
  }

  private static let place = Map.data + 0x900
  private static let target = Map.data + 0x40
  private static let stack = Map.data + 0x200

  /// A case whose code is at `place`.
  private static func make(_ name: String, _ mode: SystemCase.Mode, isLong: Bool, _ code: [UInt8]) -> SystemCase {
    var item = SystemCase("\(name), \(mode)", mode, isLong: isLong)
    item[.rip] = place
    var bytes = code + [0xCD, 0x80]
    bytes += [UInt8](repeating: 0x90, count: -bytes.count & 7)
    for offset in stride(from: 0, to: bytes.count, by: 8) {
      var value: UInt64 = 0
      for index in (0..<8).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
      item.pokes.append((place + UInt64(offset), value))
    }
    item[.rdi] = target
    item[.rsi] = Map.data + 0x80
    item[.rcx] = 3
    item[.rax] = mode.isUser ? GuestMap.Selector.userData : GuestMap.Selector.data
    item[.rflags] = 2 | 3 << 12
    item.peeks = [target]
    return item
  }

  private static func modes(isLong: Bool) -> [SystemCase.Mode] {
    isLong ? [.kernel64, .user64, .user32] : [.kernel32, .user32]
  }

  static func instructions(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let programs: [(String, [UInt8], offset: UInt64)] = [
      ("the first instruction", [0x90, 0x90], 0), ("the second instruction", [0x90, 0x90], 1),
      ("the midst of an instruction", [0xB8, 1, 0, 0, 0, 0x90], 2), ("the end", [0x90, 0x90], 2),
      ("what is jumped over", [0xEB, 1, 0x90, 0x90], 2), ("where a jump leads", [0xEB, 1, 0x90, 0x90], 3),
      ("ud2", [0x90, 0x0F, 0x0B], 1), ("a load that faults", [0x8B, 0x05, 0, 0, 0, 0x40], 0),
      ("a load that faults, later", [0x90, 0x8B, 0x05, 0, 0, 0, 0x40], 1),
      ("a loop's body", [0xFF, 0xC3, 0xE2, 0xFC], 0), ("rep movsb", [0xF3, 0xA4], 0),
      ("rep stosb", [0x90, 0xF3, 0xAA], 1),
      ("int3", [0x90, 0xCC], 1), ("the instruction after mov ss", [0x8E, 0xD0, 0x90, 0x90], 2),
      ("mov ss", [0x8E, 0xD0, 0x90, 0x90], 0), ("the second instruction after mov ss", [0x8E, 0xD0, 0x90, 0x90], 3),
      ("the instruction after sti", [0xFB, 0x90, 0x90], 1), ("pushf", [0x9C, 0x90], 0),
    ]
    for mode in modes(isLong: isLong) {
      // Without paging nothing faults there.
      for (name, code, offset) in programs where isLong || !name.contains("that faults") {
        for flags in [0, 0x1_0000] as [UInt64] {
          let words = flags != 0 ? " with RF" : ""
          var item = make("breakpoint at \(name)\(words)", mode, isLong: isLong, code)
          item[.dr0] = place + offset
          item[.dr7] = control(0, .execute)
          item[.rflags] |= flags
          if name == "rep movsb" && flags != 0 {
            item = item.differing(
              "Volume 3, 17.3.1.1: RF holds until the instruction is complete. QEMU clears it with the first iteration.",
              manual: "vector=80", "rcx=0")
          } else if name == "the instruction after mov ss" {
            item = item.differing(
              "Volume 3, 6.8.3: after MOV SS instruction breakpoints are held back. QEMU meets them.",
              manual: "vector=80")
          }
          cases.append(item)
        }
      }
      for number in 0..<4 as Range<UInt64> {
        for isGlobal in [false, true] {
          var item = make("breakpoint \(number), \(isGlobal ? "global" : "local")", mode, isLong: isLong, [0x90, 0x90])
          item[[StateField.dr0, .dr1, .dr2, .dr3][Int(number)]] = place + 1
          item[.dr7] = control(number, .execute, isGlobal: isGlobal) | 0x300
          cases.append(item)
        }
      }
      var item = make("breakpoints 1 and 3 at one place", mode, isLong: isLong, [0x90, 0x90])
      item[.dr1] = place + 1
      item[.dr3] = place + 1
      item[.dr7] = control(1, .execute) | control(3, .execute, isGlobal: true)
      cases.append(item)
      item = make("none enabled", mode, isLong: isLong, [0x90, 0x90])
      item[.dr0] = place + 1
      cases.append(item)
    }
    return cases
  }

  private static let accesses: [(String, [UInt8])] = [
    ("mov al, [rdi]", [0x8A, 0x07]), ("mov eax, [rdi]", [0x8B, 0x07]), ("mov [rdi], al", [0x88, 0x07]),
    ("mov [rdi], eax", [0x89, 0x07]), ("inc dword [rdi]", [0xFF, 0x07]), ("cmp [rdi], eax", [0x39, 0x07]),
    ("xchg [rdi], eax", [0x87, 0x07]), ("movups xmm0, [rdi]", [0x0F, 0x10, 0x07]),
    ("movups [rdi], xmm0", [0x0F, 0x11, 0x07]), ("fstp qword [rdi]", [0xD9, 0xE8, 0xDD, 0x1F]),
    ("lea; nop", [0x8D, 0x07, 0x90]), ("push [rdi]", [0xFF, 0x37]), ("movsb", [0xA4]), ("stosd", [0xAB]),
    ("lodsb", [0xAC]), ("scasb", [0xAE]), ("rep movsb", [0xF3, 0xA4]), ("rep stosb", [0xF3, 0xAA]),
    ("rep stosd", [0xF3, 0xAB]), ("rep lodsb", [0xF3, 0xAC]), ("sgdt [rdi]", [0x0F, 0x01, 0x07]),
    ("mov ss, [rdi]; nop", [0x8E, 0x17, 0x90]), ("a load, then ud2", [0x8B, 0x07, 0x0F, 0x0B]),
    ("a store, then a load that faults", [0x89, 0x07, 0x8B, 0x05, 0, 0, 0, 0x40]),
  ]

  /// Whether the last of three iterations is the first that meets the breakpoint.
  private static func isMetLast(_ name: String, _ kind: Kind, offset: UInt64, length: UInt64) -> Bool {
    switch name {
    case "rep movsb", "rep stosb": offset == 2 && length == 1
    case "rep stosd": offset == 8
    case "rep lodsb": offset == 0 && kind == .access
    default: false
    }
  }

  static func data(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in modes(isLong: isLong) {
      for (name, code) in accesses where isLong || !name.contains("that faults") {
        for kind in [Kind.write, .access] {
          for (offset, length) in [(0, 0), (1, 0), (2, 1), (0, 3), (4, 3), (0, 2), (8, 2)] as [(UInt64, UInt64)] {
            if length == 2 && !isLong { continue }
            var item = make("\(name), \(kind) breakpoint, length \(length), at \(offset)", mode, isLong: isLong, code)
            item[.dr1] = target + offset
            item[.dr7] = control(1, kind, length: length)
            item[.rsi] = target - 2
            if name.hasPrefix("mov ss") {
              item.pokes.append((target, mode.isUser ? Map.Selector.userData : Map.Selector.data))
            }
            if name.hasPrefix("mov ss") && kind == .access && offset < 2 {
              item = item.differing(
                "Volume 3, 6.8.3: what MOV SS meets is held back until the next instruction is complete. QEMU traps at once.",
                manual: "vector=1", "rip=300903")
            } else if isMetLast(name, kind, offset: offset, length: length) {
              item = item.differing(
                "Volume 3, 17.2.5: a trap; after the last iteration the instruction is complete. QEMU stays on it.",
                manual: "vector=1", "rip=300902", "rcx=0")
            }
            cases.append(item)
          }
        }
      }
      // Stacks: only instructions are watched, not what delivery pushes.
      for (name, code) in [
        ("push eax", [0x50]), ("pop edx", [0x5A]), ("call", [0xE8, 0, 0, 0, 0]), ("ret", [0xC3]),
        ("pushf", [0x9C]), ("enter 0, 0", [0xC8, 0, 0, 0]), ("leave", [0xC9]),
      ] as [(String, [UInt8])] {
        for kind in [Kind.write, .access] {
          let size: UInt64 = mode == .kernel64 || mode == .user64 ? 8 : 4
          let isRead = ["pop edx", "ret", "leave"].contains(name)
          // The handler's frame would lie there, which ends QEMU.
          if isRead && mode == .kernel32 { continue }
          var item = make("\(name), \(kind) breakpoint on the stack", mode, isLong: isLong, code)
          item[.rsp] = stack
          item[.rbp] = stack
          item[.dr2] = isRead ? stack : stack - size
          item[.dr7] = control(2, kind, length: 3)
          if name == "ret" { item.pokes.append((stack, place + 1)) }
          cases.append(item)
        }
      }
      for (name, flags) in [("TF", 0x100), ("RF", 0x1_0000)] as [(String, UInt64)] {
        var item = make("a store with \(name) and a breakpoint", mode, isLong: isLong, [0x89, 0x07, 0x90])
        item[.dr0] = target
        item[.dr7] = control(0, .write)
        item[.rflags] |= flags
        if name == "TF" {
          item = item.differing(
            "Volume 3, 17.2.3: one exception for both, after the instruction. QEMU raises another in its handler.",
            manual: "vector=1", "rip=300902", "dr6=ffff4ff1")
        }
        cases.append(item)
      }
      var item = make("a store that meets two breakpoints", mode, isLong: isLong, [0x89, 0x07, 0x90])
      item[.dr0] = target
      item[.dr3] = target + 2
      item[.dr7] = control(0, .write) | control(3, .access, length: 1)
      item = item.differing(
        "Volume 3, 17.2.3: every condition that was met is in DR6. QEMU has the first.", manual: "vector=1",
        "dr6=ffff0ff9")
      cases.append(item)
      item = make("an access over the border of two pages", mode, isLong: isLong, [0x89, 0x07, 0x90])
      item[.rdi] = Map.data + 0xFFE
      item[.dr0] = Map.data + 0x1000
      item[.dr7] = control(0, .write)
      cases.append(item)
      item = make("an instruction breakpoint met before a data one", mode, isLong: isLong, [0x89, 0x07, 0x90])
      item[.dr0] = target
      item[.dr1] = place
      item[.dr7] = control(0, .write) | control(1, .execute)
      cases.append(item)
    }
    return cases
  }

  static func ports(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    // All read as zero at first.
    let programs: [(String, [UInt8])] = [
      ("in al, 0x82", [0xE4, 0x82, 0x90]), ("in ax, 0x82", [0x66, 0xE5, 0x82, 0x90]),
      ("out 0x82, al", [0xE6, 0x82, 0x90]), ("in al, 0x83", [0xE4, 0x83, 0x90]), ("outsb", [0x6E, 0x90]),
      ("rep outsb", [0xF3, 0x6E, 0x90]), ("rep insb", [0xF3, 0x6C, 0x90]),
    ]
    for mode in modes(isLong: isLong) {
      for (name, code) in programs {
        for length in [0, 1, 3] as [UInt64] {
          var item = make("\(name), port breakpoint, length \(length)", mode, isLong: isLong, code)
          item[.rdx] = 0x82
          item[.dr0] = 0x82
          item[.dr7] = control(0, .port, length: length)
          item[.cr4] |= 8
          if name.hasPrefix("rep") {
            item = item.differing(
              "Volume 3, 17.2.4: the trap comes after the iteration, with the instruction still to go on. QEMU goes behind it, with its count as before.",
              manual: "vector=1", "rip=300900", "rcx=2")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// MOV to and from the debug registers.
  static func registers(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in modes(isLong: isLong) {
      for number in 0..<8 as Range<UInt8> {
        for hasExtensions in [true, false] {
          for (name, code) in [
            ("mov eax, dr", [0x0F, 0x21, 0xC0 | number << 3]), ("mov dr, eax", [0x0F, 0x23, 0xC0 | number << 3]),
          ] as [(String, [UInt8])] {
            for value in [0, 0xFFFF_FFFF, 0x0000_5500, 1 << 32, 1 << 63] as [UInt64] {
              if value >> 32 != 0 && (mode != .kernel64 || name.hasPrefix("mov eax")) { continue }
              // What would be enabled has no place here.
              let wanted = number == 7 || number == 5 ? value & ~0x20FF : value
              var item = make(
                "\(name)\(number), \(String(wanted, radix: 16)), DE \(hasExtensions)", mode, isLong: isLong, code)
              item[.rax] = wanted
              if hasExtensions { item[.cr4] |= 8 }
              let isUndefined = hasExtensions && (number == 4 || number == 5)
              // Whether #UD or #GP comes first is not said.
              if isUndefined && mode.isUser { continue }
              if !mode.isUser && !isUndefined && name.hasPrefix("mov dr") && wanted != 0 && wanted >> 32 == 0 {
                let isStatus = number == 6 || number == 4
                if isStatus || number == 7 || number == 5 {
                  let mask: UInt64 = isStatus ? 0xE00F : 0xFFFF_23FF
                  let result = wanted & mask | (isStatus ? 0xFFFF_0FF0 : 0x400)
                  item = item.differing(
                    "Volume 3, 17.2.3 and 17.2.4: bit 12 of DR6 and bits 11, 12, 14 and 15 of DR7 are reserved. QEMU keeps what is written.",
                    manual: "vector=80", "\(isStatus ? "dr6" : "dr7")=\(String(result, radix: 16))")
                }
              }
              cases.append(item)
              // Where the instruction raises something else first, the handler would be caught.
              guard value == 0, !mode.isUser, !isUndefined else { continue }
              item.name += ", guarded"
              item[.dr7] |= 1 << 13
              cases.append(
                item.differing(
                  "Volume 3, 17.2.4: with GD an access to a debug register raises #DB. QEMU does not look.",
                  manual: "vector=1", "rip=300900", "dr6=ffff2ff0", "dr7=400"))
            }
          }
        }
      }
    }
    return cases
  }
}

/// Gates, stack switches and faults on the way to a handler.
enum DeliveryCases {
  private typealias Map = GuestMap
  private typealias Selector = GuestMap.Selector

  /// What leads to a delivery: a vector, and instructions that raise it.
  private static let origins: [(name: String, vector: Int, code: [UInt8])] = [
    ("int 0x30", 0x30, [0xCD, 0x30]), ("a division by 0", 0, [0x31, 0xC9, 0xF7, 0xF1]), ("ud2", 6, [0x0F, 0x0B]),
    ("a page fault", 14, [0xA0, 0, 0, 0, 0x40, 0, 0, 0, 0]), ("int3", 3, [0xCC]),
    ("#GP", 13, [0xB8, 0x08, 1, 0, 0, 0x8E, 0xD8]),  // mov eax, 0x108; mov ds, eax
  ]

  private static func externalVector(_ vector: Int) -> UInt64? { vector == 3 || vector == 0x30 ? nil : UInt64(vector) }

  private static func poke(_ vector: Int, _ gate: (UInt64, UInt64), isLong: Bool) -> [(UInt64, UInt64)] {
    let address = Map.gateAddress(vector, isLong: isLong)
    return isLong ? [(address, gate.0), (address + 8, gate.1)] : [(address, gate.0)]
  }

  private static func gates(_ vector: Int, isLong: Bool) -> [(String, (UInt64, UInt64))] {
    func gate(selector: UInt64 = Selector.code, access: UInt64 = 0xEE, stack: UInt64 = 0) -> (UInt64, UInt64) {
      Map.gate(vector, isLong: isLong, selector: selector, access: access, stack: stack)
    }
    var gates: [(String, (UInt64, UInt64))] = [
      ("an interrupt gate", gate()), ("a trap gate", gate(access: 0xEF)), ("a gate of DPL 0", gate(access: 0x8E)),
      ("a gate of DPL 2", gate(access: 0xCE)), ("a gate not present", gate(access: 0x6E)),
      ("a gate of DPL 0 not present", gate(access: 0x0E)), ("nothing", (0, 0)),
      ("a code segment for a gate", gate(access: 0xFB)), ("an LDT for a gate", gate(access: 0xE2)),
      ("a null selector", gate(selector: 0)), ("a null selector of RPL 3", gate(selector: 3)),
      ("a selector beyond the table", gate(selector: Selector.beyond)),
      ("a data segment", gate(selector: Selector.data)),
      ("a code segment not present", gate(selector: Selector.absentCode)),
      ("user code", gate(selector: Selector.userCode)), ("code of RPL 3", gate(selector: Selector.code | 3)),
      ("conforming code", gate(selector: Selector.conforming)), ("a task", gate(selector: Selector.task)),
      ("the LDT's user code", gate(selector: 0x0C)), ("beyond the LDT", gate(selector: 0x44)),
    ]
    if isLong {
      gates += [
        ("32-bit code", gate(selector: Selector.code32)),
        ("code with L and D", gate(selector: Selector.longAndBigCode)),
        ("interrupt stack 1", gate(stack: 1)), ("interrupt stack 2, which is 0", gate(stack: 2)),
        ("a 16-bit gate", gate(access: 0xE6)), ("a call gate", gate(access: 0xEC)), ("a task gate", gate(access: 0xE5)),
        ("an entry that is not canonical", (gate().0, 0x8000)), ("an entry where there is nothing", (gate().0, 0x10)),
      ]
    }
    return gates
  }

  /// Every kind of gate under every kind of event, from kernel and user.
  static func gates(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let modes: [SystemCase.Mode] = isLong ? [.kernel64, .user64, .user32] : [.kernel32, .user32]
    for (originName, vector, code) in origins {
      for (gateName, gate) in gates(vector, isLong: isLong) {
        for mode in modes {
          // The handler would fault in the same way again, until its stack is full.
          if vector == 14 && gateName.hasPrefix("an entry where") { continue }
          let ends = ["user code", "conforming code", "the LDT's user code", "an entry that is not canonical"]
          if vector == 13 && ends.contains(gateName) { continue }
          var code = code
          if vector == 14 && mode != .kernel64 && mode != .user64 {
            if !isLong { continue }
            code = [0xA0, 0, 0, 0, 0x40]
          }
          // The selectors of the handlers' stack frames tell what was pushed.
          var item = SystemCase("\(originName) through \(gateName), \(mode)", mode, isLong: isLong, code)
          item[.rflags] = 0x202
          item.externalVector = externalVector(vector)
          item.pokes = poke(vector, gate, isLong: isLong)
          item.peeks = [Map.kernelStack - 8, Map.stackOfLevel0 - 40, Map.interruptStack1 - 8]
          if gateName == "an entry that is not canonical" {
            let vectors = [0: "8", 6: "d", 14: "8"]
            item = item.differing(
              "Volume 2, INT n: #GP(EXT) for an entry that is not canonical. QEMU goes there.",
              manual: "vector=\(vectors[vector] ?? "d")")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// Stacks that cannot be used.
  static func stacks() -> [SystemCase] {
    var cases: [SystemCase] = []
    let stacks: [(String, UInt64)] = [
      ("good", Map.stackOfLevel0), ("not aligned", Map.stackOfLevel0 - 5), ("not canonical", 0x8000_0000_0000),
      ("half canonical", 0x8000_0000_0010), ("where there is nothing", 0x4000_0000), ("0", 0), ("16", 16),
      ("read-only", Map.window + 0x1000), ("for the supervisor only", Map.window + 0x1000),
      ("half there", Map.window + 0x1010),
    ]
    for (name, stack) in stacks {
      for (originName, vector, code) in origins {
        for table in 0..<3 as Range<UInt64> {
          for mode in [SystemCase.Mode.kernel64, .user64] {
            // With table 2 the stack is the one in use: only the kernel's own.
            if table == 2 && mode == .user64 || vector == 14 && table == 2 { continue }
            var item = SystemCase(
              "\(originName), stack \(name), \(["of level 0", "of table 1", "in use"][Int(table)]), \(mode)", mode, code
            )
            item.externalVector = externalVector(vector)
            switch table {
            case 0: item.pokes = [(Map.task + 4, stack)]
            case 1:
              item.pokes =
                [(Map.task + 36, stack)]
                + poke(vector, Map.gate(vector, isLong: true, access: 0xEE, stack: 1), isLong: true)
            default:
              item[.rsp] = stack
              item.pokes = poke(vector, Map.gate(vector, isLong: true, access: 0xEE), isLong: true)
            }
            let rights: UInt64 = name == "read-only" ? 5 : name == "half there" ? 7 : 3
            item.pokes += [
              (Map.windowTable + 0x800, name == "half there" ? 0 : Map.data | rights),
              (Map.windowTable + 0x808, Map.data + 0x1000 | rights),
            ]
            item.peeks = [Map.windowTable + 0x800, Map.windowTable + 0x808, Map.interruptStack7 - 8]
            // Of a frame that cannot be pushed wholly QEMU leaves what it could push; the manual does not say.
            if name != "half there" { item.peeks += [Map.data + 0xFF8, Map.data + 0x1008] }
            cases.append(item)
          }
        }
      }
    }
    return cases
  }

  /// A fault while another is delivered: which two make a double fault (Intel SDM volume 3, table 6-5).
  static func nested() -> [SystemCase] {
    var cases: [SystemCase] = []
    let firsts: [(String, Int, [UInt8])] =
      origins.map { ($0.name, $0.vector, $0.code) } + [
        ("#SS", 12, [0xB8, 0x60, 0, 0, 0, 0x8E, 0xD0]),  // mov eax, 0x60; mov ss, eax
        ("#NP", 11, [0xB8, 0x60, 0, 0, 0, 0x8E, 0xD8]),  // mov eax, 0x60; mov ds, eax
        ("#NM", 7, [0xD9, 0xE8]),
      ]
    let seconds: [(String, (Int) -> [(UInt64, UInt64)])] = [
      ("a gate not present", { poke($0, Map.gate($0, isLong: true, access: 0x0E), isLong: true) }),
      ("a gate of no type", { poke($0, (0, 0), isLong: true) }),
      ("a null selector", { poke($0, Map.gate($0, isLong: true, selector: 0), isLong: true) }),
      ("code not present", { poke($0, Map.gate($0, isLong: true, selector: Selector.absentCode), isLong: true) }),
      (
        "a stack with nothing",
        { poke($0, Map.gate($0, isLong: true, stack: 1), isLong: true) + [(Map.task + 36, 0x4000_0000)] }
      ),
      (
        "a stack not canonical",
        { poke($0, Map.gate($0, isLong: true, stack: 1), isLong: true) + [(Map.task + 36, 0x8000_0000_0000)] }
      ),
    ]
    for (firstName, vector, code) in firsts {
      for (secondName, pokes) in seconds {
        for mode in [SystemCase.Mode.kernel64, .user64] {
          // For the user selector 0x60 raises #GP.
          if mode == .user64 && [11, 12].contains(vector) { continue }
          var item = SystemCase("\(firstName), then \(secondName), \(mode)", mode, code)
          if vector == 7 { item[.cr0] |= 8 }
          item.externalVector = externalVector(vector)
          item.pokes = pokes(vector)
          cases.append(item)
        }
      }
    }
    return cases
  }
}

/// Far JMP and CALL through call gates, the stacks they lead to, and the way back.
enum CallGateCases {
  private typealias Map = GuestMap
  private typealias Selector = GuestMap.Selector

  /// The gate is in the last two places of the GDT; in IA-32e mode it fills both.
  private static let gateSelector: UInt64 = 0xF0
  /// `int 0x80`, in whatever mode it executes.
  private static let target = Map.data + 0x800
  private static let returning = Map.data + 0x900

  private static func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }

  private static func modes(isLong: Bool) -> [SystemCase.Mode] {
    isLong ? [.kernel64, .user64, .kernel32, .user32] : [.kernel32, .user32]
  }

  struct Gate {
    var selector: UInt64
    var offset = CallGateCases.target
    /// 4 or 12.
    var type: UInt64 = 12
    var level: UInt64 = 3
    var isPresent = true
    var parameterCount: UInt64 = 0
    /// The second half, where the upper half of the offset is.
    var high: UInt64 = 0

    var pokes: [(UInt64, UInt64)] {
      let low =
        offset & 0xFFFF | selector << 16 | parameterCount << 32 | (type | level << 5 | (isPresent ? 0x80 : 0)) << 40
        | (offset >> 16 & 0xFFFF) << 48
      return [(Map.gdt + CallGateCases.gateSelector, low), (Map.gdt + CallGateCases.gateSelector + 8, high)]
    }
  }

  /// A transfer through `gate` by `call far [rdi]` or `jmp far [rdi]`.
  private static func make(
    _ name: String, _ mode: SystemCase.Mode, isLong: Bool, isCall: Bool, _ gate: Gate, requested: UInt64 = 3
  ) -> SystemCase {
    var item = SystemCase(
      "\(isCall ? "call" : "jmp") through a gate: \(name), \(mode)", mode, isLong: isLong, [0xFF, isCall ? 0x1F : 0x2F])
    item[.rdi] = Map.data + 0x20
    // The offset in the pointer is not looked at.
    item.pokes = gate.pokes + [(Map.data + 0x20, 0x1234_5678 | (gateSelector | requested) << 32)]
    let stack = mode.isUser ? Map.stackOfLevel0 : item[.rsp]
    // As far as a fault's frame has no flags, in which QEMU never sets RF.
    item.peeks = (isLong ? [8, 16] : [8]).map { stack - $0 }
    return item
  }

  private static let selectors: [UInt64] =
    (0..<0x1E).map { UInt64($0) * 8 }.flatMap { [$0, $0 | 3] } + [0x0C, 0x0F, 0x04, 0x07, 0x14, 0x44, 0x100, 0x108]

  /// Every selector in a gate.
  static func targets(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in modes(isLong: isLong) {
      for isCall in [true, false] {
        for selector in selectors {
          // The segments of 16-bit code begin elsewhere.
          if [Selector.code16, Selector.userCode16 & ~3].contains(selector & ~3) { continue }
          var item = make(
            "to \(hexadecimal(selector))", mode, isLong: isLong, isCall: isCall, Gate(selector: selector))
          if !isCall && selector & ~3 == (mode.isUser ? Selector.absentUserCode & ~3 : Selector.absentCode) {
            item = item.differing(
              "Volume 2, JMP: #NP for a code segment not present. QEMU raises #GP.", manual: "vector=b",
              "error=\(hexadecimal(selector & ~3))")
          } else if isCall && mode.isUser && selector & ~3 == Selector.conforming {
            item = item.differing(
              "Volume 3, 5.8.5: a conforming segment is entered at the caller's level, on its stack. QEMU changes both.",
              manual: "vector=80", "cs=5b", "ss=23")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// What is in the gate itself, and who may use it.
  static func gates(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in modes(isLong: isLong) {
      for isCall in [true, false] {
        for level in [0, 1, 3] as [UInt64] {
          for requested in [0, 1, 3] as [UInt64] {
            for isPresent in [true, false] {
              var gate = Gate(selector: Selector.code, level: level, isPresent: isPresent)
              cases.append(
                make(
                  "DPL \(level), RPL \(requested), present \(isPresent)", mode, isLong: isLong, isCall: isCall, gate,
                  requested: requested))
              // Its offset has 16 bits: a segment that begins at the target.
              gate.type = 4
              (gate.selector, gate.offset) = (Selector.absentCode, 0)
              var item = make(
                "16 bits, DPL \(level), RPL \(requested), present \(isPresent)", mode, isLong: isLong, isCall: isCall,
                gate, requested: requested)
              item.pokes.append(
                (
                  Map.gdt + Selector.absentCode,
                  Map.descriptor(base: target, limit: 0xFFFF, access: 0x9B, size: isLong ? 0xA : 0x4)
                ))
              cases.append(item)
            }
          }
        }
        if isLong {
          for high in [1, 0x8000, 0x7FFF, 0xFFFF_FFFF, 0x0000_0100_0000_0000, 0x0000_0C00_0000_0000, 1 << 48]
            as [UInt64]
          {
            var item = make(
              "second half \(hexadecimal(high))", mode, isLong: isLong, isCall: isCall,
              Gate(selector: mode.isUser ? Selector.userCode : Selector.code, high: high))
            if high == 0x8000 {
              item = item.differing(
                "Volume 2, CALL and JMP: #GP(0) of the instruction when the offset is not canonical. QEMU faults at the target.",
                manual: "vector=d", "error=0", "rsp=\(hexadecimal(item[.rsp]))")
            }
            cases.append(item)
          }
        }
        // A segment that ends before the offset.
        var item = make(
          "to an offset beyond the limit", mode, isLong: isLong, isCall: isCall, Gate(selector: Selector.absentCode))
        item.pokes.append(
          (Map.gdt + Selector.absentCode, Map.descriptor(limit: 0x2FF, access: 0x9B, size: isLong ? 0xA : 0xC)))
        if !isLong && isCall {
          item = item.differing(
            "Volume 2, CALL: #GP(0) when the offset is beyond the limit. QEMU does not look.",
            manual: "vector=d", "error=0")
        }
        if isLong || mode == .kernel32 || isCall { cases.append(item) }
      }
    }
    return cases
  }

  /// The stacks of inner levels, and what goes there.
  static func stacks(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let users: [SystemCase.Mode] = isLong ? [.user64, .user32] : [.user32]
    func add(_ name: String, _ gate: Gate = Gate(selector: Selector.code), _ change: (inout SystemCase) -> Void) {
      for mode in users {
        var item = make(name, mode, isLong: isLong, isCall: true, gate)
        change(&item)
        cases.append(item)
      }
    }
    if isLong {
      for pointer in [
        0, 8, 0x10, 0x8000_0000_0000, 0x8000_0000_0008, 0xFFFF_8000_0000_0000, 0xFFFF_8000_0000_0020, 0x4000_0000,
        Map.stackOfLevel0 - 1, 1 << 63,
      ] as [UInt64] {
        add("stack \(hexadecimal(pointer))") { $0.pokes.append((Map.task + 4, pointer)) }
      }
    } else {
      // Those of level 1, for the handlers need that of level 0.
      func level1(
        _ name: String, _ stack: UInt64, _ pointer: UInt64 = Map.interruptStack1, pokes: [(UInt64, UInt64)] = []
      ) {
        add(name, Gate(selector: Selector.absentCode | 1)) { item in
          item.pokes += [
            (Map.gdt + Selector.absentCode, Map.descriptor(access: 0xBB, size: 0xC)),
            (Map.gdt + Selector.expandDown, Map.descriptor(access: 0xB3, size: 0xC)),
            (Map.gdt + Selector.absentData, Map.descriptor(access: 0x33, size: 0xC)),
            (Map.task + 12, pointer | stack << 32),
          ]
          item.pokes += pokes
          item.peeks = (1...4).map { Map.interruptStack1 - $0 * 8 }
          if !pokes.isEmpty && !(0x10...0x20 ~= pointer) {
            item = item.differing(
              "Volume 2, CALL: #SS when the new stack has no room. QEMU does not look at its limit.",
              manual: "vector=c",
              "error=78")
          }
          if stack == Selector.absentData | 1 {
            item = item.differing(
              "Volume 2, CALL: #SS for a stack segment not present. QEMU raises #TS.", manual: "vector=c", "error=60")
          }
        }
      }
      let good = Selector.expandDown | 1
      for selector in [
        good, 0, 3, Selector.code, Selector.userData, Selector.data, Selector.data | 1, Selector.absentData,
        Selector.absentData | 1, Selector.expandDown, Selector.expandDown | 3, Selector.beyond | 1, Selector.ldt | 1,
        0x15,
        0x0D,
      ] {
        level1("stack selector \(hexadecimal(selector))", selector)
      }
      for pointer in [16, 17, 24, Map.interruptStack1 - 2] as [UInt64] {
        level1("stack at \(hexadecimal(pointer))", good, pointer)
      }
      for pointer in [0x8, 0xC, 0xF, 0x10, 0x14, 0x20, 0x24] as [UInt64] {
        level1(
          "stack of 32 bytes, at \(hexadecimal(pointer))", good, pointer,
          pokes: [
            (
              Map.gdt + Selector.expandDown,
              Map.descriptor(base: Map.interruptStack1 - 0x20, limit: 0x1F, access: 0xB3, size: 0x4)
            )
          ])
      }
      for count in [1, 2, 5, 31] as [UInt64] {
        for type in [4, 12] as [UInt64] {
          var gate = Gate(selector: Selector.code, type: type, parameterCount: count)
          if type == 4 {
            // Its offset has 16 bits: a segment that begins at the target.
            gate.selector = Selector.absentCode
            gate.offset = 0
          }
          add("\(count) parameters of \(type == 4 ? 16 : 32) bits", gate) { item in
            item[.rsp] -= 0x80
            for index in 0..<UInt64(16) { item.pokes.append((item[.rsp] + index * 8, 0xA1B2_C3D4_0000_0000 | index)) }
            item.pokes.append(
              (Map.gdt + Selector.absentCode, Map.descriptor(base: target, limit: 0xFFFF, access: 0x9B, size: 0x4)))
            item.peeks = (1...18).map { Map.stackOfLevel0 - $0 * 8 }
          }
        }
      }
      add("a parameter beyond the caller's stack", Gate(selector: Selector.code, parameterCount: 4)) { item in
        item[.ss] = Selector.smallUserData
        item[.rsp] = 0xFF8
        item = item.differing(
          "Volume 2, CALL: parameters are read from the caller's stack, within its limit. QEMU does not look.",
          manual: "vector=c", "error=0")
      }
    }
    if isLong {
      add("to level 1", Gate(selector: Selector.absentCode | 1)) { item in
        item.pokes += [
          (Map.gdt + Selector.absentCode, Map.descriptor(access: 0xBB, size: 0xA)),
          (Map.task + 12, Map.interruptStack1),
        ]
        item.peeks = (1...4).map { Map.interruptStack1 - $0 * 8 }
        item = item.differing(
          "Volume 3, 5.8.5: level 1 is level 1, so the handler gets the stack of level 0. QEMU goes on as in level 0.",
          manual: "vector=80", "entry=20cfc8", "cs=a1", "ss=1")
      }
    }
    // And back again.
    for (name, code) in [("retf", [0xCB]), ("retf 8", [0xCA, 8, 0])] as [(String, [UInt64])] {
      for parameters in isLong ? [0] : [0, 2] as [UInt64] {
        add(
          "there and back by \(name), \(parameters) parameters",
          Gate(selector: Selector.code, offset: returning, parameterCount: parameters)
        ) { item in
          item[.rsp] -= 0x20
          let bytes = (isLong ? [0x48] : []) + code
          var value: UInt64 = 0x9090_9090_9090_9090
          for (index, byte) in bytes.enumerated() {
            value = value & ~(0xFF << UInt64(index * 8)) | byte << UInt64(index * 8)
          }
          item.pokes.append((returning, value))
        }
      }
    }
    return cases
  }

  /// A 16-bit TSS gives the stack: for gates of every size, and for interrupts.
  static func shortTasks() -> [SystemCase] {
    var cases: [SystemCase] = []
    for (name, code) in [("call through a gate", [0xFF, 0x1F]), ("int 0x80", [0xCD, 0x80]), ("ud2", [0x0F, 0x0B])]
      as [(
        String, [UInt8]
      )]
    {
      for (stackName, stack, limit) in [
        ("good", 0xD000 | Selector.absentData << 16, 0x2B), ("at its end", 0xD000 | Selector.absentData << 16, 5),
      ] as [(String, UInt64, UInt64)] {
        for type in [4, 12] as [UInt64] {
          if !name.hasPrefix("call") && type == 4 { continue }
          // ltr ax; push 0x23; push user stack; push 2; push user code; push place; iretd
          var assembler = Assembler(isLong: false, base: 0)
          assembler.move(.rax, Selector.secondTask)
          assembler.loadTask(.rax)
          assembler.push(value: Int32(Selector.userData))
          assembler.push(value: Int32(Map.userStack - 0x40))
          assembler.push(value: 2)
          assembler.push(value: Int32(Selector.userCode32))
          assembler.push(value: Int32(returning))
          assembler.raw(0xCF)
          var item = SystemCase(
            "16-bit TSS, stack \(stackName): \(name), type \(type)", .kernel32, isLong: false, assembler.assembled())
          var value: UInt64 = 0x9090_9090_80CD_9090
          for (index, byte) in code.enumerated() {
            value = value & ~(0xFF << UInt64(index * 8)) | UInt64(byte) << UInt64(index * 8)
          }
          var gate = Gate(selector: Selector.code, type: type, parameterCount: 1)
          if type == 4 { (gate.selector, gate.offset) = (Selector.absentCode, 0) }
          item.pokes =
            gate.pokes + [
              (returning, value), (Map.data + 0x20, 0x1234_5678 | (gateSelector | 3) << 32),
              (Map.gdt + Selector.absentCode, Map.descriptor(base: target, limit: 0xFFFF, access: 0x9B, size: 0x4)),
              (
                Map.gdt + Selector.secondTask, Map.descriptor(base: Map.secondTask, limit: limit, access: 0x81, size: 0)
              ),
              (Map.gdt + Selector.absentData, Map.descriptor(base: Map.tables, limit: 0xFFFF, access: 0x93, size: 0x4)),
              (Map.secondTask, stack << 16), (Map.userStack - 0x40, 0x5566_7788_1122_3344),
            ]
          (item[.ds], item[.es]) = (Selector.userData, Selector.userData)
          item[.rdi] = Map.data + 0x20
          item.peeks = (1...4).map { Map.tables + 0xD000 - $0 * 8 }
          cases.append(item)
        }
      }
    }
    return cases
  }
}

/// IRET, far RET, far JMP and CALL, SYSRET and SYSEXIT to every selector.
enum ReturnCases {
  private typealias Map = GuestMap
  private typealias Selector = GuestMap.Selector

  private static let selectors: [UInt64] =
    (0..<0x21).map { UInt64($0) * 8 }.flatMap { [$0, $0 | 3] } + [0x09, 0x2A, 0x32, 0x0C, 0x0F, 0x04, 0x07, 0x44]

  private static func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }

  /// The code of the target: `int 0x80`, in whatever mode it executes.
  private static let target = Map.data + 0x800

  /// Says what QEMU does not check in the descriptor of a code segment.
  private static func checked(_ item: SystemCase, selector: UInt64) -> SystemCase {
    guard selector == Selector.longAndBigCode, [Selector.code, Selector.code32].contains(item[.cs]),
      item[.efer] != 0
    else { return item }
    return item.differing(
      "Volume 3, 5.2.1: a code segment with L and D is reserved, and raises #GP. QEMU takes it for 64-bit code.",
      manual: "vector=d", "error=a8")
  }

  /// A frame on the stack of the case's mode.
  private static func frame(_ elements: [UInt64], size: Int, at stack: UInt64) -> [(UInt64, UInt64)] {
    var bytes: [UInt8] = []
    for element in elements { bytes += (0..<size).map { UInt8(truncatingIfNeeded: element >> UInt64($0 * 8)) } }
    bytes += [UInt8](repeating: 0, count: -bytes.count & 7)
    return stride(from: 0, to: bytes.count, by: 8).map { offset in
      var value: UInt64 = 0
      for index in (0..<8).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
      return (stack + UInt64(offset), value)
    }
  }

  /// The 16-bit code segments begin elsewhere, and end early: they are left to `sixteenBits`.
  private static func isPlain(_ selector: UInt64) -> Bool {
    ![Selector.code16, Selector.userCode16 & ~3, 0].contains(selector & ~3)
  }

  private static func make(
    _ name: String, _ mode: SystemCase.Mode, isLong: Bool, _ code: [UInt8], _ elements: [UInt64], size: Int
  ) -> SystemCase {
    var item = SystemCase("\(name), \(mode)", mode, isLong: isLong, code)
    item[.rsp] -= 0x80
    item.pokes = frame(elements, size: size, at: item[.rsp])
    return item
  }

  /// IRET to every code selector with a matching stack, and to kernel and user code with every stack.
  static func interruptReturns(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let modes: [SystemCase.Mode] = isLong ? [.kernel64, .user64, .kernel32, .user32] : [.kernel32, .user32]
    for mode in modes {
      let is64 = [.kernel64, .user64].contains(mode)
      let size = is64 ? 8 : 4
      let code: [UInt8] = is64 ? [0x48, 0xCF] : [0xCF]
      let stack = mode.isUser ? Map.userStack - 0x40 : Map.kernelStack - 0x40
      for selector in selectors where isPlain(selector) {
        let stackSelector = selector & 3 == 0 ? Selector.data : Selector.userData
        // The handler of protected mode begins on the stack that it finds.
        cases.append(
          checked(
            make(
              "iret to \(hexadecimal(selector))", mode, isLong: isLong, code,
              [target, selector, 0x46, stack, stackSelector], size: size), selector: selector))
      }
      for codeSelector in [Selector.code, Selector.userCode, Selector.userCode32, Selector.code32] {
        for selector in selectors {
          if !isLong && codeSelector & 3 == 0 { continue }
          if [Selector.data16, Selector.userData16].contains(selector) { continue }
          var item = make(
            "iret to \(hexadecimal(codeSelector)) with stack \(hexadecimal(selector))", mode, isLong: isLong, code,
            [target, codeSelector, 0x2, stack, selector], size: size)
          if mode == .kernel64 && selector == Selector.absentData && codeSelector & 3 == 0 {
            item = item.differing(
              "Volume 2, IRET: #SS for a stack segment not present. QEMU raises #NP.", manual: "vector=c", "error=60")
          } else if mode == .kernel64 && selector == 3 && codeSelector == Selector.code {
            item = item.differing(
              "Volume 2, IRET: the RPL of a null SS is that of CS. QEMU takes any.", manual: "vector=d", "error=0")
          } else if mode == .kernel64 && selector < 4 && codeSelector == Selector.code32 {
            item = item.differing(
              "Volume 2, IRET: a null SS only for 64-bit code. QEMU takes it for any.", manual: "vector=d", "error=0")
          }
          cases.append(item)
        }
      }
      for bit in 0..<22 as Range<UInt64> {
        // VM leads to virtual-8086 mode, NT to another task, TF is held by `StepCases`.
        if [8, 14, 17].contains(bit) { continue }
        for level in [0, 3] as [UInt64] {
          var item = make(
            "iret with flag \(bit), IOPL \(level)", mode, isLong: isLong, code,
            [
              target, mode.isUser ? (is64 ? Selector.userCode : Selector.userCode32) : Selector.code, 2 | 1 << bit,
              stack,
              mode.isUser ? Selector.userData : Selector.data,
            ], size: size)
          item[.rflags] = 2 | level << 12
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// RETF, and JMP and CALL through a far pointer.
  static func farTransfers(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let modes: [SystemCase.Mode] = isLong ? [.kernel64, .user64, .kernel32, .user32] : [.kernel32, .user32]
    for mode in modes {
      let is64 = [.kernel64, .user64].contains(mode)
      let size = is64 ? 8 : 4
      let prefix: [UInt8] = is64 ? [0x48] : []
      let stack = mode.isUser ? Map.userStack - 0x40 : Map.kernelStack - 0x40
      for selector in selectors where isPlain(selector) {
        let stackSelector = selector & 3 == 0 ? Selector.data : Selector.userData
        for (name, code) in [("retf", [0xCB]), ("retf 8", [0xCA, 8, 0])] as [(String, [UInt8])] {
          let elements = [target, selector] + (name == "retf" ? [] : [UInt64](repeating: 0, count: 8 / size))
          cases.append(
            checked(
              make(
                "\(name) to \(hexadecimal(selector))", mode, isLong: isLong, prefix + code,
                elements + [stack, stackSelector], size: size), selector: selector))
        }
        // Task-state segments are not modelled as targets of protected mode.
        if !isLong && [Selector.task, Selector.secondTask].contains(selector & ~3) { continue }
        for (name, modRM) in [("jmp far", 0x2F), ("call far", 0x1F)] as [(String, UInt8)] {
          // Through [rdi], with an offset of 32 bits: all that processors of every make take without REX.
          var item = SystemCase("\(name) to \(hexadecimal(selector)), \(mode)", mode, isLong: isLong, [0xFF, modRM])
          item[.rdi] = Map.data + 0x20
          item.pokes = [(Map.data + 0x20, target | selector << 32)]
          item.peeks = [item[.rsp] - 8, item[.rsp] - 16]
          cases.append(checked(item, selector: selector))
        }
      }
    }
    return cases
  }

  /// SYSRET, SYSEXIT, and the fast calls under other settings.
  static func fastCalls() -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in [SystemCase.Mode.kernel64, .user64, .kernel32, .user32] {
      for (name, code) in [
        ("sysretq", [0x48, 0x0F, 0x07]), ("sysret", [0x0F, 0x07]), ("sysexitq", [0x48, 0x0F, 0x35]),
        ("sysexit", [0x0F, 0x35]), ("syscall", [0x0F, 0x05]), ("sysenter", [0x0F, 0x34]),
        ("swapgs", [0x0F, 0x01, 0xF8]),
      ] as [(String, [UInt8])] {
        for hasSystemCalls in [true, false] {
          // In 32-bit code 48 is DEC.
          if [.kernel32, .user32].contains(mode) && code[0] == 0x48 { continue }
          for flags in [0x2, 0xED7, 0x24_4202] as [UInt64] {
            var item = SystemCase("\(name), SCE \(hasSystemCalls), R11 \(hexadecimal(flags)), \(mode)", mode, code)
            item[.efer] = hasSystemCalls ? 0xD01 : 0xD00
            item[.rcx] = name.hasPrefix("sysexit") ? Map.userStack : target
            item[.rdx] = target
            item[.r11] = flags
            item[.rflags] = flags == 0xED7 ? 0xCC7 : 2
            item[.gsBase] = 0
            if ["syscall", "sysret"].contains(name) && [.kernel32, .user32].contains(mode) && hasSystemCalls {
              item = item.differing(
                "Volume 2, SYSCALL, SYSRET: #UD outside 64-bit mode. QEMU does as AMD's processors do.",
                manual: "vector=6")
            } else if name == "syscall" && hasSystemCalls && flags == 0xED7 {
              item = item.differing(
                "Volume 2, SYSCALL: only the flags in IA32_FMASK are cleared. QEMU loses the arithmetic ones and DF.",
                manual: "vector=81", "rflags=cc7")
            }
            cases.append(item)
          }
        }
      }
    }
    return cases
  }
}

/// Every selector of the tables, with every RPL, in every place that takes one.
enum SelectorCases {
  private typealias Map = GuestMap

  private static let selectors: [UInt64] = (0..<0x21).map { UInt64($0) * 8 } + [0x04, 0x0C, 0x14, 0x1C, 0x3C, 0x44]

  private static func all(withoutGates: Bool = true) -> [UInt64] {
    selectors.flatMap { selector in (0..<4).map { selector | $0 } }
  }

  private static func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }

  private static func modes(isLong: Bool) -> [SystemCase.Mode] {
    isLong ? [.kernel64, .user64, .kernel32, .user32] : [.kernel32, .user32]
  }

  /// MOV to a segment register.
  static func loads(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let registers: [(String, UInt8)] = [("es", 0xC1), ("ss", 0xD1), ("ds", 0xD9), ("fs", 0xE1), ("gs", 0xE9)]
    for mode in modes(isLong: isLong) {
      for selector in all() {
        for (name, byte) in registers {
          // The handler of protected mode stays on the stack it finds.
          if !isLong && name == "ss" && [Map.Selector.data16, Map.Selector.expandDown].contains(selector) { continue }
          if name == "es" && selector & 3 != 0 || name == "gs" && selector & 3 != 3 { continue }
          var item = SystemCase("mov \(name), \(hexadecimal(selector)), \(mode)", mode, isLong: isLong, [0x8E, byte])
          item[.rcx] = selector
          if name == "ss" && mode == .kernel64 && (1...3).contains(selector) {
            item = item.differing(
              "Volume 2, MOV: a null SS needs an RPL equal to CPL. QEMU takes any.", manual: "vector=d", "error=0")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }

  /// LAR, LSL, VERR, VERW, LLDT and LTR.
  static func inspections(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let instructions: [(String, [UInt8])] = [
      // Bits 16 to 19 are undefined: pushf; and eax, 0xFFF0FFFF; popf.
      ("lar eax, ecx", [0x0F, 0x02, 0xC1, 0x9C, 0x25, 0xFF, 0xFF, 0xF0, 0xFF, 0x9D]),
      ("lsl eax, ecx", [0x0F, 0x03, 0xC1]), ("verr cx", [0x0F, 0x00, 0xE1]),
      ("verw cx", [0x0F, 0x00, 0xE9]), ("lldt cx", [0x0F, 0x00, 0xD1]), ("ltr cx", [0x0F, 0x00, 0xD9]),
    ]
    for mode in modes(isLong: isLong) {
      for selector in all() {
        for (name, code) in instructions {
          let isLoad = name.hasPrefix("l") && name.hasSuffix("cx") && !name.contains(",")
          if isLoad && (mode.isUser || selector & 3 == 2) { continue }
          var item = SystemCase("\(name) with \(hexadecimal(selector)), \(mode)", mode, isLong: isLong, code)
          item[.rcx] = selector
          item[.rax] = 0x1230_5678
          if name == "ltr cx" && selector < 4 {
            item = item.differing(
              "Volume 2, LTR: #GP(0) for a null selector. QEMU loads it.", manual: "vector=d", "error=0")
          }
          item.peeks = [Map.gdt + Map.Selector.task, Map.gdt + Map.Selector.secondTask]
          cases.append(item)
        }
      }
    }
    return cases
  }
}

/// Paging of protected mode: two levels with pages of 4 KiB and 4 MiB, and PAE with 4 KiB and 2 MiB.
enum LegacyPagingCases {
  private typealias Map = GuestMap
  private typealias Entry = PagingCases.Entry

  enum Structure: CaseIterable {
    case twoLevels, twoLevelsLarge, three, threeLarge

    var isThree: Bool { self == .three || self == .threeLarge }
  }

  private static func rights(_ combination: Int) -> UInt64 {
    UInt64(combination & 3) << 1 | (combination & 4 != 0 ? Entry.noExecute : 0)
  }

  private static func start(_ name: String, _ structure: Structure, _ kind: PagingCases.Access, isUser: Bool)
    -> SystemCase
  {
    var item = SystemCase(name, isUser ? .user32 : .kernel32, isLong: false, kind.code)
    item[.cr0] = 0x8001_0031
    item[.cr4] = structure.isThree ? 0x620 : 0x610
    item[.cr3] = structure.isThree ? Map.rootOfThree : Map.shortDirectory
    item[.efer] = structure.isThree ? 0x800 : 0
    item[.rdi] = Map.shortWindow + 0x10
    item[.rax] = 0xA5A5_5A5A
    if kind == .execute { item[.rip] = Map.shortWindow + 0x800 }
    item.peeks =
      structure.isThree
      ? [Map.windowDirectory + 8, Map.windowTable + 0x800]
      : [Map.shortDirectory + 0x800, Map.shortTable + 0xC00]
    item.peeks.append(Map.data + 0x10)
    return item
  }

  private static func entries(_ structure: Structure, leaf: UInt64, above: UInt64) -> [(UInt64, UInt64)] {
    switch structure {
    case .twoLevels:
      [(Map.shortDirectory + 0x800, Map.shortTable | above), (Map.shortTable + 0xC00, Map.data | leaf)]
    case .twoLevelsLarge: [(Map.shortDirectory + 0x800, Entry.pageSize | leaf)]
    case .three: [(Map.windowDirectory + 8, Map.windowTable | above), (Map.windowTable + 0x800, Map.data | leaf)]
    case .threeLarge: [(Map.windowDirectory + 8, 0x20_0000 | Entry.pageSize | leaf)]
    }
  }

  static func permissions() -> [SystemCase] {
    var cases: [SystemCase] = []
    for structure in Structure.allCases {
      for leaf in 0..<(structure.isThree ? 8 : 4) {
        for above in 0..<(structure.isThree ? 8 : 4) {
          if [.twoLevelsLarge, .threeLarge].contains(structure) && above > 0 { continue }
          for kind in [PagingCases.Access.read, .write, .execute] {
            for isUser in [false, true] {
              for protectsWrites in [true, false] {
                if !protectsWrites && (isUser || kind != .write) { continue }
                var item = start(
                  "\(structure), leaf \(leaf), above \(above), \(kind), \(isUser ? "user" : "supervisor"), WP \(protectsWrites)",
                  structure, kind, isUser: isUser)
                item.pokes = entries(structure, leaf: rights(leaf) | 1, above: rights(above) | 1)
                if !protectsWrites { item[.cr0] &= ~0x1_0000 }
                cases.append(item)
              }
            }
          }
        }
      }
    }
    return cases
  }

  /// What is not present, reserved, or means something only with PSE and NXE.
  static func entryBits() -> [SystemCase] {
    var cases: [SystemCase] = []
    for structure in Structure.allCases {
      let last: UInt64 = structure.isThree ? 63 : 31
      for bit in 0...last {
        // Bits of the address would lead elsewhere.
        let lowest: UInt64 = [12, 22, 12, 21][Structure.allCases.firstIndex(of: structure) ?? 0]
        if (lowest..<(structure.isThree ? 40 : 32)).contains(bit) || [1, 2, 5, 6, 7].contains(bit) { continue }
        for kind in [PagingCases.Access.read, .execute] {
          for variant in 0..<2 {
            var item = start("\(structure), bit \(bit), \(kind), variant \(variant)", structure, kind, isUser: true)
            item.pokes = entries(structure, leaf: 7 ^ 1 << bit, above: 7)
            // Without NXE, or without PSE.
            if variant == 1 && structure.isThree { item[.efer] = 0 }
            if variant == 1 && !structure.isThree { continue }
            if structure == .twoLevelsLarge && (13...20).contains(bit) {
              item = item.differing(
                "Volume 3, table 4-4: without PSE-36 in CPUID bits 13 to 21 of a 4 MiB page's entry are reserved. QEMU takes them for an address.",
                manual: "vector=e", "error=d")
            }
            cases.append(item)
          }
        }
      }
    }
    return cases
  }
}

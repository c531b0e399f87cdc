/// Paging: what every combination of entry bits allows, and what the walk leaves in the entries.
enum PagingCases {
  private typealias Map = GuestMap

  /// The bits of entries of eight bytes.
  enum Entry {
    static let present: UInt64 = 1
    static let writable: UInt64 = 2
    static let user: UInt64 = 4
    static let accessed: UInt64 = 0x20
    static let dirty: UInt64 = 0x40
    static let pageSize: UInt64 = 0x80
    static let noExecute: UInt64 = 1 << 63
  }

  enum PageSize: CaseIterable {
    case small, large, huge
  }

  enum Access: CaseIterable {
    case read, write, execute, change

    /// rdi points at the place.
    var code: [UInt8] {
      switch self {
      case .read: [0x8B, 0x07]  // mov eax, [rdi]
      case .write: [0x89, 0x07]  // mov [rdi], eax
      case .execute: []
      case .change: [0xFF, 0x07]  // inc dword [rdi]
      }
    }
  }

  /// The rights that the eight combinations of R/W, U/S and XD stand for.
  private static func rights(_ combination: Int) -> UInt64 {
    UInt64(combination & 3) << 1 | (combination & 4 != 0 ? Entry.noExecute : 0)
  }

  /// The entries that lead to `window`: rights at the leaf and at the level above it (which for a page of 1 GiB is the root).
  private static func mapping(_ size: PageSize, leaf: UInt64, above: UInt64) -> [(UInt64, UInt64)] {
    let all = Entry.present | Entry.writable | Entry.user
    switch size {
    case .small:
      return [
        (Map.windowDirectory + 8, Map.windowTable | Entry.present | above),
        (Map.windowTable + 0x800, Map.data | Entry.present | leaf),
      ]
    case .large:
      return [
        (Map.rootTable + 8, Map.windowPointers | all),
        (Map.windowPointers, Map.windowDirectory | Entry.present | above),
        (Map.windowDirectory + 8, 0x20_0000 | Entry.present | Entry.pageSize | leaf),
      ]
    case .huge:
      return [
        (Map.rootTable + 8, Map.windowPointers | Entry.present | above),
        (Map.windowPointers, Entry.present | Entry.pageSize | leaf),
      ]
    }
  }

  static let readsBeforeItWrites =
    "An instruction that reads and writes its operand checks for writing at once (volume 3, 4.7, W/R); QEMU reads first."

  private static let marksBeforeItChecks =
    "The accessed flag tells that the page was used for translation (volume 3, 4.8): a page of any size is not, when the access is refused. QEMU agrees but for pages of 1 GiB."

  private static let entries: [UInt64] = [
    Map.rootTable + 8, Map.windowPointers, Map.windowDirectory + 8, Map.windowTable + 0x800,
  ]

  private static func access(
    _ name: String, _ access: Access, _ mode: SystemCase.Mode, at address: UInt64 = Map.window + 0x10
  ) -> SystemCase {
    var item = SystemCase(name, mode, access.code)
    item[.rdi] = address
    item[.rax] = 0xA5A5_5A5A
    if access == .execute { item[.rip] = Map.window + 0x800 }
    item.peeks = entries
    if access == .write || access == .change { item.peeks.append(Map.data + 0x10) }
    return item
  }

  /// R/W, U/S and XD at two levels, for every page size, access, privilege level, and CR0.WP.
  static func permissions() -> [SystemCase] {
    var cases: [SystemCase] = []
    for size in PageSize.allCases {
      for leaf in 0..<8 {
        for above in 0..<8 {
          for kind in Access.allCases {
            for isUser in [false, true] {
              for protectsWrites in [true, false] {
                // CR0.WP concerns what the supervisor writes.
                if !protectsWrites && (isUser || kind == .read || kind == .execute) { continue }
                var item = access(
                  "\(size) page, leaf \(leaf), above \(above), \(kind), \(isUser ? "user" : "supervisor"), WP \(protectsWrites)",
                  kind, isUser ? .user64 : .kernel64)
                item.pokes = mapping(size, leaf: rights(leaf), above: rights(above))
                if !protectsWrites { item[.cr0] &= ~0x1_0000 }
                if kind == .change && !allows(kind, leaf: leaf, above: above, item) {
                  item = item.differing(readsBeforeItWrites, manual: "vector=e", "error=\(isUser ? 7 : 3)")
                }
                if size == .huge && kind != .change && !allows(kind, leaf: leaf, above: above, item) {
                  let entry = Entry.present | Entry.pageSize | rights(leaf)
                  item = item.differing(marksBeforeItChecks, manual: "vector=e", "memory1=\(String(entry, radix: 16))")
                }
                cases.append(item)
              }
            }
          }
        }
      }
    }
    return cases
  }

  /// Whether rights at two levels allow an access (Intel SDM volume 3, 4.6.1).
  private static func allows(_ kind: Access, leaf: Int, above: Int, _ item: SystemCase) -> Bool {
    let both = leaf & above
    let isUser = item[.cs] & 3 == 3
    if isUser && both & 2 == 0 { return false }
    switch kind {
    case .read: return true
    case .write, .change: return both & 1 != 0 || !isUser && item[.cr0] & 0x1_0000 == 0
    case .execute: return (leaf | above) & 4 == 0
    }
  }

  /// What is not present, what is reserved, and what only EFER.NXE makes legal, at each level; and how the walk marks entries on its way there.
  static func reservedBits() -> [SystemCase] {
    var cases: [SystemCase] = []
    let bits: [(String, UInt64)] =
      [("nothing", 0), ("bit 7", 0x80), ("bit 8", 0x100), ("ignored bits 9, 10, 11", 0xE00), ("bit 12", 0x1000)]
      + [("bit 13", 0x2000), ("bit 20", 1 << 20), ("bit 29", 1 << 29), ("bit 40", 1 << 40), ("bit 51", 1 << 51)]
      + [("ignored bits 52 to 62", 0x7FF0_0000_0000_0000), ("XD", Entry.noExecute), ("not present", 1)]
    let levels: [(String, [(UInt64, UInt64)])] = [
      ("PML4E", [(Map.rootTable + 8, Map.windowPointers | 7)]),
      ("PDPTE", [(Map.windowPointers, Map.windowDirectory | 7)]), ("1 GiB page", [(Map.windowPointers, 0x87)]),
      ("PDE", [(Map.windowDirectory + 8, Map.windowTable | 7)]), ("2 MiB page", [(Map.windowDirectory + 8, 0x20_0087)]),
      ("PTE", [(Map.windowTable + 0x800, Map.data | 7)]),
    ]
    for (levelName, pokes) in levels {
      for (name, bits) in bits {
        // Bits that are part of the address of the next table or page would lead elsewhere.
        let isTable = !levelName.contains("page")
        if isTable && [0x1000, 0x2000, 1 << 20, 1 << 29].contains(bits) { continue }
        if levelName == "2 MiB page" && bits == 1 << 29 { continue }
        if bits == 0x80 && !["PML4E", "PTE"].contains(levelName) { continue }
        for kind in [Access.read, .write, .execute] {
          for allowsNoExecute in [true, false] {
            for isUser in [false, true] {
              var item = access(
                "\(levelName) with \(name), \(kind), NXE \(allowsNoExecute), \(isUser ? "user" : "supervisor")", kind,
                isUser ? .user64 : .kernel64)
              item.pokes = pokes.map { ($0.0, $0.1 ^ bits) }
              if !allowsNoExecute { item[.efer] = 0x501 }
              let isRefused = bits == Entry.noExecute ? allowsNoExecute && kind == .execute : bits >> 13 & 0x1_FFFF != 0
              if levelName == "1 GiB page" && isRefused {
                item = item.differing(
                  marksBeforeItChecks, manual: "vector=e", "memory1=\(String(item.pokes[0].1, radix: 16))")
              }
              cases.append(item)
            }
          }
        }
      }
    }
    return cases
  }

  /// Accesses over the border of two pages with rights of their own.
  static func crossings() -> [SystemCase] {
    var cases: [SystemCase] = []
    let second: [(String, UInt64)] = [
      ("absent", 0), ("read-only", 5), ("supervisor", 3), ("writable", 7), ("XD", 7 | Entry.noExecute),
      ("reserved", 7 | 1 << 45),
    ]
    for (firstName, firstBits) in second {
      for (secondName, secondBits) in second {
        for (name, code) in [
          ("mov eax, [rdi]", [0x8B, 0x07]), ("mov [rdi], eax", [0x89, 0x07]), ("mov [rdi], rax", [0x48, 0x89, 0x07]),
          ("movups xmm0, [rdi]", [0x0F, 0x10, 0x07]), ("movups [rdi], xmm0", [0x0F, 0x11, 0x07]),
          ("inc dword [rdi]", [0xFF, 0x07]), ("push qword [rdi]", [0xFF, 0x37]), ("call [rdi]", [0xFF, 0x17]),
          ("code over the border", []),
        ] as [(String, [UInt8])] {
          var item = SystemCase("\(name) from a page \(firstName) to one \(secondName)", .user64, code)
          item[.rdi] = Map.window + 0xFFD
          if code.isEmpty {
            item[.rip] = Map.window + 0xFFD
            // mov eax, 0x90909090; int 0x80
            item.pokes = [(Map.data + 0xFF8, 0x9090_B890_9090_9090), (Map.data + 0x1000, 0x80CD_9090)]
          }
          if name.hasPrefix("call") {
            item.pokes += [(Map.data + 0xFF8, 0x6000_0090_9090_9090), (Map.data + 0x1000, 0)]
          }
          item.pokes += [
            (Map.windowTable + 0x800, Map.data | firstBits), (Map.windowTable + 0x808, Map.data + 0x1000 | secondBits),
          ]
          item.peeks = [Map.windowTable + 0x800, Map.windowTable + 0x808, Map.data + 0xFF8, Map.data + 0x1000]
          let bad = [firstBits, secondBits].firstIndex { $0 & ~Entry.noExecute != 7 }
          if name.hasPrefix("inc"), let bad {
            let bits = [firstBits, secondBits][bad]
            let error: UInt64 = 6 | bits & 1 | (bits >> 45 & 1) << 3
            let place = bad == 0 ? Map.window + 0xFFD : Map.window + 0x1000
            item = item.differing(
              readsBeforeItWrites, manual: "vector=e", "error=\(String(error, radix: 16))",
              "cr2=\(String(place, radix: 16))")
          }
          cases.append(item)
        }
      }
    }
    return cases
  }
}

/// Code that changes itself, and page tables that change under it: whatever was remembered of either must not be used.
enum ProgramCases {
  private typealias Map = GuestMap

  private static let codePage = Map.data + 0x1000

  /// Assembles a case; the code does not know where it is.
  private static func program(
    _ name: String, mode: SystemCase.Mode = .kernel64, _ write: (inout Assembler) -> Void
  ) -> SystemCase {
    var assembler = Assembler(isLong: true, base: 0)
    write(&assembler)
    var item = SystemCase(name, mode, assembler.assembled())
    item.peeks = [Map.windowDirectory + 8, Map.windowTable + 0x800, Map.data + 0x10, Map.data + 0x1010]
    return item
  }

  static func selfModifying() -> [SystemCase] {
    [
      // c6 05 disp imm: mov byte [rip + disp], imm, here into the immediate of the next instruction.
      program("the next instruction's immediate") { $0.raw(0xC6, 0x05, 1, 0, 0, 0, 0x77, 0xB0, 0x11) },
      program("the next instruction's opcode") { $0.raw(0xC6, 0x05, 0, 0, 0, 0, 0xB1, 0xB0, 0x11) },
      program("an instruction further on, over a jump") { $0.raw(0xC6, 0x05, 3, 0, 0, 0, 0x77, 0xEB, 0, 0xB0, 0x11) },
      program("an instruction before, executed twice") { a in
        a.move(.rcx, 2)
        a.label("again")
        a.raw(0xB0, 0x11)  // mov al, 0x11
        a.raw(0xC6, 0x05, 0xF8, 0xFF, 0xFF, 0xFF, 0x77)  // into its immediate
        a.arithmetic(.sub, .rcx, 1)
        a.jump(.notEqual, "again")
      },
      program("a count that the loop writes each time") { a in
        a.move(.rcx, 300)
        a.move(.rdx, 0)
        a.label("again")
        a.raw(0xB8, 0, 0, 0, 0)  // mov eax, imm32
        a.arithmetic(.add, .rdx, .rax)
        a.raw(0x89, 0x0D, 0xF3, 0xFF, 0xFF, 0xFF)  // mov [its immediate], ecx
        a.arithmetic(.sub, .rcx, 1)
        a.jump(.notEqual, "again")
      },
      program("rep stosb over what comes next") { a in
        a.raw(0x48, 0x8D, 0x3D, 0x0C, 0, 0, 0)  // lea rdi, the three instructions after rep
        a.move(.rcx, 4)
        a.move(.rax, 0x90)
        a.raw(0xF3, 0xAA)
        a.raw(0xFE, 0xC3, 0xFE, 0xC3, 0xFE, 0xC3)  // inc bl, three times
      },
      program("a push over what comes next") { a in
        a.move(.rax, 0x9090_9090_9090_9090)
        a.raw(0x48, 0x8D, 0x25, 0x0B, 0, 0, 0)  // lea rsp, behind the four instructions after the next two
        a.push(.rax)
        a.raw(0x66, 0x90)
        a.raw(0xFE, 0xC3, 0xFE, 0xC3, 0xFE, 0xC3, 0xFE, 0xC3)
        a.move(.rsp, Map.kernelStack)
      },
      program("xchg with the next instruction") { $0.raw(0xB0, 0x77, 0x86, 0x05, 1, 0, 0, 0, 0xB3, 0x11) },
      program("movups over what comes next") { a in
        a.move(.rsi, Map.data + 0x900)
        a.raw(0x0F, 0x10, 0x06, 0x0F, 0x11, 0x05, 0, 0, 0, 0)  // movups xmm0, [rsi]; movups [rip], xmm0
        a.raw([UInt8](repeating: 0xF4, count: 16))
      }.with(pokes: [(Map.data + 0x900, 0x9090_9090_9090_C3FE), (Map.data + 0x908, 0x9090_9090_9090_C3FE)]),
      program("code in a page that is written through another address") { a in
        a.move(.rdi, Map.window + 0x1000)
        a.move(.rsi, codePage)
        a.move(.rcx, 4)
        a.label("again")
        a.raw(0xFF, 0xD6)  // call rsi
        a.raw(0x80, 0x47, 0x01, 0x10)  // add byte [rdi + 1], 0x10
        a.arithmetic(.sub, .rcx, 1)
        a.jump(.notEqual, "again")
      }.with(pokes: [(codePage, 0xC3_C3_00_05_B3)]),
      program("code that crosses into a page that changes") { a in
        a.move(.rsi, codePage - 3)
        a.move(.rdi, codePage)
        a.raw(0xFF, 0xD6)
        a.move(.r8, .rax)
        a.raw(0xC6, 0x07, 0x99)  // mov byte [rdi], 0x99
        a.raw(0xFF, 0xD6)
      }.with(pokes: [(codePage - 8, 0x1111_B890_9090_9090), (codePage, 0xC3_C3_22_22)]),
    ]
  }

  /// What makes a changed translation known.
  private enum Notice: CaseIterable {
    case invalidation, root, global

    func emit(_ a: inout Assembler) {
      switch self {
      case .invalidation: a.raw(0x0F, 0x01, 0x3F)  // invlpg [rdi]
      case .root:
        a.move(.rax, fromControl: 3)
        a.move(toControl: 3, .rax)
      case .global:
        a.move(.rax, fromControl: 4)
        a.arithmetic(.xor, .rax, 0x80)
        a.move(toControl: 4, .rax)
        a.arithmetic(.xor, .rax, 0x80)
        a.move(toControl: 4, .rax)
      }
    }
  }

  /// Changes of the tables by name, address and new entry.
  private static var changes: [(String, UInt64, UInt64)] {
    [
      ("another page", Map.windowTable + 0x800, Map.data + 0x1000 | 0x67),
      ("another page, global", Map.windowTable + 0x800, Map.data + 0x1000 | 0x167),
      ("read-only", Map.windowTable + 0x800, Map.data | 0x65), ("absent", Map.windowTable + 0x800, Map.data | 0x66),
      ("XD", Map.windowTable + 0x800, Map.data | 0x67 | 1 << 63),
      ("supervisor", Map.windowTable + 0x800, Map.data | 0x63),
      ("not accessed, not dirty", Map.windowTable + 0x800, Map.data | 7),
      ("an absent table", Map.windowDirectory + 8, 0), ("a large page", Map.windowDirectory + 8, 0x20_0087),
      ("a read-only table", Map.windowDirectory + 8, Map.windowTable | 5),
      ("a page of 1 GiB", Map.windowPointers, 0x87), ("absent pointers", Map.rootTable + 8, 0),
      ("a reserved bit", Map.windowTable + 0x800, Map.data | 7 | 1 << 44),
    ]
  }

  private static var uses: [(String, (inout Assembler) -> Void)] {
    [
      ("read", { $0.load(.r8, .based(.rdi, 0)) }), ("write", { $0.store(.based(.rdi, 0), .rbx) }),
      ("execute", { $0.raw(0xFF, 0xD5) }),  // call rbp
      (
        "read, then write",
        {
          $0.load(.r8, .based(.rdi, 0))
          $0.store(.based(.rdi, 0), .rbx)
        }
      ),
    ]
  }

  /// A translation is used, its entry is changed, and it is used again.
  struct UnannouncedChange {
    /// Nothing announces the change.
    var silent: SystemCase
    /// INVLPG does: what the tables say counts.
    var new: SystemCase
    /// The entry is changed only after the second use: what they said before counts.
    var old: SystemCase
  }

  /// The three of a change differ in three places of their code, which has the same length in each.
  static func unannouncedChanges() -> [UnannouncedChange] {
    changes.flatMap { changeName, entry, value in
      uses.map { useName, use in
        func make(_ name: String, isStoredFirst: Bool, isAnnounced: Bool) -> SystemCase {
          var item = program("\(useName), then \(changeName), then again: \(name)") { a in
            func store(_ isDone: Bool) {
              if isDone { a.store(.based(.rsi, 0), .rax) } else { a.raw(0x0F, 0x1F, 0x80, 0, 0, 0, 0) }
            }
            a.move(.rdi, Map.window + 0x10)
            a.move(.rbp, Map.window + 0x900)
            a.move(.rbx, 0x4B4B_4B4B)
            a.move(.rsi, entry)
            a.move(.rax, value)
            use(&a)
            a.move(.r9, .r8)
            store(isStoredFirst)
            a.raw(isAnnounced ? [0x0F, 0x01, 0x3F] : [0x0F, 0x1F, 0x00])
            use(&a)
            store(!isStoredFirst)
          }
          item.pokes = [(Map.data + 0x900, 0xC3_C2FE), (Map.data + 0x1900, 0xC3_C6FE)]
          return item
        }
        return UnannouncedChange(
          silent: make("silent", isStoredFirst: true, isAnnounced: false),
          new: make("new", isStoredFirst: true, isAnnounced: true),
          old: make("old", isStoredFirst: false, isAnnounced: false))
      }
    }
  }

  /// A translation is used, its entry is changed, the change is announced, and it is used again.
  static func changedTables() -> [SystemCase] {
    var cases: [SystemCase] = []
    for (changeName, entry, value) in changes {
      for (useName, use) in uses {
        for notice in Notice.allCases {
          var item = program("\(useName), then \(changeName) and \(notice), then again") { a in
            a.move(.rdi, Map.window + 0x10)
            a.move(.rbp, Map.window + 0x900)
            a.move(.rbx, 0x4B4B_4B4B)
            use(&a)
            a.move(.r9, .r8)
            a.move(.rsi, entry)
            a.move(.rax, value)
            a.store(.based(.rsi, 0), .rax)
            notice.emit(&a)
            a.move(.rax, 0)
            use(&a)
          }
          // inc dl; ret on the one page, inc dh; ret on the other
          item.pokes = [(Map.data + 0x900, 0xC3_C2FE), (Map.data + 0x1900, 0xC3_C6FE)]
          cases.append(item)
        }
      }
    }
    // From absent to present nothing has to be announced (volume 3, 4.10.4.3).
    for (useName, use) in uses {
      var item = program("\(useName) of what was absent and never used") { a in
        a.move(.rdi, Map.window + 0x10)
        a.move(.rbp, Map.window + 0x900)
        a.move(.rsi, Map.windowTable + 0x800)
        a.move(.rax, Map.data + 0x1000 | 7)
        a.store(.based(.rsi, 0), .rax)
        use(&a)
      }
      item.pokes = [(Map.windowTable + 0x800, 0), (Map.data + 0x1900, 0xC3_C6FE)]
      cases.append(item)
    }
    return cases
  }
}

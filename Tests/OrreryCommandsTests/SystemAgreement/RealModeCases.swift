/// Real-address mode, entered from 16-bit protected mode and left for protected mode by the handlers of its own vector table. At the end si has the vector,
/// bx, cx and dx what was pushed (IP, CS, FLAGS), di and bp are SP and SS after that.
enum RealModeCases {
  private typealias Map = GuestMap

  /// Where the code runs: the paragraph and its address.
  private static let segment: UInt64 = 0x0800
  private static let base: UInt64 = 0x8000
  private static let tableRegister = 0x80
  private static let stubs = 0x88
  private static let common = 0x178
  private static let vectors = 0x1C0
  private static let vectorCount = 40

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
  }

  /// What is copied to `base`.
  private static func program(_ snippet: [UInt8]) -> [UInt8] {
    // xor ax, ax; mov ds, ax; mov es, ax; mov ss, ax; mov sp, 0x7c00; int 0x21 at the end
    var bytes: [UInt8] = [0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, 0xBC, 0x00, 0x7C] + snippet + [0xCD, 0x21]
    precondition(bytes.count <= tableRegister)
    func fill(to offset: Int) { bytes += [UInt8](repeating: 0x90, count: offset - bytes.count) }
    fill(to: tableRegister)
    bytes += little(UInt64(vectorCount * 4 - 1), 2) + little(base + UInt64(vectors), 4)
    fill(to: stubs)
    for vector in 0..<vectorCount {
      // push the vector; jmp common
      bytes += [0x68, UInt8(vector), 0, 0xE9] + little(UInt64(bitPattern: Int64(common - (stubs + vector * 6 + 6))), 2)
    }
    fill(to: common)
    // pop si; pop bx; pop cx; pop dx; mov di, sp; mov bp, ss; mov eax, cr0; or al, 1; mov cr0, eax
    bytes += [0x5E, 0x5B, 0x59, 0x5A, 0x89, 0xE7, 0x8C, 0xD5, 0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0]
    // jmp dword 8:next, and there in 32-bit code: mov eax, 0x10; mov ss, eax; mov esp; lidt cs:[…]; int 0x30
    bytes += [0x66, 0xEA] + little(base + UInt64(bytes.count + 8), 4) + [0x08, 0x00]
    bytes += [0xB8, 0x10, 0, 0, 0, 0x8E, 0xD0, 0xBC] + little(Map.kernelStack - 0x100, 4)
    bytes += [0x2E, 0x0F, 0x01, 0x1D] + little(Map.code + 0xFE0, 4) + [0xCD, 0x30]
    fill(to: vectors)
    for vector in 0..<vectorCount { bytes += little(UInt64(stubs + vector * 6), 2) + little(segment, 2) }
    return bytes
  }

  private static func make(_ name: String, _ snippet: [UInt8]) -> SystemCase {
    let program = program(snippet)
    // cli; mov ax, 0x10; mov ds, ax; mov es, ax; call next; next: pop si; movzx esi, si
    var code: [UInt8] = [0xFA, 0xB8, 0x10, 0, 0x8E, 0xD8, 0x8E, 0xC0, 0xE8, 0, 0, 0x5E, 0x66, 0x0F, 0xB7, 0xF6]
    let next = 11
    var rest: [UInt8] = [0x66, 0xBF] + little(base, 4)  // mov edi, base
    rest += [0x66, 0xB9] + little(UInt64(program.count), 4)  // mov ecx, count
    rest += [0xFC, 0xF3, 0x67, 0xA4]  // cld; rep movsb with 32-bit addresses
    rest += [0x67, 0x0F, 0x01, 0x1D] + little(base + UInt64(tableRegister), 4)  // lidt
    // mov ax, 0x48; mov ds, es, ss, fs, gs, ax: limits as real-address mode has them
    rest += [0xB8, 0x48, 0, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, 0x8E, 0xE0, 0x8E, 0xE8]
    rest += [0x0F, 0x20, 0xC0, 0x24, 0xFE, 0x0F, 0x22, 0xC0]  // mov eax, cr0; and al, 0xFE; mov cr0, eax
    rest += [0xEA, 0, 0] + little(segment, 2)  // jmp segment:0
    let distance = code.count + 7 + rest.count - next
    code += [0x66, 0x81, 0xC6] + little(Map.shortCode + UInt64(distance), 4)  // add esi, where the program is
    var item = SystemCase("real-address mode: \(name)", .kernel16, isLong: false, code + rest + program)
    item[.rax] = 0
    return item
  }

  static func all() -> [SystemCase] {
    let snippets: [(String, [UInt8])] = [
      ("nothing", []), ("int 0x10", [0xCD, 0x10]), ("int3", [0xCC]), ("into taken", [0xB0, 0x7F, 0x04, 1, 0xCE]),
      ("into not taken", [0x30, 0xC0, 0xCE]), ("div by 0", [0x31, 0xC9, 0xF7, 0xF1]), ("ud2", [0x0F, 0x0B]),
      ("bound", [0x62, 0x06, 0x00, 0x7E]), ("lldt", [0x0F, 0x00, 0xD0]), ("ltr", [0x0F, 0x00, 0xD8]),
      ("str", [0x0F, 0x00, 0xC8]), ("sldt", [0x0F, 0x00, 0xC0]), ("verr", [0x0F, 0x00, 0xE0]),
      ("lar", [0x0F, 0x02, 0xC0]), ("lsl", [0x0F, 0x03, 0xC0]), ("arpl", [0x63, 0xC0]), ("sysenter", [0x0F, 0x34]),
      ("sysexit", [0x0F, 0x35]), ("swapgs", [0x0F, 0x01, 0xF8]), ("smsw di", [0x0F, 0x01, 0xE7]),
      ("mov cs", [0x8E, 0xC8]),
      ("lock nop", [0xF0, 0x90]), ("sti; cli", [0xFB, 0xFA]), ("pushf; pop", [0x9C, 0x5F]),
      ("popf of all ones", [0x68, 0xFF, 0x7E, 0x9D, 0xFA]),
      ("popfd of all ones", [0x66, 0x68, 0xFF, 0x7E, 0x24, 0, 0x66, 0x9D, 0xFA]),
      ("single step", [0x68, 0x02, 0x01, 0x9D, 0x90, 0x90]),
      ("far call and retf", [0x9A, 0x20, 0, 0, 0x08, 0xEB, 0x1A] + [UInt8](repeating: 0x90, count: 14) + [0xCB]),
      ("iret", [0x9C, 0x0E, 0x68, 0x14, 0x00, 0xCF, 0xF4, 0xF4, 0xF4]),
      ("a 32-bit address beyond the limit of real mode", [0x66, 0xBF, 0x10, 0, 0x30, 0, 0x90]),
      ("segments", [0xB8, 0x34, 0x12, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xE0, 0x8E, 0xE8]),
      ("les", [0xC4, 0x3E, 0x80, 0x80]), ("lds", [0xC5, 0x3E, 0x80, 0x80]),
      ("pusha; popa", [0x60, 0x61]), ("enter; leave", [0xC8, 8, 0, 1, 0xC9]), ("push imm; pop", [0x6A, 0x80, 0x5F]),
      ("pushad", [0x66, 0x60]), ("xlat", [0xBB, 0x80, 0x80, 0xB0, 1, 0xD7]), ("hardware vector by int", [0xCD, 0x08]),
      ("mov ss; int", [0x8E, 0xD0, 0xCD, 0x22]),
      ("rdmsr of EFER", [0x66, 0xB9, 0x80, 0, 0, 0xC0, 0x0F, 0x32]), ("in al", [0xE4, 0x82]), ("salc", [0xF9, 0xD6]),
      ("daa", [0xB0, 0x9B, 0x27]), ("das", [0xB0, 0x9B, 0x2F]), ("aam", [0xB0, 0x63, 0xD4, 10]),
      ("aad", [0xB8, 3, 7, 0xD5, 10]),
      ("fninit; fnstcw", [0xDB, 0xE3, 0xD9, 0x3E, 0x00, 0x7E, 0xA1, 0x00, 0x7E]),
      ("back and forth", [0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, 0xEB, 0, 0x24, 0xFE, 0x0F, 0x22, 0xC0]),
      ("lgdt and sgdt", [0x0F, 0x01, 0x06, 0x00, 0x7E, 0xA1, 0x00, 0x7E]), ("clts", [0x0F, 0x06]),
      ("loop with cx and ecx", [0x66, 0xB9, 3, 0, 1, 0, 0xE2, 0xFE, 0x66, 0x89, 0xCF]),
    ]
    return snippets.map { make($0.0, $0.1) }
  }

  /// From protected to long mode and back, with what must be refused on the way.
  static func switches() -> [SystemCase] {
    func program(_ name: String, _ write: (inout Assembler) -> Void) -> SystemCase {
      var assembler = Assembler(isLong: false, base: 0)
      write(&assembler)
      return SystemCase("mode switch: \(name)", .kernel32, isLong: false, assembler.assembled())
    }
    func control(_ a: inout Assembler, _ number: UInt8, _ value: UInt64) {
      a.move(.rax, value)
      a.move(toControl: number, .rax)
    }
    func enable(_ a: inout Assembler, _ value: UInt64) {
      a.move(.rcx, 0xC000_0080)
      a.move(.rax, value)
      a.move(.rdx, 0)
      a.writeMSR()
    }
    func read(_ a: inout Assembler) {
      a.move(.rcx, 0xC000_0080)
      a.readMSR()
      a.move(.rsi, .rax)
      a.move(.rdi, fromControl: 0)
      a.move(.rbx, fromControl: 4)
    }
    /// Out of IA-32e mode through the compatibility mode it is entered in.
    func leave(_ a: inout Assembler) {
      control(&a, 0, 0x31)
      enable(&a, 0)
    }
    return [
      program("paging off and on") { a in
        control(&a, 4, 0x610)
        control(&a, 3, Map.shortDirectory)
        control(&a, 0, 0x8000_0031)
        a.load(.rsi, .fixed(Map.shortWindow + 0x10))
        control(&a, 0, 0x31)
        a.load(.rdi, .fixed(Map.data + 0x20))
      },
      program("PAE") { a in
        control(&a, 4, 0x620)
        control(&a, 3, Map.rootOfThree)
        control(&a, 0, 0x8000_0031)
        a.load(.rsi, .fixed(Map.shortWindow + 0x10))
        control(&a, 0, 0x31)
      },
      program("PAE under paging") { a in
        control(&a, 4, 0x610)
        control(&a, 3, Map.shortDirectory)
        control(&a, 0, 0x8000_0031)
        control(&a, 0, 0x31)
        control(&a, 3, Map.rootOfThree)
        control(&a, 4, 0x620)
        control(&a, 0, 0x8000_0031)
        a.load(.rsi, .fixed(Map.shortWindow + 0x10))
        control(&a, 0, 0x31)
      },
      program("a PAE root with a reserved bit, at paging") { a in
        control(&a, 4, 0x620)
        control(&a, 3, Map.rootOfThree)
        control(&a, 0, 0x8000_0031)
        control(&a, 0, 0x31)
      }.with(pokes: [(Map.rootOfThree + 24, 3)]).differing(
        "Volume 3, 4.4.1: #GP when MOV to CR0 loads a PDPTE with a reserved bit. QEMU looks at it when it walks.",
        manual: "vector=d", "error=0"),
      program("not-write-through without cache disable") { control(&$0, 0, 0x2000_0031) }.differing(
        "Volume 2, MOV: #GP(0) for NW without CD. QEMU takes it.", manual: "vector=d", "error=0"),
      program("LME without paging") { a in
        control(&a, 4, 0x620)
        enable(&a, 0x100)
        read(&a)
        enable(&a, 0)
      },
      program("IA-32e mode without PAE") { a in
        enable(&a, 0x100)
        control(&a, 3, Map.rootTable)
        control(&a, 0, 0x8000_0031)
      }.differing(
        "Volume 2, MOV: #GP(0) for paging with LME and without PAE. QEMU takes it.", manual: "vector=d", "error=0"),
      program("compatibility mode and back") { a in
        control(&a, 4, 0x620)
        control(&a, 3, Map.rootTable)
        enable(&a, 0x100)
        control(&a, 0, 0x8000_0031)
        read(&a)
        leave(&a)
      },
      program("64-bit code and back") { a in
        control(&a, 4, 0x620)
        control(&a, 3, Map.rootTable)
        enable(&a, 0x100)
        control(&a, 0, 0x8000_0031)
        // The descriptor of 64-bit code is poked over the conforming segment's. call 0x58:long; jmp over; long: mov r8 and others; retf
        a.raw(0xE8, 0, 0, 0, 0, 0x5D)  // call next; pop ebp
        a.raw(0x83, 0xC5, 0x0E)  // add ebp, to `long`
        a.raw(0x6A, 0x58, 0x55)  // push 0x58; push ebp
        a.raw(0xFF, 0x1C, 0x24)  // call far [esp]
        a.raw(0x5D, 0x58, 0xEB, 0x0B)  // pop ebp; pop eax; jmp over what follows
        a.raw(0x48, 0xBE, 1, 2, 3, 4, 5, 6, 7, 8)  // long: mov rsi, 0x0807060504030201
        a.raw(0xCB)
        leave(&a)
      }.with(pokes: [(Map.gdt + Map.Selector.conforming, 0x00AF_9B00_0000_FFFF)]),
      program("LME while paging") { a in
        control(&a, 4, 0x610)
        control(&a, 3, Map.shortDirectory)
        control(&a, 0, 0x8000_0031)
        enable(&a, 0x100)
        control(&a, 0, 0x31)
      }.differing(
        "Volume 3, 9.8.5: #GP when LME changes while paging is on. QEMU takes it.", manual: "vector=d", "error=0"),
    ]
  }
}

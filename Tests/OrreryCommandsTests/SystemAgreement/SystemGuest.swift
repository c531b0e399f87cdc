/// A kernel that runs system cases one after another and writes a line about the end of each to its first serial port.
///
/// Each case begins with the tables as `GuestMap` has them, changed by its pokes, and with registers from its record, by an IRET. Whatever interrupt or
/// exception comes next ends it: every vector leads to the one handler, which saves the state, goes back to its own control registers, and writes
/// the case's number, vector, error code and stack pointer at entry, then the fields of the state that differ from the record (the first
/// five always), then the memory that the case asked for. RF is left out: QEMU never pushes it.
struct SystemGuest {
  let cases: [SystemCase]
  let isLong: Bool

  private static let pokesOffset = Int32(StateField.allCases.count * 8)
  private static let peeksOffset = pokesOffset + 8
  private static let recordSize = Int(peeksOffset) + 16
  private static let stubSize: UInt64 = 16

  /// The harness' own words, after the saved fields.
  private enum Word {
    static let vector = GuestMap.saved + 0x400
    static let errorCode = GuestMap.saved + 0x408
    static let entry = GuestMap.saved + 0x410
    static let current = GuestMap.saved + 0x418
    static let number = GuestMap.saved + 0x420
    static let codeSelector = GuestMap.saved + 0x428
    static let stackSelector = GuestMap.saved + 0x430
  }

  /// The entry of a vector's handler.
  static func stub(_ vector: Int) -> UInt64 { GuestMap.code + 0x1000 + UInt64(vector) * stubSize }

  private static let vectorsWithErrorCode: Set = [8, 10, 11, 12, 13, 14, 17]

  private static func saved(_ field: StateField) -> Assembler.Place {
    .fixed(GuestMap.saved + UInt64(field.rawValue * 8))
  }

  private static func recorded(_ field: StateField) -> Assembler.Place { .based(.rbx, Int32(field.rawValue * 8)) }

  // MARK: The image

  /// Where the code of each case begins, of those that leave that to the image.
  var codeAddresses: [UInt64] {
    var next = GuestMap.caseCode
    return cases.map { item in
      defer { next += UInt64((item.code.count + 2 + 15) & ~15) }
      return next
    }
  }

  func image() -> GuestImage {
    var image = GuestImage(harness())
    func add(_ address: UInt64, _ bytes: [UInt8]) {
      guard !bytes.isEmpty else { return }
      image.segments.append(GuestImage.Segment(address: address, bytes: bytes, memorySize: UInt64(bytes.count)))
    }
    var (code, shortCode, records, lists) = ([UInt8](), [UInt8](), [UInt8](), [UInt8]())
    func little(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) } }
    for item in cases {
      var item = item
      let bytes = item.code + [0xCD, 0x80]
      let padded = bytes + [UInt8](repeating: 0x90, count: -bytes.count & 15)
      if item[.rip] == .max {
        item[.rip] = item.isIn16BitSegment ? UInt64(shortCode.count) : GuestMap.caseCode + UInt64(code.count)
      }
      if item.isIn16BitSegment { shortCode += padded } else { code += padded }
      for field in item.fields { records += little(field) }
      records += little(GuestMap.lists + UInt64(lists.count))
      for (address, value) in item.pokes { lists += little(address) + little(value) }
      lists += little(0)
      records += little(GuestMap.lists + UInt64(lists.count)) + little(0)
      for address in item.peeks { lists += little(address) }
      lists += little(0)
    }
    records += [UInt8](repeating: 0, count: Self.recordSize)
    precondition(
      code.count < 0x8_0000 && shortCode.count < 0x1_0000 && records.count < 0x20_0000 && lists.count < 0x40_0000,
      "too many cases for one image")
    add(GuestMap.caseCode, code)
    add(GuestMap.shortCode, shortCode)
    add(GuestMap.records, records)
    add(GuestMap.lists, lists)
    add(GuestMap.pristine, GuestMap.pristineBytes(isLong: isLong))
    return image
  }

  private func harness() -> [UInt8] {
    var start = Assembler(isLong: false, base: GuestMap.code)
    emitStart(&start)
    precondition(start.here <= Self.stub(0))
    var bytes = start.assembled()
    bytes += [UInt8](repeating: 0x90, count: Int(Self.stub(0) - GuestMap.code) - bytes.count)
    var rest = Assembler(isLong: isLong, base: Self.stub(0))
    emitStubs(&rest)
    precondition(rest.here == Self.stub(256))
    emitMain(&rest)
    emitFastCalls(&rest)
    emitHandler(&rest)
    emitWriting(&rest)
    return bytes + rest.assembled()
  }

  // MARK: Start

  /// From the state that PVH begins with to the harness in its own mode. `Self.stub(256)` is where it begins.
  private func emitStart(_ a: inout Assembler) {
    a.raw(0xFA, 0xFC)  // cli; cld
    a.move(.rsp, GuestMap.harnessStack)
    emitRestore(&a)
    a.loadGDT(GuestMap.code + 0xFF0)
    if isLong {
      a.move(.rax, 0x620)
      a.move(toControl: 4, .rax)
      a.move(.rax, GuestMap.rootTable)
      a.move(toControl: 3, .rax)
      a.move(.rcx, 0xC000_0080)
      a.move(.rax, 0x901)
      a.move(.rdx, 0)
      a.writeMSR()
      a.move(.rax, 0x8001_0031)
      a.move(toControl: 0, .rax)
    } else {
      a.move(.rax, 0x31)
      a.move(toControl: 0, .rax)
    }
    a.raw(0xEA)  // jmp far
    a.little(Self.stub(256), 4)
    a.little(GuestMap.Selector.code, 2)
    a.raw([UInt8](repeating: 0x90, count: Int(GuestMap.code + 0xFE0 - a.here)))
    a.little(isLong ? 0xFFF : 0x7FF, 2)
    a.little(GuestMap.idt, 14)
    a.little(0xFF, 2)
    a.little(GuestMap.gdt, 14)
  }

  private func emitRestore(_ a: inout Assembler) {
    a.move(.rsi, GuestMap.pristine)
    a.move(.rdi, GuestMap.tables)
    a.move(.rcx, GuestMap.tablesSize / 4)
    a.repeatMoveWords()
    a.move(.rdi, GuestMap.data)
    a.move(.rcx, GuestMap.dataSize / 4)
    a.repeatMoveWords()
  }

  private func emitStubs(_ a: inout Assembler) {
    for vector in 0..<256 {
      if Self.fastCallVectors.contains(vector) {
        a.jump("fast\(vector)")
        a.raw([UInt8](repeating: 0x90, count: Int(Self.stub(vector + 1) - a.here)))
        continue
      }
      if !Self.vectorsWithErrorCode.contains(vector) { a.push(value: 0) }
      a.push(value: Int32(vector))
      a.jump("handler")
      a.raw([UInt8](repeating: 0x90, count: Int(Self.stub(vector + 1) - a.here)))
    }
  }

  private func emitMain(_ a: inout Assembler) {
    a.move(.rax, GuestMap.Selector.data)
    for segment in [UInt8(0), 2, 3] { a.move(toSegment: segment, .rax) }
    a.move(.rsp, GuestMap.harnessStack)
    // 8259A pair: vectors 0x20 and 0x28, everything masked.
    for (port, value) in [
      (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0xA0, 0x11), (0xA1, 0x28), (0xA1, 2), (0xA1, 1), (0x21, 0xFF),
      (0xA1, 0xFF),
    ] as [(UInt8, UInt64)] {
      a.move(.rax, value)
      a.out(port)
    }
    a.move(.rax, GuestMap.records)
    a.store(.fixed(Word.current), .rax)
    a.move(.rax, 0)
    a.store(.fixed(Word.number), .rax)
    emitLaunch(&a)
  }

  // MARK: Launch

  /// What the fast system calls find in each case: selectors for `GuestMap.Selector`, and entries in the handlers of 0x81…0x83.
  private static let modelSpecificRegisters: [(number: UInt64, low: UInt64, high: UInt64)] = [
    (0xC000_0081, 0, 0x001B_0008), (0xC000_0082, stub(0x81), 0), (0xC000_0083, stub(0x82), 0),
    (0xC000_0084, 0x4_0300, 0),
    (0x174, GuestMap.Selector.code, 0), (0x175, GuestMap.stackOfLevel0, 0), (0x176, stub(0x83), 0),
    (0xC000_0102, 0x1234_5000, 0),
  ]

  private func emitLaunch(_ a: inout Assembler) {
    a.label("launch")
    emitRestore(&a)
    a.move(.rax, isLong ? GuestMap.rootTable : 0)
    a.move(toControl: 3, .rax)
    a.loadGDT(GuestMap.code + 0xFF0)
    a.loadIDT(GuestMap.code + 0xFE0)
    a.move(.rax, GuestMap.Selector.ldt)
    a.loadLDT(.rax)
    a.move(.rax, GuestMap.Selector.task)
    a.loadTask(.rax)
    for (number, low, high) in Self.modelSpecificRegisters where isLong || number < 0x200 {
      a.move(.rcx, number)
      a.move(.rax, low)
      a.move(.rdx, high)
      a.writeMSR()
    }
    a.load(.rbx, .fixed(Word.current))
    // Pokes.
    a.load(.rsi, .based(.rbx, Self.pokesOffset))
    a.label("poke")
    a.load(.rdi, .based(.rsi, 0))
    a.arithmetic(.compare, .rdi, 0)
    a.jump(.equal, "poked")
    a.load(.rax, .based(.rsi, 8))
    a.store(.based(.rdi, 0), .rax)
    if !isLong {
      a.load(.rax, .based(.rsi, 12))
      a.store(.based(.rdi, 4), .rax)
    }
    a.arithmetic(.add, .rsi, 16)
    a.jump("poke")
    a.label("poked")
    a.load(.rax, Self.recorded(.cr2))
    a.move(toControl: 2, .rax)
    a.load(.rax, Self.recorded(.efer))
    a.move(.rcx, 0xC000_0080)
    a.move(.rdx, 0)
    a.writeMSR()
    for (number, field) in [(4, .cr4), (3, .cr3), (0, .cr0)] as [(UInt8, StateField)] {
      a.load(.rax, Self.recorded(field))
      a.move(toControl: number, .rax)
    }
    for (number, field) in Self.debugRegisters {
      a.load(.rax, Self.recorded(field))
      a.move(toDebug: number, .rax)
    }
    if !isLong { emitLegacyStack(&a) }
    for (segment, field) in [(0, .es), (4, .fs), (5, .gs)] as [(UInt8, StateField)] {
      a.load(.rax, Self.recorded(field))
      a.move(toSegment: segment, .rax)
    }
    if isLong {
      for field in [StateField.ss, .rsp, .rflags, .cs, .rip] { a.push(Self.recorded(field)) }
      a.load(.rax, Self.recorded(.ds))
      a.move(toSegment: 3, .rax)
      for register in GuestRegister.allCases where ![.rbx, .rsp].contains(register) { emitLoad(&a, register) }
      emitLoad(&a, .rbx)
      a.raw(0x48, 0xCF)  // iretq
      return
    }
    a.load(.rcx, Self.recorded(.ds))
    a.push(.rcx)
    for register in GuestRegister.allCases[0..<8] where ![.rbx, .rsp].contains(register) { emitLoad(&a, register) }
    a.push(Self.recorded(.rbx))
    a.pop(.rbx)
    a.raw(0x1F, 0xCF)  // pop ds; iretd
  }

  /// DR7 last, which switches the others on.
  private static let debugRegisters: [(UInt8, StateField)] = [
    (0, .dr0), (1, .dr1), (2, .dr2), (3, .dr3), (6, .dr6), (7, .dr7),
  ]

  private func emitLoad(_ a: inout Assembler, _ register: GuestRegister) {
    a.load(register, .based(.rbx, Int32((StateField.rax.rawValue + Int(register.rawValue)) * 8)))
  }

  /// IRETD within a privilege level takes no stack from the frame: then the case's own is loaded first.
  private func emitLegacyStack(_ a: inout Assembler) {
    a.load(.rax, Self.recorded(.cs))
    a.arithmetic(.and, .rax, 3)
    a.jump(.notEqual, "outer")
    a.load(.rax, Self.recorded(.ss))
    a.move(toSegment: 2, .rax)
    a.load(.rsp, Self.recorded(.rsp))
    a.jump("same")
    a.label("outer")
    a.push(Self.recorded(.ss))
    a.push(Self.recorded(.rsp))
    a.label("same")
    for field in [StateField.rflags, .cs, .rip] { a.push(Self.recorded(field)) }
  }

  // MARK: The handler

  /// SYSCALL in 64-bit and in compatibility mode, and SYSENTER, which push nothing, enter where these vectors do.
  private static let fastCallVectors = 0x81...0x83

  /// Pushes what an interrupt would: the stack pointer is the one at entry less one element, rip is what is in rcx.
  private func emitFastCalls(_ a: inout Assembler) {
    for vector in Self.fastCallVectors {
      a.label("fast\(vector)")
      guard isLong else {
        a.raw(0x16, 0x54, 0x9C, 0x0E, 0x51)  // push ss; push esp; pushfd; push cs; push ecx
        a.push(value: 0)
        a.push(value: Int32(vector))
        a.jump("handler")
        continue
      }
      a.store(selectorOf: 2, .fixed(Word.stackSelector))
      a.store(selectorOf: 1, .fixed(Word.codeSelector))
      a.push(.fixed(Word.stackSelector))
      a.push(.rsp)
      a.raw(0x9C)  // pushf
      a.push(.fixed(Word.codeSelector))
      a.push(.rcx)
      a.push(value: 0)
      a.push(value: Int32(vector))
      a.jump("handler")
    }
  }

  private func emitHandler(_ a: inout Assembler) {
    a.label("handler")
    if isLong { emitSaveLong(&a) } else { emitSaveLegacy(&a) }
    a.load(.rax, Self.saved(.rflags))
    a.arithmetic(.and, .rax, ~0x1_0000)
    a.store(Self.saved(.rflags), .rax)
    // A hardware interrupt: its request is taken back at its device, and both chips are told.
    a.load(.rax, .fixed(Word.vector))
    a.arithmetic(.and, .rax, 0xF0)
    a.arithmetic(.compare, .rax, 0x20)
    a.jump(.notEqual, "write")
    a.raw(0xE4, 0x60)  // in al, 0x60
    a.move(.rax, 0xFF)
    a.out(0x21)
    a.move(.rax, 0x20)
    a.out(0xA0)
    a.out(0x20)
    a.jump("write")
  }

  /// Copies what lies on the stack to where a case finds it.
  private func saveFrame(_ a: inout Assembler, _ frame: [(offset: Int32, place: Assembler.Place)]) {
    for (offset, place) in frame {
      a.load(.rax, .based(.rsp, offset))
      a.store(place, .rax)
    }
  }

  private func emitSaveLong(_ a: inout Assembler) {
    for register in GuestRegister.allCases where register != .rsp {
      a.store(.fixed(GuestMap.saved + UInt64((StateField.rax.rawValue + Int(register.rawValue)) * 8)), register)
    }
    saveFrame(
      &a,
      [
        (0, .fixed(Word.vector)), (8, .fixed(Word.errorCode)), (16, Self.saved(.rip)), (24, Self.saved(.cs)),
        (32, Self.saved(.rflags)), (40, Self.saved(.rsp)), (48, Self.saved(.ss)),
      ])
    a.store(.fixed(Word.entry), .rsp)
    a.move(.rsp, GuestMap.harnessStack)
    a.raw(0xFC, 0x6A, 0x02, 0x9D)  // cld; push 2; popfq
    for (segment, field) in [(3, .ds), (0, .es), (4, .fs), (5, .gs)] as [(UInt8, StateField)] {
      a.move(.rax, fromSegment: segment)
      a.store(Self.saved(field), .rax)
    }
    let numbers: [(UInt64, StateField)] = [
      (0xC000_0080, .efer), (0xC000_0100, .fsBase), (0xC000_0101, .gsBase), (0xC000_0102, .kernelGSBase),
    ]
    for (number, field) in numbers {
      a.move(.rcx, number)
      a.readMSR()
      a.shiftLeft(.rdx, 32)
      a.arithmetic(.or, .rax, .rdx)
      a.store(Self.saved(field), .rax)
    }
    emitControls(&a, cr0: 0x8001_0031, cr4: 0x620, cr3: GuestMap.rootTable, efer: 0xD01)
  }

  /// Saves the debug and control registers, then gives them the values the harness has.
  private func emitControls(_ a: inout Assembler, cr0: UInt64, cr4: UInt64, cr3: UInt64, efer: UInt64) {
    for (number, field) in Self.debugRegisters {
      a.move(.rax, fromDebug: number)
      a.store(Self.saved(field), .rax)
    }
    a.move(.rax, 0x400)
    a.move(toDebug: 7, .rax)
    for (number, field) in [(0, .cr0), (2, .cr2), (3, .cr3), (4, .cr4)] as [(UInt8, StateField)] {
      a.move(.rax, fromControl: number)
      a.store(Self.saved(field), .rax)
    }
    a.move(.rax, cr0)
    a.move(toControl: 0, .rax)
    a.move(.rax, cr4)
    a.move(toControl: 4, .rax)
    a.move(.rax, cr3)
    a.move(toControl: 3, .rax)
    a.move(.rcx, 0xC000_0080)
    a.move(.rax, efer)
    a.move(.rdx, 0)
    a.writeMSR()
    a.move(.rax, GuestMap.Selector.data)
    for segment in [UInt8(0), 2, 3] { a.move(toSegment: segment, .rax) }
  }

  private func emitSaveLegacy(_ a: inout Assembler) {
    a.raw(0x60, 0x1E, 0x06, 0x0F, 0xA0, 0x0F, 0xA8)  // pushad; push ds; push es; push fs; push gs
    a.move(.rax, GuestMap.Selector.data)
    a.move(toSegment: 3, .rax)
    a.move(toSegment: 0, .rax)
    // PUSHAD stores from edi upwards; the selectors are below.
    let selectors: [StateField] = [.gs, .fs, .es, .ds]
    let registers: [StateField] = [.rdi, .rsi, .rbp, .rspAgain, .rbx, .rdx, .rcx, .rax]
    for (index, field) in selectors.enumerated() {
      a.load(.rax, .based(.rsp, Int32(index * 4)))
      a.arithmetic(.and, .rax, 0xFFFF)
      a.store(Self.saved(field), .rax)
    }
    for (index, field) in registers.enumerated() where field != .rspAgain {
      a.load(.rax, .based(.rsp, Int32(16 + index * 4)))
      a.store(Self.saved(field), .rax)
    }
    saveFrame(
      &a,
      [
        (48, .fixed(Word.vector)), (52, .fixed(Word.errorCode)), (56, Self.saved(.rip)), (60, Self.saved(.cs)),
        (64, Self.saved(.rflags)), (68, Self.saved(.rsp)), (72, Self.saved(.ss)),
      ])
    a.move(.rcx, .rsp)
    a.arithmetic(.add, .rcx, 48)
    a.store(.fixed(Word.entry), .rcx)
    for field in [StateField.cs, .ss] {
      a.load(.rax, Self.saved(field))
      a.arithmetic(.and, .rax, 0xFFFF)
      a.store(Self.saved(field), .rax)
    }
    // Within the privilege level nothing of the stack was pushed.
    a.load(.rax, Self.saved(.cs))
    a.arithmetic(.and, .rax, 3)
    a.jump(.notEqual, "came from outside")
    a.arithmetic(.add, .rcx, 20)
    a.store(Self.saved(.rsp), .rcx)
    a.move(.rax, fromSegment: 2)
    a.arithmetic(.and, .rax, 0xFFFF)
    a.store(Self.saved(.ss), .rax)
    a.label("came from outside")
    a.raw(0xFC)  // cld
    a.move(.rcx, 0xC000_0080)
    a.readMSR()
    a.store(Self.saved(.efer), .rax)
    emitControls(&a, cr0: 0x31, cr4: 0, cr3: 0, efer: 0)
    a.move(.rsp, GuestMap.harnessStack)
    a.raw(0x6A, 0x02, 0x9D)  // push 2; popfd
  }

  // MARK: Writing

  private func emitWriting(_ a: inout Assembler) {
    a.label("write")
    a.load(.rbx, .fixed(Word.current))
    for (index, word) in [Word.number, Word.vector, Word.errorCode, Word.entry].enumerated() {
      if index > 0 { emitCharacter(&a, " ") }
      a.load(.rax, .fixed(word))
      a.call("number")
    }
    a.move(.rbp, 0)
    a.label("field")
    a.move(.rsi, GuestMap.saved)
    a.load(.rax, .element(.rsi, .rbp))
    a.arithmetic(.compare, .rbp, 5)
    a.jump(.below, "show")
    a.arithmetic(.compare, .rax, .element(.rbx, .rbp))
    a.jump(.equal, "next field")
    a.label("show")
    a.push(.rax)
    emitCharacter(&a, " ")
    a.move(.rax, .rbp)
    a.call("number")
    emitCharacter(&a, ":")
    a.pop(.rax)
    a.call("number")
    a.label("next field")
    a.arithmetic(.add, .rbp, 1)
    a.arithmetic(.compare, .rbp, Int32(StateField.allCases.count))
    a.jump(.below, "field")
    a.load(.rbp, .based(.rbx, Self.peeksOffset))
    a.label("peek")
    a.load(.rsi, .based(.rbp, 0))
    a.arithmetic(.compare, .rsi, 0)
    a.jump(.equal, "peeked")
    a.load(.rax, .based(.rsi, 0))
    a.push(.rax)
    emitCharacter(&a, " ")
    emitCharacter(&a, "=")
    a.pop(.rax)
    a.call("number")
    a.arithmetic(.add, .rbp, 8)
    a.jump("peek")
    a.label("peeked")
    emitCharacter(&a, "\n")
    a.load(.rax, .fixed(Word.number))
    a.arithmetic(.add, .rax, 1)
    a.store(.fixed(Word.number), .rax)
    a.arithmetic(.add, .rbx, Int32(Self.recordSize))
    a.store(.fixed(Word.current), .rbx)
    a.load(.rax, .based(.rbx, Self.pokesOffset))
    a.arithmetic(.compare, .rax, 0)
    a.jump(.notEqual, "launch")
    a.move(.rax, UInt64(Self.exitValue))
    a.out(0xF4)
    a.label("end")
    a.jump("end")
    emitNumber(&a)
  }

  static let exitValue: UInt8 = 0x2A

  private func emitCharacter(_ a: inout Assembler, _ character: Unicode.Scalar) {
    a.move(.rax, UInt64(character.value))
    a.call("character")
  }

  /// `number` writes rax in hexadecimal, `character` writes al. They keep rbx and rbp.
  private func emitNumber(_ a: inout Assembler) {
    a.label("number")
    a.move(.rcx, isLong ? 16 : 8)
    a.move(.rdi, 0)
    a.label("digit")
    a.rotateLeft(.rax, 4)
    a.move(.rsi, .rax)
    a.arithmetic(.and, .rsi, 15)
    a.arithmetic(.or, .rdi, .rsi)
    a.arithmetic(.compare, .rcx, 1)
    a.jump(.equal, "emit")
    a.arithmetic(.compare, .rdi, 0)
    a.jump(.equal, "skip")
    a.label("emit")
    a.push(.rax)
    a.move(.rax, .rsi)
    a.arithmetic(.add, .rax, 0x30)
    a.arithmetic(.compare, .rax, 0x3A)
    a.jump(.below, "decimal")
    a.arithmetic(.add, .rax, 0x27)
    a.label("decimal")
    a.call("character")
    a.pop(.rax)
    a.label("skip")
    a.arithmetic(.sub, .rcx, 1)
    a.jump(.notEqual, "digit")
    a.ret()
    a.label("character")
    a.push(.rax)
    a.move(.rdx, 0x3FD)
    a.label("full")
    a.raw(0xEC, 0xA8, 0x20)  // in al, dx; test al, 0x20
    a.jump(.equal, "full")
    a.pop(.rax)
    a.move(.rdx, 0x3F8)
    a.raw(0xEE)  // out dx, al
    a.ret()
  }
}

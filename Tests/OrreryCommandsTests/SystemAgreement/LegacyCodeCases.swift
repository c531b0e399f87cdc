import OrreryBase

/// The integer instructions of 16- and 32-bit code with random operands, in both operand sizes, both address sizes and other segments, in protected and in
/// compatibility mode. What the host's processor is compared with is 64-bit code; here QEMU is the judge.
enum LegacyCodeCases {
  private typealias Map = GuestMap

  private static let modes: [SystemCase.Mode] = [.kernel32, .user32, .kernel16, .user16]
  private static let userModes: [SystemCase.Mode] = [.user32, .user16]
  /// The segments DS, ES and FS begin at the data and end within it.
  private static let segment = Map.Selector.smallUserData

  /// What the drawn instruction has for its memory operand.
  private struct Address {
    var bytes: [UInt8]
    var offset: UInt64
  }

  private struct Drawer {
    var random: SeededGenerator
    var item: SystemCase
    let is16: Bool

    init(seed: UInt64, _ name: String, _ mode: SystemCase.Mode, isLong: Bool) {
      random = SeededGenerator(seed: seed)
      item = SystemCase("\(name), \(mode), seed \(seed)", mode, isLong: isLong)
      is16 = mode.is16
      for field in [StateField.ds, .es, .fs] { item[field] = LegacyCodeCases.segment }
      for field in [StateField.rax, .rcx, .rdx] { item[field] = value() }
      for field in [StateField.rbx, .rsi, .rdi] { item[field] = 0x100 + random.next() % 0x2C0 }
      item[.rbp] = item[.rsp] - 0x40
      item[.rflags] = 2 | random.next() & 0x8D5
      let stack = item[.rsp] + (mode.is16 ? Map.tables : 0)
      item.peeks = stride(from: (stack & ~7) - 0x38, to: (stack & ~7) + 8, by: isLong ? 8 : 4).map { $0 }
    }

    mutating func value() -> UInt64 {
      let edges: [UInt64] = [
        0, 1, 0x7F, 0x80, 0x99, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
      ]
      let any = random.next()
      return any & 3 == 0 ? edges[Int(any >> 8) % edges.count] : any >> 32
    }

    mutating func chance(_ count: UInt64) -> Bool { random.next() >> 8 % count == 0 }

    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    /// One of a few forms, all of which stay within the segment; `field` is the middle of ModRM.
    mutating func address(_ field: UInt8, isShort: Bool) -> Address {
      let displacement = random.next() % 0x70
      let mod = UInt8(random.next() >> 16 & 3) % 3
      let length = mod == 0 ? 0 : mod == 1 ? 1 : isShort ? 2 : 4
      let extra = mod == 0 ? 0 : displacement
      let (rbx, rsi, rdi) = (item[.rbx], item[.rsi], item[.rdi])
      func made(_ rm: UInt8, _ sib: [UInt8], _ base: UInt64) -> Address {
        Address(bytes: [mod << 6 | field << 3 | rm] + sib + little(displacement, length), offset: base + extra)
      }
      switch (isShort, random.next() >> 20 % 7) {
      case (_, 0):
        let place = 0x100 + displacement
        return Address(bytes: [field << 3 | (isShort ? 6 : 5)] + little(place, isShort ? 2 : 4), offset: place)
      case (true, 1): return made(0, [], rbx + rsi)
      case (true, 2): return made(1, [], rbx + rdi)
      case (true, 3), (true, 4): return made(4, [], rsi)
      case (true, 5): return made(5, [], rdi)
      case (true, _): return made(7, [], rbx)
      case (_, 1): return made(3, [], rbx)
      case (_, 2): return made(6, [], rsi)
      case (_, 3): return made(7, [], rdi)
      case (_, 4): return made(4, [0x73], rbx + rsi * 2)
      case (_, 5): return made(4, [0x1E], rsi + rbx)
      default: return made(4, [0x26], rsi)
      }
    }

    /// Clears flags that the manual leaves undefined: pushf; and [esp], …; popf. In 16-bit code the upper half of esp goes first: it may be the kernel's.
    func cleared(_ flags: UInt64) -> [UInt8] {
      if flags == 0 { return [] }
      let clear: [UInt8] =
        is16 ? [0x66, 0x0F, 0xB7, 0xE4, 0x9C, 0x67, 0x81, 0x24, 0x24] : [0x9C, 0x81, 0x24, 0x24]
      return clear + little(~flags, is16 ? 2 : 4) + [0x9D]
    }

    mutating func peek(_ offset: UInt64) {
      item.peeks += [0, 4, 8].map { Map.data + (offset & ~7) + $0 }
    }
  }

  static func instructions(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for (index, form) in LegacyForm.all.enumerated() {
      for round in 0..<4 {
        let seed = UInt64(index) << 8 | UInt64(round)
        let choice = form.faults ? userModes : modes
        var drawer = Drawer(seed: seed, form.name, choice[(index + round) % choice.count], isLong: isLong)
        draw(form, &drawer)
        cases.append(drawer.item)
      }
    }
    return cases
  }

  private static func draw(_ form: LegacyForm, _ drawer: inout Drawer) {
    let is32 = form.needs32 || (form.branches && !drawer.is16) || drawer.chance(2)
    let isShort = drawer.chance(2)
    var code: [UInt8] = []
    if is32 == drawer.is16 { code.append(0x66) }
    if isShort != drawer.is16 { code.append(0x67) }
    if drawer.chance(3) { code.append([0x26, 0x3E, 0x64][Int(drawer.random.next() % 3)]) }
    code += form.opcode
    /// Not esp.
    func register(_ drawer: inout Drawer) -> UInt8 {
      let number = UInt8(drawer.random.next() >> 30 & 7)
      return number == 4 ? 0 : number
    }
    func memory(_ field: UInt8) {
      let address = drawer.address(field, isShort: isShort)
      code += address.bytes
      drawer.peek(address.offset)
    }
    switch form.operand {
    case .none: break
    case .any, .digit, .register:
      var field = register(&drawer)
      var allowsMemory = true
      switch form.operand {
      case .digit(let digit): field = digit
      case .register: allowsMemory = false
      default: break
      }
      if allowsMemory && drawer.chance(2) {
        memory(field)
      } else {
        code.append(0xC0 | field << 3 | register(&drawer))
      }
    case .memory: memory(register(&drawer))
    case .memoryDigit(let digit): memory(digit)
    case .opcode: code[code.count - 1] |= register(&drawer)
    case .offset:
      let place = 0x100 + drawer.random.next() % 0x100
      code += drawer.little(place, isShort ? 2 : 4)
      drawer.peek(place)
    }
    switch form.immediate {
    case .none: break
    case .byte: code += drawer.little(drawer.random.next(), 1)
    case .below(let limit): code.append(UInt8(drawer.random.next() % UInt64(limit)))
    case .full: code += drawer.little(drawer.value(), is32 ? 4 : 2)
    case .fixed(let bytes): code += bytes.isEmpty ? drawer.little(0, is32 ? 4 : 2) : bytes
    }
    drawer.item.code = code + drawer.cleared(form.undefined)
  }

  /// Every ModRM and many SIB bytes, in both address sizes: LEA of each, added up in edx.
  static func addresses(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in [SystemCase.Mode.kernel32, .kernel16] {
      for (isShort, is32) in [(true, true), (true, false), (false, true), (false, false)] {
        for mod in 0..<3 as Range<UInt8> {
          var groups: [[[UInt8]]] = [[]]
          for rm in 0..<8 as Range<UInt8> {
            if isShort || rm != 4 {
              groups[0].append([mod << 6 | rm])
            } else {
              for high in 0..<16 as Range<UInt8> {
                groups.append((0..<16 as Range<UInt8>).map { [mod << 6 | 4, high << 4 | $0] })
              }
            }
          }
          for (number, group) in groups.enumerated() {
            let name = "lea mod \(mod) group \(number), address 16 \(isShort), operand 32 \(is32)"
            var drawer = Drawer(seed: UInt64(number) << 8 | UInt64(mod), name, mode, isLong: isLong)
            var code: [UInt8] = []
            for place in group {
              if is32 == drawer.is16 { code.append(0x66) }
              if isShort != drawer.is16 { code.append(0x67) }
              let rm = place[0] & 7
              let isAbsolute = mod == 0 && (isShort ? rm == 6 : rm == 5 || (rm == 4 && place[1] & 7 == 5))
              let length = isAbsolute || mod == 2 ? (isShort ? 2 : 4) : mod == 1 ? 1 : 0
              code += [0x8D] + place + drawer.little(drawer.random.next(), length)
              // xor edx, eax; rol edx, 5
              code += drawer.is16 ? [0x66, 0x31, 0xC2, 0x66, 0xC1, 0xC2, 5] : [0x31, 0xC2, 0xC1, 0xC2, 5]
            }
            for field in [StateField.rbx, .rsi, .rdi, .rbp, .rcx] { drawer.item[field] = drawer.random.next() >> 32 }
            // ROL by 5 leaves OF undefined.
            drawer.item.code = code + drawer.cleared(0x800)
            cases.append(drawer.item)
          }
        }
      }
    }
    return cases
  }

  /// String instructions: both address sizes, every element, up and down, repeated or not, from another segment.
  static func strings(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let names: [(String, UInt8)] = [("movs", 0xA4), ("stos", 0xAA), ("lods", 0xAC), ("cmps", 0xA6), ("scas", 0xAE)]
    for (name, opcode) in names {
      for variant in 0..<48 as Range<UInt64> {
        let mode = modes[Int(variant & 3)]
        var drawer = Drawer(seed: variant << 8 | UInt64(opcode), name, mode, isLong: isLong)
        let isShort = variant & 4 != 0
        var code: [UInt8] = [[[], [0xF3], [0xF2]][Int(variant >> 4)], variant & 8 != 0 ? [0x64] : []].flatMap { $0 }
        if isShort != drawer.is16 { code.append(0x67) }
        let size = drawer.random.next() % 3
        if (size == 2) == drawer.is16 && size != 0 { code.append(0x66) }
        code.append(opcode | (size == 0 ? 0 : 1))
        // The count's upper half counts with 32-bit addresses only.
        drawer.item[.rcx] = drawer.random.next() % 9 | (isShort ? 0x5_0000 : 0)
        if isShort { drawer.item[.rsi] |= 0x7_0000 }
        if drawer.chance(2) { drawer.item[.rflags] |= 0x400 }
        if drawer.chance(2) { drawer.item[.rdi] = drawer.item[.rsi] & 0xFFFF }
        for offset in stride(from: -32 as Int64, through: 40, by: 8) {
          drawer.item.peeks.append(Map.data + UInt64(bitPattern: Int64(drawer.item[.rdi] & 0xFFFF & ~7) + offset))
        }
        drawer.item.code = code
        cases.append(drawer.item)
      }
    }
    return cases
  }

  /// LES, LDS, LFS and LGS: a far pointer of either size.
  static func farPointers(isLong: Bool) -> [SystemCase] {
    var cases: [SystemCase] = []
    let names: [(String, [UInt8])] = [
      ("les", [0xC4]), ("lds", [0xC5]), ("lfs", [0x0F, 0xB4]), ("lgs", [0x0F, 0xB5]),
    ]
    for (name, opcode) in names {
      for (index, mode) in modes.enumerated() {
        for (isShort, is32) in [(true, true), (true, false), (false, true), (false, false)] {
          var drawer = Drawer(seed: UInt64(index), "\(name), \(isShort), \(is32)", mode, isLong: isLong)
          var code: [UInt8] = []
          if is32 == drawer.is16 { code.append(0x66) }
          if isShort != drawer.is16 { code.append(0x67) }
          let address = drawer.address(1, isShort: isShort)
          let offset = drawer.value()
          drawer.item.pokes = [
            (
              Map.data + address.offset,
              is32 ? offset | Map.Selector.userData << 32 : offset & 0xFFFF | Map.Selector.userData << 16
            )
          ]
          drawer.item.code = code + opcode + address.bytes
          cases.append(drawer.item)
        }
      }
    }
    return cases
  }
}

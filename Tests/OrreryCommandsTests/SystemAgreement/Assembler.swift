/// The general-purpose registers, with the numbers that instructions have for them.
enum GuestRegister: UInt8, CaseIterable {
  case rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
}

/// Emits the bytes of x86 instructions: as much of an assembler as the guest of the comparison with QEMU needs. Operands have the natural
/// width of the mode (8 bytes in 64-bit code, 4 in 32-bit code) unless said otherwise; jumps and calls have 32-bit displacements.
struct Assembler {
  enum Condition: UInt8 {
    case below = 2
    case notBelow, equal, notEqual
  }

  /// Operations of the first group, by the number in their opcodes.
  enum Arithmetic: UInt8 {
    case add, or
    case and = 4
    case sub, xor, compare
  }

  enum Place {
    /// At a fixed address below 2 GiB.
    case fixed(UInt64)
    case based(GuestRegister, Int32)
    /// `base + index * 8`
    case element(GuestRegister, GuestRegister)
  }

  let isLong: Bool
  let base: UInt64
  private(set) var bytes: [UInt8] = []
  private var labels: [String: UInt64] = [:]
  private var references: [(offset: Int, label: String, isRelative: Bool)] = []

  init(isLong: Bool, base: UInt64) {
    self.isLong = isLong
    self.base = base
  }

  var here: UInt64 { base + UInt64(bytes.count) }

  mutating func label(_ name: String) {
    precondition(labels.updateValue(here, forKey: name) == nil, "label \(name) is there twice")
  }

  func address(of label: String) -> UInt64 {
    guard let address = labels[label] else { preconditionFailure("no label \(label)") }
    return address
  }

  /// The bytes with every label put in.
  func assembled() -> [UInt8] {
    var result = bytes
    for (offset, label, isRelative) in references {
      let place = base + UInt64(offset)
      let value = isRelative ? address(of: label) &- (place &+ 4) : address(of: label)
      for index in 0..<4 { result[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8)) }
    }
    return result
  }

  mutating func raw(_ more: UInt8...) { bytes += more }
  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func little(_ value: UInt64, _ count: Int) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
  }

  private mutating func reference(_ label: String, isRelative: Bool) {
    references.append((bytes.count, label, isRelative))
    little(0, 4)
  }

  // MARK: Encoding

  private mutating func prefix(isWide: Bool, _ register: UInt8, _ place: Place) {
    var rex: UInt8 = isWide && isLong ? 0x48 : 0
    if register >= 8 { rex |= 0x44 }
    switch place {
    case .fixed: break
    case .based(let base, _): if base.rawValue >= 8 { rex |= 0x41 }
    case .element(let base, let index):
      if base.rawValue >= 8 { rex |= 0x41 }
      if index.rawValue >= 8 { rex |= 0x42 }
    }
    if rex != 0 { bytes.append(rex) }
  }

  private mutating func operand(_ register: UInt8, _ place: Place) {
    let field = (register & 7) << 3
    switch place {
    case .fixed(let address):
      // In 64-bit code an address by itself needs an index byte without base and index.
      raw(isLong ? [field | 0x04, 0x25] : [field | 0x05])
      little(address, 4)
    case .based(let base, let displacement):
      raw(0x80 | field | base.rawValue & 7)
      if base.rawValue & 7 == 4 { raw(0x24) }
      little(UInt64(bitPattern: Int64(displacement)), 4)
    case .element(let base, let index):
      raw(0x80 | field | 4, 0xC0 | (index.rawValue & 7) << 3 | base.rawValue & 7)
      little(0, 4)
    }
  }

  private mutating func registers(_ opcode: [UInt8], _ field: UInt8, _ other: GuestRegister, isWide: Bool = true) {
    var rex: UInt8 = isWide && isLong ? 0x48 : 0
    if field >= 8 { rex |= 0x44 }
    if other.rawValue >= 8 { rex |= 0x41 }
    if rex != 0 { bytes.append(rex) }
    raw(opcode)
    raw(0xC0 | (field & 7) << 3 | other.rawValue & 7)
  }

  // MARK: Instructions

  mutating func move(_ register: GuestRegister, _ value: UInt64) {
    let isWide = value >> 32 != 0
    precondition(isLong || !isWide)
    var rex: UInt8 = isWide ? 0x48 : 0
    if register.rawValue >= 8 { rex |= 0x41 }
    if rex != 0 { raw(rex) }
    raw(0xB8 | register.rawValue & 7)
    little(value, isWide ? 8 : 4)
  }

  mutating func move(_ register: GuestRegister, addressOf label: String) {
    raw(0xB8 | register.rawValue & 7)
    reference(label, isRelative: false)
  }

  mutating func move(_ register: GuestRegister, _ source: GuestRegister) {
    registers([0x89], source.rawValue, register)
  }

  mutating func load(_ register: GuestRegister, _ place: Place) {
    prefix(isWide: true, register.rawValue, place)
    raw(0x8B)
    operand(register.rawValue, place)
  }

  mutating func store(_ place: Place, _ register: GuestRegister) {
    prefix(isWide: true, register.rawValue, place)
    raw(0x89)
    operand(register.rawValue, place)
  }

  /// MOV of a segment register's selector, zero-extended.
  mutating func move(_ register: GuestRegister, fromSegment segment: UInt8) {
    registers([0x8C], segment, register)
  }

  /// MOV of a segment register's selector to two bytes of memory.
  mutating func store(selectorOf segment: UInt8, _ place: Place) {
    raw(0x8C)
    operand(segment, place)
  }

  mutating func move(toSegment segment: UInt8, _ register: GuestRegister) {
    registers([0x8E], segment, register, isWide: false)
  }

  mutating func move(toControl number: UInt8, _ register: GuestRegister) {
    registers([0x0F, 0x22], number, register, isWide: false)
  }

  mutating func move(_ register: GuestRegister, fromControl number: UInt8) {
    registers([0x0F, 0x20], number, register, isWide: false)
  }

  mutating func move(toDebug number: UInt8, _ register: GuestRegister) {
    registers([0x0F, 0x23], number, register, isWide: false)
  }

  mutating func move(_ register: GuestRegister, fromDebug number: UInt8) {
    registers([0x0F, 0x21], number, register, isWide: false)
  }

  mutating func arithmetic(_ operation: Arithmetic, _ register: GuestRegister, _ source: GuestRegister) {
    registers([operation.rawValue << 3 | 1], source.rawValue, register)
  }

  mutating func arithmetic(_ operation: Arithmetic, _ register: GuestRegister, _ value: Int32) {
    registers([0x81], operation.rawValue, register)
    little(UInt64(bitPattern: Int64(value)), 4)
  }

  mutating func arithmetic(_ operation: Arithmetic, _ register: GuestRegister, _ place: Place) {
    prefix(isWide: true, register.rawValue, place)
    raw(operation.rawValue << 3 | 3)
    operand(register.rawValue, place)
  }

  mutating func rotateLeft(_ register: GuestRegister, _ count: UInt8) {
    registers([0xC1], 0, register)
    raw(count)
  }

  mutating func shiftRight(_ register: GuestRegister, _ count: UInt8) {
    registers([0xC1], 5, register)
    raw(count)
  }

  mutating func shiftLeft(_ register: GuestRegister, _ count: UInt8) {
    registers([0xC1], 4, register)
    raw(count)
  }

  mutating func push(_ register: GuestRegister) {
    if register.rawValue >= 8 { raw(0x41) }
    raw(0x50 | register.rawValue & 7)
  }

  mutating func pop(_ register: GuestRegister) {
    if register.rawValue >= 8 { raw(0x41) }
    raw(0x58 | register.rawValue & 7)
  }

  mutating func push(_ place: Place) {
    prefix(isWide: false, 6, place)
    raw(0xFF)
    operand(6, place)
  }

  mutating func push(value: Int32) {
    raw(0x68)
    little(UInt64(bitPattern: Int64(value)), 4)
  }

  mutating func call(_ label: String) {
    raw(0xE8)
    reference(label, isRelative: true)
  }

  mutating func jump(_ label: String) {
    raw(0xE9)
    reference(label, isRelative: true)
  }

  mutating func jump(_ condition: Condition, _ label: String) {
    raw(0x0F, 0x80 | condition.rawValue)
    reference(label, isRelative: true)
  }

  /// JMP to a fixed place in another code segment, from 32-bit code.
  mutating func jumpFar(_ selector: UInt16, _ label: String) {
    raw(0xEA)
    reference(label, isRelative: false)
    little(UInt64(selector), 2)
  }

  mutating func loadGDT(_ address: UInt64) {
    raw(0x0F, 0x01)
    operand(2, .fixed(address))
  }

  mutating func loadIDT(_ address: UInt64) {
    raw(0x0F, 0x01)
    operand(3, .fixed(address))
  }

  mutating func loadLDT(_ register: GuestRegister) { registers([0x0F, 0x00], 2, register, isWide: false) }
  mutating func loadTask(_ register: GuestRegister) { registers([0x0F, 0x00], 3, register, isWide: false) }
  mutating func readMSR() { raw(0x0F, 0x32) }
  mutating func writeMSR() { raw(0x0F, 0x30) }
  mutating func out(_ port: UInt8) { raw(0xE6, port) }
  mutating func repeatMoveWords() { raw(0xF3, 0xA5) }
  mutating func ret() { raw(0xC3) }
}

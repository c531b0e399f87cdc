/// Finds the memory operands of an instruction of 64-bit code (Intel SDM vol. 2A, 2.1 "Instruction Format", 2.2.1 "REX Prefixes"; vol. 2D,
/// appendix A "Opcode Map"), as far as compilers use them in a kernel.
struct InstructionDecoder {
  /// What an opcode does with its operand in memory, and how many bytes follow that operand.
  private struct Form {
    var kind: MemoryAccess.Kind
    var byteCount: UInt64
    var immediateByteCount: UInt64 = 0
  }

  private var next: UnsafePointer<UInt8>
  private var rex: UInt8 = 0
  private var hasOperandSizePrefix = false
  private var isRepeated = false

  init(_ instruction: UnsafePointer<UInt8>) { next = instruction }

  private mutating func take() -> UInt8 {
    defer { next += 1 }
    return next.pointee
  }

  private var operandByteCount: UInt64 { rex & 8 != 0 ? 8 : hasOperandSizePrefix ? 2 : 4 }
  /// Of 64-bit operands too it is 4 bytes that stand in the instruction.
  private var immediateByteCount: UInt64 { min(operandByteCount, 4) }

  mutating func decode(_ register: (UInt8) -> UInt64, _ visit: (MemoryAccess) -> Void) {
    guard var opcode = takePrefixes() else { return }
    if visitString(opcode, register, visit) { return }
    let form: Form?
    if opcode == 0x0f {
      opcode = take()
      form = secondaryForm(opcode)
    } else {
      form = primaryForm(opcode)
    }
    guard let form, next.pointee >> 6 != 3 else { return }
    let (address, base) = takeAddress(register, immediateByteCount: form.immediateByteCount)
    visit(MemoryAccess(form.kind, at: address, byteCount: form.byteCount, base: base))
  }

  /// The opcode's first byte; nil when another segment than the usual is meant, or addresses of 32 bits.
  private mutating func takePrefixes() -> UInt8? {
    while true {
      let byte = take()
      switch byte {
      case 0x66: hasOperandSizePrefix = true
      case 0xf2, 0xf3: isRepeated = true
      case 0xf0, 0x2e, 0x36, 0x3e, 0x26: break
      case 0x64, 0x65, 0x67: return nil
      case 0x40...0x4f:
        rex = byte
        return take()
      default: return byte
      }
    }
  }

  /// String instructions name no operand. A repeated one traps after each round (SDM vol. 3B, 17.3.1.4 "Single-Step Exception Condition").
  private func visitString(_ opcode: UInt8, _ register: (UInt8) -> UInt64, _ visit: (MemoryAccess) -> Void) -> Bool {
    let (count, source, destination): (UInt8, UInt8, UInt8) = (1, 6, 7)
    let byteCount = opcode & 1 == 0 ? 1 : operandByteCount
    func visitThrough(_ base: UInt8, _ kind: MemoryAccess.Kind) {
      if isRepeated && register(count) == 0 { return }
      visit(MemoryAccess(kind, at: register(base), byteCount: byteCount, base: base))
    }
    switch opcode {
    case 0xa4, 0xa5:  // movs
      visitThrough(source, .load)
      visitThrough(destination, .store)
    case 0xa6, 0xa7:  // cmps
      visitThrough(source, .load)
      visitThrough(destination, .load)
    case 0xaa, 0xab: visitThrough(destination, .store)  // stos
    case 0xac, 0xad: visitThrough(source, .load)  // lods
    case 0xae, 0xaf: visitThrough(destination, .load)  // scas
    default: return false
    }
    return true
  }

  private func primaryForm(_ opcode: UInt8) -> Form? {
    let extended = next.pointee >> 3 & 7
    let byteCount = opcode & 1 == 0 ? 1 : operandByteCount
    switch opcode {
    case 0..<0x40 where opcode & 7 < 4:  // add, or, adc, sbb, and, sub, xor, cmp
      return Form(kind: opcode & 2 != 0 || opcode >> 3 == 7 ? .load : .update, byteCount: byteCount)
    case 0x63: return Form(kind: .load, byteCount: 4)  // movsxd
    case 0x69: return Form(kind: .load, byteCount: operandByteCount, immediateByteCount: immediateByteCount)  // imul
    case 0x6b: return Form(kind: .load, byteCount: operandByteCount, immediateByteCount: 1)
    case 0x80, 0x81, 0x83:  // the same eight, with a constant
      let immediate = opcode == 0x81 ? immediateByteCount : 1
      return Form(kind: extended == 7 ? .load : .update, byteCount: byteCount, immediateByteCount: immediate)
    case 0x84, 0x85, 0x8a, 0x8b: return Form(kind: .load, byteCount: byteCount)  // test, mov
    case 0x86, 0x87: return Form(kind: .update, byteCount: byteCount)  // xchg
    case 0x88, 0x89: return Form(kind: .store, byteCount: byteCount)  // mov
    case 0x8f: return Form(kind: .store, byteCount: 8)  // pop
    case 0xc0, 0xc1: return Form(kind: .update, byteCount: byteCount, immediateByteCount: 1)  // shifts
    case 0xd0...0xd3: return Form(kind: .update, byteCount: byteCount)
    case 0xc6: return Form(kind: .store, byteCount: 1, immediateByteCount: 1)  // mov
    case 0xc7: return Form(kind: .store, byteCount: byteCount, immediateByteCount: immediateByteCount)
    case 0xd8...0xdf: return Form(kind: .update, byteCount: 8)  // floating point
    case 0xf6, 0xf7:  // test; not, neg; mul, imul, div, idiv
      let immediate = extended > 1 ? 0 : opcode == 0xf6 ? 1 : immediateByteCount
      return Form(
        kind: extended == 2 || extended == 3 ? .update : .load, byteCount: byteCount, immediateByteCount: immediate)
    case 0xfe, 0xff:  // inc, dec; call, jmp, push
      return extended < 2 ? Form(kind: .update, byteCount: byteCount) : Form(kind: .load, byteCount: 8)
    default: return nil
    }
  }

  /// Opcodes that begin with 0x0f.
  private func secondaryForm(_ opcode: UInt8) -> Form? {
    let byteCount = opcode & 1 == 0 ? 1 : operandByteCount
    switch opcode {
    case 0x40...0x4f, 0xa3, 0xaf, 0xb8, 0xbc, 0xbd:  // cmov, bt, imul, popcnt, bsf, bsr
      return Form(kind: .load, byteCount: operandByteCount)
    case 0xb6, 0xbe: return Form(kind: .load, byteCount: 1)  // movzx, movsx
    case 0xb7, 0xbf: return Form(kind: .load, byteCount: 2)
    case 0x90...0x9f: return Form(kind: .store, byteCount: 1)  // setcc
    case 0xa4, 0xac: return Form(kind: .update, byteCount: operandByteCount, immediateByteCount: 1)  // shld, shrd
    case 0xa5, 0xad, 0xab, 0xb3, 0xbb: return Form(kind: .update, byteCount: operandByteCount)  // and bts, btr, btc
    case 0xba:
      let kind: MemoryAccess.Kind = next.pointee >> 3 & 7 == 4 ? .load : .update
      return Form(kind: kind, byteCount: operandByteCount, immediateByteCount: 1)
    case 0xb0, 0xb1, 0xc0, 0xc1: return Form(kind: .update, byteCount: byteCount)  // cmpxchg, xadd
    case 0xc3: return Form(kind: .store, byteCount: operandByteCount)  // movnti
    case 0x70, 0xc2, 0xc4, 0xc6: return Form(kind: .update, byteCount: 16, immediateByteCount: 1)
    case 0x10...0x17, 0x28...0x2f, 0x50...0x6f, 0x74...0x76, 0x7c...0x7f, 0xc7, 0xd0...0xfe:  // vectors, cmpxchg16b
      return Form(kind: .update, byteCount: 16)
    default: return nil
    }
  }

  /// The address that ModRM, SIB and displacement stand for.
  private mutating func takeAddress(
    _ register: (UInt8) -> UInt64, immediateByteCount: UInt64
  ) -> (address: UInt64, base: UInt8?) {
    let modRM = take()
    let (mode, operand) = (modRM >> 6, modRM & 7)
    var address: UInt64 = 0
    var base: UInt8? = operand | (rex & 1) << 3
    if operand == 4 {
      let sib = take()
      let index = sib >> 3 & 7 | (rex & 2) << 2
      if index != 4 { address = register(index) << UInt64(sib >> 6) }
      base = sib & 7 == 5 && mode == 0 ? nil : sib & 7 | (rex & 1) << 3
    } else if operand == 5 && mode == 0 {
      let displacement = takeDisplacement(byteCount: 4)
      return (UInt64(UInt(bitPattern: next)) &+ immediateByteCount &+ displacement, nil)
    }
    if let base { address &+= register(base) }
    if mode == 1 { address &+= takeDisplacement(byteCount: 1) }
    if mode == 2 || base == nil { address &+= takeDisplacement(byteCount: 4) }
    return (address, base)
  }

  /// Sign-extended.
  private mutating func takeDisplacement(byteCount: Int) -> UInt64 {
    if byteCount == 1 { return UInt64(bitPattern: Int64(Int8(bitPattern: take()))) }
    var value: UInt32 = 0
    for index in 0..<4 as Range<UInt32> { value |= UInt32(take()) << (index * 8) }
    return UInt64(bitPattern: Int64(Int32(bitPattern: value)))
  }
}

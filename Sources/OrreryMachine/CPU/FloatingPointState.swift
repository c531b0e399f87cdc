/// Saving and restoring the x87 state: the environment of 14 or 28 bytes, with the registers 94 or 108 bytes (Intel SDM volume 1, 8.1.10 and 8.1.11).
extension CPU {
  /// The control instructions: they leave the pointers to the last instruction alone.
  func executeX87Control(_ kind: X87Operation, _ operation: UnsafeMutablePointer<Operation>) -> Outcome {
    let linear = raw.read64(Register.pointer)
    let is32 = operation.pointee.sizeLog2 > 1
    switch kind {
    case .initialize: x87Initialize()
    case .clearExceptions: pointee.fpuStatus &= 0x7F00
    case .storeStatus, .storeControl:
      let value = kind == .storeStatus ? pointee.fpuStatus : pointee.fpuControl
      if operation.pointee.b == X87Operand.register.rawValue {
        raw.write16(Register.rax, UInt64(value))
      } else {
        return outcome(store(linear, UInt64(value), sizeLog2: 1))
      }
    case .loadControl:
      guard let value = load(linear, sizeLog2: 1) else { return .fault }
      x87SetControl(UInt16(truncatingIfNeeded: value))
    case .storeEnvironment: return storeX87Environment(linear, is32: is32)
    case .loadEnvironment: return loadX87Environment(linear, is32: is32) ? .next : .fault
    case .save: return saveX87(linear, is32: is32)
    case .restore: return restoreX87(linear, is32: is32)
    default: break
    }
    return .next
  }

  /// The seven words of the environment, of 16 or 32 bits each.
  private func x87Environment(is32: Bool) -> InlineArray<7, UInt32> {
    let opcode = UInt32(pointee.fpuOpcode)
    let instruction = pointee.fpuInstruction
    let data = pointee.fpuData
    // What is unused in a 32-bit word is stored as ones.
    let unused: UInt32 = 0xFFFF_0000
    var words: InlineArray<7, UInt32> = .init(repeating: 0)
    words[0] = unused | UInt32(pointee.fpuControl)
    words[1] = unused | UInt32(pointee.fpuStatus)
    words[2] = unused | UInt32(x87TagWord)
    if isProtected && pointee.systemFlags & Flag.virtual8086 == 0 {
      words[3] = UInt32(truncatingIfNeeded: instruction.offset)
      words[4] = UInt32(instruction.selector) | (is32 ? opcode << 16 : 0)
      words[5] = UInt32(truncatingIfNeeded: data.offset)
      words[6] = unused | UInt32(data.selector)
    } else {
      // In real-address mode the pointers are linear addresses, in two parts.
      let at = UInt32(truncatingIfNeeded: UInt64(instruction.selector) << 4 &+ instruction.offset)
      let from = UInt32(truncatingIfNeeded: UInt64(data.selector) << 4 &+ data.offset)
      words[3] = is32 ? unused | at & 0xFFFF : at
      words[4] = (at >> 16) << 12 | opcode
      words[5] = is32 ? unused | from & 0xFFFF : from
      words[6] = (from >> 16) << 12
    }
    return words
  }

  private func storeX87Environment(_ linear: UInt64, is32: Bool) -> Outcome {
    guard isX87AreaAligned(linear, is32: is32), checkWrite(linear, size: is32 ? 28 : 14) else { return .fault }
    let leaves = writeX87Environment(linear, is32: is32)
    pointee.fpuControl |= X87Status.exceptions
    x87UpdateSummary()
    return leaves ? .leave : .next
  }

  /// The words of these areas are what #AC looks at, not the registers in them (Intel SDM volume 3, table 6-7).
  private func isX87AreaAligned(_ linear: UInt64, is32: Bool) -> Bool { isAligned(linear, size: is32 ? 4 : 2) }

  /// Writes to memory that was checked; whether the engine must return afterwards.
  private func writeX87Environment(_ linear: UInt64, is32: Bool) -> Bool {
    let words = x87Environment(is32: is32)
    var leaves = false
    for number in 0..<7 {
      let place = linear &+ UInt64(number) &* (is32 ? 4 : 2)
      if store(place, UInt64(words[number]), sizeLog2: is32 ? 2 : 1) == .leave { leaves = true }
    }
    return leaves
  }

  private func loadX87Environment(_ linear: UInt64, is32: Bool) -> Bool {
    guard isX87AreaAligned(linear, is32: is32) else { return false }
    var words: InlineArray<7, UInt32> = .init(repeating: 0)
    for number in 0..<7 {
      guard let word = load(linear &+ UInt64(number) &* (is32 ? 4 : 2), sizeLog2: is32 ? 2 : 1) else { return false }
      words[number] = UInt32(truncatingIfNeeded: word)
    }
    pointee.fpuStatus = UInt16(truncatingIfNeeded: words[1])
    x87SetTags(UInt16(truncatingIfNeeded: words[2]))
    x87SetControl(UInt16(truncatingIfNeeded: words[0]))
    if isProtected && pointee.systemFlags & Flag.virtual8086 == 0 {
      pointee.fpuInstruction = X87Pointer(
        offset: UInt64(words[3]), selector: UInt16(truncatingIfNeeded: words[4]))
      pointee.fpuOpcode = is32 ? UInt16(truncatingIfNeeded: words[4] >> 16) & 0x7FF : 0
      pointee.fpuData = X87Pointer(offset: UInt64(words[5]), selector: UInt16(truncatingIfNeeded: words[6]))
    } else {
      let high: UInt32 = is32 ? 0xFFFF : 0xF
      pointee.fpuInstruction = X87Pointer(offset: UInt64(words[3] & 0xFFFF | (words[4] >> 12 & high) << 16))
      pointee.fpuOpcode = UInt16(truncatingIfNeeded: words[4]) & 0x7FF
      pointee.fpuData = X87Pointer(offset: UInt64(words[5] & 0xFFFF | (words[6] >> 12 & high) << 16))
    }
    return true
  }

  private func saveX87(_ linear: UInt64, is32: Bool) -> Outcome {
    let registers = linear &+ (is32 ? 28 : 14)
    guard isX87AreaAligned(linear, is32: is32), checkWrite(linear, size: is32 ? 108 : 94) else { return .fault }
    var leaves = writeX87Environment(linear, is32: is32)
    for index in 0..<8 {
      let value = x87Read(index)
      let place = registers &+ UInt64(index) &* 10
      for quarter in 0..<4 as Range<UInt64> {
        let bits = value.significand >> (quarter &* 16)
        if store(place &+ quarter &* 2, bits, sizeLog2: 1) == .leave { leaves = true }
      }
      if store(place &+ 8, UInt64(value.signAndExponent), sizeLog2: 1) == .leave { leaves = true }
    }
    x87Initialize()
    return leaves ? .leave : .next
  }

  private func restoreX87(_ linear: UInt64, is32: Bool) -> Outcome {
    guard isX87AreaAligned(linear, is32: is32) else { return .fault }
    let registers = linear &+ (is32 ? 28 : 14)
    var values: InlineArray<8, Extended> = .init(repeating: .zero)
    for index in 0..<8 {
      let place = registers &+ UInt64(index) &* 10
      var significand: UInt64 = 0
      for quarter in 0..<4 as Range<UInt64> {
        guard let bits = load(place &+ quarter &* 2, sizeLog2: 1) else { return .fault }
        significand |= bits << (quarter &* 16)
      }
      guard let rest = load(place &+ 8, sizeLog2: 1) else { return .fault }
      values[index] = Extended(significand: significand, signAndExponent: UInt16(truncatingIfNeeded: rest))
    }
    guard loadX87Environment(linear, is32: is32) else { return .fault }
    for index in 0..<8 {
      let register = x87Register(index)
      pointee.fpuSignificands[register] = values[index].significand
      pointee.fpuExponents[register] = values[index].signAndExponent
    }
    return .next
  }

  // MARK: FXSAVE and FXRSTOR (Intel SDM volume 1, 10.5.1)

  func saveVectorState(_ linear: UInt64, sizeLog2: UInt8) -> Outcome {
    guard canUseStateArea(linear), checkWrite(linear, size: 512) else { return .fault }
    let tags = (0..<8 as Range<UInt16>).reduce(UInt64(0)) { tags, number in
      // The abridged tag word: one bit a register, set when it is not empty.
      tags | (pointee.fpuTags >> (number * 2) & 3 == 3 ? 0 : 1 << UInt64(number))
    }
    var leaves = false
    func put(_ offset: UInt64, _ value: UInt64) {
      if store(linear &+ offset, value, sizeLog2: 3) == .leave { leaves = true }
    }
    let is64 = pointee.codeMode == .bits64 && sizeLog2 == 3
    put(0, UInt64(pointee.fpuControl) | UInt64(pointee.fpuStatus) << 16 | tags << 32 | UInt64(pointee.fpuOpcode) << 48)
    put(8, Self.pointerBits(pointee.fpuInstruction, is64: is64))
    put(16, Self.pointerBits(pointee.fpuData, is64: is64))
    put(24, UInt64(pointee.mxcsr) | UInt64(Self.mxcsrMask) << 32)
    for index in 0..<8 {
      let value = x87Read(index)
      put(32 + UInt64(index) * 16, value.significand)
      put(40 + UInt64(index) * 16, UInt64(value.signAndExponent))
    }
    for number in 0..<(pointee.codeMode == .bits64 ? 16 : 8) {
      put(160 + UInt64(number) * 16, vectors[number].x)
      put(168 + UInt64(number) * 16, vectors[number].y)
    }
    return leaves ? .leave : .next
  }

  func restoreVectorState(_ linear: UInt64, sizeLog2: UInt8) -> Outcome {
    // All 512 bytes must be readable before anything changes: the area spans at most two pages.
    guard canUseStateArea(linear), load(linear &+ 504, sizeLog2: 3) != nil, let head = load(linear, sizeLog2: 3),
      let control = load(linear &+ 24, sizeLog2: 2)
    else { return .fault }
    let mxcsr = UInt32(truncatingIfNeeded: control)
    guard mxcsr & ~Self.mxcsrMask == 0 else {
      raise(.generalProtection(0))
      return .fault
    }
    func get(_ offset: UInt64) -> UInt64 { load(linear &+ offset, sizeLog2: 3) ?? 0 }
    let is64 = pointee.codeMode == .bits64 && sizeLog2 == 3
    pointee.fpuStatus = UInt16(truncatingIfNeeded: head >> 16)
    pointee.fpuOpcode = UInt16(truncatingIfNeeded: head >> 48) & 0x7FF
    pointee.fpuInstruction = Self.pointer(get(8), is64: is64)
    pointee.fpuData = Self.pointer(get(16), is64: is64)
    x87SetControl(UInt16(truncatingIfNeeded: head))
    var tags: UInt16 = 0
    for number in 0..<8 as Range<UInt16> where head >> (32 + UInt64(number)) & 1 == 0 { tags |= 3 << (number * 2) }
    pointee.fpuTags = tags
    for index in 0..<8 {
      let register = x87Register(index)
      pointee.fpuSignificands[register] = get(32 + UInt64(index) * 16)
      pointee.fpuExponents[register] = UInt16(truncatingIfNeeded: get(40 + UInt64(index) * 16))
    }
    pointee.mxcsr = mxcsr
    for number in 0..<(pointee.codeMode == .bits64 ? 16 : 8) {
      vectors[number] = SIMD2(get(160 + UInt64(number) * 16), get(168 + UInt64(number) * 16))
    }
    return .next
  }

  private func canUseStateArea(_ linear: UInt64) -> Bool {
    guard pointee.cr0 & (ControlRegister.em | ControlRegister.ts) == 0 else { return faults(.deviceNotAvailable) }
    return linear & 15 == 0 || faults(.generalProtection(0))
  }

  /// With REX.W a pointer is an offset of 64 bits, else one of 32 bits and a selector.
  private static func pointerBits(_ pointer: X87Pointer, is64: Bool) -> UInt64 {
    is64 ? pointer.offset : pointer.offset & 0xFFFF_FFFF | UInt64(pointer.selector) << 32
  }

  private static func pointer(_ bits: UInt64, is64: Bool) -> X87Pointer {
    is64
      ? X87Pointer(offset: bits)
      : X87Pointer(offset: bits & 0xFFFF_FFFF, selector: UInt16(truncatingIfNeeded: bits >> 32))
  }
}

/// Turns instruction bytes into operations, one instruction at a time (Intel SDM volume 2, chapter 2).
///
/// It reads bytes only through `nextByte()`, which knows where the page ends; running out of bytes, or past the fifteenth, is remembered in
/// `failure` and what was emitted for the instruction is dropped by the caller. The maps of opcodes are in DecoderPrimaryMap.swift,
/// DecoderSecondaryMap.swift, DecoderVectorMap.swift and DecoderMMXMap.swift.
struct Decoder {
  enum Failure {
    case none
    /// The instruction goes on beyond `available`.
    case needsMoreBytes
    /// More than fifteen bytes: #GP(0).
    case tooLong
  }

  static let maximumLength = 15

  let mode: CodeMode
  /// SSE instructions execute; otherwise they raise what `vectorFault()` says.
  let vectorsAreEnabled: Bool
  let operations: UnsafeMutablePointer<Operation>
  /// How many operations were emitted to the block.
  var operationCount = 0

  // MARK: The instruction being decoded

  /// Its first byte, and how many may be read.
  var bytes: UnsafePointer<UInt8>
  var available: Int
  /// How many bytes were read.
  var position = 0
  var failure = Failure.none
  /// The offset in CS of its first byte.
  var rip: UInt64 = 0
  /// Its distance from the start of the block.
  var offset: UInt16 = 0
  var firstOperation = 0
  /// It ends the block.
  var endsBlock = false
  /// Where it branches to, for a direct branch.
  var usesNextInstruction = false

  // MARK: Prefixes

  var rex: UInt8 = 0
  var hasOperandSizePrefix = false
  var segmentOverride: SegmentRegister?
  var hasLock = false
  /// 0, 0xF2 or 0xF3.
  var repeatPrefix: UInt8 = 0
  /// Binary logarithms of the sizes in bytes: 1, 2 or 3.
  var operandSizeLog2: UInt8 = 2
  var addressSizeLog2: UInt8 = 3
  /// The instruction may have a LOCK prefix.
  var lockIsAllowed = false

  // MARK: ModR/M

  var modRM: UInt8 = 0
  var isMemory = false
  var base = Register.zero
  var index = Register.zero
  var shift: UInt8 = 0
  var displacement: UInt64 = 0
  /// The segment without an override: SS when the base is rBP or rSP.
  var defaultSegment = SegmentRegister.ds

  init(
    mode: CodeMode, vectorsAreEnabled: Bool, operations: UnsafeMutablePointer<Operation>, bytes: UnsafePointer<UInt8>
  ) {
    self.mode = mode
    self.vectorsAreEnabled = vectorsAreEnabled
    self.operations = operations
    self.bytes = bytes
    available = 0
  }

  // MARK: Bytes

  @inline(__always)
  mutating func nextByte() -> UInt8 {
    guard position < available else {
      if failure == .none { failure = position >= Self.maximumLength ? .tooLong : .needsMoreBytes }
      return 0
    }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func next16() -> UInt16 { UInt16(nextByte()) | UInt16(nextByte()) << 8 }
  mutating func next32() -> UInt32 { UInt32(next16()) | UInt32(next16()) << 16 }
  mutating func next64() -> UInt64 { UInt64(next32()) | UInt64(next32()) << 32 }
  mutating func nextSigned8() -> Int32 { Int32(Int8(bitPattern: nextByte())) }

  /// An immediate of the operand size, at most 32 bits and sign-extended.
  mutating func nextImmediate(sizeLog2: UInt8) -> Int32 {
    switch sizeLog2 {
    case 0: nextSigned8()
    case 1: Int32(Int16(bitPattern: next16()))
    default: Int32(bitPattern: next32())
    }
  }

  // MARK: One instruction

  /// Decodes the instruction at `bytes`; afterwards `failure` says whether it is whole, `position` how long it is.
  mutating func decode(rip: UInt64, offset: UInt16) {
    self.rip = rip
    self.offset = offset
    position = 0
    failure = .none
    firstOperation = operationCount
    endsBlock = false
    usesNextInstruction = false
    rex = 0
    hasOperandSizePrefix = false
    segmentOverride = nil
    hasLock = false
    repeatPrefix = 0
    lockIsAllowed = false
    isMemory = false
    var hasAddressSizePrefix = false
    var opcode: UInt8 = 0
    prefixes: while failure == .none {
      opcode = nextByte()
      switch opcode {
      case 0x26: segmentOverride = mode == .bits64 ? segmentOverride : .es
      case 0x2E: segmentOverride = mode == .bits64 ? segmentOverride : .cs
      case 0x36: segmentOverride = mode == .bits64 ? segmentOverride : .ss
      case 0x3E: segmentOverride = mode == .bits64 ? segmentOverride : .ds
      case 0x64: segmentOverride = .fs
      case 0x65: segmentOverride = .gs
      case 0x66: hasOperandSizePrefix = true
      case 0x67: hasAddressSizePrefix = true
      case 0xF0: hasLock = true
      case 0xF2, 0xF3: repeatPrefix = opcode
      case 0x40...0x4F where mode == .bits64:
        // Only a REX prefix right before the opcode counts.
        rex = opcode
        continue prefixes
      default: break prefixes
      }
      rex = 0
    }
    switch mode {
    case .bits64:
      operandSizeLog2 = rex & 8 != 0 ? 3 : hasOperandSizePrefix ? 1 : 2
      addressSizeLog2 = hasAddressSizePrefix ? 2 : 3
    case .bits32:
      operandSizeLog2 = hasOperandSizePrefix ? 1 : 2
      addressSizeLog2 = hasAddressSizePrefix ? 1 : 2
    case .bits16:
      operandSizeLog2 = hasOperandSizePrefix ? 2 : 1
      addressSizeLog2 = hasAddressSizePrefix ? 2 : 1
    }
    decodePrimary(opcode)
    if hasLock && !lockIsAllowed && failure == .none { invalid() }
    guard failure == .none else {
      operationCount = firstOperation
      return
    }
    let next = (rip &+ UInt64(position)) & ripMask
    for number in firstOperation..<operationCount {
      operations[number].length = UInt8(truncatingIfNeeded: position)
      if usesNextInstruction && operations[number].base == Register.nextInstruction {
        operations[number].base = Register.zero
        operations[number].displacement &+= next
      }
    }
  }

  /// What an offset in CS is cut to.
  var ripMask: UInt64 {
    switch mode {
    case .bits64: .max
    case .bits32: 0xFFFF_FFFF
    case .bits16: 0xFFFF_FFFF
    }
  }

  // MARK: ModR/M

  var registerField: UInt8 { modRM >> 3 & 7 }
  /// The register that the reg field names.
  var register: UInt8 { registerField | (rex & 4) << 1 }
  /// The register that the r/m field names, when the operand is no memory.
  var registerOrMemory: UInt8 { modRM & 7 | (rex & 1) << 3 }

  /// Reads ModR/M of an instruction that has no memory operand, whatever the mod field says (Intel SDM volume 2, MOV to and from control and debug registers).
  mutating func readModRMOfRegisters() {
    modRM = nextByte()
    isMemory = false
  }

  /// Reads ModR/M, SIB and displacement.
  mutating func readModRM() {
    modRM = nextByte()
    isMemory = modRM >> 6 != 3
    guard isMemory else { return }
    base = Register.zero
    index = Register.zero
    shift = 0
    displacement = 0
    defaultSegment = .ds
    if addressSizeLog2 == 1 { readAddress16() } else { readAddress() }
  }

  private mutating func readAddress() {
    let mod = modRM >> 6
    let rm = modRM & 7
    if rm == 4 {
      let sib = nextByte()
      let indexNumber = sib >> 3 & 7 | (rex & 2) << 2
      if indexNumber != 4 {
        index = Register.general(indexNumber)
        shift = sib >> 6
      }
      if sib & 7 == 5 && mod == 0 {
        displacement = UInt64(bitPattern: Int64(Int32(bitPattern: next32())))
        return
      }
      setBase(sib & 7)
    } else if rm == 5 && mod == 0 {
      displacement = UInt64(bitPattern: Int64(Int32(bitPattern: next32())))
      if mode == .bits64 {
        base = Register.nextInstruction
        usesNextInstruction = true
      }
      return
    } else {
      setBase(rm)
    }
    if mod == 1 {
      displacement = UInt64(bitPattern: Int64(nextSigned8()))
    } else if mod == 2 {
      displacement = UInt64(bitPattern: Int64(Int32(bitPattern: next32())))
    }
  }

  private mutating func setBase(_ low: UInt8) {
    base = Register.general(low | (rex & 1) << 3)
    if base == Register.rsp || base == Register.rbp { defaultSegment = .ss }
  }

  private mutating func readAddress16() {
    let mod = modRM >> 6
    switch modRM & 7 {
    case 0: (base, index) = (Register.rbx, Register.rsi)
    case 1: (base, index) = (Register.rbx, Register.rdi)
    case 2: (base, index, defaultSegment) = (Register.rbp, Register.rsi, .ss)
    case 3: (base, index, defaultSegment) = (Register.rbp, Register.rdi, .ss)
    case 4: base = Register.rsi
    case 5: base = Register.rdi
    case 6 where mod == 0:
      displacement = UInt64(next16())
      return
    case 6: (base, defaultSegment) = (Register.rbp, .ss)
    default: base = Register.rbx
    }
    if mod == 1 {
      displacement = UInt64(bitPattern: Int64(nextSigned8()))
    } else if mod == 2 {
      displacement = UInt64(next16())
    }
  }

  // MARK: Registers

  /// The place of 8-bit register `number`: without REX, 4…7 are AH, CH, DH, BH.
  func register8(_ number: UInt8) -> UInt8 {
    rex == 0 && number >= 4 && number < 8 ? (number & 3) &* 8 &+ 1 : Register.general(number)
  }

  func place(_ number: UInt8, sizeLog2: UInt8) -> UInt8 {
    sizeLog2 == 0 ? register8(number) : Register.general(number)
  }

  // MARK: Emitting

  mutating func emit(_ operation: Operation) {
    operations[operationCount] = operation
    operations[operationCount].offset = offset
    if operation.code.hasLeftOperand { operations[operationCount].base = operation.a }
    operationCount += 1
  }

  mutating func emit(_ code: Code, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0, sizeLog2: UInt8 = 0) {
    emit(Operation(code: code, a: a, b: b, sizeLog2: sizeLog2, immediate: immediate))
  }

  /// SETcc or CMOVcc.
  mutating func emit(_ code: Code, a: UInt8, b: UInt8 = 0, condition: UInt8) {
    var operation = Operation(code: code, a: a, b: b)
    operation.condition = PreparedCondition(code: condition)
    emit(operation)
  }

  /// An operation on the memory operand, whose address was prepared by `prepareAddress`.
  mutating func emitMemory(_ code: Code, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0) {
    emit(
      Operation(
        code: index == Register.zero ? code.withoutIndex : code, a: a, b: b, base: base, index: index, shift: shift,
        displacement: displacement, immediate: immediate
      ))
  }

  mutating func emit(
    _ operation: ArithmeticOperation, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0, sizeLog2: UInt8
  ) {
    emit(Operation(code: .arithmetic, a: a, b: b, shift: operation.rawValue, sizeLog2: sizeLog2, immediate: immediate))
  }

  mutating func emit(
    _ operation: MemoryOperation, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0, sizeLog2: UInt8 = 0
  ) {
    emit(Operation(code: .memory, a: a, b: b, shift: operation.rawValue, sizeLog2: sizeLog2, immediate: immediate))
  }

  /// A system operation; it ends the block unless said otherwise.
  mutating func emit(
    _ operation: SystemOperation, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0, sizeLog2: UInt8 = 0,
    ends: Bool = true
  ) {
    emit(Operation(code: .system, a: a, b: b, shift: operation.rawValue, sizeLog2: sizeLog2, immediate: immediate))
    if ends { endsBlock = true }
  }

  mutating func emit(
    _ operation: BranchOperation, a: UInt8 = 0, b: UInt8 = 0, immediate: Int32 = 0, sizeLog2: UInt8 = 0,
    target: UInt64 = 0
  ) {
    emit(
      Operation(
        code: .branch, a: a, b: b, shift: operation.rawValue, sizeLog2: sizeLog2, displacement: target,
        immediate: immediate))
    endsBlock = true
  }

  /// #UD.
  mutating func invalid() { emitOnly(.invalidOpcode) }

  /// The instruction raises what stands in the way of SSE instructions.
  mutating func emitVectorFault() { emitOnly(.vectorFault) }

  /// Nothing of the instruction but `operation`.
  private mutating func emitOnly(_ operation: SystemOperation) {
    operationCount = firstOperation
    usesNextInstruction = false
    emit(operation)
  }

  // MARK: Memory operands

  private var needsAddress: Bool {
    if mode != .bits64 || addressSizeLog2 != 3 { return true }
    return segmentOverride == .fs || segmentOverride == .gs
  }

  /// Makes `base`, `index`, `shift` and `displacement` the linear address of the memory operand.
  mutating func prepareAddress(size: Int, isWrite: Bool) {
    guard needsAddress else { return }
    emitMemory(
      .address, a: Register.pointer,
      immediate: AddressForm(
        segment: segmentOverride ?? defaultSegment, addressSizeLog2: addressSizeLog2, accessSize: size, isWrite: isWrite
      ).rawValue)
    usePointer()
  }

  /// Computes the linear address into `Register.pointer`, for operations that change registers the address is made of, or that want it whole.
  mutating func prepareFixedAddress(size: Int, isWrite: Bool) {
    prepareAddress(size: size, isWrite: isWrite)
    guard base != Register.pointer else { return }
    emitMemory(.lea64, a: Register.pointer)
    usePointer()
  }

  /// The offset of the memory operand, without its segment, into register `destination`.
  mutating func emitOffset(to destination: UInt8) {
    emitMemory(
      .address, a: destination,
      immediate: AddressForm(segment: nil, addressSizeLog2: addressSizeLog2, accessSize: 1, isWrite: false).rawValue)
  }

  /// The linear address of the offset in `Register.pointer`.
  mutating func emitSegment(size: Int, isWrite: Bool) {
    usePointer()
    prepareAddress(size: size, isWrite: isWrite)
  }

  private mutating func usePointer() {
    base = Register.pointer
    index = Register.zero
    shift = 0
    displacement = 0
  }

  /// Loads the memory operand, zero-extended, into `Register.value`.
  mutating func loadValue(sizeLog2: UInt8) {
    prepareAddress(size: 1 << Int(sizeLog2), isWrite: false)
    emitMemory([.loadZero8, .loadZero16, .load32, .load64][Int(sizeLog2)], a: Register.value)
  }

  /// As `loadValue`, and makes sure that `storeValue` cannot fault.
  mutating func loadValueForWrite(sizeLog2: UInt8) {
    prepareAddress(size: 1 << Int(sizeLog2), isWrite: true)
    emitMemory(
      [.loadForWrite8, .loadForWrite16, .loadForWrite32, .loadForWrite64][Int(sizeLog2)], a: Register.value)
  }

  /// Stores `Register.value` into the memory operand that `loadValueForWrite` read.
  mutating func storeValue(sizeLog2: UInt8) {
    emitMemory([.store8, .store16, .store32, .store64][Int(sizeLog2)], b: Register.value)
  }

  /// The place of the r/m operand for reading: a register, or `Register.value` after a load.
  mutating func source(sizeLog2: UInt8) -> UInt8 {
    guard isMemory else { return place(registerOrMemory, sizeLog2: sizeLog2) }
    loadValue(sizeLog2: sizeLog2)
    return Register.value
  }

  /// Gives `body` the place of the r/m operand to change, and stores it afterwards if it is memory.
  mutating func modify(sizeLog2: UInt8, _ body: (inout Decoder, UInt8) -> Void) {
    guard isMemory else { return body(&self, place(registerOrMemory, sizeLog2: sizeLog2)) }
    lockIsAllowed = true
    loadValueForWrite(sizeLog2: sizeLog2)
    body(&self, Register.value)
    storeValue(sizeLog2: sizeLog2)
  }

  /// Moves register `b` to register `a`.
  mutating func move(a: UInt8, b: UInt8, sizeLog2: UInt8) {
    emit([Code.move8, .move16, .move32, .move64][Int(sizeLog2)], a: a, b: b)
  }
}

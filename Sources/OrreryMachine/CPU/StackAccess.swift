/// The stack as instructions see it: 64-bit, or with the stack size and the limits of SS.
extension CPU {
  /// The linear address of `size` bytes at stack offset `offset`; nil after a fault.
  private func stackAddress(_ offset: UInt64, size: Int, forWrite: Bool) -> UInt64? {
    if pointee.codeMode == .bits64 { return offset }
    return linearAddress(segment: .ss, offset: offset, size: size, forWrite: forWrite)
  }

  /// `offset` cut to the size of the stack pointer.
  func stackOffset(_ offset: UInt64) -> UInt64 {
    if pointee.codeMode == .bits64 { return offset }
    return pointee.segments[SegmentRegister.ss.rawValue].isBig ? offset & 0xFFFF_FFFF : offset & 0xFFFF
  }

  func setStackPointer(_ offset: UInt64) {
    if pointee.codeMode == .bits64 {
      raw.write64(Register.rsp, offset)
    } else if pointee.segments[SegmentRegister.ss.rawValue].isBig {
      raw.write32(Register.rsp, offset)
    } else {
      raw.write16(Register.rsp, offset)
    }
  }

  /// Stores `1 << sizeLog2` bytes below the stack pointer and moves it.
  func push(_ value: UInt64, sizeLog2: UInt8) -> StoreOutcome {
    let size = 1 &<< UInt64(sizeLog2)
    let offset = stackOffset(raw.read64(Register.rsp) &- size)
    guard let linear = stackAddress(offset, size: Int(size), forWrite: true) else { return .fault }
    let outcome = store(linear, value, sizeLog2: sizeLog2)
    if outcome != .fault { setStackPointer(offset) }
    return outcome
  }

  /// Loads `1 << sizeLog2` bytes at `distance` above the stack pointer; nil after a fault.
  func loadStack(distance: UInt64 = 0, sizeLog2: UInt8) -> UInt64? {
    let offset = stackOffset(raw.read64(Register.rsp) &+ distance)
    guard let linear = stackAddress(offset, size: 1 << Int(sizeLog2), forWrite: false) else { return nil }
    let value = load(linear, sizeLog2: sizeLog2)
    if value == nil && pointee.system.pointee.metNonCanonicalAddress { becomeStackFault() }
    return value
  }

  /// Makes sure that `size` bytes at stack offset `offset` can be stored.
  func checkStackWrite(_ offset: UInt64, size: Int) -> Bool {
    guard let linear = stackAddress(stackOffset(offset), size: size, forWrite: true) else { return false }
    return checkWrite(linear, size: size)
  }

  func moveStackPointer(by distance: UInt64) {
    setStackPointer(stackOffset(raw.read64(Register.rsp) &+ distance))
  }

  /// Makes the #GP(0) of an address that is not canonical the #SS(0) it is for an access through the stack segment, which RSP and RBP as bases imply
  /// (Intel SDM volume 1, 3.7.4).
  @inline(never)
  func becomeStackFault(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) {
    let usesStack: Bool
    switch operation.pointee.code {
    case .push64, .pushImmediate64, .pop64, .leave64, .call64, .callIndirect64, .return64: usesStack = true
    case .memory where Self.isStackOperation(MemoryOperation(rawValue: operation.pointee.detail)): usesStack = true
    case .system where Self.isStackOperation(SystemOperation(rawValue: operation.pointee.detail)): usesStack = true
    default: usesStack = Self.addressesStack(operation, block)
    }
    if usesStack { becomeStackFault() }
  }

  private func becomeStackFault() {
    if pointee.codeMode == .bits64 && pointee.fault == .generalProtection(0) { pointee.fault = .stackSegment(0) }
  }

  /// Whether the operation has RSP or RBP as its base, or an operation of the same instruction that computed its address has.
  private static func addressesStack(
    _ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>
  ) -> Bool {
    var place = operation
    while true {
      let isPointer = place.pointee.a == Register.pointer
      let isForm = isPointer && place.pointee.code == .address
      let segment = isForm ? AddressForm(rawValue: place.pointee.immediate).segment : nil
      if segment == .fs || segment == .gs { return false }
      let hasAddress = place == operation || isForm || (isPointer && place.pointee.code == .lea64)
      if hasAddress && (place.pointee.base == Register.rsp || place.pointee.base == Register.rbp) { return true }
      guard place != block.operations, place[-1].left == operation.pointee.left else { return false }
      place -= 1
    }
  }

  private static func isStackOperation(_ operation: MemoryOperation?) -> Bool {
    switch operation {
    case .push, .pop, .pushFlags, .popFlags, .enter, .leave: true
    default: false
    }
  }

  private static func isStackOperation(_ operation: SystemOperation?) -> Bool {
    operation == .pushSegment || operation == .popSegment
  }
}

/// Pushes and pops of the processor's own, through SS as the mode has it.
extension CPU {
  /// How much of rsp counts: all in 64-bit mode, otherwise esp or sp by SS.
  func stackMask(_ stack: Segment) -> UInt64 {
    pointee.codeMode == .bits64 ? .max : stack.isBig ? 0xFFFF_FFFF : 0xFFFF
  }

  /// rsp moved by `delta`; the bits of rsp that do not count stay.
  func movedStackPointer(_ delta: UInt64) -> UInt64 {
    let mask = stackMask(self[segment: .ss])
    return (pointee.gpr[4] &+ delta) & mask | pointee.gpr[4] & ~mask
  }

  private func stackAddress(_ delta: UInt64, size: Int, forWrite: Bool) -> UInt64? {
    let offset = (pointee.gpr[4] &+ delta) & stackMask(self[segment: .ss])
    guard pointee.codeMode != .bits64 else {
      guard isCanonical(offset), isCanonical(offset &+ UInt64(size - 1)) else {
        raise(.stackSegment(0))
        return nil
      }
      return offset
    }
    return linearAddress(segment: .ss, offset: offset, size: size, forWrite: forWrite)
  }

  /// The element `delta` bytes above the top of the stack, which stays where it is.
  func peekStack(_ delta: Int, size: Int) -> UInt64? {
    guard let address = stackAddress(UInt64(delta), size: size, forWrite: false) else { return nil }
    guard watch(address, size: size, isWrite: false) else { return nil }
    return load(address, size: size, isUser: pointee.cpl == 3)
  }

  /// Pushes two elements, the first one above, or nothing when one of them faults.
  func pushPair(_ first: UInt64, _ second: UInt64, size: Int) -> Bool {
    let isUser = pointee.cpl == 3
    guard let upper = stackAddress(UInt64(bitPattern: Int64(-size)), size: size, forWrite: true),
      let lower = stackAddress(UInt64(bitPattern: Int64(-2 * size)), size: size, forWrite: true),
      checkWrite(upper, size: size), checkWrite(lower, size: size), store(upper, first, size: size, isUser: isUser),
      store(lower, second, size: size, isUser: isUser)
    else { return false }
    pointee.gpr[4] = movedStackPointer(UInt64(bitPattern: Int64(-2 * size)))
    return true
  }
}

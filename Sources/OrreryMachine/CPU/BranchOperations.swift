internal import OrreryBase

/// Branches of 16- and 32-bit code, LOOP, and transfers to other segments and to handlers.
extension CPU {
  @inline(never)
  func executeBranch(_ operation: UnsafeMutablePointer<Operation>, _ block: UnsafeMutablePointer<Block>) -> Outcome {
    guard let kind = BranchOperation(rawValue: operation.pointee.detail) else {
      preconditionFailure("the decoder made a branch operation that does not exist")
    }
    let sizeLog2 = operation.pointee.sizeLog2
    let size = 1 << Int(sizeLog2)
    let next = nextRIP(operation, block)
    switch kind {
    case .jumpIndirect: return go(to: raw.read(operation.pointee.b, sizeLog2: sizeLog2))
    case .call, .callIndirect:
      let target =
        kind == .call ? operation.pointee.displacement : raw.read(operation.pointee.b, sizeLog2: sizeLog2)
      guard isTargetInBounds(target) else {
        raise(.generalProtection(0))
        return .fault
      }
      switch push(next, sizeLog2: sizeLog2) {
      case .fault: return .fault
      case .leave:
        pointee.rip = target
        return .leaveAt
      case .done: return go(to: target)
      }
    case .nearReturn:
      guard let target = loadStack(sizeLog2: sizeLog2) else { return .fault }
      guard isTargetInBounds(target) else {
        raise(.generalProtection(0))
        return .fault
      }
      moveStackPointer(by: UInt64(size) &+ operation.pointee.signedImmediate)
      return go(to: target)
    case .loop, .loopEqual, .loopNotEqual:
      let count = (raw.read64(Register.rcx) &- 1) & Self.mask(sizeLog2)
      let isZero = lazyFlags.holds(4)
      let isTaken = count != 0 && (kind == .loop || isZero == (kind == .loopEqual))
      if isTaken && !isTargetInBounds(operation.pointee.displacement) {
        raise(.generalProtection(0))
        return .fault
      }
      raw.write(Register.rcx, count, sizeLog2: sizeLog2)
      return isTaken ? .taken : .notTaken
    case .jumpIfCounterZero:
      return raw.read(Register.rcx, sizeLog2: sizeLog2) == 0 ? .taken : .notTaken
    case .jumpFar:
      return transferred(
        farJump(
          selector: UInt16(truncatingIfNeeded: operation.pointee.immediate), offset: operation.pointee.displacement,
          next: next))
    case .callFar:
      return transferred(
        farCall(
          selector: UInt16(truncatingIfNeeded: operation.pointee.immediate), offset: operation.pointee.displacement,
          operandSize: size, next: next))
    case .jumpFarIndirect, .callFarIndirect:
      let pointer = raw.read64(Register.pointer)
      guard let offset = load(pointer, sizeLog2: sizeLog2), let selector = load(pointer &+ UInt64(size), sizeLog2: 1)
      else { return .fault }
      if kind == .jumpFarIndirect {
        return transferred(farJump(selector: UInt16(truncatingIfNeeded: selector), offset: offset, next: next))
      }
      return transferred(
        farCall(selector: UInt16(truncatingIfNeeded: selector), offset: offset, operandSize: size, next: next))
    case .returnFar:
      return transferred(farReturn(operandSize: size, releasing: UInt64(operation.pointee.signedImmediate & 0xFFFF)))
    case .interruptReturn: return transferred(interruptReturn(operandSize: size, next: next))
    case .interrupt, .interruptBreakpoint:
      return transferred(
        softwareInterrupt(vector: UInt8(truncatingIfNeeded: operation.pointee.immediate), next: next))
    case .interruptOverflow:
      guard lazyFlags.holds(0) else {
        pointee.rip = next
        return .target
      }
      return transferred(softwareInterrupt(vector: 4, next: next))
    case .interruptDebug: return transferred(softwareInterrupt(vector: 1, next: next, asException: true))
    }
  }

  /// A near branch to `target`; `rip` is set.
  private func go(to target: UInt64) -> Outcome {
    guard isTargetInBounds(target) else {
      raise(.generalProtection(0))
      return .fault
    }
    pointee.rip = target
    return .target
  }

  /// After a transfer by the system half, which sets `rip` itself.
  func transferred(_ succeeded: Bool) -> Outcome { succeeded ? .leaveAt : .fault }
}

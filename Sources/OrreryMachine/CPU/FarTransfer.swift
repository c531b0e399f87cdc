/// JMP, CALL and RET to another code segment (Intel SDM volume 2, JMP, CALL, RET).
extension CPU {
  /// `next` is the address of the instruction after the jump, where a task that it leaves goes on.
  func farJump(selector: UInt16, offset: UInt64, next: UInt64) -> Bool {
    guard isProtected else { return enterRealSegment(selector, offset: offset) }
    guard let (found, address) = farDescriptor(selector) else { return false }
    if isCallGate(found) { return farJump(through: found, at: address, selector: selector) }
    if isTask(found) { return farSwitch(found, at: address, selector: selector, cause: .jump, next: next) }
    guard let target = farTarget(found, at: address, selector, offset: offset) else { return false }
    enter(target, privilegeLevel: pointee.cpl)
    return true
  }

  /// `next` is the address of the instruction after the call.
  func farCall(selector: UInt16, offset: UInt64, operandSize: Int, next: UInt64) -> Bool {
    let returnSelector = UInt64(self[segment: .cs].selector)
    guard isProtected else {
      guard offset <= UInt64(self[segment: .cs].limit) else { return faults(.generalProtection(0)) }
      return pushPair(returnSelector, next, size: operandSize) && enterRealSegment(selector, offset: offset)
    }
    guard let (found, address) = farDescriptor(selector) else { return false }
    if isCallGate(found) { return farCall(through: found, at: address, selector: selector, next: next) }
    if isTask(found) { return farSwitch(found, at: address, selector: selector, cause: .call, next: next) }
    guard let target = farTarget(found, at: address, selector, offset: offset),
      pushPair(returnSelector, next, size: operandSize)
    else { return false }
    enter(target, privilegeLevel: pointee.cpl)
    return true
  }

  /// RET far; `releasing` is how many bytes of arguments it takes off the stack.
  func farReturn(operandSize: Int, releasing: UInt64) -> Bool {
    guard let offset = peekStack(0, size: operandSize), let selectorValue = peekStack(operandSize, size: operandSize)
    else {
      return false
    }
    let selector = UInt16(truncatingIfNeeded: selectorValue)
    let popped = UInt64(2 * operandSize) + releasing
    guard isProtected else {
      guard offset <= UInt64(self[segment: .cs].limit) else { return faults(.generalProtection(0)) }
      pointee.gpr[4] = movedStackPointer(popped)
      return enterRealSegment(selector, offset: offset)
    }
    guard let target = returnTarget(selector, offset: offset) else { return false }
    let level = selector.requestedPrivilegeLevel
    guard level > pointee.cpl else {
      pointee.gpr[4] = movedStackPointer(popped)
      enter(target, privilegeLevel: pointee.cpl)
      return true
    }
    guard let newPointer = peekStack(2 * operandSize + Int(releasing), size: operandSize),
      let newSelector = peekStack(3 * operandSize + Int(releasing), size: operandSize),
      let stack = outerStack(
        UInt16(truncatingIfNeeded: newSelector), privilegeLevel: level, toLong: target.segment.isLong)
    else { return false }
    enter(target, privilegeLevel: level)
    self[segment: .ss] = stack
    let mask = stackMask(stack)
    pointee.gpr[4] = (newPointer &+ releasing) & mask | (mask == 0xFFFF ? pointee.gpr[4] & ~mask : 0)
    dropInnerSegments()
    return true
  }

  // MARK: Targets

  /// A code segment that was checked, and where in it execution goes on.
  struct FarTarget {
    var segment: Segment
    var offset: UInt64
  }

  func enter(_ target: FarTarget, privilegeLevel: UInt8) {
    self[segment: .cs] = target.segment
    self[segment: .cs].selector = target.segment.selector & 0xFFFC | UInt16(privilegeLevel)
    pointee.rip = target.offset
    updateMode(privilegeLevel: privilegeLevel)
  }

  private func enterRealSegment(_ selector: UInt16, offset: UInt64) -> Bool {
    guard offset <= UInt64(self[segment: .cs].limit) else { return faults(.generalProtection(0)) }
    self[segment: .cs].selector = selector
    self[segment: .cs].base = UInt64(selector) << 4
    pointee.rip = offset
    pointee.leavesBlock = true
    return true
  }

  /// Whether `offset` is a place to execute in `segment`; #GP(0) otherwise.
  func checkTarget(_ segment: Segment, _ offset: UInt64) -> Bool {
    let isInside = isLongMode && segment.isLong ? isCanonical(offset) : offset <= UInt64(segment.limit)
    return isInside || faults(.generalProtection(0))
  }

  /// A task gate or a task-state segment, where there are hardware tasks.
  private func isTask(_ found: Descriptor) -> Bool {
    !isLongMode && !found.isCodeOrData && [1, 3, 5, 9, 11].contains(found.type)
  }

  private func farDescriptor(_ selector: UInt16) -> (Descriptor, address: UInt64)? {
    guard !selector.isNullSelector else {
      raise(.generalProtection(0))
      return nil
    }
    return descriptor(selector, beyondTable: .generalProtection(selector.errorCode))
  }

  /// The checks of a jump or call without a change of privilege.
  private func farTarget(
    _ found: Descriptor, at address: UInt64, _ selector: UInt16, offset: UInt64
  ) -> FarTarget? {
    let fault = Fault.generalProtection(selector.errorCode)
    guard found.isCode, !(isLongMode && found.isLong && found.isBig) else { return fail(fault) }
    if found.isConforming {
      guard found.privilegeLevel <= pointee.cpl else { return fail(fault) }
    } else {
      guard selector.requestedPrivilegeLevel <= pointee.cpl, found.privilegeLevel == pointee.cpl else {
        return fail(fault)
      }
    }
    guard found.isPresent else { return fail(.segmentNotPresent(selector.errorCode)) }
    guard checkTarget(found.segment(selector), offset), let loaded = markAccessed(found, at: address) else {
      return nil
    }
    return FarTarget(segment: loaded.segment(selector), offset: offset)
  }

  private func fail(_ fault: Fault) -> FarTarget? {
    raise(fault)
    return nil
  }

  /// The checks of a far return or IRET to the same or an outer privilege level.
  func returnTarget(_ selector: UInt16, offset: UInt64) -> FarTarget? {
    guard !selector.isNullSelector else { return fail(.generalProtection(0)) }
    let fault = Fault.generalProtection(selector.errorCode)
    guard let (found, address) = descriptor(selector, beyondTable: fault) else { return nil }
    let level = selector.requestedPrivilegeLevel
    guard found.isCode, level >= pointee.cpl, !(isLongMode && found.isLong && found.isBig),
      found.isConforming ? found.privilegeLevel <= level : found.privilegeLevel == level
    else { return fail(fault) }
    guard found.isPresent else { return fail(.segmentNotPresent(selector.errorCode)) }
    guard checkTarget(found.segment(selector), offset), let loaded = markAccessed(found, at: address) else {
      return nil
    }
    return FarTarget(segment: loaded.segment(selector), offset: offset)
  }

  /// The stack segment popped by a return to `privilegeLevel`. Returning to 64-bit code at CPL 0…2 it may be null.
  func outerStack(_ selector: UInt16, privilegeLevel: UInt8, toLong: Bool) -> Segment? {
    if selector.isNullSelector {
      guard isLongMode, toLong, privilegeLevel != 3, selector.requestedPrivilegeLevel == privilegeLevel else {
        raise(.generalProtection(0))
        return nil
      }
      return nullStack(selector, privilegeLevel: privilegeLevel)
    }
    let fault = Fault.generalProtection(selector.errorCode)
    guard let (found, address) = descriptor(selector, beyondTable: fault) else { return nil }
    guard selector.requestedPrivilegeLevel == privilegeLevel, found.isWritableData,
      found.privilegeLevel == privilegeLevel
    else {
      raise(fault)
      return nil
    }
    guard found.isPresent else {
      raise(.stackSegment(selector.errorCode))
      return nil
    }
    return markAccessed(found, at: address)?.segment(selector)
  }

  /// After a return to an outer level: data segments that it may not use become null (FS and GS keep their bases, as 64-bit code uses them without).
  func dropInnerSegments() {
    for register in [SegmentRegister.es, .ds, .fs, .gs] {
      let segment = self[segment: register]
      let isConforming = segment.type & 0b1100 == 0b1100
      guard segment.isPresent, !isConforming, segment.privilegeLevel < pointee.cpl else { continue }
      self[segment: register].selector = 0
      self[segment: register].attributes = 0
    }
  }
}

internal import OrreryBase

/// IRET, IRETD and IRETQ (Intel SDM volume 2, IRET).
extension CPU {
  /// `next` is the address of the instruction after it, where a task that it leaves goes on when it is switched to again.
  func interruptReturn(operandSize: Int, next: UInt64) -> Bool {
    // NMIs are taken again from here on, even when the instruction faults (Intel SDM volume 3, 6.7.1).
    pointee.blocksNMI = false
    let rip = pointee.rip
    let rsp = pointee.gpr[4]
    if isProtected && pointee.systemFlags & Flag.nestedTask != 0 {
      if isLongMode { return faults(.generalProtection(0)) }
      guard returnToTask(next: next) else { return false }
    } else {
      guard isProtected ? returnInProtectedMode(operandSize) : returnInRealMode(operandSize) else { return false }
    }
    if pointee.system.pointee.recorded.contains(.interrupts) {
      pointee.system.pointee.probes.append(
        ProbeRecord(.interruptReturn, clock: pointee.clock, rip: rip, pointee.rip, pointee.gpr[4], rsp))
    }
    return true
  }

  private func returnInRealMode(_ size: Int) -> Bool {
    guard let offset = peekStack(0, size: size), let selector = peekStack(size, size: size),
      let image = peekStack(2 * size, size: size)
    else { return false }
    guard offset <= UInt64(self[segment: .cs].limit) else { return faults(.generalProtection(0)) }
    pointee.gpr[4] = movedStackPointer(UInt64(3 * size))
    self[segment: .cs].selector = UInt16(truncatingIfNeeded: selector)
    self[segment: .cs].base = (selector & 0xFFFF) << 4
    pointee.rip = offset
    loadReturnFlags(image, size: size, privilegeLevel: 0)
    updateMode()
    return true
  }

  private func returnInProtectedMode(_ size: Int) -> Bool {
    guard let offset = peekStack(0, size: size), let selectorValue = peekStack(size, size: size),
      let image = peekStack(2 * size, size: size)
    else { return false }
    if !isLongMode && size == 4 && image & Flag.virtual8086 != 0 && pointee.cpl == 0 {
      unmodelled("virtual-8086 mode")
      return false
    }
    let oldLevel = pointee.cpl
    let selector = UInt16(truncatingIfNeeded: selectorValue)
    guard let target = returnTarget(selector, offset: offset) else { return false }
    let level = selector.requestedPrivilegeLevel
    // 64-bit mode always pops a stack pointer.
    guard level > oldLevel || pointee.codeMode == .bits64 else {
      pointee.gpr[4] = movedStackPointer(UInt64(3 * size))
      enter(target, privilegeLevel: oldLevel)
      loadReturnFlags(image, size: size, privilegeLevel: oldLevel)
      updateMode()
      return true
    }
    guard let newPointer = peekStack(3 * size, size: size), let newSelector = peekStack(4 * size, size: size),
      let stack = outerStack(
        UInt16(truncatingIfNeeded: newSelector), privilegeLevel: level, toLong: target.segment.isLong)
    else { return false }
    enter(target, privilegeLevel: level)
    self[segment: .ss] = stack
    let mask = stackMask(stack)
    pointee.gpr[4] = newPointer & mask | (mask == 0xFFFF ? pointee.gpr[4] & 0xFFFF_0000 : 0)
    loadReturnFlags(image, size: size, privilegeLevel: oldLevel)
    if level > oldLevel { dropInnerSegments() }
    updateMode()
    return true
  }

  /// The flags that IRET may change at the privilege level it executes at.
  private func loadReturnFlags(_ image: UInt64, size: Int, privilegeLevel: UInt8) {
    var mask = Flag.arithmetic | Flag.trap | Flag.direction | Flag.nestedTask
    if size > 2 { mask |= Flag.alignmentCheck | Flag.identification | Flag.resume }
    if privilegeLevel <= ioPrivilegeLevel { mask |= Flag.interrupt }
    if privilegeLevel == 0 { mask |= 3 << 12 }
    setFlags(flags & ~mask | image & mask)
  }
}

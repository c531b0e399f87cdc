/// SYSCALL, SYSRET, SYSENTER, SYSEXIT (Intel SDM volume 3, 5.8.7 and 5.8.8).
extension CPU {
  private func flatCode(_ selector: UInt16, privilegeLevel: UInt8, isLong: Bool) -> Segment {
    Segment(
      selector: selector & 0xFFFC | UInt16(privilegeLevel),
      attributes: (isLong ? 0xA09B : 0xC09B) | UInt16(privilegeLevel) << 5, limit: .max)
  }

  private func flatStack(_ selector: UInt16, privilegeLevel: UInt8) -> Segment {
    Segment(
      selector: selector & 0xFFFC | UInt16(privilegeLevel), attributes: 0xC093 | UInt16(privilegeLevel) << 5,
      limit: .max)
  }

  /// `next` is the address of the instruction after it.
  func syscall(next: UInt64) -> Bool {
    guard pointee.codeMode == .bits64, pointee.efer & ExtendedFeature.systemCall != 0 else {
      return faults(.invalidOpcode)
    }
    let image = flags & ~Flag.resume
    pointee.gpr[1] = next
    pointee.gpr[11] = image
    setFlags(image & ~pointee.sfmask | 2)
    let selector = UInt16(truncatingIfNeeded: pointee.star >> 32)
    self[segment: .cs] = flatCode(selector, privilegeLevel: 0, isLong: true)
    self[segment: .ss] = flatStack(selector &+ 8, privilegeLevel: 0)
    pointee.rip = pointee.lstar
    if pointee.systemFlags & Flag.trap == 0 { pointee.system.pointee.tookSoftwareInterrupt = true }
    updateMode(privilegeLevel: 0)
    return true
  }

  func sysret(operandSize: Int) -> Bool {
    guard pointee.codeMode == .bits64, pointee.efer & ExtendedFeature.systemCall != 0 else {
      return faults(.invalidOpcode)
    }
    guard checkPrivileged() else { return false }
    let isLong = operandSize == 8
    guard !isLong || isCanonical(pointee.gpr[1]) else { return faults(.generalProtection(0)) }
    let selector = UInt16(truncatingIfNeeded: pointee.star >> 48)
    setFlags(pointee.gpr[11] & 0x3C_7FD7 | 2)
    self[segment: .cs] = flatCode(isLong ? selector &+ 16 : selector, privilegeLevel: 3, isLong: isLong)
    self[segment: .ss] = flatStack(selector &+ 8, privilegeLevel: 3)
    pointee.rip = isLong ? pointee.gpr[1] : pointee.gpr[1] & 0xFFFF_FFFF
    updateMode(privilegeLevel: 3)
    return true
  }

  func sysenter(next: UInt64) -> Bool {
    let selector = UInt16(truncatingIfNeeded: pointee.sysenterCS)
    guard isProtected, !selector.isNullSelector else { return faults(.generalProtection(0)) }
    let mask: UInt64 = isLongMode ? .max : 0xFFFF_FFFF
    pointee.systemFlags &= ~(Flag.interrupt | Flag.virtual8086 | Flag.resume)
    self[segment: .cs] = flatCode(selector, privilegeLevel: 0, isLong: isLongMode)
    self[segment: .ss] = flatStack((selector & 0xFFFC) &+ 8, privilegeLevel: 0)
    pointee.gpr[4] = pointee.sysenterESP & mask
    pointee.rip = pointee.sysenterEIP & mask
    updateMode(privilegeLevel: 0)
    return true
  }

  func sysexit(operandSize: Int) -> Bool {
    let selector = UInt16(truncatingIfNeeded: pointee.sysenterCS) & 0xFFFC
    guard isProtected, selector != 0 else { return faults(.generalProtection(0)) }
    guard checkPrivileged() else { return false }
    let isLong = operandSize == 8
    guard !isLong || isCanonical(pointee.gpr[1]) && isCanonical(pointee.gpr[2]) else {
      return faults(.generalProtection(0))
    }
    let mask: UInt64 = isLong ? .max : 0xFFFF_FFFF
    pointee.gpr[4] = pointee.gpr[1] & mask
    pointee.rip = pointee.gpr[2] & mask
    self[segment: .cs] = flatCode(selector &+ (isLong ? 32 : 16), privilegeLevel: 3, isLong: isLong)
    self[segment: .ss] = flatStack(selector &+ (isLong ? 40 : 24), privilegeLevel: 3)
    updateMode(privilegeLevel: 3)
    return true
  }
}

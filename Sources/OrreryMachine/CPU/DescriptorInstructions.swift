/// LGDT, LIDT, SGDT, SIDT, LAR, LSL, VERR, VERW.
extension CPU {
  func loadGDT(from linear: UInt64, operandSize: Int) -> Bool {
    guard let table = loadTableRegister(linear, operandSize: operandSize) else { return false }
    pointee.gdtr = table
    return true
  }

  func loadIDT(from linear: UInt64, operandSize: Int) -> Bool {
    guard let table = loadTableRegister(linear, operandSize: operandSize) else { return false }
    pointee.idtr = table
    return true
  }

  private func loadTableRegister(_ linear: UInt64, operandSize: Int) -> DescriptorTableRegister? {
    guard checkPrivileged() else { return nil }
    let isLong = pointee.codeMode == .bits64
    guard checkRead(linear, size: isLong ? 10 : 6), let limit = loadSlow(linear, size: 2),
      let base = loadSlow(linear &+ 2, size: isLong ? 8 : 4)
    else { return nil }
    guard isCanonical(base) else {
      raise(.generalProtection(0))
      return nil
    }
    // With a 16-bit operand only 24 bits of the base are loaded (Intel SDM volume 2, LGDT).
    return DescriptorTableRegister(
      base: operandSize == 2 && !isLong ? base & 0xFF_FFFF : base, limit: UInt16(truncatingIfNeeded: limit))
  }

  func storeGDT(to linear: UInt64, operandSize: Int) -> Bool { storeTableRegister(pointee.gdtr, linear) }

  func storeIDT(to linear: UInt64, operandSize: Int) -> Bool { storeTableRegister(pointee.idtr, linear) }

  private func storeTableRegister(_ table: DescriptorTableRegister, _ linear: UInt64) -> Bool {
    let isLong = pointee.codeMode == .bits64
    return checkWrite(linear, size: isLong ? 10 : 6) && storeSlow(linear, UInt64(table.limit), size: 2)
      && storeSlow(linear &+ 2, table.base, size: isLong ? 8 : 4)
  }

  /// The descriptor for LAR, LSL, VERR and VERW: nil when it cannot be seen, with `hasFault` set only for a page fault.
  private func visibleDescriptor(_ selector: UInt16) -> Descriptor? {
    guard !selector.isNullSelector, let address = descriptorAddress(selector),
      let raw = loadSystem(address, size: 8)
    else { return nil }
    let found = Descriptor(raw: raw)
    let needed = Swift.max(pointee.cpl, selector.requestedPrivilegeLevel)
    return found.isConforming || found.privilegeLevel >= needed ? found : nil
  }

  /// What LAR gives when ZF is to be set; nil otherwise.
  func accessRights(selector: UInt16) -> UInt32? {
    // Available and busy TSS, LDT, and gates as far as the mode has them (Intel SDM volume 2, LAR).
    let systemTypes: UInt16 = isLongMode ? 0b0001_1010_0000_0100 : 0b0001_1010_0011_0110
    guard let found = visibleDescriptor(selector), found.isCodeOrData || systemTypes >> UInt16(found.type) & 1 != 0
    else {
      return nil
    }
    return UInt32(truncatingIfNeeded: found.raw >> 32) & 0x00FF_FF00
  }

  /// What LSL gives when ZF is to be set; nil otherwise.
  func segmentLimit(selector: UInt16) -> UInt32? {
    let systemTypes: UInt16 = isLongMode ? 0b0000_1010_0000_0100 : 0b0000_1010_0000_1110
    guard let found = visibleDescriptor(selector), found.isCodeOrData || systemTypes >> UInt16(found.type) & 1 != 0
    else {
      return nil
    }
    return found.segment(selector).limit
  }

  /// Whether VERR or VERW sets ZF.
  func verify(selector: UInt16, forWrite: Bool) -> Bool {
    guard let found = visibleDescriptor(selector) else { return false }
    return forWrite ? found.isWritableData : found.isReadable
  }
}

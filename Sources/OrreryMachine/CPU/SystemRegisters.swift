internal import OrreryBase

/// Control and debug registers, and the small instructions that change system state.
extension CPU {
  /// CR0, CR2, CR3, CR4 or CR8; nil with the fault set.
  /// Raises #UD where there is no such register: what is no instruction is none at any privilege level.
  private func checkControl(_ number: UInt8) -> Bool {
    switch number {
    case 0, 2, 3, 4: true
    case 8 where pointee.codeMode == .bits64: true
    default: faults(.invalidOpcode)
    }
  }

  func readControl(_ number: UInt8) -> UInt64? {
    guard checkControl(number), checkPrivileged() else { return nil }
    switch number {
    case 0: return pointee.cr0
    case 2: return pointee.cr2
    case 3: return pointee.cr3
    case 4: return pointee.cr4
    default: return pointee.cr8
    }
  }

  func writeControl(_ number: UInt8, _ value: UInt64) -> Bool {
    guard checkControl(number), checkPrivileged() else { return false }
    let value = pointee.codeMode == .bits64 ? value : value & 0xFFFF_FFFF
    switch number {
    case 0: return writeCR0(value)
    case 2:
      pointee.cr2 = value
      return true
    case 3: return writeCR3(value)
    case 4: return writeCR4(value)
    default:
      guard value <= 15 else { return faults(.generalProtection(0)) }
      pointee.cr8 = value
      return true
    }
  }

  private func writeCR0(_ value: UInt64) -> Bool {
    let value = value & (ControlRegister.cr0Mask | 0xFFFF_FFFF_0000_0000) | ControlRegister.et
    let old = pointee.cr0
    guard value >> 32 == 0, value & ControlRegister.pg == 0 || value & ControlRegister.pe != 0,
      value & ControlRegister.nw == 0 || value & ControlRegister.cd != 0
    else { return faults(.generalProtection(0)) }
    let switchesPaging = (old ^ value) & ControlRegister.pg != 0
    let pagingOn = value & ControlRegister.pg != 0
    let isLongEnabled = pointee.efer & ExtendedFeature.longModeEnable != 0
    if switchesPaging && pagingOn {
      if isLongEnabled {
        guard pointee.cr4 & ControlRegister.pae != 0, !self[segment: .cs].isLong else {
          return faults(.generalProtection(0))
        }
      } else if pointee.cr4 & ControlRegister.pae != 0 {
        guard checkPointerTable(pointee.cr3) else { return false }
      }
    }
    if switchesPaging && !pagingOn && pointee.codeMode == .bits64 { return faults(.generalProtection(0)) }
    if pagingMode == .threeLevel && pagingOn && (old ^ value) & (ControlRegister.cd | ControlRegister.nw) != 0 {
      guard checkPointerTable(pointee.cr3) else { return false }
    }
    pointee.cr0 = value
    if switchesPaging {
      if pagingOn && isLongEnabled {
        pointee.efer |= ExtendedFeature.longModeActive
      } else {
        pointee.efer &= ~ExtendedFeature.longModeActive
      }
    }
    if switchesPaging && !pagingOn { modelledTLB?.pointee.flush(includingGlobal: true) }
    if (old ^ value) & (ControlRegister.pg | ControlRegister.wp) != 0 { flushTranslations() }
    updateMode(privilegeLevel: (old ^ value) & ControlRegister.pe != 0 ? 0 : nil)
    if switchesPaging { addressSpaceChanged() }
    return true
  }

  func writeCR3(_ value: UInt64) -> Bool {
    if isLongMode {
      guard value >> PageEntry.physicalAddressBits == 0 else { return faults(.generalProtection(0)) }
    } else if isPaging && pointee.cr4 & ControlRegister.pae != 0 {
      guard checkPointerTable(value) else { return false }
    }
    let isSame = pointee.cr3 == value
    pointee.cr3 = value
    guard isPaging else { return true }
    // With coherent translations a load of the same root changes none.
    if let model = modelledTLB {
      model.pointee.flush(includingGlobal: false)
      flushTranslations()
    } else if !isSame {
      flushTranslations()
    }
    addressSpaceChanged()
    return true
  }

  /// The four entries of PAE paging's root, which are loaded into registers, may not have reserved bits set (Intel SDM volume 3, 4.4.1).
  private func checkPointerTable(_ root: UInt64) -> Bool {
    var entries: InlineArray<4, UInt64> = .init(repeating: 0)
    for index in 0..<4 {
      let address = root & 0xFFFF_FFE0 + UInt64(index) * 8
      guard let entry: UInt64 = pointee.memory.pointee.load(address) else {
        unmodelled("a page-directory-pointer table at physical address \(hexadecimal(address)), where there is no RAM")
        return false
      }
      if entry & 1 != 0 && entry & 0xFFFF_FF00_0000_01E6 != 0 { return faults(.generalProtection(0)) }
      entries[index] = entry
    }
    modelledTLB?.pointee.pointerRegisters = entries
    return true
  }

  private func writeCR4(_ value: UInt64) -> Bool {
    guard value & ~ControlRegister.cr4Mask == 0 else { return faults(.generalProtection(0)) }
    let changed = pointee.cr4 ^ value
    if isLongMode && value & ControlRegister.pae == 0 { return faults(.generalProtection(0)) }
    if isPaging && !isLongMode && value & ControlRegister.pae != 0
      && changed & (ControlRegister.pae | ControlRegister.pse | ControlRegister.pge) != 0
    {
      guard checkPointerTable(pointee.cr3) else { return false }
    }
    pointee.cr4 = value
    if changed & ControlRegister.de != 0 { debugRegistersChanged() }
    if let model = modelledTLB, changed & (ControlRegister.pae | ControlRegister.pse | ControlRegister.pge) != 0 {
      model.pointee.flush(includingGlobal: true)
      flushTranslations()
    }
    if changed & (ControlRegister.pae | ControlRegister.pse) != 0 && isPaging {
      flushTranslations()
      addressSpaceChanged()
    }
    pointee.leavesBlock = true
    return true
  }

  /// INVLPG. Coherent translations never go stale, so there is nothing to forget.
  func invalidatePage(_ linear: UInt64) -> Bool {
    guard checkPrivileged() else { return false }
    if let model = modelledTLB { forget(model.pointee.invalidate(linear)) }
    record(.invalidatePage, in: .pageTables, linear)
    return true
  }

  // MARK: Debug registers

  /// DR4 and DR5 are other names of DR6 and DR7 unless CR4.DE is set. DR8 to DR15, which REX.R would name, are none (Intel SDM volume 2, MOV).
  private func debugRegister(_ number: UInt8) -> Int? {
    guard number < 8 else {
      raise(.invalidOpcode)
      return nil
    }
    guard number == 4 || number == 5 else { return Int(number) }
    guard pointee.cr4 & ControlRegister.de == 0 else {
      raise(.invalidOpcode)
      return nil
    }
    return Int(number) + 2
  }

  /// #DB when DR7.GD guards the debug registers (Intel SDM volume 3, 17.2.4).
  private func checkDebugAccess() -> Bool {
    guard pointee.debugRegisters[7] & DebugRegister.detectsAccess != 0 else { return true }
    pointee.debugRegisters[6] |= DebugRegister.accessDetected
    return faults(.debug)
  }

  func readDebug(_ number: UInt8) -> UInt64? {
    guard let number = debugRegister(number), checkPrivileged(), checkDebugAccess() else { return nil }
    return pointee.debugRegisters[number]
  }

  func writeDebug(_ number: UInt8, _ value: UInt64) -> Bool {
    guard let number = debugRegister(number), checkPrivileged(), checkDebugAccess() else { return false }
    let value = pointee.codeMode == .bits64 ? value : value & 0xFFFF_FFFF
    switch number {
    case 6:
      guard value >> 32 == 0 else { return faults(.generalProtection(0)) }
      pointee.debugRegisters[6] = value & DebugRegister.statusMask | DebugRegister.statusFixed
    case 7:
      guard value >> 32 == 0 else { return faults(.generalProtection(0)) }
      pointee.debugRegisters[7] = value & DebugRegister.controlMask | DebugRegister.controlFixed
      debugRegistersChanged()
    default:
      pointee.debugRegisters[number] = value
      debugRegistersChanged()
    }
    return true
  }

  // MARK: Interrupt flag, HLT, SWAPGS

  /// STI: interrupts stay off for one more instruction when they were off.
  func setInterruptFlag() -> Bool {
    guard !isProtected || pointee.cpl <= ioPrivilegeLevel else { return faults(.generalProtection(0)) }
    if pointee.systemFlags & Flag.interrupt == 0 { pointee.shadow = .sti }
    pointee.systemFlags |= Flag.interrupt
    pointee.leavesBlock = true
    return true
  }

  /// CLI.
  func clearInterruptFlag() -> Bool {
    guard !isProtected || pointee.cpl <= ioPrivilegeLevel else { return faults(.generalProtection(0)) }
    pointee.systemFlags &= ~Flag.interrupt
    return true
  }

  func halt() -> Bool {
    guard checkPrivileged() else { return false }
    pointee.isHalted = true
    pointee.leavesBlock = true
    return true
  }

  func swapgs() -> Bool {
    guard pointee.codeMode == .bits64 else { return faults(.invalidOpcode) }
    guard checkPrivileged() else { return false }
    let base = self[segment: .gs].base
    self[segment: .gs].base = pointee.kernelGSBase
    pointee.kernelGSBase = base
    return true
  }

  /// The time-stamp counter.
  var timeStamp: UInt64 { pointee.clock &+ pointee.tscOffset }

  /// The time-stamp counter for RDTSC and RDTSCP, which CR4.TSD keeps from CPL 1…3; nil with the fault set.
  func readTSC() -> UInt64? {
    pointee.cr4 & ControlRegister.tsd == 0 || checkPrivileged() ? timeStamp : nil
  }
}

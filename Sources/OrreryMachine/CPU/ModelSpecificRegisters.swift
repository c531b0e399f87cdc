internal import OrreryBase

/// RDMSR and WRMSR (Intel SDM volume 4; AMD APM volume 2, appendix A).
extension CPU {
  /// RDMSR: ecx to edx:eax.
  func readMSR() -> Bool {
    guard checkPrivileged(), let value = modelSpecificRegister(UInt32(truncatingIfNeeded: pointee.gpr[1])) else {
      return false
    }
    pointee.gpr[0] = value & 0xFFFF_FFFF
    pointee.gpr[2] = value >> 32
    return true
  }

  private func modelSpecificRegister(_ number: UInt32) -> UInt64? {
    switch number {
    case 0x10: return timeStamp
    case 0x8B: return 0  // No microcode update is loaded.
    case 0x174: return pointee.sysenterCS
    case 0x175: return pointee.sysenterESP
    case 0x176: return pointee.sysenterEIP
    case 0x1A0: return pointee.miscEnable
    case 0x277: return pointee.pat
    case 0xC000_0080: return pointee.efer
    case 0xC000_0081: return pointee.star
    case 0xC000_0082: return pointee.lstar
    case 0xC000_0083: return pointee.cstar
    case 0xC000_0084: return pointee.sfmask
    case 0xC000_0100: return self[segment: .fs].base
    case 0xC000_0101: return self[segment: .gs].base
    case 0xC000_0102: return pointee.kernelGSBase
    case 0xC000_0103: return pointee.tscAux
    default:
      unknownRegister(number, "RDMSR")
      return nil
    }
  }

  /// WRMSR: edx:eax to ecx.
  func writeMSR() -> Bool {
    guard checkPrivileged() else { return false }
    let number = UInt32(truncatingIfNeeded: pointee.gpr[1])
    let value = pointee.gpr[2] << 32 | pointee.gpr[0] & 0xFFFF_FFFF
    switch number {
    case 0x175, 0x176, 0xC000_0082, 0xC000_0083, 0xC000_0100, 0xC000_0101, 0xC000_0102:
      guard isCanonical(value) else { return faults(.generalProtection(0)) }
    default: break
    }
    switch number {
    case 0x10: pointee.tscOffset = value &- pointee.clock
    case 0x8B: break
    case 0x174: pointee.sysenterCS = value & 0xFFFF_FFFF
    case 0x175: pointee.sysenterESP = value
    case 0x176: pointee.sysenterEIP = value
    case 0x1A0: pointee.miscEnable = value
    case 0x277: return writePAT(value)
    case 0xC000_0080: return writeEFER(value)
    case 0xC000_0081: pointee.star = value
    case 0xC000_0082: pointee.lstar = value
    case 0xC000_0083: pointee.cstar = value
    case 0xC000_0084: pointee.sfmask = value & 0xFFFF_FFFF
    case 0xC000_0100: self[segment: .fs].base = value
    case 0xC000_0101: self[segment: .gs].base = value
    case 0xC000_0102: pointee.kernelGSBase = value
    case 0xC000_0103: pointee.tscAux = value & 0xFFFF_FFFF
    default:
      unknownRegister(number, "WRMSR")
      return false
    }
    return true
  }

  /// Each of the eight fields holds a memory type: 0, 1 or 4…7.
  private func writePAT(_ value: UInt64) -> Bool {
    for index in 0..<8 {
      let type = value >> UInt64(index * 8) & 0xFF
      guard type <= 7, type != 2, type != 3 else { return faults(.generalProtection(0)) }
    }
    pointee.pat = value
    return true
  }

  private func writeEFER(_ value: UInt64) -> Bool {
    typealias Bits = ExtendedFeature
    let writable = Bits.systemCall | Bits.longModeEnable | Bits.noExecuteEnable
    guard value & ~(writable | Bits.longModeActive) == 0 else { return faults(.generalProtection(0)) }
    let changed = pointee.efer ^ value
    guard !isPaging || changed & Bits.longModeEnable == 0 else { return faults(.generalProtection(0)) }
    pointee.efer = value & writable | pointee.efer & Bits.longModeActive
    if changed & Bits.noExecuteEnable != 0 { flushTranslations() }
    pointee.leavesBlock = true
    return true
  }

  /// A number that names no register on any processor gives #GP(0); one that real processors have, and this one does not model, stops the run.
  private func unknownRegister(_ number: UInt32, _ instruction: String) {
    switch number {
    case 0x17, 0x1B, 0x2A, 0x3A, 0x3B, 0x79, 0xC1...0xC8, 0xE7, 0xE8, 0xFE, 0x179...0x17B, 0x186...0x18D, 0x198...0x19C,
      0x1D9...0x1DE, 0x200...0x26F, 0x2FF, 0x309...0x30D, 0x345, 0x38D...0x390, 0x400...0x47F, 0x480...0x491, 0x600,
      0x6E0, 0x800...0x83F, 0xC001_0000...0xC001_001F:
      unmodelled("\(instruction) of model-specific register \(hexadecimal(number))")
    default: raise(.generalProtection(0))
    }
  }
}

/// Bits of the control registers (Intel SDM volume 3, 2.5).
enum ControlRegister {
  static let pe: UInt64 = 1 << 0
  static let mp: UInt64 = 1 << 1
  static let em: UInt64 = 1 << 2
  static let ts: UInt64 = 1 << 3
  static let et: UInt64 = 1 << 4
  static let ne: UInt64 = 1 << 5
  static let wp: UInt64 = 1 << 16
  static let am: UInt64 = 1 << 18
  static let nw: UInt64 = 1 << 29
  static let cd: UInt64 = 1 << 30
  static let pg: UInt64 = 1 << 31

  static let tsd: UInt64 = 1 << 2
  static let de: UInt64 = 1 << 3
  static let pse: UInt64 = 1 << 4
  static let pae: UInt64 = 1 << 5
  static let pge: UInt64 = 1 << 7
  static let pce: UInt64 = 1 << 8
  static let osfxsr: UInt64 = 1 << 9
  static let osxmmexcpt: UInt64 = 1 << 10

  /// What CR0 can hold; ET is always 1.
  static let cr0Mask: UInt64 = pe | mp | em | ts | et | ne | wp | am | nw | cd | pg
  /// What CR4 can hold: no bit of a feature that CPUID does not offer.
  static let cr4Mask: UInt64 = tsd | de | pse | pae | pge | pce | osfxsr | osxmmexcpt
}

/// Bits of IA32_EFER (Intel SDM volume 3, 2.2.1).
enum ExtendedFeature {
  static let systemCall: UInt64 = 1 << 0
  static let longModeEnable: UInt64 = 1 << 8
  static let longModeActive: UInt64 = 1 << 10
  static let noExecuteEnable: UInt64 = 1 << 11
}

extension CPU {
  /// CR0.PE.
  var isProtected: Bool { pointee.cr0 & ControlRegister.pe != 0 }
  /// EFER.LMA: 64-bit or compatibility mode.
  var isLongMode: Bool { pointee.efer & ExtendedFeature.longModeActive != 0 }
  /// RFLAGS.IOPL.
  var ioPrivilegeLevel: UInt8 { UInt8(truncatingIfNeeded: pointee.systemFlags >> 12) & 3 }

  /// Whether the instruction may execute at CPL 0 only and does; #GP(0) otherwise.
  func checkPrivileged() -> Bool { pointee.cpl == 0 || faults(.generalProtection(0)) }
}

internal import OrreryBase

extension ProcessorImage {
  /// Whether the state that was read is one that a processor can be in. A checkpoint's is; a file's may be anything.
  static func check(_ cpu: CPU, steps: Steps) throws(ByteCodingError) {
    func require(_ condition: Bool, _ reason: StaticString) throws(ByteCodingError) {
      guard condition else { throw ByteCodingError(offset: 0, reason: "\(reason)") }
    }
    try require(
      max(cpu.pointee.clock, steps) <= Machine.latestSavedTime, "the clock or the count of steps is beyond 2^62")
    try checkControlRegisters(cpu, require)
    try checkSegments(cpu, require)

    let definedFlags =
      Flag.arithmetic | 2 | Flag.trap | Flag.interrupt | Flag.direction | 3 << 12 | Flag.nestedTask | Flag.resume
      | Flag.alignmentCheck | Flag.identification
    try require(
      cpu.flags & ~definedFlags == 0 && cpu.flags & 2 != 0, "RFLAGS has bits that are reserved or not modelled")
    try require(cpu.pointee.mxcsr >> 16 == 0, "MXCSR has reserved bits")
    try require(
      (0..<8).allSatisfy { [0, 3].contains(cpu.pointee.fpuTags >> (2 * $0) & 3) },
      "a tag of x87 is neither valid nor empty")
    try require(
      (0..<8).allSatisfy { [0, 1, 4, 5, 6, 7].contains(cpu.pointee.pat >> (8 * UInt64($0)) & 0xFF) },
      "PAT has a type that does not exist")
    try require(
      [
        cpu.pointee.lstar, cpu.pointee.cstar, cpu.pointee.kernelGSBase, cpu.pointee.sysenterESP,
        cpu.pointee.sysenterEIP,
      ].allSatisfy { cpu.isCanonical($0) },
      "a model-specific register has an address that is not canonical")
    try require(cpu.pointee.sfmask >> 32 == 0 && cpu.pointee.tscAux >> 32 == 0, "SFMASK or TSC_AUX has reserved bits")
  }

  private typealias Requirement = (Bool, StaticString) throws(ByteCodingError) -> Void

  private static func checkControlRegisters(_ cpu: CPU, _ require: Requirement) throws(ByteCodingError) {
    let (cr0, cr4, efer) = (cpu.pointee.cr0, cpu.pointee.cr4, cpu.pointee.efer)
    try require(
      cr0 & ~ControlRegister.cr0Mask == 0 && cr0 & ControlRegister.et != 0, "CR0 has bits that it cannot have")
    try require(cr4 & ~ControlRegister.cr4Mask == 0, "CR4 has bits that it cannot have")
    let isPaging = cr0 & ControlRegister.pg != 0
    try require(!isPaging || cr0 & ControlRegister.pe != 0, "CR0 has PG without PE")
    let definedEFER =
      ExtendedFeature.systemCall | ExtendedFeature.longModeEnable | ExtendedFeature.longModeActive
      | ExtendedFeature.noExecuteEnable
    try require(efer & ~definedEFER == 0, "EFER has bits that it cannot have")
    let isActive = efer & ExtendedFeature.longModeActive != 0
    try require(
      isActive == (isPaging && efer & ExtendedFeature.longModeEnable != 0), "EFER.LMA contradicts CR0.PG and EFER.LME")
    try require(!isActive || cr4 & ControlRegister.pae != 0, "long mode is active without CR4.PAE")
    try require(cpu.pointee.cr3 >> PageEntry.physicalAddressBits == 0, "CR3 has bits that it cannot have")
    try require(cpu.pointee.cr8 <= 15, "CR8 is above 15")
    let (dr6, dr7) = (cpu.pointee.debugRegisters[6], cpu.pointee.debugRegisters[7])
    try require(
      dr6 & ~DebugRegister.statusMask == DebugRegister.statusFixed
        && dr7 & ~DebugRegister.controlMask == DebugRegister.controlFixed, "DR6 or DR7 has bits that are reserved")
  }

  private static func checkSegments(_ cpu: CPU, _ require: Requirement) throws(ByteCodingError) {
    try require(
      cpu.pointee.cpl <= 3 && (cpu.isProtected || cpu.pointee.cpl == 0), "the privilege level contradicts the mode")
    let code = cpu[segment: .cs]
    if cpu.isProtected {
      try require(code.isPresent && code.isCodeOrData && code.type & 8 != 0, "CS is no code segment that is present")
    }
    let isIn64BitMode = cpu.isLongMode && code.isLong
    try require(
      isIn64BitMode ? cpu.isCanonical(cpu.pointee.rip) : cpu.pointee.rip >> 32 == 0, "rip is no address of the mode")
    for index in 0..<6 {
      try require(cpu.isCanonical(cpu.pointee.segments[index].base), "a segment has a base that is not canonical")
    }
    for base in [cpu.pointee.ldtr.base, cpu.pointee.tr.base, cpu.pointee.gdtr.base, cpu.pointee.idtr.base] {
      try require(cpu.isCanonical(base), "a descriptor table has a base that is not canonical")
    }
  }
}

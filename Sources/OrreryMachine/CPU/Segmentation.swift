internal import OrreryBase

/// A segment descriptor of eight bytes (Intel SDM volume 3, 3.4.5).
struct Descriptor {
  var raw: UInt64

  var isPresent: Bool { raw >> 47 & 1 != 0 }
  var isCodeOrData: Bool { raw >> 44 & 1 != 0 }
  var type: UInt8 { UInt8(truncatingIfNeeded: raw >> 40) & 0xF }
  var privilegeLevel: UInt8 { UInt8(truncatingIfNeeded: raw >> 45) & 3 }
  var isCode: Bool { isCodeOrData && type & 8 != 0 }
  var isConforming: Bool { isCode && type & 4 != 0 }
  var isReadable: Bool { isCodeOrData && (type & 8 == 0 || type & 2 != 0) }
  var isWritableData: Bool { isCodeOrData && type & 0b1010 == 0b0010 }
  var isAccessed: Bool { type & 1 != 0 }
  var isLong: Bool { raw >> 53 & 1 != 0 }
  var isBig: Bool { raw >> 54 & 1 != 0 }

  /// The segment register with its hidden part that loading this descriptor gives.
  func segment(_ selector: UInt16) -> Segment {
    let limit = UInt32(truncatingIfNeeded: raw & 0xFFFF | raw >> 32 & 0xF_0000)
    return Segment(
      selector: selector, attributes: UInt16(truncatingIfNeeded: raw >> 40) & 0xF0FF,
      limit: raw >> 55 & 1 != 0 ? limit << 12 | 0xFFF : limit, base: raw >> 16 & 0xFF_FFFF | raw >> 32 & 0xFF00_0000)
  }
}

extension UInt16 {
  /// A selector's index and table bit: what error codes show.
  var errorCode: UInt32 { UInt32(self & 0xFFFC) }
  /// A selector of the first entry of the GDT.
  var isNullSelector: Bool { self & 0xFFFC == 0 }
  /// RPL.
  var requestedPrivilegeLevel: UInt8 { UInt8(self & 3) }
}

extension CPU {
  /// What segment registers hold after reset in real-address mode; execution starts where the machine's owner says.
  func resetSegments() {
    for index in 0..<6 { pointee.segments[index] = Segment(attributes: 0x93, limit: 0xFFFF) }
    pointee.segments[SegmentRegister.cs.rawValue].attributes = 0x9B
    pointee.ldtr = Segment(attributes: 0x82, limit: 0xFFFF)
    pointee.tr = Segment(attributes: 0x8B, limit: 0xFFFF)
    updateMode(privilegeLevel: 0)
  }

  /// Flat 32-bit protected mode without paging, interrupts off.
  func enterFlatProtectedMode() {
    pointee.cr0 = ControlRegister.pe | ControlRegister.et
    for index in 0..<6 { pointee.segments[index] = Segment(selector: 0x10, attributes: 0xC093, limit: .max) }
    pointee.segments[SegmentRegister.cs.rawValue] = Segment(selector: 0x08, attributes: 0xC09B, limit: .max)
    pointee.tr = Segment(attributes: 0x8B, limit: 0x67)
    pointee.systemFlags = 2
    updateMode(privilegeLevel: 0)
  }

  subscript(segment register: SegmentRegister) -> Segment {
    get { pointee.segments[register.rawValue] }
    nonmutating set { pointee.segments[register.rawValue] = newValue }
  }

  /// The linear address of the next instruction.
  var linearInstructionPointer: UInt64 {
    pointee.codeMode == .bits64
      ? pointee.rip : (pointee.segments[SegmentRegister.cs.rawValue].base &+ pointee.rip) & 0xFFFF_FFFF
  }

  /// Recomputes what follows from CR0, EFER, CS, RFLAGS.AC and the privilege level, and makes the engine look again.
  func updateMode(privilegeLevel: UInt8? = nil) {
    let code = self[segment: .cs]
    if let privilegeLevel { pointee.cpl = privilegeLevel }
    pointee.codeMode = isLongMode && code.isLong ? .bits64 : code.isBig ? .bits32 : .bits16
    let checksAlignment =
      pointee.cpl == 3 && pointee.cr0 & ControlRegister.am != 0 && pointee.systemFlags & Flag.alignmentCheck != 0
    if checksAlignment {
      pointee.tlb = pointee.system.pointee.translations.pointee.empty
    } else {
      pointee.tlb = pointee.cpl == 3 ? pointee.userTLB : pointee.supervisorTLB
    }
    pointee.leavesBlock = true
  }

  // MARK: Addresses

  /// The linear address of `size` bytes at `offset`, with the checks of the mode; nil with #GP or #SS set. In 64-bit mode only FS and GS add a base, and
  /// whether the address is canonical is left to the access.
  func linearAddress(segment register: SegmentRegister, offset: UInt64, size: Int, forWrite: Bool) -> UInt64? {
    let segment = self[segment: register]
    if pointee.codeMode == .bits64 {
      return register == .fs || register == .gs ? segment.base &+ offset : offset
    }
    return linearAddress(in: segment, isStack: register == .ss, offset: offset, size: size, forWrite: forWrite)
  }

  /// The same outside 64-bit mode, for any segment.
  func linearAddress(in segment: Segment, isStack: Bool, offset: UInt64, size: Int, forWrite: Bool) -> UInt64? {
    let first = offset & 0xFFFF_FFFF
    let last = first &+ UInt64(size - 1)
    let type = segment.type
    let isCode = type & 8 != 0
    var isAllowed = segment.isPresent || !isProtected
    if isProtected { isAllowed = isAllowed && (forWrite ? !isCode && type & 2 != 0 : !isCode || type & 2 != 0) }
    if !isCode && type & 4 != 0 {
      isAllowed = isAllowed && first > UInt64(segment.limit) && last <= (segment.isBig ? 0xFFFF_FFFF : 0xFFFF)
    } else {
      isAllowed = isAllowed && last <= UInt64(segment.limit)
    }
    guard isAllowed else {
      raise(isStack ? .stackSegment(0) : .generalProtection(0))
      return nil
    }
    return (segment.base &+ first) & 0xFFFF_FFFF
  }

  // MARK: Descriptors

  /// The descriptor that `selector` names and its linear address; nil with the fault set (`beyondTable` when it lies beyond its table).
  func descriptor(_ selector: UInt16, beyondTable: Fault) -> (Descriptor, address: UInt64)? {
    guard let address = descriptorAddress(selector) else {
      raise(beyondTable)
      return nil
    }
    guard let raw = loadSystem(address, size: 8) else { return nil }
    return (Descriptor(raw: raw), address)
  }

  /// Where the descriptor that `selector` names lies; nil when beyond the limit of its table.
  func descriptorAddress(_ selector: UInt16) -> UInt64? {
    let offset = UInt64(selector & 0xFFF8)
    if selector & 4 == 0 {
      guard offset + 7 <= UInt64(pointee.gdtr.limit) else { return nil }
      return systemAddress(pointee.gdtr.base, offset)
    }
    guard pointee.ldtr.isPresent, offset + 7 <= UInt64(pointee.ldtr.limit) else { return nil }
    return systemAddress(pointee.ldtr.base, offset)
  }

  /// An address within a system table: 32 bits wide outside IA-32e mode.
  func systemAddress(_ base: UInt64, _ offset: UInt64) -> UInt64 {
    isLongMode ? base &+ offset : (base &+ offset) & 0xFFFF_FFFF
  }

  /// Sets the accessed bit in memory and gives the descriptor with it set; nil with the fault set.
  func markAccessed(_ descriptor: Descriptor, at address: UInt64) -> Descriptor? {
    guard !descriptor.isAccessed else { return descriptor }
    guard storeSystem(address &+ 5, (descriptor.raw >> 40 | 1) & 0xFF, size: 1) else { return nil }
    return Descriptor(raw: descriptor.raw | 1 << 40)
  }

  // MARK: MOV and POP to a segment register, LDS and its kind

  /// Loads a data or stack segment register. The shadow of MOV SS and POP SS is the engine's to set: LSS has none.
  func loadSegment(_ register: SegmentRegister, selector: UInt16) -> Bool {
    guard register != .cs else { return faults(.invalidOpcode) }
    guard isProtected else {
      self[segment: register].selector = selector
      self[segment: register].base = UInt64(selector) << 4
      return true
    }
    if selector.isNullSelector { return loadNullSegment(register, selector: selector) }
    guard let (found, address) = descriptor(selector, beyondTable: .generalProtection(selector.errorCode)) else {
      return false
    }
    let requested = selector.requestedPrivilegeLevel
    let level = found.privilegeLevel
    if register == .ss {
      guard requested == pointee.cpl, level == pointee.cpl, found.isWritableData else {
        return faults(.generalProtection(selector.errorCode))
      }
      guard found.isPresent else { return faults(.stackSegment(selector.errorCode)) }
    } else {
      guard found.isReadable, found.isConforming || level >= max(requested, pointee.cpl) else {
        return faults(.generalProtection(selector.errorCode))
      }
      guard found.isPresent else { return faults(.segmentNotPresent(selector.errorCode)) }
    }
    guard let loaded = markAccessed(found, at: address) else { return false }
    self[segment: register] = loaded.segment(selector)
    if register == .ss { pointee.leavesBlock = true }
    return true
  }

  private func loadNullSegment(_ register: SegmentRegister, selector: UInt16) -> Bool {
    if register == .ss {
      // Only 64-bit mode has a use for a null SS, and not at CPL 3 (Intel SDM volume 2, MOV).
      guard pointee.codeMode == .bits64, pointee.cpl < 3, selector.requestedPrivilegeLevel == pointee.cpl else {
        return faults(.generalProtection(0))
      }
      self[segment: .ss] = nullStack(selector, privilegeLevel: pointee.cpl)
      pointee.leavesBlock = true
    } else {
      self[segment: register] = Segment(selector: selector)
    }
    return true
  }

  /// A null SS of 64-bit mode: its hidden part keeps the privilege level.
  func nullStack(_ selector: UInt16, privilegeLevel: UInt8) -> Segment {
    Segment(selector: selector, attributes: UInt16(privilegeLevel) << 5)
  }

  // MARK: LDTR and TR

  func loadLDT(selector: UInt16) -> Bool {
    guard isProtected else { return faults(.invalidOpcode) }
    guard checkPrivileged() else { return false }
    if selector.isNullSelector {
      pointee.ldtr = Segment(selector: selector)
      return true
    }
    guard let (found, address) = systemDescriptor(selector) else { return false }
    guard !found.isCodeOrData, found.type == 2 else { return faults(.generalProtection(selector.errorCode)) }
    guard found.isPresent else { return faults(.segmentNotPresent(selector.errorCode)) }
    guard let base = systemBase(found, at: address) else { return false }
    pointee.ldtr = found.segment(selector)
    pointee.ldtr.base = base
    return true
  }

  /// LTR: marks the task-state segment busy.
  func loadTask(selector: UInt16) -> Bool {
    guard isProtected else { return faults(.invalidOpcode) }
    guard checkPrivileged() else { return false }
    guard !selector.isNullSelector else { return faults(.generalProtection(0)) }
    guard let (found, address) = systemDescriptor(selector) else { return false }
    let isAvailable = !found.isCodeOrData && (found.type == 9 || found.type == 1 && !isLongMode)
    guard isAvailable else { return faults(.generalProtection(selector.errorCode)) }
    guard found.isPresent else { return faults(.segmentNotPresent(selector.errorCode)) }
    guard let base = systemBase(found, at: address),
      storeSystem(address &+ 5, (found.raw >> 40 | 2) & 0xFF, size: 1)
    else { return false }
    pointee.tr = Descriptor(raw: found.raw | 2 << 40).segment(selector)
    pointee.tr.base = base
    return true
  }

  /// An LDT's or task's descriptor, which only the GDT holds.
  private func systemDescriptor(_ selector: UInt16) -> (Descriptor, address: UInt64)? {
    guard selector & 4 == 0 else {
      raise(.generalProtection(selector.errorCode))
      return nil
    }
    return descriptor(selector, beyondTable: .generalProtection(selector.errorCode))
  }

  /// The base of a system descriptor, which has sixteen bytes in IA-32e mode.
  private func systemBase(_ found: Descriptor, at address: UInt64) -> UInt64? {
    let low = found.segment(0).base
    guard isLongMode else { return low }
    guard let high = loadSystem(address &+ 8, size: 8) else { return nil }
    let base = low | high << 32
    guard high >> 40 & 0x1F == 0, isCanonical(base) else {
      raise(.generalProtection(0))
      return nil
    }
    return base
  }
}

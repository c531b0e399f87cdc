internal import OrreryBase

/// What a boundary delivers.
enum DeliveredEvent {
  /// With `isFault` the instruction at `rip` has not executed; otherwise it is a trap of the one before.
  case exception(Fault, isFault: Bool)
  case interrupt(vector: UInt8, source: InterruptSource)
}

/// How the transfer to a handler came about.
private struct Transfer {
  var vector: UInt8
  var errorCode: UInt32?
  /// INT n, INT3 or INTO: the gate's DPL is checked, and faults do not count as external.
  var isSoftware: Bool
  var returnRIP: UInt64
  /// RF in the pushed flags: set for faults, so that the instruction's breakpoint does not fire again (Intel SDM volume 3, 17.3.1.1).
  var setsResumeFlag = false

  /// The EXT bit of error codes of faults on the way.
  var external: UInt32 { isSoftware ? 0 : 1 }
}

/// The code segment, privilege and place that a gate leads to.
private struct GateTarget {
  var segment: Segment
  var privilegeLevel: UInt8
  var offset: UInt64
  /// An interrupt gate: IF is cleared.
  var clearsInterruptFlag: Bool
  var interruptStackTable: Int = 0
  /// Bytes of an element of the frame.
  var size: Int
  /// A task gate, which leads to another task instead.
  var taskGate: Descriptor?
}

/// The old stack, the flags, the return address and the error code.
private typealias InterruptFrame = StackFrame<6>

extension CPU {
  /// Delivers, with what delivery itself raises on the way. False when `stop` was set: triple fault, or something not modelled.
  func deliver(_ event: DeliveredEvent) -> Bool {
    let rip = pointee.rip
    let rsp = pointee.gpr[4]
    switch event {
    case .exception(let fault, let isFault):
      return deliverException(fault, isFault: isFault, rip: rip, rsp: rsp)
    case .interrupt(let vector, let source):
      pointee.hasFault = false
      if transfer(Transfer(vector: vector, isSoftware: false, returnRIP: rip)) {
        if source == .nonMaskable { pointee.blocksNMI = true }
        if pointee.system.pointee.recorded.contains(.interrupts) {
          pointee.system.pointee.probes.append(
            ProbeRecord(
              .interrupt, detail: UInt32(vector), clock: pointee.clock, rip: rip, source.rawValue, rsp, pointee.gpr[4]))
        }
        return true
      }
      guard pointee.stop == nil else { return false }
      return deliverException(pointee.fault, isFault: true, rip: rip, rsp: rsp)
    }
  }

  private func deliverException(_ first: Fault, isFault: Bool, rip: UInt64, rsp: UInt64) -> Bool {
    var fault = first
    var isFault = isFault
    while true {
      pointee.hasFault = false
      let cr2 = pointee.cr2
      // Real-address mode pushes no error codes.
      let transfer = Transfer(
        vector: fault.vector, errorCode: fault.hasErrorCode && isProtected ? fault.errorCode : nil, isSoftware: false,
        returnRIP: pointee.rip, setsResumeFlag: isFault && fault.vector != 8)
      if self.transfer(transfer) {
        // So that the handler can use the registers.
        if fault.vector == 1 { pointee.debugRegisters[7] &= ~DebugRegister.detectsAccess }
        recordException(fault, rip: rip, rsp: rsp, isSoftware: false)
        return true
      }
      guard pointee.stop == nil else { return false }
      let second = pointee.fault
      pointee.hasFault = false
      record(
        .undelivered, in: .exceptions, detail: UInt32(fault.vector), UInt64(fault.errorCode), cr2,
        fault.hasErrorCode ? 1 : 0)
      if fault.vector == 8 {
        record(
          .tripleFault, in: .exceptions, detail: UInt32(second.vector), UInt64(second.errorCode), pointee.cr2)
        pointee.stop = .tripleFault(vector: second.vector, errorCode: second.errorCode, rip: rip, cr2: pointee.cr2)
        return false
      }
      fault = Self.combined(fault, second)
      isFault = true
    }
  }

  /// What a fault during the delivery of another comes to (Intel SDM volume 3, table 6-5).
  static func combined(_ first: Fault, _ second: Fault) -> Fault {
    func isContributory(_ fault: Fault) -> Bool { fault.vector == 0 || (10...13).contains(fault.vector) }
    let doubleFaults =
      isContributory(first) && isContributory(second)
      || first.vector == 14 && (isContributory(second) || second.vector == 14)
    return doubleFaults ? Fault(vector: 8, errorCode: 0, hasErrorCode: true) : second
  }

  private func recordException(_ fault: Fault, rip: UInt64, rsp: UInt64, isSoftware: Bool) {
    guard pointee.system.pointee.recorded.contains(.exceptions) else { return }
    pointee.system.pointee.probes.append(
      ProbeRecord(
        .exception, detail: UInt32(fault.vector), clock: pointee.clock, rip: rip, UInt64(fault.errorCode), pointee.cr2,
        fault.hasErrorCode ? 1 : 0, rsp, pointee.gpr[4], isSoftware ? 1 : 0))
  }

  /// INT n, INT3 and INTO (the vector says which), whose next instruction is at `next`. INT1 is `asException`: the gate's DPL does not matter to it, and
  /// faults on the way are external (Intel SDM volume 2, INT n).
  func softwareInterrupt(vector: UInt8, next: UInt64, asException: Bool = false) -> Bool {
    let rip = pointee.rip
    let rsp = pointee.gpr[4]
    guard transfer(Transfer(vector: vector, isSoftware: !asException, returnRIP: next)) else { return false }
    pointee.system.pointee.tookSoftwareInterrupt = true
    recordException(Fault(vector: vector), rip: rip, rsp: rsp, isSoftware: true)
    return true
  }

  // MARK: The transfer

  /// Goes to the handler, or changes nothing and sets the fault. Only a switch of tasks can fault with the new task in place.
  private func transfer(_ transfer: Transfer) -> Bool {
    guard isProtected else { return transferInRealMode(transfer) }
    guard let gate = isLongMode ? longGate(transfer) : legacyGate(transfer) else { return false }
    if let taskGate = gate.taskGate {
      let cause = TaskSwitchCause.interrupt(
        external: transfer.external, errorCode: transfer.errorCode, setsResumeFlag: transfer.setsResumeFlag)
      return switchTask(throughGate: taskGate, cause: cause, next: transfer.returnRIP)
    }
    return isLongMode ? enterLong(gate, transfer) : enterLegacy(gate, transfer)
  }

  private func transferInRealMode(_ transfer: Transfer) -> Bool {
    let entry = UInt64(transfer.vector) * 4
    guard entry + 3 <= UInt64(pointee.idtr.limit) else { return faults(Fault(vector: 13)) }
    let mask = stackMask(self[segment: .ss])
    var address: InlineArray<3, UInt64> = .init(repeating: 0)
    for index in 0..<3 {
      let offset = (pointee.gpr[4] &- UInt64(2 * (index + 1))) & mask
      guard let linear = linearAddress(segment: .ss, offset: offset, size: 2, forWrite: true),
        checkSystemWrite(linear, size: 2)
      else { return false }
      address[index] = linear
    }
    guard let target = loadSystem((pointee.idtr.base &+ entry) & 0xFFFF_FFFF, size: 4),
      storeSystem(address[0], flags, size: 2),
      storeSystem(address[1], UInt64(self[segment: .cs].selector), size: 2),
      storeSystem(address[2], transfer.returnRIP, size: 2)
    else { return false }
    pointee.gpr[4] = movedStackPointer(UInt64(bitPattern: -6))
    pointee.systemFlags &= ~(Flag.interrupt | Flag.trap | Flag.alignmentCheck | Flag.resume)
    self[segment: .cs].selector = UInt16(target >> 16)
    self[segment: .cs].base = (target >> 16) << 4
    pointee.rip = target & 0xFFFF
    updateMode()
    return true
  }

  private func gateFault(_ transfer: Transfer) -> UInt32 { UInt32(transfer.vector) * 8 + 2 + transfer.external }

  private func fail(_ fault: Fault) -> GateTarget? {
    raise(fault)
    return nil
  }

  /// Reads and checks a gate of IA-32e mode (Intel SDM volume 3, 6.14).
  private func longGate(_ transfer: Transfer) -> GateTarget? {
    let code = gateFault(transfer)
    let offset = UInt64(transfer.vector) * 16
    guard offset + 15 <= UInt64(pointee.idtr.limit) else { return fail(.generalProtection(code)) }
    guard let low = loadSystem(pointee.idtr.base &+ offset, size: 8),
      let high = loadSystem(pointee.idtr.base &+ offset &+ 8, size: 8)
    else { return nil }
    let gate = Descriptor(raw: low)
    guard !gate.isCodeOrData, gate.type == 14 || gate.type == 15 else { return fail(.generalProtection(code)) }
    guard !transfer.isSoftware || gate.privilegeLevel >= pointee.cpl else { return fail(.generalProtection(code)) }
    guard gate.isPresent else { return fail(.segmentNotPresent(code)) }
    guard var target = gateCode(UInt16(truncatingIfNeeded: low >> 16), transfer) else { return nil }
    guard target.segment.isLong, !target.segment.isBig else {
      return fail(.generalProtection(target.segment.selector.errorCode | transfer.external))
    }
    target.offset = low & 0xFFFF | low >> 32 & 0xFFFF_0000 | high << 32
    target.clearsInterruptFlag = gate.type == 14
    target.interruptStackTable = Int(low >> 32 & 7)
    target.size = 8
    guard isCanonical(target.offset) else { return fail(.generalProtection(transfer.external)) }
    return target
  }

  /// Reads and checks a gate of 32-bit protected mode (Intel SDM volume 3, 6.12.1).
  private func legacyGate(_ transfer: Transfer) -> GateTarget? {
    let code = gateFault(transfer)
    let offset = UInt64(transfer.vector) * 8
    guard offset + 7 <= UInt64(pointee.idtr.limit) else { return fail(.generalProtection(code)) }
    guard let raw = loadSystem(systemAddress(pointee.idtr.base, offset), size: 8) else { return nil }
    let gate = Descriptor(raw: raw)
    guard !gate.isCodeOrData, [5, 6, 7, 14, 15].contains(gate.type) else { return fail(.generalProtection(code)) }
    guard !transfer.isSoftware || gate.privilegeLevel >= pointee.cpl else { return fail(.generalProtection(code)) }
    guard gate.isPresent else { return fail(.segmentNotPresent(code)) }
    guard gate.type != 5 else {
      return GateTarget(
        segment: Segment(), privilegeLevel: 0, offset: 0, clearsInterruptFlag: false, size: 4, taskGate: gate)
    }
    guard var target = gateCode(UInt16(truncatingIfNeeded: raw >> 16), transfer) else { return nil }
    target.size = gate.type >= 14 ? 4 : 2
    target.offset = raw & 0xFFFF | (target.size == 4 ? raw >> 32 & 0xFFFF_0000 : 0)
    target.clearsInterruptFlag = gate.type & 1 == 0
    guard target.offset <= UInt64(target.segment.limit) else { return fail(.generalProtection(transfer.external)) }
    return target
  }

  /// The code segment of a gate.
  private func gateCode(_ selector: UInt16, _ transfer: Transfer) -> GateTarget? {
    guard !selector.isNullSelector else { return fail(.generalProtection(transfer.external)) }
    let fault = Fault.generalProtection(selector.errorCode | transfer.external)
    guard let (found, address) = descriptor(selector, beyondTable: fault) else { return nil }
    guard found.isCode, found.privilegeLevel <= pointee.cpl else { return fail(fault) }
    guard found.isPresent else { return fail(.segmentNotPresent(selector.errorCode | transfer.external)) }
    guard let loaded = markAccessed(found, at: address) else { return nil }
    return GateTarget(
      segment: loaded.segment(selector), privilegeLevel: found.isConforming ? pointee.cpl : found.privilegeLevel,
      offset: 0, clearsInterruptFlag: false, size: 8)
  }

  private func pushedFlags(_ transfer: Transfer) -> UInt64 { flags | (transfer.setsResumeFlag ? Flag.resume : 0) }

  /// CS, rip, flags and mode of the handler.
  private func finish(_ gate: GateTarget) {
    var cleared = Flag.trap | Flag.nestedTask | Flag.resume | Flag.virtual8086
    if gate.clearsInterruptFlag { cleared |= Flag.interrupt }
    pointee.systemFlags &= ~cleared
    self[segment: .cs] = gate.segment
    self[segment: .cs].selector = gate.segment.selector & 0xFFFC | UInt16(gate.privilegeLevel)
    pointee.rip = gate.offset
    updateMode(privilegeLevel: gate.privilegeLevel)
  }

  private func enterLong(_ gate: GateTarget, _ transfer: Transfer) -> Bool {
    var stackPointer = pointee.gpr[4]
    let changesPrivilege = gate.privilegeLevel != pointee.cpl
    if gate.interruptStackTable != 0 || changesPrivilege {
      let field = gate.interruptStackTable != 0 ? 28 + 8 * gate.interruptStackTable : 4 + 8 * Int(gate.privilegeLevel)
      guard field + 7 <= Int(pointee.tr.limit) else {
        return faults(.invalidTSS(pointee.tr.selector.errorCode | transfer.external))
      }
      guard let loaded = loadSystem(pointee.tr.base &+ UInt64(field), size: 8) else { return false }
      // It is looked at as it is, before it is aligned and anything is pushed (Intel SDM volume 2, INT n).
      guard isCanonical(loaded) else { return faults(.stackSegment(transfer.external)) }
      stackPointer = loaded
    }
    var frame = InterruptFrame()
    frame.push(UInt64(self[segment: .ss].selector))
    frame.push(pointee.gpr[4])
    frame.push(pushedFlags(transfer))
    frame.push(UInt64(self[segment: .cs].selector))
    frame.push(transfer.returnRIP)
    if let code = transfer.errorCode { frame.push(UInt64(code)) }
    let bytes = frame.count * 8
    let top = stackPointer & ~0xF
    let bottom = top &- UInt64(bytes)
    guard isCanonical(bottom), isCanonical(top &- 1) else { return faults(.stackSegment(transfer.external)) }
    let isUser = gate.privilegeLevel == 3
    guard checkFrame(from: top, to: bottom, isUser: isUser) else { return false }
    for index in 0..<frame.count {
      guard store(top &- UInt64(8 * (index + 1)), frame.elements[index], size: 8, isUser: isUser) else { return false }
    }
    pointee.gpr[4] = bottom
    if changesPrivilege {
      self[segment: .ss] = nullStack(UInt16(gate.privilegeLevel), privilegeLevel: gate.privilegeLevel)
    }
    finish(gate)
    return true
  }

  /// All of a frame must be writable before any of it is written. It is pushed downwards: what faults is the first element in a page that cannot be
  /// written.
  private func checkFrame(from top: UInt64, to bottom: UInt64, isUser: Bool) -> Bool {
    let first = top &- 8
    guard translate(first, .write, isUser: isUser) != nil else { return false }
    guard (first ^ bottom) & ~0xFFF != 0 else { return true }
    return translate((first & ~0xFFF) &- 8, .write, isUser: isUser) != nil
  }

  private func enterLegacy(_ gate: GateTarget, _ transfer: Transfer) -> Bool {
    var stack = self[segment: .ss]
    var stackPointer = pointee.gpr[4]
    var frame = InterruptFrame()
    let changesPrivilege = gate.privilegeLevel != pointee.cpl
    if changesPrivilege {
      guard let (segment, pointer) = innerStack(gate.privilegeLevel, external: transfer.external) else { return false }
      frame.push(UInt64(stack.selector))
      frame.push(stackPointer)
      stack = segment
      stackPointer = pointer
    }
    frame.push(pushedFlags(transfer))
    frame.push(UInt64(self[segment: .cs].selector))
    frame.push(transfer.returnRIP)
    if let code = transfer.errorCode { frame.push(UInt64(code)) }
    let mask: UInt64 = stack.isBig ? 0xFFFF_FFFF : 0xFFFF
    let isUser = gate.privilegeLevel == 3
    var address: InlineArray<6, UInt64> = .init(repeating: 0)
    for index in 0..<frame.count {
      let offset = (stackPointer &- UInt64(gate.size * (index + 1))) & mask
      guard let linear = linearAddress(in: stack, isStack: true, offset: offset, size: gate.size, forWrite: true) else {
        if changesPrivilege { return faults(.stackSegment(stack.selector.errorCode | transfer.external)) }
        return faults(.stackSegment(transfer.external))
      }
      guard translate(linear, .write, isUser: isUser) != nil else { return false }
      address[index] = linear
    }
    for index in 0..<frame.count {
      guard store(address[index], frame.elements[index], size: gate.size, isUser: isUser) else { return false }
    }
    let newPointer = stackPointer &- UInt64(gate.size * frame.count)
    pointee.gpr[4] = newPointer & mask | stackPointer & ~mask & 0xFFFF_FFFF
    self[segment: .ss] = stack
    finish(gate)
    return true
  }

  /// The stack of an inner level from the TSS: of 16, 32 or 64 bits. The last has no selector: SS becomes null.
  func innerStack(_ level: UInt8, external: UInt32) -> (Segment, UInt64)? {
    let size: Int = isLongMode ? 8 : pointee.tr.type & 8 != 0 ? 4 : 2
    let field = size == 2 ? 2 + 4 * UInt64(level) : 4 + 8 * UInt64(level)
    guard field + (size == 4 ? 5 : size == 2 ? 3 : 7) <= UInt64(pointee.tr.limit) else {
      raise(.invalidTSS(pointee.tr.selector.errorCode | external))
      return nil
    }
    guard let pointer = loadSystem(systemAddress(pointee.tr.base, field), size: size) else { return nil }
    if isLongMode { return (nullStack(UInt16(level), privilegeLevel: level), pointer) }
    guard let selectorValue = loadSystem(systemAddress(pointee.tr.base, field + UInt64(size)), size: 2) else {
      return nil
    }
    let selector = UInt16(truncatingIfNeeded: selectorValue)
    let fault = Fault.invalidTSS(selector.errorCode | external)
    guard !selector.isNullSelector else {
      raise(.invalidTSS(external))
      return nil
    }
    guard let (found, address) = descriptor(selector, beyondTable: fault) else { return nil }
    guard selector.requestedPrivilegeLevel == level, found.privilegeLevel == level, found.isWritableData else {
      raise(fault)
      return nil
    }
    guard found.isPresent else {
      raise(.stackSegment(selector.errorCode | external))
      return nil
    }
    guard let loaded = markAccessed(found, at: address) else { return nil }
    return (loaded.segment(selector), pointer)
  }
}

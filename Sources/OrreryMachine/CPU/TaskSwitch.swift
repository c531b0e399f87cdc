internal import OrreryBase

/// What switches tasks.
enum TaskSwitchCause {
  case jump, call, interruptReturn
  /// `external` is the EXT bit of error codes; `errorCode` goes to the new task's stack; a fault is saved with RF.
  case interrupt(external: UInt32, errorCode: UInt32?, setsResumeFlag: Bool)

  /// The old task stays busy, and the new one leads back to it.
  var isNested: Bool {
    switch self {
    case .call, .interrupt: true
    case .jump, .interruptReturn: false
    }
  }

  var external: UInt32 {
    if case .interrupt(let external, _, _) = self { external } else { 0 }
  }
}

/// Where the fields of a task-state segment are (Intel SDM volume 3, figures 7-2 and 7-10).
private struct TaskLayout {
  let is32: Bool

  var size: Int { is32 ? 4 : 2 }
  /// The least limit.
  var limit: UInt64 { is32 ? 0x67 : 0x2B }
  var instructionPointer: UInt64 { is32 ? 32 : 14 }
  var flags: UInt64 { is32 ? 36 : 16 }
  func register(_ number: Int) -> UInt64 { (is32 ? 40 : 18) + UInt64(number * size) }
  /// ES, CS, SS, DS, and with 32 bits FS and GS.
  func segment(_ number: Int) -> UInt64 { (is32 ? 72 : 34) + UInt64(number * size) }
  var segmentCount: Int { is32 ? 6 : 4 }
  var localTable: UInt64 { is32 ? 96 : 42 }
  static let root: UInt64 = 28
  static let trap: UInt64 = 100
}

/// Hardware task switches of protected mode (Intel SDM volume 3, 7.2 and 7.3).
extension CPU {
  // MARK: Ways there

  /// JMP or CALL to a task-state segment or a task gate that `selector` names.
  func farSwitch(_ found: Descriptor, at address: UInt64, selector: UInt16, cause: TaskSwitchCause, next: UInt64)
    -> Bool
  {
    let code = selector.errorCode
    guard found.privilegeLevel >= max(pointee.cpl, selector.requestedPrivilegeLevel) else {
      return faults(.generalProtection(code))
    }
    if found.type == 5 {
      guard found.isPresent else { return faults(.segmentNotPresent(code)) }
      return switchTask(throughGate: found, cause: cause, next: next)
    }
    guard found.type & 0b0111 == 1 else { return faults(.generalProtection(code)) }
    guard found.isPresent else { return faults(.segmentNotPresent(code)) }
    return switchTask(to: selector, found, at: address, cause: cause, next: next)
  }

  /// A task gate that may be used and is present.
  func switchTask(throughGate gate: Descriptor, cause: TaskSwitchCause, next: UInt64) -> Bool {
    let selector = UInt16(truncatingIfNeeded: gate.raw >> 16)
    let code = selector.errorCode | cause.external
    guard selector & 4 == 0 else { return faults(.generalProtection(code)) }
    guard let (found, address) = descriptor(selector, beyondTable: .generalProtection(code)) else { return false }
    guard !found.isCodeOrData, found.type & 0b0111 == 1 else { return faults(.generalProtection(code)) }
    guard found.isPresent else { return faults(.segmentNotPresent(code)) }
    return switchTask(to: selector, found, at: address, cause: cause, next: next)
  }

  /// IRET with NT: back to the task that the present one is nested in.
  func returnToTask(next: UInt64) -> Bool {
    guard let link = loadSystem(systemAddress(pointee.tr.base, 0), size: 2) else { return false }
    let selector = UInt16(truncatingIfNeeded: link)
    let fault = Fault.invalidTSS(selector.errorCode)
    guard selector & 4 == 0 else { return faults(fault) }
    guard let (found, address) = descriptor(selector, beyondTable: fault) else { return false }
    guard !found.isCodeOrData, found.type & 0b0111 == 3 else { return faults(fault) }
    guard found.isPresent else { return faults(.segmentNotPresent(selector.errorCode)) }
    return switchTask(to: selector, found, at: address, cause: .interruptReturn, next: next)
  }

  // MARK: The switch

  /// What the new task begins with.
  private struct TaskState {
    var instructionPointer: UInt64
    var flags: UInt64
    var registers: InlineArray<8, UInt64>
    /// In the order of their numbers.
    var selectors: InlineArray<6, UInt16>
    var localTable: UInt16
    var root: UInt64
    var traps: Bool
  }

  private func loadTaskState(_ base: UInt64, _ layout: TaskLayout) -> TaskState? {
    func load(_ offset: UInt64, _ size: Int) -> UInt64? { loadSystem(systemAddress(base, offset), size: size) }
    guard let instructionPointer = load(layout.instructionPointer, layout.size),
      let flags = load(layout.flags, layout.size), let localTable = load(layout.localTable, 2)
    else { return nil }
    var registers: InlineArray<8, UInt64> = .init(repeating: 0)
    for number in 0..<8 {
      guard let value = load(layout.register(number), layout.size) else { return nil }
      // The upper halves are undefined after a switch to a 16-bit task: they stay.
      registers[number] = layout.is32 ? value : value | pointee.gpr[number] & 0xFFFF_0000
    }
    var selectors: InlineArray<6, UInt16> = .init(repeating: 0)
    for number in 0..<layout.segmentCount {
      guard let value = load(layout.segment(number), 2) else { return nil }
      selectors[number] = UInt16(truncatingIfNeeded: value)
    }
    var root: UInt64 = 0
    var traps = false
    if layout.is32 {
      guard let value = load(TaskLayout.root, 4), let word = load(TaskLayout.trap, 2) else { return nil }
      root = value
      traps = word & 1 != 0
    }
    return TaskState(
      instructionPointer: instructionPointer, flags: flags, registers: registers, selectors: selectors,
      localTable: UInt16(truncatingIfNeeded: localTable), root: root, traps: traps)
  }

  /// Saves the present task, which goes on at `next` when it is come back to. False with the fault set.
  private func saveTaskState(_ layout: TaskLayout, flags: UInt64, next: UInt64) -> Bool {
    let base = pointee.tr.base
    func store(_ offset: UInt64, _ value: UInt64, _ size: Int) -> Bool {
      storeSystem(systemAddress(base, offset), value, size: size)
    }
    var isStored = store(layout.instructionPointer, next, layout.size) && store(layout.flags, flags, layout.size)
    for number in 0..<8 { isStored = isStored && store(layout.register(number), pointee.gpr[number], layout.size) }
    for number in 0..<layout.segmentCount {
      isStored = isStored && store(layout.segment(number), UInt64(pointee.segments[number].selector), 2)
    }
    return isStored
  }

  /// Sets or clears the busy bit in the descriptor at `address`.
  private func setBusy(_ isBusy: Bool, at address: UInt64) -> Bool {
    guard let access = loadSystem(address &+ 5, size: 1) else { return false }
    return storeSystem(address &+ 5, isBusy ? access | 2 : access & ~2, size: 1)
  }

  /// All flags but those of virtual-8086 mode.
  private static var taskFlags: UInt64 {
    Flag.arithmetic | Flag.trap | Flag.interrupt | Flag.direction | 3 << 12 | Flag.nestedTask | Flag.resume
      | Flag.alignmentCheck | Flag.identification
  }

  private func switchTask(
    to selector: UInt16, _ found: Descriptor, at address: UInt64, cause: TaskSwitchCause, next: UInt64
  ) -> Bool {
    let layout = TaskLayout(is32: found.type & 8 != 0)
    let new = found.segment(selector)
    guard UInt64(new.limit) >= layout.limit else { return faults(.invalidTSS(selector.errorCode | cause.external)) }
    let oldLayout = TaskLayout(is32: pointee.tr.type & 8 != 0)
    let oldSelector = pointee.tr.selector
    let oldAddress = systemAddress(pointee.gdtr.base, UInt64(oldSelector & 0xFFF8))

    // All that can fault with the old task still in place comes first.
    guard let state = loadTaskState(new.base, layout),
      checkSystemWrite(
        systemAddress(pointee.tr.base, oldLayout.instructionPointer),
        size: Int(oldLayout.segment(oldLayout.segmentCount) - oldLayout.instructionPointer)),
      checkSystemWrite(address, size: 8), checkSystemWrite(oldAddress, size: 8),
      !cause.isNested || checkSystemWrite(new.base, size: 2)
    else { return false }
    if layout.is32 && state.flags & Flag.virtual8086 != 0 {
      unmodelled("virtual-8086 mode")
      return false
    }
    var savedFlags = flags
    switch cause {
    case .interruptReturn: savedFlags &= ~Flag.nestedTask
    case .interrupt(_, _, true): savedFlags |= Flag.resume
    default: break
    }
    guard cause.isNested || setBusy(false, at: oldAddress), saveTaskState(oldLayout, flags: savedFlags, next: next),
      !cause.isNested || storeSystem(new.base, UInt64(oldSelector), size: 2),
      cause.isInterruptReturn || setBusy(true, at: address)
    else { return false }

    // From here on everything happens in the new task.
    pointee.system.pointee.tookSoftwareInterrupt = true
    pointee.tr = Descriptor(raw: found.raw | 2 << 40).segment(selector)
    pointee.cr0 |= ControlRegister.ts
    for number in 0..<8 { pointee.gpr[number] = state.registers[number] }
    pointee.rip = state.instructionPointer
    let kept: UInt64 = layout.is32 ? 0 : flags & ~0xFFFF
    setFlags(kept | state.flags & Self.taskFlags | 2 | (cause.isNested ? Flag.nestedTask : 0))
    // Until their descriptors are loaded the segments cannot be used.
    for number in 0..<6 { pointee.segments[number] = Segment(selector: state.selectors[number]) }
    pointee.ldtr = Segment(selector: state.localTable)
    pointee.debugRegisters[7] &= ~DebugRegister.localEnables
    debugRegistersChanged()
    updateMode(privilegeLevel: state.selectors[SegmentRegister.cs.rawValue].requestedPrivilegeLevel)
    if state.traps {
      pointee.debugRegisters[6] |= DebugRegister.taskSwitch
      pointee.system.pointee.owesTaskTrap = true
    }
    guard !layout.is32 || !isPaging || state.root == pointee.cr3 || writeCR3(state.root) else { return false }
    return loadTaskSegments(state, external: cause.external) && pushTaskError(cause, size: layout.size)
  }

  // MARK: In the new task

  private func loadTaskSegments(_ state: TaskState, external: UInt32) -> Bool {
    guard loadTaskLDT(state.localTable, external: external) else { return false }
    for register in [SegmentRegister.cs, .ss, .es, .ds, .fs, .gs] {
      guard loadTaskSegment(register, state.selectors[register.rawValue], external: external) else { return false }
    }
    guard pointee.rip <= UInt64(self[segment: .cs].limit) else { return faults(.generalProtection(external)) }
    return true
  }

  private func loadTaskLDT(_ selector: UInt16, external: UInt32) -> Bool {
    guard !selector.isNullSelector else { return true }
    let fault = Fault.invalidTSS(selector.errorCode | external)
    guard selector & 4 == 0 else { return faults(fault) }
    guard let (found, _) = descriptor(selector, beyondTable: fault) else { return false }
    guard !found.isCodeOrData, found.type == 2, found.isPresent else { return faults(fault) }
    pointee.ldtr = found.segment(selector)
    return true
  }

  private func loadTaskSegment(_ register: SegmentRegister, _ selector: UInt16, external: UInt32) -> Bool {
    let code = selector.errorCode | external
    if selector.isNullSelector {
      return register != .cs && register != .ss || faults(.invalidTSS(code))
    }
    guard let (found, address) = descriptor(selector, beyondTable: .invalidTSS(code)) else { return false }
    let requested = selector.requestedPrivilegeLevel
    let level = found.privilegeLevel
    let isAllowed: Bool
    switch register {
    case .cs: isAllowed = found.isCode && (found.isConforming ? level <= requested : level == requested)
    case .ss: isAllowed = found.isWritableData && level == pointee.cpl && requested == pointee.cpl
    default: isAllowed = found.isReadable && (found.isConforming || level >= max(requested, pointee.cpl))
    }
    guard isAllowed else { return faults(.invalidTSS(code)) }
    guard found.isPresent else { return faults(register == .ss ? .stackSegment(code) : .segmentNotPresent(code)) }
    guard let loaded = markAccessed(found, at: address) else { return false }
    self[segment: register] = loaded.segment(selector)
    if register == .cs { updateMode() }
    return true
  }

  private func pushTaskError(_ cause: TaskSwitchCause, size: Int) -> Bool {
    guard case .interrupt(let external, .some(let code), _) = cause else { return true }
    let stack = self[segment: .ss]
    let mask = stackMask(stack)
    let offset = (pointee.gpr[4] &- UInt64(size)) & mask
    guard let linear = linearAddress(in: stack, isStack: true, offset: offset, size: size, forWrite: true) else {
      return faults(.stackSegment(external))
    }
    guard store(linear, UInt64(code), size: size, isUser: pointee.cpl == 3) else { return false }
    pointee.gpr[4] = offset | pointee.gpr[4] & ~mask
    return true
  }
}

extension TaskSwitchCause {
  fileprivate var isInterruptReturn: Bool {
    if case .interruptReturn = self { true } else { false }
  }
}

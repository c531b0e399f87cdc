public import OrreryBase

extension Machine {
  /// How long a screen that is being written to may stay unreported, in steps.
  static let screenCutSteps: Steps = 100_000
  /// Far beyond any run, and far from overflow in the engine's arithmetic.
  private static let maximumBudget: UInt64 = 1 << 40

  /// Runs until one of the exits of `RunExit`; the limits are looked at first, at each boundary, before anything happens at its clock.
  ///
  /// At each boundary: scheduled inputs with point `.boundary`, device events, one sample of the lines, at most one delivery (one step). When
  /// nothing was delivered: anchors, inputs with point `.instruction` and, after any, another sample; then instructions execute up to the next clock at which
  /// anything is due. `.idle` is returned at once, whatever the limits, when the processor is halted and nothing scheduled or armed can wake it.
  public func run(untilClock: Clock, untilSteps: Steps) -> RunExit {
    while true {
      if hasNews, let exit = exitForNews() { return exit }
      if cpu.pointee.steps >= untilSteps { return .reachedSteps }
      if cpu.pointee.clock >= untilClock { return .reachedClock }
      if !standsAtInstruction { passBoundary() }
      if let stop = takeStop() { return .stopped(stop) }
      if deliverPending() { continue }
      if cpu.pointee.isHalted {
        cutScreen()
        // What the halt, or an event at its boundary, brought about is told at its clock and not at that of whatever wakes the processor; what is put in because of
        // it comes after the boundary, in a replay, too.
        if !board.pauses.isEmpty || applyInputs(upTo: .instruction) {
          standsAtInstruction = true
          continue
        }
        guard sleep(untilClock: untilClock) else {
          standsAtInstruction = true
          return .idle
        }
        continue
      }
      let roles = cpu.breakpointRoles
      let attempt = Attempt(rip: cpu.pointee.rip, rsp: cpu.pointee.gpr[4])
      if roles.contains(.anchor) && !reportedAnchors.contains(attempt) {
        reportedAnchors.insert(attempt)
        standsAtInstruction = true
        return .anchor(LinearAddress(cpu.linearInstructionPointer))
      }
      if applyInputs(upTo: .instruction) {
        standsAtInstruction = true
        continue
      }
      if !roles.isEmpty && !reportedCalls.contains(attempt) { cpu.watchCalls(roles) }
      let isRetired: Bool
      if roles.contains(.debugRegister) && breaksAtInstruction() {
        // Not called a fault: its handler sets RF itself when the instruction is to execute (Intel SDM volume 3, 17.3.1.1).
        deliver(.exception(.debug, isFault: false))
        isRetired = false
      } else {
        isRetired = execute(untilClock: untilClock, untilSteps: untilSteps, isBreakpoint: !roles.isEmpty)
      }
      standsAtInstruction = false
      if !roles.isEmpty { noteExecution(attempt, roles, isRetired: isRetired) }
    }
  }

  /// Whether `exitForNews` has anything to look at.
  @inline(__always)
  private var hasNews: Bool {
    cpu.pointee.isStopped || board.isStopped || probes.writer.isFull || cpu.pointee.system.pointee.tables.isPending
      || cpu.pointee.system.pointee.hasInspectedChange || !board.pauses.isEmpty
  }

  /// What ends `run` at a boundary, beside the limits, before anything happens at its clock.
  @inline(never)
  private func exitForNews() -> RunExit? {
    if let stop = takeStop() { return .stopped(stop) }
    if probes.writer.isFull { return .probesFull }
    // Page tables that the last step put in place: their records belong to it, so nothing may come between.
    while cpu.pointee.system.pointee.tables.isPending {
      cpu.visitPendingTables()
      if probes.writer.isFull { return .probesFull }
    }
    if cpu.pointee.system.pointee.hasInspectedChange {
      cpu.pointee.system.pointee.hasInspectedChange = false
      return .inspected
    }
    let pauses = board.pauses
    if !pauses.isEmpty {
      if pausesAfterSerialOutput && pauses.contains(.serialOutput) {
        board.pauses.remove(.serialOutput)
        return .serialOutput
      }
      if pausesAfterKeyboardRead && pauses.contains(.keyboardRead) {
        board.pauses.remove(.keyboardRead)
        return .keyboardRead
      }
      if pausesAfterMark && pauses.contains(.mark) {
        board.pauses.remove(.mark)
        return .mark
      }
      if pausesAfterScreen && pauses.contains(.screen) {
        board.pauses.remove(.screen)
        return .screen
      }
      board.pauses = []
    }
    return nil
  }

  @inline(__always)
  private func takeStop() -> StopReason? { cpu.pointee.isStopped || board.isStopped ? stopReason() : nil }

  @inline(never)
  private func stopReason() -> StopReason? {
    if cpu.pointee.stop == nil { cpu.pointee.stop = board.stop }
    cutScreen()
    return cpu.pointee.stop
  }

  private func passBoundary() {
    _ = applyInputs(upTo: .boundary)
    if board.nextDeadline <= cpu.pointee.clock {
      board.applyEvents(at: cpu.pointee.clock, rip: cpu.pointee.rip)
      precondition(board.nextDeadline > cpu.pointee.clock, "a device event was armed for a clock that has passed")
    }
    if board.isScreenDirty && cpu.pointee.steps - board.screenDirtySince >= Self.screenCutSteps { cutScreen() }
  }

  /// Whether any input was due.
  @inline(__always)
  private func applyInputs(upTo point: InputPoint) -> Bool {
    inputs.nextClock <= cpu.pointee.clock && applyDueInputs(upTo: point)
  }

  @inline(never)
  private func applyDueInputs(upTo point: InputPoint) -> Bool {
    var isAny = false
    while let event = inputs.next(dueAt: cpu.pointee.clock, upTo: point) {
      apply(event.action, at: event.point)
      isAny = true
    }
    return isAny
  }

  func cutScreen() { cpu.cutScreen() }

  /// Samples the lines and takes at most one event, in the order of “Priority Among Concurrent Events” (Intel SDM volume 3, 6.9). Whether one was taken.
  private func deliverPending() -> Bool {
    // After MOV SS a breakpoint that it met waits for the next instruction.
    if owesSingleStepTrap && cpu.pointee.shadow != .movSS {
      owesSingleStepTrap = false
      deliver(.exception(.debug, isFault: false))
      return true
    }
    if board.nonMaskableRequested && !cpu.pointee.blocksNMI && cpu.pointee.shadow != .movSS {
      board.acknowledgeNonMaskable()
      deliver(.interrupt(vector: 2, source: .nonMaskable))
      return true
    }
    guard cpu.pointee.systemFlags & Flag.interrupt != 0, cpu.pointee.shadow == .none else { return false }
    if let vector = board.scriptedVector {
      board.acknowledgeScriptedVector()
      deliver(.interrupt(vector: vector, source: .scripted))
      return true
    }
    guard board.interruptRequested else { return false }
    let (vector, source) = board.acknowledgeInterrupt(clock: cpu.pointee.clock)
    if !board.isStopped { deliver(.interrupt(vector: vector, source: source)) }
    return true
  }

  /// One delivery: one step.
  private func deliver(_ event: DeliveredEvent) {
    cutScreen()
    standsAtInstruction = false
    guard cpu.deliver(event) else { return }
    noteTaskTrap()
    if inspectsDeliveries { cpu.pointee.system.pointee.hasInspectedChange = true }
    cpu.pointee.isHalted = false
    cpu.pointee.shadow = .none
    cpu.pointee.clock += 1
    cpu.pointee.steps += 1
  }

  /// Whether page tables that the last step put in place are still to be listed: then some of its records are yet to come.
  public var isListingTables: Bool { cpu.pointee.system.pointee.tables.isPending }

  /// Lets a halted machine that `run` called idle stay so up to `untilClock`, or to the next device event, whichever comes first.
  public func idle(untilClock: Clock) {
    precondition(cpu.pointee.isHalted, "only a halted machine idles")
    let next = min(untilClock, board.nextDeadline, inputs.nextClock)
    guard next > cpu.pointee.clock else { return }
    cpu.pointee.clock = next
    standsAtInstruction = false
  }

  /// Moves the clock to the next thing that can happen to a halted processor. False when nothing ever can.
  private func sleep(untilClock: Clock) -> Bool {
    let canBeWoken = cpu.pointee.systemFlags & Flag.interrupt != 0 ? board.canWakeProcessor : board.hasWorkLeft
    guard canBeWoken || inputs.count > 0 else { return false }
    let next = min(untilClock, board.nextDeadline, inputs.nextClock)
    guard next > cpu.pointee.clock else { return true }
    cpu.pointee.clock = next
    standsAtInstruction = false
    return true
  }

  /// A task with its T flag set traps before its first instruction.
  private func noteTaskTrap() {
    guard cpu.pointee.system.pointee.owesTaskTrap else { return }
    cpu.pointee.system.pointee.owesTaskTrap = false
    owesSingleStepTrap = true
  }

  /// Whether an instruction breakpoint of the debug registers holds for the instruction at `rip`: not with RF, and not after MOV SS.
  private func breaksAtInstruction() -> Bool {
    cpu.pointee.systemFlags & Flag.resume == 0 && cpu.pointee.shadow != .movSS
      && cpu.meetsInstructionBreakpoint(at: cpu.linearInstructionPointer)
  }

  /// An instruction that faults is executed again after its handler: what was reported about it is not reported twice.
  private func noteExecution(_ attempt: Attempt, _ roles: BreakpointSet.Roles, isRetired: Bool) {
    if isRetired {
      reportedAnchors.remove(attempt)
      reportedCalls.remove(attempt)
    } else {
      if roles.contains(.anchor) { reportedAnchors.insert(attempt) }
      reportedCalls.insert(attempt)
    }
  }

  /// Whether the instruction at `rip` retired.
  private func execute(untilClock: Clock, untilSteps: Steps, isBreakpoint: Bool) -> Bool {
    let clock = cpu.pointee.clock
    let steps = cpu.pointee.steps
    var budget = min(untilClock - clock, untilSteps - steps, Self.maximumBudget)
    budget = min(budget, board.nextDeadline - clock, inputs.nextClock - clock)
    if board.isScreenDirty { budget = min(budget, Self.screenCutSteps - (steps - board.screenDirtySince)) }
    // A pause that arose from an event at this boundary is reported at the next one.
    if !board.pauses.isEmpty || cpu.pointee.system.pointee.hasInspectedChange { budget = 1 }
    cpu.pointee.budget = budget
    cpu.pointee.system.pointee.tookSoftwareInterrupt = false
    cpu.pointee.system.pointee.metNonCanonicalAddress = false
    cpu.pointee.resumesAtBreakpoint = isBreakpoint
    let exit = cpu.execute()
    let isRetired = cpu.pointee.steps != steps
    guard !cpu.pointee.isStopped, !board.isStopped else { return isRetired }
    if exit == .fault {
      let fault = cpu.pointee.fault
      cpu.pointee.hasFault = false
      if fault.isTrap {
        owesSingleStepTrap = !cpu.pointee.system.pointee.tookSoftwareInterrupt
      } else {
        deliver(.exception(fault, isFault: true))
      }
    }
    noteTaskTrap()
    return isRetired
  }
}

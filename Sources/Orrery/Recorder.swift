public import OrreryBase
public import OrreryImage
public import OrreryMachine
public import OrreryScenario
public import OrreryTrace

/// Runs a kernel under a scenario and records the run.
///
///     let recorder = try Recorder(image: image, scenario: bound, header: "boot", sink: sink)
///     while try recorder.advance() == nil {}
///
/// Memory does not grow with the length of the run. Without a sink nothing is recorded, and the run costs what the machine costs.
public final class Recorder {
  /// Why no recorder could be made.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case image(ImageError)
    case scenario(ScenarioDriverError)
    case trace(TraceError)

    public var description: String {
      switch self {
      case .image(let error): error.description
      case .scenario(let error): error.description
      case .trace(let error): error.description
      }
    }
  }

  /// How far one call of `advance` goes at most, so that its caller can look for signals and keys: a fraction of a millisecond of the host's time
  /// as a rule, some tens where every step is slow. The size of the trace is looked at, too, whenever the count of steps is a multiple of it.
  public static let sliceSteps: Steps = 1 << 16
  /// The same for a machine that is idle: its clock goes on and its steps do not. A timer at its fastest has 160,000 events in that time.
  public static let sliceClocks: Clock = 1 << 28
  /// How many exits of the machine one call of `advance` handles at most.
  private static let sliceExits = 256

  private let session: MachineSession
  private var driver: ScenarioDriver
  private let limits: BoundLimits
  /// The limits as the machine counts, which does not begin at zero where it was saved before.
  private let stepLimit: Steps
  private let clockLimit: Clock
  private let kernel: KernelImage
  private let settings: BoundMachineSettings
  private let expectedEnd: ExpectedEnd?
  private let symbolizer: ImageSymbolizer
  private let writer: TraceWriter?
  private var awaitedAddresses: [LinearAddress] = []
  /// The clock at which an input was last applied: a run does not end there.
  private var lastInputClock: Clock?
  private var exitValue: UInt32?
  /// Whether the trace had reached its limit when that was last looked at.
  private var isTraceFull = false
  /// How the run ended; nil while it goes on.
  public private(set) var end: RunEnd?

  /// Called with every byte that leaves a serial port, as it comes, when set.
  public var serialHandler: ((_ port: UInt8, _ byte: UInt8) -> Void)?

  /// - Parameters:
  ///   - image: what the run begins with. The scenario's times and limits count from there.
  ///   - scenario: what is done to the machine, its limits and settings.
  ///   - configuration: what is recorded; its machine settings count, not the scenario's.
  ///   - scenarioText: the scenario's text for the trace.
  ///   - sink: where the trace goes; nil for none.
  public init(
    image: RunImage, scenario: BoundScenario, configuration: RunConfiguration, scenarioText: String = "",
    sink: (any TraceSink)?
  ) throws(Failure) {
    var configuration = configuration
    do throws(ImageError) {
      if case .kernel(let kernel) = image {
        configuration.bootProtocol = try configuration.bootProtocol(for: kernel)
      }
      session = try MachineSession(
        image: image, configuration: configuration, isObserving: sink != nil, awaited: Self.awaitedProbes(scenario))
    } catch { throw .image(error) }
    do throws(ScenarioDriverError) {
      driver = try ScenarioDriver(scenario.starting(at: session.machine.clock), symbols: image.kernel.symbols)
    } catch { throw .scenario(error) }
    limits = scenario.limits
    stepLimit = scenario.limits.steps.addingSaturating(session.machine.steps)
    clockLimit = scenario.limits.clock.addingSaturating(session.machine.clock)
    kernel = image.kernel
    settings = configuration.machine
    expectedEnd = scenario.expectedEnd
    symbolizer = ImageSymbolizer(image.kernel)
    do throws(TraceError) {
      let header = TraceHeader(
        revision: RunConfiguration.revision, configuration: configuration.settings, lanes: configuration.lanes,
        stateInterval: configuration.stateInterval, image: image.bytes,
        modules: configuration.modules.map { TraceHeader.Module(string: $0.string, bytes: $0.bytes) },
        scenario: scenarioText)
      writer = try sink.map { sink throws(TraceError) in try TraceWriter(header: header, sink: sink) }
    } catch { throw .trace(error) }
    if let writer { session.write(to: writer) }
    session.serialHandler = { [unowned self] port, byte in
      serialHandler?(port, byte)
      // A text is found at the boundary after the byte that completes it, which is where the machine pauses.
      if driver.awaitsSerial { driver.consume(serial: byte, port: port, clock: machine.clock) }
    }
    if driver.awaitsMark {
      session.markHandler = { [unowned self] byte in driver.consume(mark: byte, clock: machine.clock) }
    }
    if driver.awaitsScreen {
      session.screenHandler = { [unowned self] screen in driver.look(at: screen, clock: machine.clock) }
    }
  }

  /// What the machine has to write down for the conditions of `scenario`, whether it is recorded or not.
  private static func awaitedProbes(_ scenario: BoundScenario) -> ProbeSet {
    let conditions =
      scenario.rules.map(\.condition) + scenario.rules.compactMap { $0.repetition?.end?.condition }
      + scenario.stops.map(\.condition)
    var probes: ProbeSet = []
    for condition in conditions {
      switch condition {
      case .markText: probes.insert(.marks)
      case .screenText: probes.insert(.screen)
      case .clock, .serialText, .symbol: break
      }
    }
    return probes
  }

  /// A recorder of a run that begins with booting a kernel.
  public convenience init(
    image: KernelImage, scenario: BoundScenario, configuration: RunConfiguration, scenarioText: String = "",
    sink: (any TraceSink)?
  ) throws(Failure) {
    try self.init(
      image: RunImage.kernel(image), scenario: scenario, configuration: configuration, scenarioText: scenarioText,
      sink: sink)
  }

  public var machine: Machine { session.machine }

  /// How many bytes the trace has so far.
  public var traceByteCount: UInt64 { writer?.byteCount ?? 0 }

  /// How many events the trace has so far.
  public var eventCount: UInt64 { writer?.nextSequence ?? 0 }

  /// A code address by function and offset, or as a number.
  public func place(of address: UInt64) -> String { EventRendering(symbolizer: symbolizer).code(address) }

  /// Runs on, at most to `untilClock` or `steps` further. Gives the end of the run when it has come; a run that has ended stays so.
  ///
  /// How far each call goes has no influence on the trace.
  ///
  /// - Parameter isLive: input may still come from a person, so a machine that waits for ever has not ended.
  @discardableResult
  public func advance(
    untilClock: Clock = .max, steps: Steps = Recorder.sliceSteps, isLive: Bool = false
  ) throws(TraceError) -> RunEnd? {
    let untilSteps = min(machine.steps.addingSaturating(max(1, steps)), nextSizeCheck)
    let untilClock = min(untilClock, machine.clock.addingSaturating(Self.sliceClocks))
    var exits = 0
    while end == nil, exits < Self.sliceExits {
      exits += 1
      if let reached = reachedEnd() { return try finish(reached) }
      applyDueInputs()
      try session.takeEvents()
      try writer?.writeCompleteChunk(at: machine.clock)
      if driver.exceedsTypingLimit {
        let limit = Words.number(UInt64(Typist.codeLimit))
        return try finish((.limit, "the limit of \(limit) codes typed and not read was reached"))
      }
      if machine.clock >= untilClock || machine.steps >= untilSteps { return nil }
      let exit = run(untilClock: untilClock, untilSteps: untilSteps)
      try session.takeEvents()
      switch exit {
      case .reachedClock, .serialOutput, .keyboardRead, .mark, .screen, .inspected, .probesFull: break
      case .reachedSteps: if machine.steps.isMultiple(of: Self.sliceSteps) { try checkTraceSize() }
      case .anchor(let address):
        driver.reach(address, clock: machine.clock)
      case .idle where isLive:
        // The person's time passes, and what the scenario has left to do comes in it.
        machine.idle(untilClock: min(driver.nextClock ?? .max, untilClock, clockLimit))
      case .idle:
        try checkTraceSize()
        // Only the scenario has something left to do, or to wait for.
        guard let next = driver.nextClock else { return try finish((.idle, StopReason.idle.description)) }
        machine.idle(untilClock: min(next, untilClock, clockLimit))
      case .stopped(.idle) where isLive: return nil
      case .stopped(let reason): return try finish(describe(reason))
      }
    }
    return end
  }

  /// Applies an action of a person now; the trace gives it no anchor.
  public func apply(_ action: InputAction) throws(TraceError) {
    precondition(end == nil, "a run that has ended takes no input")
    apply(action, cause: "")
    session.collect()
    try session.takeEvents()
  }

  /// Ends the run because a person wishes so.
  @discardableResult
  public func interrupt(_ text: String) throws(TraceError) -> RunEnd {
    if let end { return end }
    return try finish((.interrupted, text))
  }

  /// The state in which a run that has ended leaves its machine, for other runs to start from; nil while the run goes on, and when the machine itself has ended it.
  ///
  /// What the scenario was still to do is no part of it.
  public func savedState() -> SavedState? {
    guard let end else { return nil }
    switch end.reason {
    case .limit, .stopCondition, .interrupted, .idle: return SavedState(of: machine, settings: settings, kernel: kernel)
    case .powerOff, .debugExit, .tripleFault, .unmodelled, .reset: return nil
    }
  }

  // MARK: - Running

  /// The step at which the trace's size is looked at next.
  ///
  /// That must be a step of the run and not of the caller's slices, and events come in batches whose ends are neither.
  private var nextSizeCheck: Steps {
    (machine.steps / Self.sliceSteps * Self.sliceSteps).addingSaturating(Self.sliceSteps)
  }

  private func checkTraceSize() throws(TraceError) {
    // The size of a chunk counts from when it is complete, not from when that is noticed.
    try writer?.writeCompleteChunk(at: machine.clock)
    isTraceFull = traceByteCount >= limits.traceByteCount
  }

  private typealias Reason = (reason: RunEnd.Reason, text: String)

  private func run(untilClock: Clock, untilSteps: Steps) -> RunExit {
    let addresses = driver.awaitedAddresses
    if addresses != awaitedAddresses {
      machine.setAnchors(addresses)
      awaitedAddresses = addresses
    }
    machine.pausesAfterSerialOutput = driver.awaitsSerial
    machine.pausesAfterMark = driver.awaitsMark
    machine.pausesAfterScreen = driver.awaitsScreen
    machine.pausesAfterKeyboardRead = driver.isTyping
    let clock = min(untilClock, driver.nextClock ?? .max, clockLimit)
    return session.run(untilClock: clock, untilSteps: min(untilSteps, stepLimit))
  }

  /// The end that has come at the present boundary, before anything more is applied there.
  private func reachedEnd() -> Reason? {
    if let anchor = driver.stop(at: machine.clock) { return (.stopCondition, "stop condition: \(anchor.shortName)") }
    if machine.steps >= stepLimit {
      return (.limit, "the limit of \(Words.count(limits.steps, "step")) was reached")
    }
    if machine.clock >= clockLimit {
      return (.limit, "the limit of \(Words.count(limits.clock, "clock")) was reached")
    }
    if isTraceFull { return (.limit, "the limit of \(Words.count(limits.traceByteCount, "trace byte")) was reached") }
    return nil
  }

  private func applyDueInputs() {
    for input in driver.takeInputs(dueAt: machine.clock) {
      apply(input.action, cause: driver.name(ofAnchor: input.anchor))
    }
    while driver.isTyping, machine.keyboardIsIdle, let input = driver.takeTypedCode() {
      apply(input.action, cause: driver.name(ofAnchor: input.anchor))
    }
    session.collect()
  }

  private func apply(_ action: InputAction, cause: String) {
    session.announceInput(cause: cause)
    machine.apply(action)
    lastInputClock = machine.clock
  }

  // MARK: - Ending

  private func describe(_ stop: StopReason) -> Reason {
    if case .debugExit(let value) = stop { exitValue = value }
    return (RunEnd.Reason(stop), stop.description)
  }

  private func finish(_ reason: Reason) throws(TraceError) -> RunEnd {
    let reason = settle(reason)
    session.finish()
    let end = RunEnd(
      reason: reason.reason, text: reason.text, steps: machine.steps, clock: machine.clock, exitValue: exitValue,
      reports: driver.reports(
        endedAsWished: reason.reason == .stopCondition
          || expectedEnd.map { $0 == ExpectedEnd(reason.reason) } ?? false))
    self.end = end
    try session.takeEvents()
    try writer?.finish(end)
    return end
  }

  /// Takes the machine to a boundary at which no input was applied, one clock further at most: a replay stops at a boundary before its inputs.
  private func settle(_ reason: Reason) -> Reason {
    guard reason.reason != .idle, machine.hasPassedBoundary || lastInputClock == machine.clock else { return reason }
    machine.setAnchors([])
    machine.pausesAfterSerialOutput = false
    machine.pausesAfterMark = false
    machine.pausesAfterScreen = false
    machine.pausesAfterKeyboardRead = false
    switch session.run(untilClock: machine.clock + 1, untilSteps: .max) {
    case .stopped(let stop): return describe(stop)
    case .idle: machine.idle(untilClock: machine.clock + 1)
    default: break
    }
    return reason
  }

  // MARK: - Checkpoints

  /// The state of a run that is not over, without the trace written so far.
  struct Checkpoint {
    fileprivate let session: MachineSession.Checkpoint
    fileprivate let driver: ScenarioDriver
    fileprivate let lastInputClock: Clock?
    fileprivate let isTraceFull: Bool
  }

  func checkpoint() -> Checkpoint {
    precondition(end == nil, "a run that has ended has no checkpoint")
    return Checkpoint(
      session: session.checkpoint(), driver: driver, lastInputClock: lastInputClock,
      isTraceFull: isTraceFull)
  }

  func restore(_ checkpoint: Checkpoint) {
    session.restore(checkpoint.session)
    driver = checkpoint.driver
    lastInputClock = checkpoint.lastInputClock
    isTraceFull = checkpoint.isTraceFull
    end = nil
    exitValue = nil
    awaitedAddresses = driver.awaitedAddresses
    machine.setAnchors(awaitedAddresses)
  }
}

extension RunEnd.Reason {
  /// The reason that a trace gives for a stop of the machine.
  init(_ stop: StopReason) {
    switch stop {
    case .debugExit: self = .debugExit
    case .powerOff: self = .powerOff
    case .tripleFault: self = .tripleFault
    case .reset: self = .reset
    case .unmodelled: self = .unmodelled
    case .idle: self = .idle
    }
  }
}

extension ExpectedEnd {
  /// The end that `reason` is when nobody expects it: trouble; nil for one that kernel, scenario or person brought about.
  public init?(_ reason: RunEnd.Reason) {
    switch reason {
    case .limit: self = .limit
    case .tripleFault: self = .tripleFault
    case .unmodelled: self = .notModelled
    case .powerOff, .debugExit, .idle, .stopCondition, .interrupted, .reset: return nil
    }
  }
}

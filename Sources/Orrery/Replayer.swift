public import OrreryBase
import OrreryImage
public import OrreryMachine
public import OrreryTrace

/// Runs a trace again from nothing but itself and compares every event, as it happens, with the recorded one.
///
///     let replayer = try Replayer(source: source)
///     while true { if let outcome = try replayer.advance() { … } }
///
/// The scenario is ignored: the inputs come from the trace, at their recorded clocks. Memory does not grow with the length of the run.
///
/// A replay ends, whatever a trace claims: it goes no further than one state interval beyond the last recorded state that it found the same, and lets
/// an idle machine wait for a bounded number of events only.
public final class Replayer {
  /// What a replay found.
  public enum Outcome: Sendable {
    /// Every event, and the end of the run, was as recorded. Without an end the recording was cut short, and all that it holds was the same.
    case same(eventCount: UInt64, end: RunEnd?)
    case different(Difference)
  }

  /// The first event in which the run differs from the trace.
  public struct Difference: Sendable {
    /// The number of the event.
    public var sequence: UInt64
    /// What the trace holds; nil when it has no further event.
    public var recorded: Event?
    /// What happened; nil when nothing more did.
    public var replayed: Event?
    /// How the recorded run ended and how this one did, when that is the difference.
    public var recordedEnd: RunEnd?
    public var replayedEnd: RunEnd?
  }

  private let session: MachineSession
  private let reader: TraceReader
  private let recordedEnd: RunEnd?
  private let lanes: LaneSet

  /// The run is coded as a recorder would, and the bytes are compared, which costs less than to decode the recorded ones.
  private let writer: TraceWriter
  private let bytes: ComparingTraceSink
  /// The trace that a recording of other lanes would have made of the run, when one is asked for.
  private var expansion: TraceWriter?
  /// The recorded events, once bytes were found that differ, or an end that a recording cut short does not have: from then on event is compared
  /// with event.
  private var recorded: TraceEvents?
  /// How many events were found the same.
  private var eventCount: UInt64 = 0

  /// The recorded states. Each is compared as soon as its slice has run, or a run that went astray would go on until a chunk is full.
  private var states: TraceEvents

  /// The recorded inputs, read ahead.
  private var inputs: TraceEvents
  private var hasMoreInputs = true
  private var lastScheduledClock: Clock = 0
  private var exitValue: UInt32?
  private var outcome: Outcome?

  /// The most inputs handed to the machine ahead of time.
  private static let inputsAhead = 64

  /// How long the machine has been idle, in rounds.
  private var idleRounds = 0
  /// The most rounds in a row in which the machine stays idle. A timer at its fastest (596 kHz, two edges each, nobody listening) takes 72 million in the 60 seconds that a
  /// run has by default; a trace may claim to have waited for centuries.
  var idleRoundLimit = 1 << 27
  private static let roundsPerIdleSlice = 64

  /// A trace to be made of a replayed run: what `record` with these lanes would have written.
  public struct Expansion {
    public var lanes: LaneSet
    public var sink: any TraceSink

    public init(lanes: LaneSet, sink: any TraceSink) {
      self.lanes = lanes
      self.sink = sink
    }
  }

  /// - Parameter expansion: a further trace of the run, of other lanes. It has its end when the outcome is `.same`; without that it is to be thrown away.
  public init(source: any TraceSource, expansion: Expansion? = nil) throws(ReplayError) {
    let header: TraceHeader
    do throws(TraceError) {
      reader = try TraceReader(source: source)
      header = try reader.header()
    } catch { throw .trace(error) }
    var configuration = try RunConfiguration(header: header)
    lanes = configuration.lanes
    if let expansion {
      guard reader.end != nil else { throw .withoutEnd }
      configuration.lanes = RunConfiguration(lanes: expansion.lanes).lanes
      var expandedHeader = header
      expandedHeader.lanes = configuration.lanes
      do throws(TraceError) {
        self.expansion = try TraceWriter(header: expandedHeader, sink: expansion.sink)
      } catch { throw .trace(error) }
      configuration.lanes.formUnion(lanes)
    }
    do throws(ImageError) {
      let image = try RunImage(bytes: header.image)
      session = try MachineSession(image: image, configuration: configuration, isObserving: true)
    } catch { throw .image(error) }
    bytes = ComparingTraceSink(source)
    do throws(TraceError) { writer = try TraceWriter(header: header, sink: bytes) } catch { throw .trace(error) }
    session.write(to: writer)
    if let expansion = self.expansion { session.expand(into: expansion) }
    recordedEnd = reader.end
    inputs = reader.events(lanes: LaneSet(.input))
    states = reader.events(lanes: LaneSet(.state))
    // The steps of a machine that was saved do not begin at zero.
    let first = session.machine.steps
    if let end = reader.end,
      end.steps < first || (end.steps - first) / header.stateInterval > reader.availableEventCount
    {
      throw .contradiction(
        "it claims \(Words.number(end.steps)) steps, and the states on the way are missing: it has "
          + "\(Words.number(reader.availableEventCount)) events")
    }
    if isCut, reader.availableEventCount == 0 { outcome = .same(eventCount: 0, end: nil) }
  }

  /// Whether the trace holds the beginning of a run and not its end.
  private var isCut: Bool { recordedEnd == nil }

  /// Whether the trace has everything that a finished one has.
  public var isTraceComplete: Bool { reader.isComplete }

  public var machine: Machine { session.machine }

  /// How many events were the same so far.
  public var sameEventCount: UInt64 { eventCount }

  /// How many events and bytes the expansion has so far.
  public var expandedSize: (eventCount: UInt64, byteCount: UInt64) {
    (expansion?.nextSequence ?? 0, expansion?.byteCount ?? 0)
  }

  /// Whether the replay, recorded again, gave every byte of the trace.
  public var isByteForByte: Bool { bytes.isComplete }

  /// Runs on, at most for `Recorder.sliceSteps`; gives the outcome once it is known.
  public func advance() throws(ReplayError) -> Outcome? {
    if let outcome { return outcome }
    do throws(TraceError) { try runSlice() } catch { throw .trace(error) }
    guard outcome == nil, idleRounds > idleRoundLimit else { return outcome }
    throw .contradiction(
      "it claims that nothing happens up to clock \(Words.number(lastPoint.clock)), and an idle machine's devices alone take too long to get there"
    )
  }

  private func runSlice() throws(TraceError) {
    try scheduleInputs()
    let steps = machine.steps
    let sliceEnd = steps.addingSaturating(Recorder.sliceSteps)
    let (lastClock, lastSteps) = lastPoint
    // No further than to the last input that the machine was given: the next ones may follow right after.
    let untilClock = min(
      hasMoreInputs ? lastScheduledClock : .max, lastClock, machine.clock.addingSaturating(Recorder.sliceClocks))
    // With no step left the machine may still have to stay halted up to the end's clock; one step more is already a difference.
    let lastStep = steps < lastSteps ? lastSteps : lastSteps.addingSaturating(1)
    let exit = session.run(untilClock: untilClock, untilSteps: min(lastStep, sliceEnd))
    try compareEvents()
    if machine.steps != steps {
      idleRounds = 0
    } else {
      idleRounds += exit == .idle ? 1 : Self.roundsPerIdleSlice
    }
    if outcome != nil { return }
    switch exit {
    case .reachedClock, .reachedSteps, .probesFull, .serialOutput, .keyboardRead, .mark, .screen, .inspected, .anchor:
      guard let recordedEnd else { return }
      if machine.clock >= lastClock || machine.steps > lastSteps {
        try finish(reason: recordedEnd.reason, text: recordedEnd.text)
      }
    case .idle:
      if let recordedEnd, recordedEnd.reason != .idle, machine.clock < recordedEnd.clock {
        machine.idle(untilClock: recordedEnd.clock)
      } else {
        try finish(reason: .idle, text: recordedEnd?.text ?? "")
      }
    case .stopped(let stop):
      let reason = RunEnd.Reason(stop)
      if case .debugExit(let value) = stop { exitValue = value }
      try finish(reason: reason, text: stop.description)
    }
  }

  private var lastPoint: (clock: Clock, steps: Steps) { recordedEnd?.lastPoint ?? (.max, .max) }

  private func scheduleInputs() throws(TraceError) {
    // At least one input beyond those of the present clock, or the machine would never be let run past it.
    while hasMoreInputs, machine.pendingInputCount < Self.inputsAhead || lastScheduledClock <= machine.clock {
      guard let event = try inputs.next() else {
        hasMoreInputs = false
        return
      }
      guard case .input(let action, let point, let cause) = event.payload else { continue }
      session.announceInput(cause: cause)
      machine.schedule(InputEvent(clock: event.clock, point: point, action: action))
      lastScheduledClock = event.clock
      idleRounds = 0
    }
  }

  /// Compares what happened since the last time with what was recorded.
  private func compareEvents() throws(TraceError) {
    let observedStates = session.events.states
    try session.takeEvents { entry throws(TraceError) in
      if outcome == nil, lanes.contains(entry.payload.lane) { try compare(entry) }
    }
    if recorded != nil { return }
    // A recording cut short is compared to its last event, and not to the one after it, which may never come.
    let count = writer.nextSequence
    let goesOn = isCut ? count < reader.availableEventCount : count <= reader.availableEventCount
    guard bytes.isSame, goesOn, try areRecorded(observedStates) else { return try compareUnverified() }
    eventCount = writer.writtenSequence
  }

  private func areRecorded(_ observedStates: [ObservedEvents.Entry]) throws(TraceError) -> Bool {
    guard lanes.contains(.state) else { return true }
    for observed in observedStates {
      guard let state = try states.next(), state.payload == observed.payload, state.clock == observed.clock
      else { return false }
    }
    return true
  }

  /// Finds the event in which the bytes differ, and from now on compares events.
  private func compareUnverified() throws(TraceError) {
    session.write(to: nil)
    try writer.flush()
    var replayed = try TraceReader(source: bytes.written).events(fromSequence: eventCount)
    recorded = try reader.events(fromSequence: eventCount)
    while outcome == nil, let event = try replayed.next() {
      try compare(ObservedEvents.Entry(clock: event.clock, payload: event.payload))
    }
    if outcome == nil, isCut, eventCount >= reader.availableEventCount {
      outcome = .same(eventCount: eventCount, end: nil)
    }
  }

  private func compare(_ entry: ObservedEvents.Entry) throws(TraceError) {
    let replayed = Event(sequence: eventCount, clock: entry.clock, payload: entry.payload)
    let recordedEvent = try recorded?.next()
    if recordedEvent == nil, recordedEnd == nil {
      // All that a recording cut short holds has been compared.
      outcome = .same(eventCount: eventCount, end: nil)
    } else if recordedEvent == replayed {
      eventCount += 1
    } else {
      outcome = .different(Difference(sequence: eventCount, recorded: recordedEvent, replayed: replayed))
    }
  }

  /// The run has come to its end: compares what is left, and the two ends.
  private func finish(reason: RunEnd.Reason, text: String) throws(TraceError) {
    try compareEnd(reason: reason, text: text)
    if case .same(_, let end?) = outcome { try expansion?.finish(end) }
  }

  private func compareEnd(reason: RunEnd.Reason, text: String) throws(TraceError) {
    session.finish()
    try compareEvents()
    if outcome != nil { return }
    let replayedEnd = RunEnd(
      reason: reason, text: text, steps: machine.steps, clock: machine.clock, exitValue: exitValue,
      reports: recordedEnd?.reports ?? [])
    if recorded == nil {
      try writer.finish(replayedEnd)
      if bytes.isComplete {
        eventCount = writer.writtenSequence
        outcome = .same(eventCount: eventCount, end: recordedEnd)
        return
      }
      try compareUnverified()
      if outcome != nil { return }
    }
    if let missing = try recorded?.next() {
      outcome = .different(Difference(sequence: eventCount, recorded: missing, replayed: nil))
      return
    }
    outcome =
      recordedEnd == nil || recordedEnd == replayedEnd
      ? .same(eventCount: eventCount, end: recordedEnd)
      : .different(Difference(sequence: eventCount, recordedEnd: recordedEnd, replayedEnd: replayedEnd))
  }
}

extension RunEnd {
  /// How far a machine that runs again may go at most. An end that comes from the machine itself is a step it must be let run into.
  var lastPoint: (clock: Clock, steps: Steps) {
    switch reason {
    case .limit, .stopCondition, .interrupted: (clock, steps)
    case .powerOff, .debugExit, .tripleFault, .idle, .unmodelled, .reset:
      (clock.addingSaturating(1), steps.addingSaturating(1))
    }
  }
}

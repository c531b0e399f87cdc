import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryTrace

/// A machine with its observers: it runs, and what it does comes out as events. What recording and replaying have in common, so that they cannot differ.
///
/// Where a run is cut into calls changes no event: `state` events come at their steps, every other event from the machine's records alone.
final class MachineSession {
  let machine: Machine
  private var observers: Observers
  private let stateInterval: Steps
  private var nextState: Steps
  /// What the observers make.
  private(set) var events = ObservedEvents()
  /// Called with every byte that leaves a serial port, when set.
  var serialHandler: ((_ port: UInt8, _ byte: UInt8) -> Void)?
  /// Called with every byte that is written to the trace port, when set.
  var markHandler: ((_ byte: UInt8) -> Void)?
  /// Called with the screen after a change of it, when set.
  var screenHandler: ((ScreenContents) -> Void)?
  /// What the screen shows, as far as somebody wants to know.
  private var screen = ScreenContents()
  /// Whether the session keeps events; without it records only pass by.
  private let isObserving: Bool

  /// - Parameters:
  ///   - isObserving: whether events are wanted; otherwise only what the handlers are told is looked at.
  ///   - awaited: what the handlers need to be told, beside inputs and output.
  init(
    image: RunImage, configuration: RunConfiguration, isObserving: Bool, awaited: ProbeSet = []
  ) throws(ImageError) {
    let allocators =
      isObserving
      ? Boot.watchedAllocators(of: image.kernel, with: configuration.allocators, lanes: configuration.lanes) : []
    machine = try Boot.machine(
      for: image, configuration,
      probes: (isObserving ? Observers.probes(for: configuration.lanes) : [.input, .output]).union(awaited),
      callProbes: allocators.map(\.probe))
    observers = Observers(lanes: configuration.lanes, allocators: allocators)
    stateInterval = configuration.stateInterval
    // At the same steps wherever a run starts.
    nextState = (machine.steps / stateInterval + 1) * stateInterval
    self.isObserving = isObserving
  }

  /// Runs until something is to be done; a full probe buffer is emptied on the way.
  func run(untilClock: Clock, untilSteps: Steps) -> RunExit {
    while true {
      let exit = machine.run(untilClock: untilClock, untilSteps: min(untilSteps, nextState))
      collect()
      // A step's records come before anything that happens at the boundary after it.
      if machine.isListingTables { continue }
      if machine.steps >= nextState {
        if isObserving { appendState() }
        nextState += stateInterval
        if exit == .reachedSteps, machine.steps < untilSteps { continue }
      }
      if exit == .probesFull, events.count < Self.eventBatch { continue }
      return exit
    }
  }

  /// How many events are gathered before the caller gets a chance to write them.
  private static let eventBatch = 4096

  /// Announces why the next input is applied; in the order in which the machine will write them down.
  func announceInput(cause: String) {
    if isObserving { observers.announceInput(cause: cause) }
  }

  /// Turns the machine's records so far into events.
  func collect() {
    let hasSerialOutput = machine.probes.hasSerialOutput
    machine.probes.drain { records, bytes in
      if hasSerialOutput, let serialHandler {
        for record in records where record.kind == .serialOutput {
          serialHandler(UInt8(truncatingIfNeeded: record.detail), UInt8(truncatingIfNeeded: record.value0))
        }
      }
      if markHandler != nil || screenHandler != nil { show(records, bytes) }
      if isObserving { observers.observe(records, bytes: bytes, endsStep: !machine.isListingTables, into: &events) }
    }
  }

  /// Tells the handlers what was written to the trace port and to the screen.
  private func show(_ records: some Sequence<ProbeRecord>, _ bytes: [UInt8]) {
    var hasScreen = false
    for record in records {
      if record.kind == .mark { markHandler?(UInt8(truncatingIfNeeded: record.value0)) }
      guard record.kind == .screenRow, screenHandler != nil else { continue }
      hasScreen = true
      let start = Int(record.value2)
      let cells = bytes[start..<start + 2 * Int(record.value1)]
      screen.apply(
        row: UInt8(truncatingIfNeeded: record.detail), column: UInt8(truncatingIfNeeded: record.value0),
        cells: Array(cells))
    }
    if hasScreen { screenHandler?(screen) }
  }

  /// Ends what is still being gathered and states the machine's last state.
  func finish() {
    collect()
    guard isObserving else { return }
    observers.finish(clock: machine.clock, into: &events)
    appendState()
  }

  /// From now on events go to `writer` as they are made, or, without one, into the list that `takeEvents` hands over.
  func write(to writer: TraceWriter?) { events.write(to: writer) }

  /// From now on every event goes to `writer`, too.
  func expand(into writer: TraceWriter) { events.expand(into: writer) }

  /// Hands the events over, those that no writer has had; throws what stopped the writer.
  func takeEvents(_ body: (ObservedEvents.Entry) throws(TraceError) -> Void = { _ in }) throws(TraceError) {
    for entry in events.entries { try body(entry) }
    events.removeAll()
    if let failure = events.failure { throw failure }
  }

  private func appendState() {
    events.append(.state(machine.stateHash(), steps: machine.steps), clock: machine.clock)
  }

  // MARK: Checkpoints

  struct Checkpoint {
    fileprivate let machine: OrreryMachine.Checkpoint
    fileprivate let observers: Observers
    fileprivate let nextState: Steps
    fileprivate let screen: ScreenContents
    fileprivate let entries: [ObservedEvents.Entry]
  }

  func checkpoint() -> Checkpoint {
    collect()
    return Checkpoint(
      machine: machine.checkpoint(), observers: observers, nextState: nextState, screen: screen, entries: events.entries
    )
  }

  func restore(_ checkpoint: Checkpoint) {
    machine.restore(checkpoint.machine)
    observers = checkpoint.observers
    nextState = checkpoint.nextState
    screen = checkpoint.screen
    events.removeAll()
    events.entries = checkpoint.entries
  }
}

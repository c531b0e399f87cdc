public import OrreryBase
import OrreryMachine
import OrreryScenario
import OrreryTrace

/// Finds the first instruction whose effect differs in two runs.
///
/// The `state` events of the traces tell between which two of them the difference began that is still there at the second. Up to the first both runs are run again;
/// from there they go on side by side, from one point of comparison to the next: even distances, and every input that only one of them has. A checkpoint of each
/// is kept from the last point at which their states were the same; between that and the next the step is found by halving.
///
/// It is exact because the machine is deterministic: runs in the same state with the same inputs to come stay in the same state. So a difference begins with an
/// input that only one run has, with something in the image or the settings, or with a machine that was not the same.
public struct DivergenceSearch {
  /// What came out.
  public enum Outcome: Sendable {
    /// All states that both traces have, as many as said, are the same, and so is the end.
    case same(stateCount: UInt64)
    /// The states differ from a step on, up to the `state` event after so many steps, or up to the end of a run.
    case different(Divergence, visibleAt: Steps)
    /// The traces' states differ, and those of the runs when they were run again do not: one was recorded by another machine than this.
    case notReproduced(at: Steps)
  }

  public struct Result: Sendable {
    public var outcome: Outcome
    /// The inputs that only one run had and that left no trace in the first state compared after them.
    public var withoutEffect: [InputDifference]
    /// How many inputs only one of the runs had.
    public var inputDifferenceCount: UInt64
    /// How many steps were executed in both runs together.
    public var executedSteps: Steps
  }

  /// The distance of two points of comparison is this part of what lies between two `state` events, but not less than the other number.
  private static let intervalCount: Steps = 64
  private static let minimumInterval: Steps = 4096
  private static let sliceSteps: Steps = 1 << 24

  private let firstSource: any TraceSource
  private let secondSource: any TraceSource
  /// Called now and then with the steps that the runs have come to.
  public var progress: (Steps) -> Void = { _ in }

  public init(_ first: any TraceSource, _ second: any TraceSource) {
    firstSource = first
    secondSource = second
  }

  public func run() throws(ReplayError) -> Result {
    let first = try TraceRun(firstSource)
    let second = try TraceRun(secondSource)
    try Self.checkComparable(first, second)
    let states: StateComparison
    let inputs: InputDifferences
    do throws(TraceError) {
      states = try StateComparison(first.reader, second.reader)
      inputs = try InputDifferences(first.reader, second.reader)
    } catch { throw .trace(error) }
    var result = Result(
      outcome: .same(stateCount: states.sameCount), withoutEffect: [], inputDifferenceCount: inputs.count,
      executedSteps: 0)
    guard let differing = states.firstDifferent else {
      result.withoutEffect = inputs.list
      return result
    }
    var walk = SideBySide(first: first, second: second)
    guard walk.areSame() else {
      result.outcome = .different(
        Divergence(action: .none, steps: first.steps, clock: first.clock, before: nil, first, second),
        visibleAt: differing)
      return result
    }
    // Up to the last state that the traces have in common there is nothing to look for.
    while first.steps < states.lastSame {
      let point = min(states.lastSame, first.steps.addingSaturating(Self.sliceSteps))
      try walk.run(untilClock: .max, untilSteps: point)
      progress(first.steps)
      if first.end != nil || second.end != nil { break }
    }
    guard walk.areSame(), states.lastHash.map({ $0 == first.machine.stateHash() }) ?? true else {
      throw .contradiction(
        "after \(Words.number(first.steps)) steps the machine is not in the state that both traces have there, so they cannot be replayed"
      )
    }
    let found = try search(&walk, from: first.steps, to: differing, inputs.list)
    result.executedSteps = walk.executedSteps
    result.withoutEffect = inputs.list.filter { $0.input.clock < found.clockOfLastSame }
    result.outcome = found.divergence.map { .different($0, visibleAt: differing) } ?? .notReproduced(at: differing)
    return result
  }

  private static func checkComparable(_ first: TraceRun, _ second: TraceRun) throws(ReplayError) {
    guard first.reader.hasSameImage(as: second.reader) else {
      throw .incomparable(
        "the images differ, so the runs differ from the start; compare what the kernels do with: orrery diff --behaviour"
      )
    }
    let (ours, theirs) = (first.configuration.machine, second.configuration.machine)
    guard ours.memorySize == theirs.memorySize, ours.frequency == theirs.frequency else {
      throw .incomparable(
        "the runs are of machines of other memory or frequency (\(Words.size(ours.memorySize)) at \(Words.number(ours.frequency.hertz)) Hz, "
          + "\(Words.size(theirs.memorySize)) at \(Words.number(theirs.frequency.hertz)) Hz), whose states have nothing in common; record both with the same, or compare what the kernels do with: orrery diff --behaviour"
      )
    }
  }

  // MARK: Side by side

  private struct Found {
    var divergence: Divergence?
    /// The clock of the last point at which the states were the same.
    var clockOfLastSame: Clock
  }

  private struct Point {
    var clock: Clock
    var steps: Steps
  }

  /// From a point at which the states are the same to the one where they differ.
  private func search(
    _ walk: inout SideBySide, from start: Steps, to end: Steps, _ inputs: [InputDifference]
  ) throws(ReplayError) -> Found {
    let interval = max(Self.minimumInterval, (end - min(start, end)) / Self.intervalCount)
    var candidates = inputs.map(\.input.clock).filter { $0 > walk.first.clock }[...]
    var low = walk.checkpoint()
    /// The first point after `low` at which they differ.
    var high: Point?
    while walk.first.steps < end, walk.first.end == nil, walk.second.end == nil {
      let steps = walk.first.steps
      while let next = candidates.first, next <= walk.first.clock { candidates.removeFirst() }
      try walk.run(
        untilClock: candidates.first ?? .max, untilSteps: min(end, steps.addingSaturating(interval)))
      progress(walk.first.steps)
      if walk.areSame() {
        low = walk.checkpoint()
        high = nil
      } else if high == nil {
        high = Point(
          clock: max(walk.first.clock, walk.second.clock), steps: max(walk.first.steps, walk.second.steps))
      }
    }
    guard let high else { return Found(divergence: nil, clockOfLastSame: walk.first.clock) }
    let divergence = try pinpoint(&walk, low, high, inputs)
    return Found(divergence: divergence, clockOfLastSame: low.first.clock)
  }

  /// The step after `low`, where the states are the same, and up to `high`, where they are not.
  private func pinpoint(
    _ walk: inout SideBySide, _ start: SideBySide.Checkpoint, _ end: Point, _ inputs: [InputDifference]
  ) throws(ReplayError) -> Divergence {
    var (low, high) = (start, end.steps)
    while high > low.first.steps + 1 {
      let middle = low.first.steps + (high - low.first.steps) / 2
      walk.restore(low)
      try walk.run(untilClock: .max, untilSteps: middle)
      if walk.areSame() { low = walk.checkpoint() } else { high = middle }
    }
    walk.restore(low)
    let (first, second) = (walk.first, walk.second)
    let (clock, steps) = (first.clock, first.steps)
    let before = first.machine.registerValues
    let (address, bits) = (first.machine.instructionAddress, first.machine.instructionBits)
    var delivery: (vector: UInt8, isException: Bool)?
    second.deliveryHandler = { vector, isException, _ in if delivery == nil { delivery = (vector, isException) } }
    first.deliveryHandler = second.deliveryHandler
    // A difference that needs no step is there before the next one, when the inputs of the present clock were applied.
    try walk.run(untilClock: high > steps ? .max : end.clock, untilSteps: steps + 1)
    (first.deliveryHandler, second.deliveryHandler) = (nil, nil)
    let bytes = first.machine.read(address, upTo: StepAction.byteLimit)
    let secondBytes = second.machine.read(address, upTo: StepAction.byteLimit)
    let action: StepAction
    if first.steps == steps, second.steps == steps {
      action = .none
    } else if let delivery {
      action = .delivery(vector: delivery.vector, isException: delivery.isException, address)
    } else {
      action = .instruction(address, bytes: bytes, bits: bits)
    }
    var divergence = Divergence(action: action, steps: steps + 1, clock: clock, before: before, first, second)
    if bytes != secondBytes { divergence.secondBytes = secondBytes }
    let last = max(first.clock, second.clock)
    divergence.causes = inputs.filter { $0.input.clock >= clock && $0.input.clock < max(last, clock + 1) }
    return divergence
  }
}

/// Two runs that go from point to point together.
private struct SideBySide {
  let first: TraceRun
  let second: TraceRun
  private(set) var executedSteps: Steps = 0

  init(first: TraceRun, second: TraceRun) {
    self.first = first
    self.second = second
  }

  mutating func run(untilClock: Clock, untilSteps: Steps) throws(ReplayError) {
    let before = first.steps + second.steps
    _ = try first.run(untilClock: untilClock, untilSteps: untilSteps)
    _ = try second.run(untilClock: untilClock, untilSteps: untilSteps)
    executedSteps += first.steps + second.steps - before
  }

  /// Whether both stand at the same point in the same state.
  func areSame() -> Bool {
    first.clock == second.clock && first.steps == second.steps && (first.end == nil) == (second.end == nil)
      && first.machine.stateHash() == second.machine.stateHash()
  }

  struct Checkpoint {
    let first: TraceRun.Checkpoint
    let second: TraceRun.Checkpoint
  }

  /// Saves a point at which both are the same; nobody goes back beyond it.
  func checkpoint() -> Checkpoint {
    Checkpoint(first: first.checkpoint(isOldest: true), second: second.checkpoint(isOldest: true))
  }

  func restore(_ checkpoint: Checkpoint) {
    first.restore(checkpoint.first)
    second.restore(checkpoint.second)
  }
}

/// What the `state` events of two traces say.
private struct StateComparison {
  /// The steps of the last state before the first different one; 0 for none.
  private(set) var lastSame: Steps = 0
  private(set) var lastHash: Hash128?
  /// The steps at which the states are not the same any more; nil when all are.
  private(set) var firstDifferent: Steps?
  private(set) var sameCount: UInt64 = 0

  private struct State: Hashable {
    var hash: Hash128
    var steps: Steps
    var clock: Clock
  }

  init(_ first: TraceReader, _ second: TraceReader) throws(TraceError) {
    var left = first.events(lanes: LaneSet(.state))
    var right = second.events(lanes: LaneSet(.state))
    var (ours, theirs) = (try Self.next(&left), try Self.next(&right))
    while let mine = ours, let yours = theirs {
      if mine.steps < yours.steps {
        ours = try Self.next(&left)
      } else if yours.steps < mine.steps {
        theirs = try Self.next(&right)
      } else if mine == yours {
        (lastSame, lastHash) = (mine.steps, mine.hash)
        sameCount += 1
        (ours, theirs) = (try Self.next(&left), try Self.next(&right))
      } else {
        firstDifferent = mine.steps
        return
      }
    }
    guard let ours = first.end, let theirs = second.end else { return }
    if (ours.steps, ours.clock, ours.reason) != (theirs.steps, theirs.clock, theirs.reason) {
      firstDifferent = max(ours.steps, theirs.steps)
    }
  }

  private static func next(_ events: inout TraceEvents) throws(TraceError) -> State? {
    while let event = try events.next() {
      if case .state(let hash, let steps) = event.payload {
        return State(hash: hash, steps: steps, clock: event.clock)
      }
    }
    return nil
  }
}

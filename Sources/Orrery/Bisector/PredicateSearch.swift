public import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryScenario
import OrreryTrace

/// Finds the first step of a trace's run after which a predicate is true.
///
/// It is looked at wherever it can have come true, and nowhere else: after each change of the bytes it reads, and of the page tables that lead to them; after each
/// change of the address space; at each execution of a symbol and each delivery that it counts; at the clocks and steps that it names. While its truth hangs on a
/// register, after each step. So the first time is found, however often it becomes false again.
public final class PredicateSearch {
  /// Why there was no search.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    case predicate(PredicateError)
    case replay(ReplayError)

    public var description: String {
      switch self {
      case .predicate(let error): error.description
      case .replay(let error): error.description
      }
    }
  }

  /// A point of the run at which the predicate is true for the first time.
  public struct Moment: Sendable {
    /// A register that the step changed.
    public struct Register: Hashable, Sendable {
      public var name: String
      public var before: [UInt64]
      public var after: [UInt64]
    }

    /// The step that made it true; nothing at all when it was true from the start, or came true with the clock while the processor was halted.
    public var action: StepAction
    /// Whether it is the instruction that is about to execute: a symbol was reached.
    public var isBefore: Bool
    /// After so many steps it is true, and at this clock.
    public var steps: Steps
    public var clock: Clock
    /// Inputs that were applied at the boundary before the step.
    public var inputs: [InputEvent] = []
    public var registers: [Register] = []
    /// What the predicate looks at, in its words, and what that holds; nil for what is not mapped or no memory.
    public var values: [(text: String, value: UInt64?)] = []
  }

  public enum Outcome: Sendable {
    case found(Moment)
    case never(end: String, steps: Steps, clock: Clock)
  }

  /// A checkpoint is taken every so many steps: that far the run goes back at most to tell what the step was.
  private static let checkpointInterval: Steps = 1 << 20
  /// So many looks lie between two words on how far the search is.
  private static let progressInterval = 1 << 12

  private let run: TraceRun
  private let predicate: Predicate
  private let isMonotonic: Bool
  private let atoms: [Predicate.Atom]
  /// The clocks and steps that comparisons name: where they may turn.
  private let clockPoints: [UInt64]
  private let stepPoints: [UInt64]
  /// Only looked up.
  private var addresses: [String: UInt64] = [:]
  private var hits: [LinearAddress: UInt64] = [:]
  private var deliveries = [UInt64](repeating: 0, count: 512)
  /// Whether the machine tells of every change of what the predicate reads, as `inspect` found it to be translated.
  private var isInspecting = false
  /// Where the memory is that the predicate reads, as far as it is RAM and lies within a page; while `isInspecting` only.
  private var places: [Predicate.Value: PhysicalAddress] = [:]
  /// Called now and then with the steps that the run has come to.
  public var progress: (Steps) -> Void = { _ in }

  /// - Parameter isMonotonic: the caller knows that the predicate stays true once it is; it is then looked at every million steps, and the step found by halving.
  public init(source: any TraceSource, predicate: Predicate, isMonotonic: Bool = false) throws(Failure) {
    self.isMonotonic = isMonotonic
    do throws(ReplayError) { run = try TraceRun(source) } catch { throw .replay(error) }
    let predicate = predicate.counted(by: run.configuration.machine.frequency)
    self.predicate = predicate
    atoms = predicate.root.atoms
    clockPoints = atoms.flatMap { $0.points(of: .clock) }
    stepPoints = atoms.flatMap { $0.points(of: .steps) }
    do throws(PredicateError) {
      for name in atoms.flatMap(\.names) { addresses[name.text] = try address(of: name) }
      for operand in atoms.flatMap(\.operands) { try checkPhysical(operand.value) }
    } catch { throw .predicate(error) }
    var anchors: [LinearAddress] = []
    for case .reached(let name, _) in atoms {
      let address = LinearAddress(addresses[name.text] ?? 0)
      if hits.updateValue(0, forKey: address) == nil { anchors.append(address) }
    }
    run.machine.setAnchors(anchors)
    run.machine.inspectsDeliveries = atoms.flatMap(\.operands).contains { operand in
      if case .deliveries = operand.value { true } else { false }
    }
    run.deliveryHandler = { [unowned self] vector, isException, _ in
      deliveries[Int(vector) + (isException ? 256 : 0)] += 1
    }
  }

  private func address(of name: Predicate.Name) throws(PredicateError) -> UInt64 {
    do throws(ScenarioDriverError) {
      return try run.kernel.symbols.anchorAddress(of: name.text).rawValue
    } catch {
      throw PredicateError(
        text: predicate.text, column: name.column, length: name.length,
        message: error.isAmbiguous
          ? "`\(name.text)` stands for several symbols" : "the kernel has no symbol `\(name.text)`",
        remedy: error.candidates.isEmpty
          ? ""
          : "\(error.isAmbiguous ? "name one of" : "names like it are") \(error.candidates.map { "\"\($0)\"" }.joined(separator: ", "))"
      )
    }
  }

  /// What is no RAM would compare as false for ever.
  private func checkPhysical(_ value: Predicate.Value) throws(PredicateError) {
    guard case .memory(let place, let size, isPhysical: true) = value else { return }
    let address = PhysicalAddress(address(of: place))
    guard run.machine.read(address, count: size) == nil else { return }
    let (column, length) = predicate.place(of: "physical") ?? (1, 1)
    throw PredicateError(
      text: predicate.text, column: column, length: length, message: "there is no RAM at physical address \(address)",
      remedy: PhysicalAddress(0xA_0000)..<PhysicalAddress(0xC_0000) ~= address
        ? "what the screen shows is in the trace: orrery show TRACE --lane output" : "")
  }

  // MARK: The search

  public func search() throws(Failure) -> Outcome {
    do throws(ReplayError) { return try isMonotonic ? searchByHalving() : searchAll() } catch { throw .replay(error) }
  }

  private func searchAll() throws(ReplayError) -> Outcome {
    var saved = save()
    if truth() == true { return .found(moment(.none)) }
    var count = 0
    while run.end == nil {
      if run.steps - saved.run.steps >= Self.checkpointInterval { saved = save() }
      // Where every step is looked at, a million of them takes longer than a person waits for a word.
      if count % Self.progressInterval == 0 { progress(run.steps) }
      count += 1
      let isAnchor = try goOn(untilSteps: saved.run.steps + Self.checkpointInterval)
      if truth() == true {
        return .found(isAnchor ? momentBefore() : try momentAfter(saved, steps: run.steps, clock: run.clock))
      }
    }
    return .never(end: run.end ?? "", steps: run.steps, clock: run.clock)
  }

  private func searchByHalving() throws(ReplayError) -> Outcome {
    if truth() == true { return .found(moment(.none)) }
    endInspection()
    while run.end == nil {
      var low = save()
      progress(run.steps)
      try passOver(to: low.run.steps + Self.checkpointInterval)
      guard truth() == true else { continue }
      var high = run.steps
      while high > low.run.steps + 1 {
        let middle = low.run.steps + (high - low.run.steps) / 2
        restore(low)
        try passOver(to: middle)
        if truth() == true { high = middle } else { low = save() }
      }
      return .found(try momentAfter(low, steps: high, clock: .max))
    }
    return .never(end: run.end ?? "", steps: run.steps, clock: run.clock)
  }

  /// Runs to the next point at which the predicate can have come true. Whether that is the execution of a symbol.
  private func goOn(untilSteps: Steps) throws(ReplayError) -> Bool {
    var (clock, steps) = (Clock.max, untilSteps)
    if truth(withoutRegisters: true) == nil {
      steps = run.steps + 1
      // Nothing is told after each step that is not looked at anyway.
      endInspection()
    } else if !isInspecting {
      inspect()
    }
    for point in clockPoints where point > run.clock { clock = min(clock, point) }
    for point in stepPoints where point > run.steps { steps = min(steps, point) }
    let isAnchor = note(try run.run(untilClock: clock, untilSteps: steps))
    if isInspecting, run.machine.takeInspectedTranslationChange() { isInspecting = false }
    return isAnchor
  }

  private func note(_ pause: TraceRun.Pause) -> Bool {
    guard case .anchor(let address) = pause else { return false }
    hits[address, default: 0] += 1
    return true
  }

  /// Runs to a step, whatever comes true on the way.
  private func passOver(to steps: Steps) throws(ReplayError) {
    while run.steps < steps, run.end == nil { _ = note(try run.run(untilSteps: steps)) }
  }

  /// Has the machine tell of every change of what the predicate reads, and of what decides where that is.
  private func inspect() {
    var tables: [UInt64] = []
    var bytes: [(address: PhysicalAddress, count: Int)] = []
    places = [:]
    var needsInspection = false
    for atom in atoms {
      switch atom {
      case .reached: break
      case .mapped(let place):
        needsInspection = true
        tables += run.machine.tableFrames(of: LinearAddress(address(of: place)))
      case .comparison(let left, _, let right):
        for value in [left.value, right.value] {
          guard case .memory(let place, let size, let isPhysical) = value else { continue }
          needsInspection = true
          let first = address(of: place)
          for index in 0..<UInt64(size) {
            let address = first &+ index
            if isPhysical {
              bytes.append((PhysicalAddress(address), 1))
            } else {
              if index == 0 || address & 0xFFF == 0 { tables += run.machine.tableFrames(of: LinearAddress(address)) }
              if let physical = run.machine.physicalAddress(of: LinearAddress(address)) { bytes.append((physical, 1)) }
            }
          }
          if first & 0xFFF <= 4096 - UInt64(size), bytes.count >= size {
            let place = isPhysical ? PhysicalAddress(first) : run.machine.physicalAddress(of: LinearAddress(first))
            if let place { places[value] = place }
          }
        }
      }
    }
    run.machine.inspect(needsInspection ? tables : nil, bytes: bytes)
    isInspecting = true
  }

  private func endInspection() {
    guard isInspecting else { return }
    run.machine.inspect(nil)
    isInspecting = false
  }

  // MARK: Truth

  private func address(of place: Predicate.Place) -> UInt64 {
    switch place {
    case .address(let address): address
    case .symbol(let name, let offset): (addresses[name.text] ?? 0) &+ UInt64(bitPattern: offset)
    }
  }

  /// Whether the predicate is true now.
  ///
  /// - Parameter withoutRegisters: nothing is known of registers, nor of clocks and steps compared with other things than numbers; nil when it hangs on them.
  private func truth(withoutRegisters: Bool = false) -> Bool? { truth(predicate.root, withoutRegisters) }

  private func truth(_ expression: Predicate.Expression, _ withoutRegisters: Bool) -> Bool? {
    switch expression {
    case .negation(let inner): return truth(inner, withoutRegisters).map { !$0 }
    case .both(let left, let right):
      let first = truth(left, withoutRegisters)
      if first == false { return false }
      let second = truth(right, withoutRegisters)
      return second == false ? false : first == nil ? nil : second
    case .either(let left, let right):
      let first = truth(left, withoutRegisters)
      if first == true { return true }
      let second = truth(right, withoutRegisters)
      return second == true ? true : first == nil ? nil : second
    case .atom(.mapped(let place)):
      return isMapped(address(of: place))
    case .atom(.reached(let name, let hit)):
      return hits[LinearAddress(addresses[name.text] ?? 0), default: 0] >= hit
    case .atom(.comparison(let left, let relation, let right)):
      if withoutRegisters, left.isVolatile(against: right) || right.isVolatile(against: left) { return nil }
      guard let first = value(of: left), let second = value(of: right) else { return false }
      return relation.holds(first, second)
    }
  }

  /// Whether page tables map it: while paging is off, none do.
  private func isMapped(_ address: UInt64) -> Bool {
    run.machine.value(of: .cr0) >> 31 == 1 && run.machine.physicalAddress(of: LinearAddress(address)) != nil
  }

  private func value(of operand: Predicate.Operand) -> UInt64? {
    let value: UInt64?
    switch operand.value {
    case .number(let number): value = number
    case .time: value = nil
    case .register(let register): value = run.machine.value(of: register)
    case .clock: value = run.clock
    case .steps: value = run.steps
    case .deliveries(let vector, let isException): value = deliveries[Int(vector) + (isException ? 256 : 0)]
    case .memory(let place, let size, let isPhysical):
      if isInspecting, let known = places[operand.value] {
        value = run.machine.number(at: known, size: size)
        break
      }
      let address = address(of: place)
      let bytes =
        isPhysical
        ? run.machine.read(PhysicalAddress(address), count: size) ?? []
        : run.machine.read(LinearAddress(address), upTo: size)
      value = bytes.count == size ? bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } : nil
    }
    return value.map { $0 & operand.mask }
  }

  // MARK: The moment

  private struct Saved {
    var run: TraceRun.Checkpoint
    var hits: [LinearAddress: UInt64]
    var deliveries: [UInt64]
  }

  /// Nobody goes back beyond it.
  private func save() -> Saved { Saved(run: run.checkpoint(isOldest: true), hits: hits, deliveries: deliveries) }

  private func restore(_ saved: Saved) {
    endInspection()
    run.restore(saved.run)
    (hits, deliveries) = (saved.hits, saved.deliveries)
  }

  private func moment(_ action: StepAction, isBefore: Bool = false) -> Moment {
    var moment = Moment(action: action, isBefore: isBefore, steps: run.steps, clock: run.clock)
    for operand in atoms.flatMap(\.operands) {
      if case .number = operand.value { continue }
      if moment.values.contains(where: { $0.text == operand.description }) { continue }
      moment.values.append((operand.description, value(of: operand)))
    }
    for case .mapped(let place) in atoms {
      let address = address(of: place)
      let physical = isMapped(address) ? run.machine.physicalAddress(of: LinearAddress(address)) : nil
      moment.values.append(("physical address of \(place)", physical?.rawValue))
    }
    return moment
  }

  /// The predicate came true because a symbol is reached.
  private func momentBefore() -> Moment {
    let address = run.machine.instructionAddress
    let bytes = run.machine.read(address, upTo: StepAction.byteLimit)
    return moment(.instruction(address, bytes: bytes, bits: run.machine.instructionBits), isBefore: true)
  }

  /// The predicate is true after `steps` steps, at `clock` at the latest: goes there again from `saved` to see what the last step was.
  private func momentAfter(_ saved: Saved, steps: Steps, clock: Clock) throws(ReplayError) -> Moment {
    guard steps > saved.run.steps else { return moment(.none) }
    restore(saved)
    endInspection()
    try passOver(to: steps - 1)
    let before = run.machine.registerValues
    let (start, address, bits) = (run.clock, run.machine.instructionAddress, run.machine.instructionBits)
    let bytes = run.machine.read(address, upTo: StepAction.byteLimit)
    let counts = deliveries
    try passOver(to: steps)
    guard truth() == true else {
      // It is not the step: the clock went on.
      while run.clock < clock, run.end == nil { _ = note(try run.run(untilClock: clock)) }
      return moment(.none)
    }
    var action = StepAction.instruction(address, bytes: bytes, bits: bits)
    if let index = deliveries.indices.first(where: { deliveries[$0] != counts[$0] }) {
      action = .delivery(vector: UInt8(index & 255), isException: index >= 256, address)
    }
    var found = moment(action)
    found.inputs = run.inputs(from: start, to: run.clock)
    for (old, new) in zip(before, run.machine.registerValues) where old.value != new.value && old.name != "other" {
      found.registers.append(Moment.Register(name: old.name, before: old.value, after: new.value))
    }
    return found
  }
}

extension Predicate.Expression {
  /// All that it consists of, from the left.
  fileprivate var atoms: [Predicate.Atom] {
    switch self {
    case .both(let left, let right), .either(let left, let right): left.atoms + right.atoms
    case .negation(let inner): inner.atoms
    case .atom(let atom): [atom]
    }
  }
}

extension Predicate.Atom {
  fileprivate var operands: [Predicate.Operand] {
    if case .comparison(let left, _, let right) = self { [left, right] } else { [] }
  }

  /// Where a comparison of `value` with a number may turn: at the number, and after it.
  fileprivate func points(of value: Predicate.Value) -> [UInt64] {
    guard case .comparison(let left, _, let right) = self else { return [] }
    return [(left.value, right.value), (right.value, left.value)].flatMap { operand, other -> [UInt64] in
      guard operand == value, case .number(let number) = other else { return [] }
      return [number, number.addingSaturating(1)]
    }
  }

  /// The symbols in it.
  fileprivate var names: [Predicate.Name] {
    switch self {
    case .reached(let name, _): return [name]
    case .mapped(.symbol(let name, _)): return [name]
    case .mapped: return []
    case .comparison:
      return operands.compactMap { operand in
        if case .memory(.symbol(let name, _), _, _) = operand.value { name } else { nil }
      }
    }
  }
}

extension Predicate.Operand {
  /// Whether it may change with any step, without anybody being told.
  fileprivate func isVolatile(against other: Predicate.Operand) -> Bool {
    switch value {
    case .register: true
    case .clock, .steps:
      if case .number = other.value { mask != .max || other.mask != .max } else { true }
    case .number, .time, .memory, .deliveries: false
    }
  }
}

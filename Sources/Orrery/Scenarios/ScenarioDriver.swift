import OrreryBase
import OrreryImage
import OrreryScenario

/// Runs a bound scenario: told what happens in the machine, it says what to wait for and what to do.
///
/// It never touches the machine itself, and is a value: a copy is a checkpoint.
struct ScenarioDriver: Sendable {
  /// An action to be applied now, with the index of its anchor.
  struct Input: Hashable, Sendable {
    var action: InputAction
    var anchor: Int
  }

  fileprivate struct RunningRule: Sendable {
    let rule: BoundRule
    var watch: Watch
    /// The periods of a repetition, from which this run has drawn.
    var periods: PeriodGenerator?
    var end: Watch?
    /// The clock of the next firing; nil while the condition is waited for, and when all is done.
    var next: Clock?
    var firings: UInt64 = 0
    var isDone = false
  }

  private struct RunningStop: Sendable {
    let anchor: Int
    var watch: Watch
  }

  private let anchors: [Anchor]
  private var rules: [RunningRule] = []
  private var stops: [RunningStop] = []
  private var typist = Typist()

  /// Fails when the kernel lacks a symbol the scenario waits for.
  init(_ scenario: BoundScenario, symbols: SymbolTable) throws(ScenarioDriverError) {
    let anchors = scenario.anchors
    self.anchors = anchors
    func watch(_ condition: Condition, _ delay: Clock, _ anchor: Int) throws(ScenarioDriverError) -> Watch {
      do throws(ScenarioDriverError) { return try Watch(condition, delay: delay, symbols: symbols) } catch {
        var error = error
        error.line = anchors[anchor].line
        throw error
      }
    }
    for rule in scenario.rules {
      var running = RunningRule(
        rule: rule, watch: try watch(rule.condition, rule.delay, rule.anchor), periods: rule.repetition?.periods)
      if let end = rule.repetition?.end { running.end = try watch(end.condition, end.delay, end.anchor) }
      rules.append(running)
    }
    for stop in scenario.stops {
      stops.append(RunningStop(anchor: stop.anchor, watch: try watch(stop.condition, stop.delay, stop.anchor)))
    }
    for index in rules.indices { rules[index].arm() }
  }

  // MARK: What to wait for

  /// The next clock at which something is due; nil when nothing is.
  var nextClock: Clock? {
    var next: Clock?
    func consider(_ clock: Clock?) {
      if let clock, clock < next ?? .max { next = clock }
    }
    for rule in rules where !rule.isDone { consider(rule.next) }
    for stop in stops { consider(stop.watch.due) }
    return next
  }

  /// The addresses at which the machine must pause; each once, in ascending order.
  var awaitedAddresses: [LinearAddress] {
    var addresses: [LinearAddress] = []
    for rule in rules where !rule.isDone {
      for watch in [rule.watch, rule.end].compactMap({ $0 }) {
        if let address = watch.awaitedAddress { addresses.append(address) }
      }
    }
    for stop in stops {
      if let address = stop.watch.awaitedAddress { addresses.append(address) }
    }
    addresses.sort()
    return addresses.enumerated().filter { $0.offset == 0 || addresses[$0.offset - 1] != $0.element }.map(\.element)
  }

  /// Whether the machine must pause after serial output.
  var awaitsSerial: Bool {
    rules.contains { !$0.isDone && ($0.watch.awaitsSerial || $0.end?.awaitsSerial == true) }
      || stops.contains { $0.watch.awaitsSerial }
  }

  /// Whether the machine must pause after reads of the keyboard.
  var isTyping: Bool { typist.isTyping }

  /// Whether more is waiting to be typed than a run keeps.
  var exceedsTypingLimit: Bool { typist.codesLeft > Typist.codeLimit }

  // MARK: What happens

  /// The guest wrote `byte` to serial port `port`; `clock` is the boundary after it.
  mutating func consume(serial byte: UInt8, port: UInt8, clock: Clock) {
    for index in rules.indices where !rules[index].isDone {
      rules[index].watch.consume(serial: byte, port: port, clock: clock)
      rules[index].end?.consume(serial: byte, port: port, clock: clock)
      rules[index].arm()
    }
    for index in stops.indices { stops[index].watch.consume(serial: byte, port: port, clock: clock) }
  }

  /// The instruction at `address` is about to execute.
  mutating func reach(_ address: LinearAddress, clock: Clock) {
    for index in rules.indices where !rules[index].isDone {
      rules[index].watch.reach(address, clock: clock)
      rules[index].end?.reach(address, clock: clock)
      rules[index].arm()
    }
    for index in stops.indices { stops[index].watch.reach(address, clock: clock) }
  }

  // MARK: What to do

  /// What is due at `clock` or before, in the order of the scenario.
  mutating func takeInputs(dueAt clock: Clock) -> [Input] {
    var inputs: [Input] = []
    for index in rules.indices {
      while let next = rules[index].next, next <= clock, !rules[index].isDone {
        guard rules[index].fire(at: next) else { break }
        for action in rules[index].rule.actions {
          switch action {
          case .input(let input): inputs.append(Input(action: input, anchor: rules[index].rule.anchor))
          case .typed(let codes): typist.type(codes, anchor: rules[index].rule.anchor)
          }
        }
      }
    }
    return inputs
  }

  /// The next code of a text being typed, to be sent because the keyboard is idle.
  mutating func takeTypedCode() -> Input? { typist.nextCode() }

  /// The anchor of the stop condition that has come true at `clock` or before: the first in the scenario.
  func stop(at clock: Clock) -> Anchor? {
    stops.first { $0.watch.due.map { $0 <= clock } ?? false }.map { anchors[$0.anchor] }
  }

  /// How the trace names the anchor with this index.
  func name(ofAnchor index: Int) -> String { anchors[index].name }

  /// At the end of a run: what never came true, or was not typed to its end, one line each in the order of the scenario.
  ///
  /// With `stopped` no stop condition is missed: the run ended by another one, or as it should.
  func reports(hasStopped: Bool) -> [String] {
    var reports: [(anchor: Int, text: String)] = []
    for rule in rules {
      if rule.watch.due == nil {
        reports.append((rule.rule.anchor, "never came true: \(describe(rule.rule.anchor))"))
      } else if rule.firings == 0, !rule.isDone {
        reports.append(
          (rule.rule.anchor, "came true, but the run ended before its delay: \(describe(rule.rule.anchor))"))
      }
      if let end = rule.end, end.due == nil, let anchor = rule.rule.repetition?.end?.anchor {
        reports.append((anchor, "never came true: \(describe(anchor))"))
      }
    }
    if !hasStopped {
      for stop in stops where stop.watch.due == nil {
        reports.append((stop.anchor, "never came true: \(describe(stop.anchor))"))
      }
    }
    if typist.isTyping, let anchor = typist.anchors.first {
      reports.append(
        (anchor, "the guest did not read all that was typed; \(typist.codesLeft) codes left: \(describe(anchor))"))
    }
    return reports.enumerated().sorted { ($0.element.anchor, $0.offset) < ($1.element.anchor, $1.offset) }
      .map(\.element.text)
  }

  private func describe(_ index: Int) -> String {
    let anchor = anchors[index]
    return anchor.line == 0 ? anchor.name : "\(anchor.name) (line \(anchor.line))"
  }
}

extension ScenarioDriver.RunningRule {
  /// Once the condition has come true, sets the clock of the first firing.
  fileprivate mutating func arm() {
    guard next == nil, !isDone, firings == 0, let due = watch.due else { return }
    next = due
    // A repetition fires first one period after its condition.
    if periods != nil { schedule(after: due) }
  }

  /// Fires at `clock`; false when the repetition had ended before.
  fileprivate mutating func fire(at clock: Clock) -> Bool {
    // A firing due at the very clock of the end still happens.
    if let end = end?.due, end < clock {
      isDone = true
      return false
    }
    firings += 1
    if periods == nil || firings == rule.repetition?.count { isDone = true } else { schedule(after: clock) }
    return true
  }

  private mutating func schedule(after clock: Clock) {
    guard let period = periods?.next() else { return }
    let (sum, overflow) = clock.addingReportingOverflow(period)
    if overflow || sum > rule.repetition?.lastClock ?? .max { isDone = true } else { next = sum }
  }
}

import OrreryBase
import OrreryImage
import OrreryScenario
import OrreryTrace

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
    /// The clock at which its condition and delay are over; nil while the condition is waited for.
    var due: Clock?
    /// The periods of a repetition, from which this run has drawn.
    var periods: PeriodGenerator?
    /// The clock at which its repetition ends, once what ends it has come true.
    var end: Clock?
    /// The clock of the next firing; nil while the condition is waited for, and when all is done.
    var next: Clock?
    var firings: UInt64 = 0
    var isDone = false
  }

  private struct RunningStop: Sendable {
    let anchor: Int
    let delay: Clock
    /// The clock at which it ends the run, once its condition has come true.
    var due: Clock?
  }

  /// Whose condition it is that is waited for, by its index.
  private enum Listener: Sendable {
    case rule(Int)
    case end(ofRule: Int)
    case stop(Int)
  }

  private let anchors: [Anchor]
  private let expectedEnd: ExpectedEnd?
  private var rules: [RunningRule] = []
  private var stops: [RunningStop] = []
  private var awaited = Awaited<Listener>([])
  private var firings = FiringQueue()
  /// The first clock at which a stop condition counts.
  private var stopClock: Clock?
  private var typist = Typist()

  /// Fails when the kernel lacks a symbol that the scenario waits for, or a function that it watches.
  init(_ scenario: BoundScenario, symbols: SymbolTable) throws(ScenarioDriverError) {
    anchors = scenario.anchors
    expectedEnd = scenario.expectedEnd
    rules = scenario.rules.map { RunningRule(rule: $0, periods: $0.repetition?.periods) }
    stops = scenario.stops.map { RunningStop(anchor: $0.anchor, delay: $0.delay) }
    var waiters: [Awaited<Listener>.Waiter] = []
    // A symbol is looked for once; only looked up, never iterated.
    var addresses: [String: LinearAddress] = [:]
    func wait(for condition: Condition, _ listener: Listener, _ anchor: Int) throws(ScenarioDriverError) {
      switch condition {
      case .clock(let clock): comeTrue(listener, at: clock)
      case .serialText(let text, let port, let hit):
        waiters.append(Awaited.Waiter(source: .text(text, .serial(port: port)), hit: hit, listener: listener))
      case .markText(let text, let hit):
        waiters.append(Awaited.Waiter(source: .text(text, .mark), hit: hit, listener: listener))
      case .screenText(let text, let hit):
        waiters.append(Awaited.Waiter(source: .screen(text), hit: hit, listener: listener))
      case .symbol(let name, let hit):
        do throws(ScenarioDriverError) {
          let address: LinearAddress
          if let known = addresses[name] { address = known } else { address = try symbols.anchorAddress(of: name) }
          addresses[name] = address
          waiters.append(Awaited.Waiter(source: .address(address), hit: hit, listener: listener))
        } catch {
          var error = error
          error.location = anchors[anchor].location
          throw error
        }
      }
    }
    for (index, rule) in scenario.rules.enumerated() {
      try wait(for: rule.condition, .rule(index), rule.anchor)
      if let end = rule.repetition?.end { try wait(for: end.condition, .end(ofRule: index), end.anchor) }
    }
    for (index, stop) in scenario.stops.enumerated() { try wait(for: stop.condition, .stop(index), stop.anchor) }
    awaited = Awaited(waiters)
    // Their calls would be missing from the trace without a word, as if the kernel no longer allocated.
    for function in scenario.allocators {
      do throws(ScenarioDriverError) { _ = try symbols.anchorAddress(of: function.symbol) } catch {
        var error = error
        error.isWatched = true
        error.location = function.location
        throw error
      }
    }
  }

  // MARK: What to wait for

  /// The next clock at which something is due; nil when nothing is.
  var nextClock: Clock? {
    guard let firing = firings.first?.clock else { return stopClock }
    return min(firing, stopClock ?? .max)
  }

  /// The addresses at which the machine must pause; each once, in ascending order.
  var awaitedAddresses: [LinearAddress] { awaited.addresses }

  /// Whether the machine must pause after serial output.
  var awaitsSerial: Bool { awaited.hasSerialText }

  /// Whether the machine must pause after a byte was written to the trace port.
  var awaitsMark: Bool { awaited.hasMarkText }

  /// Whether the machine must pause after changes of the screen.
  var awaitsScreen: Bool { awaited.hasScreenText }

  /// Whether the machine must pause after reads of the keyboard.
  var isTyping: Bool { typist.isTyping }

  /// Whether more is waiting to be typed than a run keeps.
  var exceedsTypingLimit: Bool { typist.codesLeft > Typist.codeLimit }

  // MARK: What happens

  /// The guest wrote `byte` to serial port `port`; `clock` is the boundary after it.
  mutating func consume(serial byte: UInt8, port: UInt8, clock: Clock) {
    for listener in awaited.consume(byte, from: .serial(port: port)) { comeTrue(listener, at: clock) }
  }

  /// The guest wrote `byte` to the trace port.
  mutating func consume(mark byte: UInt8, clock: Clock) {
    for listener in awaited.consume(byte, from: .mark) { comeTrue(listener, at: clock) }
  }

  /// The screen has changed, and shows `screen` now.
  mutating func look(at screen: ScreenContents, clock: Clock) {
    for listener in awaited.look(at: screen) { comeTrue(listener, at: clock) }
  }

  /// The instruction at `address` is about to execute.
  mutating func reach(_ address: LinearAddress, clock: Clock) {
    for listener in awaited.reach(address) { comeTrue(listener, at: clock) }
  }

  private mutating func comeTrue(_ listener: Listener, at clock: Clock) {
    switch listener {
    case .rule(let index):
      rules[index].arm(at: clock)
      enqueue(index)
    case .end(ofRule: let index): rules[index].comeToEnd(at: clock)
    case .stop(let index):
      let due = clock + stops[index].delay
      stops[index].due = due
      stopClock = min(due, stopClock ?? .max)
    }
  }

  private mutating func enqueue(_ index: Int) {
    if let next = rules[index].next { firings.insert(FiringQueue.Firing(clock: next, rule: index)) }
  }

  // MARK: What to do

  /// What is due at `clock` or before, in the order of the scenario.
  mutating func takeInputs(dueAt clock: Clock) -> [Input] {
    var inputs: [Input] = []
    while let firing = firings.popFirst(dueAt: clock) {
      guard rules[firing.rule].fire(at: firing.clock) else { continue }
      enqueue(firing.rule)
      let anchor = rules[firing.rule].rule.anchor
      for action in rules[firing.rule].rule.actions {
        switch action {
        case .input(let input): inputs.append(Input(action: input, anchor: anchor))
        case .typed(let codes): typist.type(codes, anchor: anchor)
        }
      }
    }
    return inputs
  }

  /// The next code of a text being typed, to be sent because the keyboard is idle.
  mutating func takeTypedCode() -> Input? { typist.nextCode() }

  /// The anchor of the stop condition that has come true at `clock` or before: the first in the scenario.
  func stop(at clock: Clock) -> Anchor? {
    guard let stopClock, stopClock <= clock else { return nil }
    return stops.first { $0.due.map { $0 <= clock } ?? false }.map { anchors[$0.anchor] }
  }

  /// How the trace names the anchor with this index.
  func name(ofAnchor index: Int) -> String { anchors[index].name }

  /// At the end of a run: what never came true, or was not typed to its end, one line each in the order of the scenario.
  ///
  /// When the run `endedAsWished`, by a stop condition or by the end that the scenario expects, no other end is missed.
  func reports(endedAsWished: Bool) -> [String] {
    var reports: [(anchor: Int, text: String)] = []
    for rule in rules {
      if rule.due == nil {
        reports.append((rule.rule.anchor, "never came true: \(describe(rule.rule.anchor))"))
      } else if rule.firings == 0, !rule.isDone {
        reports.append(
          (rule.rule.anchor, "came true, but the run ended before its delay: \(describe(rule.rule.anchor))"))
      }
      if rule.end == nil, let anchor = rule.rule.repetition?.end?.anchor {
        reports.append((anchor, "never came true: \(describe(anchor))"))
      }
    }
    if !endedAsWished {
      for stop in stops where stop.due == nil {
        reports.append((stop.anchor, "never came true: \(describe(stop.anchor))"))
      }
      if let expectedEnd { reports.append((.max, "never came true: expect \(expectedEnd.rawValue)")) }
    }
    if let anchor = typist.anchor {
      let codes = typist.codesLeft == 1 ? "1 code" : "\(typist.codesLeft) codes"
      reports.append((anchor, "the guest did not read all that was typed; \(codes) left: \(describe(anchor))"))
    }
    return reports.enumerated().sorted { ($0.element.anchor, $0.offset) < ($1.element.anchor, $1.offset) }
      .map(\.element.text)
  }

  private func describe(_ index: Int) -> String {
    let anchor = anchors[index]
    return anchor.line == 0 ? anchor.shortName : "\(anchor.shortName) (line \(anchor.line))"
  }
}

extension ScenarioDriver.RunningRule {
  /// Its condition came true at `clock`: sets the clock of the first firing.
  fileprivate mutating func arm(at clock: Clock) {
    let due = clock + rule.delay
    self.due = due
    // A repetition fires first one period after its condition.
    if periods == nil { next = due } else { schedule(after: due) }
  }

  /// What ends its repetition came true at `clock`; nobody asks that of a rule that is done.
  fileprivate mutating func comeToEnd(at clock: Clock) {
    guard !isDone, let delay = rule.repetition?.end?.delay else { return }
    end = clock + delay
  }

  /// Fires at `clock`, its next; false when the repetition had ended before.
  fileprivate mutating func fire(at clock: Clock) -> Bool {
    next = nil
    // A firing due at the very clock of the end still happens.
    if let end, end < clock {
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

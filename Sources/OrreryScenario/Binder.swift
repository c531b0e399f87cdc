internal import OrreryBase

/// Gives every number of a scenario its value and checks it, noting all that is wrong.
struct Binder {
  private let scenario: Scenario
  private var values: [ParameterValue] = []
  private var frequency = ClockFrequency.defaultFrequency
  private(set) var problems: [ScenarioProblem] = []

  init(_ scenario: Scenario) { self.scenario = scenario }

  private mutating func report(_ message: String, remedy: String = "", at location: SourceLocation) {
    guard problems.count < ScenarioError.limit else { return }
    problems.append(
      ScenarioProblem(.error, message, remedy: remedy, at: location, in: scenario.source))
  }

  /// The bound scenario; of no use when there are problems.
  mutating func bind(with given: [ParameterValue]) -> BoundScenario {
    values = bindParameters(given)
    let machine = bindMachine()
    let limits = bindLimits()
    for function in scenario.allocators { check(function) }

    var names = AnchorNames()
    var rules = scenario.rules.map { rule in
      BoundRule(
        anchor: names.add(rule.heading, rule.trigger.symbolLocation ?? rule.location),
        condition: bind(rule.trigger, at: rule.location),
        delay: rule.delay.map { bind($0) } ?? 0, repetition: nil, actions: bindActions(of: rule))
    }
    let stops = scenario.stops.map { stop in
      BoundStop(
        anchor: names.add("\(stop)", stop.trigger.symbolLocation ?? stop.location),
        condition: bind(stop.trigger, at: stop.location),
        delay: stop.delay.map { bind($0) } ?? 0)
    }
    for (index, rule) in scenario.rules.enumerated() {
      guard let repetition = rule.repetition else { continue }
      rules[index].repetition = bind(repetition, at: rule.location, &names)
    }
    return BoundScenario(
      machine: machine, limits: limits,
      lanes: scenario.lanes.map { lanes in RecordedLane.allCases.filter { lanes.contains($0) } },
      allocators: scenario.allocators, rules: rules, stops: stops, expectedEnd: scenario.expectedEnd,
      anchors: names.anchors, values: values)
  }

  // MARK: Parameters

  private mutating func bindParameters(_ given: [ParameterValue]) -> [ParameterValue] {
    let names = scenario.parameters.map(\.name)
    for (index, value) in given.enumerated() {
      guard let parameter = scenario.parameters.first(where: { $0.name == value.name }) else {
        let remedy = nearestWord(to: value.name, among: names).map { "did you mean `\($0)`?" }
        report(
          "the scenario has no parameter `\(clipped(value.name))`",
          remedy: remedy
            ?? (names.isEmpty ? "it has none at all" : "it has \(alternatives(names))"), at: .none)
        continue
      }
      if given[..<index].contains(where: { $0.name == value.name }) {
        report("parameter `\(parameter.name)` is given two values", at: .none)
      } else if !parameter.contains(value.value) {
        report(
          "parameter `\(parameter.name)` cannot be \(value.value)",
          remedy: "its values are \(parameter.range)",
          at: parameter.location)
      }
    }
    for (index, parameter) in scenario.parameters.enumerated() {
      if scenario.source.isEmpty, names[..<index].contains(parameter.name) {
        report("parameter `\(parameter.name)` is declared twice", at: parameter.location)
      }
      if parameter.stride == 0 {
        report(
          "the distance between the values of `\(parameter.name)` must be at least 1",
          at: parameter.location)
      }
    }
    return scenario.parameters.map { parameter in
      ParameterValue(
        name: parameter.name,
        value: given.first { $0.name == parameter.name }?.value ?? parameter.first)
    }
  }

  // MARK: Numbers

  /// The value of `number` if it is one of `range`; what it is of, as in "a vector must be…", is said by `what`.
  private mutating func bind(_ number: Number, in range: ClosedRange<UInt64>, _ what: String)
    -> UInt64?
  {
    guard let value = evaluate(number) else { return nil }
    if let value = UInt64(exactly: value), range.contains(value) { return value }
    let bounds =
      range.upperBound < .max
      ? "from \(range.lowerBound) to \(range.upperBound)"
      : value > range.upperBound ? "below 2^64" : "at least \(range.lowerBound)"
    report(
      "\(what) must be \(bounds), not \(value)\(circumstances(of: number))", at: number.location)
    return nil
  }

  /// The values of the parameters in `number`, in parentheses.
  private func circumstances(of number: Number) -> String {
    var parts: [String] = []
    for case .parameter(let name) in number.terms {
      guard let value = values.first(where: { $0.name == name }) else { continue }
      let part = "\(name) = \(value.value)"
      if !parts.contains(part) { parts.append(part) }
    }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }

  /// The value of `number`, which may be negative on the way; nil after reporting why it has none.
  private mutating func evaluate(_ number: Number) -> Int128? {
    var stack: [Int128] = []
    for term in number.terms {
      switch term {
      case .literal(let value): stack.append(Int128(value))
      case .parameter(let name):
        guard let value = values.first(where: { $0.name == name })?.value else {
          let names = values.map(\.name)
          report(
            "there is no parameter `\(clipped(name))`",
            remedy: nearestWord(to: name, among: names).map { "did you mean `\($0)`?" }
              ?? "declare it: param \(clipped(name)) = 0…10", at: number.location)
          return nil
        }
        stack.append(Int128(value))
      case .add, .subtract, .multiply:
        guard stack.count >= 2 else {
          preconditionFailure("a number is an operand or combines two")
        }
        let (right, left) = (stack.removeLast(), stack.removeLast())
        let (result, overflow) =
          switch term {
          case .add: left.addingReportingOverflow(right)
          case .subtract: left.subtractingReportingOverflow(right)
          default: left.multipliedReportingOverflow(by: right)
          }
        guard !overflow else {
          report("the number exceeds 127 bits\(circumstances(of: number))", at: number.location)
          return nil
        }
        stack.append(result)
      }
    }
    return stack.last
  }

  /// `time` in clocks, at most `BoundScenario.timeLimit`.
  private mutating func bind(_ time: TimeSpan, atLeast least: Clock = 0, _ what: String = "a time")
    -> Clock
  {
    guard let amount = bind(time.amount, in: 0...UInt64.max, what) else { return least }
    let clocks: Clock? =
      switch time.unit {
      case .steps: amount
      case .nanoseconds: frequency.clocks(amount, per: 1_000_000_000)
      case .microseconds: frequency.clocks(amount, per: 1_000_000)
      case .milliseconds: frequency.clocks(amount, per: 1_000)
      case .seconds: frequency.clocks(amount, per: 1)
      }
    guard let clocks, clocks <= BoundScenario.timeLimit else {
      report(
        "\(what) of \(amount) \(time.unit.rawValue) exceeds 2^62 clocks\(circumstances(of: time.amount))",
        at: time.amount.location)
      return least
    }
    guard clocks >= least else {
      report("\(what) must be at least one clock", at: time.amount.location)
      return least
    }
    return clocks
  }

  private mutating func bind(_ size: ByteSize, in range: ClosedRange<UInt64>, _ what: String)
    -> UInt64?
  {
    guard let amount = evaluate(size.amount) else { return nil }
    let (bytes, overflow) = amount.multipliedReportingOverflow(by: Int128(size.unit.byteCount))
    guard !overflow, let bytes = UInt64(exactly: bytes), range.contains(bytes) else {
      report(
        "\(what) must be from \(range.lowerBound) to \(range.upperBound) bytes, not \(amount) \(size.unit.rawValue)"
          + circumstances(of: size.amount), at: size.amount.location)
      return nil
    }
    return bytes
  }

  // MARK: Settings

  private mutating func bindMachine() -> BoundMachineSettings {
    var bound = MachineSettings.default
    let settings = scenario.machine
    if let memory = settings.memory,
      let bytes = bind(memory, in: MachineSettings.memorySizes, "the memory")
    {
      bound.memorySize = bytes
      if bytes % 4096 != 0 {
        report(
          "the memory must be a multiple of 4096 bytes, not \(bytes) bytes",
          at: memory.amount.location)
      }
    }
    if let asked = settings.frequency, let amount = evaluate(asked.amount) {
      let (hertz, overflow) = amount.multipliedReportingOverflow(by: Int128(asked.unit.hertz))
      if !overflow, let hertz = UInt64(exactly: hertz), MachineSettings.frequencies.contains(hertz) {
        bound.frequency = ClockFrequency(hertz: hertz)
      } else {
        report(
          "the frequency must be from 1 MHz to 100 GHz, not \(amount) \(asked.unit.rawValue)"
            + circumstances(of: asked.amount), at: asked.amount.location)
      }
    }
    frequency = bound.frequency
    if let commandLine = settings.commandLine {
      bound.commandLine = commandLine.bytes
      if let problem = MachineSettings.problem(withCommandLine: commandLine) {
        report(problem, at: .none)
      }
    }
    bound.tlb = settings.tlb ?? bound.tlb
    bound.uart = settings.uart ?? bound.uart
    return bound
  }

  private mutating func bindLimits() -> BoundLimits {
    var bound = Limits.default
    // Defaults are in nanoseconds as well as clocks at 1 GHz; at another frequency the time counts.
    bound.clock = frequency.clocks(bound.clock, per: 1_000_000_000) ?? BoundScenario.timeLimit
    let limits = scenario.limits
    if let steps = limits.steps {
      bound.steps = bind(steps, in: 1...BoundScenario.timeLimit, "the limit on steps") ?? 1
    }
    if let time = limits.time { bound.clock = bind(time, atLeast: 1, "the limit on time") }
    if let trace = limits.trace {
      bound.traceByteCount = bind(trace, in: 1...(1 << 62), "the limit on the trace") ?? 1
    }
    return bound
  }

  private mutating func check(_ function: AllocatorFunction) {
    func count(_ argument: AllocatorFunction.Argument) -> Int {
      function.arguments.count { $0 == argument }
    }
    if function.symbol.isEmpty {
      report("the name of an allocator function is empty", at: function.location)
    }
    if function.arguments.count > AllocatorFunction.argumentLimit {
      report(
        "`\(clipped(function.symbol))` has \(function.arguments.count) arguments, of which only the first "
          + "\(AllocatorFunction.argumentLimit) can be read", remedy: "leave out the last ones",
        at: function.location)
    }
    for argument in AllocatorFunction.Argument.allCases
    where argument != .ignored && count(argument) > 1 {
      report("`\(argument.rawValue)` is named twice", at: function.location)
    }
    let needed: [AllocatorFunction.Argument] =
      switch (function.resource, function.operation) {
      case (.heap, .allocate), (.heap, .allocateZeroed): [.size]
      case (_, .reallocate): [.pointer, .size]
      case (_, .free): [.pointer]
      case (.frames, _): []
      }
    for argument in needed where count(argument) == 0 {
      report(
        "`\(function.operation.rawValue)` needs the argument `\(argument.rawValue)`",
        remedy: "name the arguments in order, `_` for one that does not matter",
        at: function.location)
    }
  }

  // MARK: Rules

  private mutating func bind(_ trigger: Trigger, at location: SourceLocation) -> Condition {
    switch trigger {
    case .start: return .clock(0)
    case .at(let time): return .clock(bind(time))
    case .afterSerial(let text, let port, let hit):
      check(awaited: text, at: location)
      return .serialText(text.bytes, port: port.rawValue, hit: bind(hit: hit))
    case .afterMark(let text, let hit):
      check(awaited: text, at: location)
      return .markText(text.bytes, hit: bind(hit: hit))
    case .afterScreen(let text, let hit):
      check(awaited: text, at: location)
      if text.bytes.count > Self.screenColumnCount {
        report(
          "a row of the screen has \(Self.screenColumnCount) characters, and this text \(text.bytes.count)",
          remedy: "wait for a part of it", at: location)
      }
      return .screenText(text.bytes, hit: bind(hit: hit))
    case .onSymbol(let name, let hit):
      if name.text.isEmpty { report("the name of a symbol is empty", at: location) }
      return .symbol(name.text, hit: bind(hit: hit))
    }
  }

  /// The text screen of a PC.
  private static let screenColumnCount = 80

  private mutating func check(awaited text: ByteText, at location: SourceLocation) {
    guard text.bytes.isEmpty else { return }
    report("an empty text is never waited for", remedy: "use `at start`", at: location)
  }

  private mutating func bind(hit: Number) -> UInt64 { bind(hit, in: 1...UInt64.max, "a hit count") ?? 1 }

  private mutating func bind(
    _ repetition: Repetition, at location: SourceLocation, _ names: inout AnchorNames
  ) -> BoundRepetition {
    var bound: BoundRepetition
    switch repetition.period {
    case .fixed(let time):
      let period = bind(time, atLeast: 1, "a period")
      bound = BoundRepetition(periods: PeriodGenerator(minimum: period, maximum: period))
    case .random(let minimum, let maximum, let unit, let seed):
      let problemCount = problems.count
      let shortest = bind(TimeSpan(minimum, unit), atLeast: 1, "a period")
      // A longest period of no clock is a mistake of its own only where the shortest is right: then it is shorter.
      let longest = bind(TimeSpan(maximum, unit), "a period")
      if shortest > longest, problems.count == problemCount {
        report("the longest period is shorter than the shortest", at: maximum.location)
      }
      bound = BoundRepetition(
        periods: PeriodGenerator(
          minimum: shortest, maximum: max(shortest, longest),
          seed: bind(seed, in: 0...UInt64.max, "a seed") ?? 0))
    }
    switch repetition.end {
    case .never: break
    case .times(let count):
      bound.count = bind(count, in: 1...UInt64.max, "the number of times") ?? 1
    case .until(.at(let time)): bound.lastClock = bind(time)
    case .until(.start):
      report("a repetition until the start never begins", at: location)
    case .until(let trigger):
      bound.end = BoundStop(
        anchor: names.add("until \(trigger.condition)", trigger.symbolLocation ?? location),
        condition: bind(trigger, at: location), delay: 0)
    }
    return bound
  }

  private mutating func bindActions(of rule: Rule) -> [BoundAction] {
    if rule.actions.isEmpty { report("a rule without actions does nothing", at: rule.location) }
    var bound: [BoundAction] = []
    for action in rule.actions {
      switch action {
      case .press(let key):
        bound += inputs([.key(key, isPressed: true)], named: [key], at: rule.location)
      case .release(let key):
        bound += inputs([.key(key, isPressed: false)], named: [key], at: rule.location)
      case .key(let chord): bound += inputs(chord.transitions, named: chord.keys, at: rule.location)
      case .type(let text):
        let keys = text.strokes.flatMap { stroke in
          if case .chord(let chord) = stroke { chord.keys } else { [] as [Key] }
        }
        guard let transitions = text.transitions, !transitions.isEmpty else {
          report(
            text.strokes.isEmpty
              ? "nothing is typed" : "a character is typed that no key of a US keyboard has",
            at: rule.location)
          continue
        }
        if !inputs(transitions, named: keys, at: rule.location).isEmpty {
          bound.append(.typed(transitions))
        }
      case .serial(let text, let port):
        if text.bytes.isEmpty { report("no bytes are sent", at: rule.location) }
        bound += text.bytes.map { .input(.serial(port: port.rawValue, byte: $0)) }
      case .interruptLine(let line):
        guard let line = bind(line, in: 0...15, "an interrupt line") else { continue }
        bound.append(.input(.interruptLine(UInt8(line))))
      case .vector(let vector):
        // The manual reserves 0…31 for the architecture (SDM volume 3, 6.2).
        guard let vector = bind(vector, in: 32...255, "a vector") else { continue }
        bound.append(.input(.vector(UInt8(vector))))
      case .nonMaskableInterrupt: bound.append(.input(.nonMaskableInterrupt))
      }
    }
    return bound
  }

  private mutating func inputs(
    _ transitions: [InputAction], named keys: [Key], at location: SourceLocation
  ) -> [BoundAction] {
    for key in keys where KeyNames.name(of: key) == nil {
      report("no key has the code \(hexadecimal(key.rawValue))", at: location)
      return []
    }
    if transitions.isEmpty { report("a chord has no key", at: location) }
    return transitions.map { .input($0) }
  }
}

/// Gives anchors their indices and names.
private struct AnchorNames {
  private(set) var anchors: [Anchor] = []
  /// How often each wording was used; only looked up, never iterated.
  private var uses: [String: Int] = [:]

  mutating func add(_ wording: String, _ location: SourceLocation) -> Int {
    let use = uses[wording, default: 0] + 1
    uses[wording] = use
    let name = use == 1 ? wording : "\(wording) (\(use))"
    anchors.append(Anchor(index: anchors.count, name: name, location: location))
    return anchors.count - 1
  }
}

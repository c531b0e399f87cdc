internal import OrreryBase

extension Scenario {
  /// What is legal but probably not meant, in the order of the text: rules that can never fire, parameters without use, keys never released,
  /// and for a golden scenario (`golden`) times where anchors would survive a rebuild of the kernel.
  ///
  /// A scenario that cannot be bound has errors, and no warnings. More than fifty are not looked for.
  public func warnings(golden: Bool) -> [ScenarioProblem] {
    guard let bound = try? bound() else { return [] }
    var warnings: [ScenarioProblem] = []
    func warn(_ message: String, remedy: String, at location: SourceLocation) {
      guard warnings.count < ScenarioError.limit else { return }
      warnings.append(ScenarioProblem(.warning, message, remedy: remedy, at: location, in: source))
    }

    var end = (clock: bound.limits.clock, what: "the limit on time")
    for stop in bound.stops {
      if case .clock(let clock) = stop.condition, clock + stop.delay < end.clock {
        end = (clock + stop.delay, "`stop at`")
      }
    }
    for (rule, written) in zip(bound.rules, rules) {
      guard case .clock(let clock) = rule.condition else { continue }
      let first = clock + rule.delay + (rule.repetition?.periods.minimum ?? 0)
      if first >= end.clock {
        warn(
          "this rule never fires: \(end.what) ends the run before it",
          remedy: "raise the limit, or fire earlier",
          at: written.location)
      } else if let last = rule.repetition?.lastClock, first > last {
        warn(
          "this rule never fires: its end comes before its first period is over",
          remedy: "raise the time after `until`",
          at: written.location)
      }
    }
    for (stop, written) in zip(bound.stops, stops) {
      if case .clock(let clock) = stop.condition, clock + stop.delay > bound.limits.clock {
        warn(
          "the limit on time comes before this stop", remedy: "raise the limit",
          at: written.location)
      }
    }
    let used = usedParameters
    for parameter in parameters where !used.contains(parameter.name) {
      warn(
        "parameter `\(parameter.name)` is never used", remedy: "remove it", at: parameter.location)
    }
    warnAboutKeys(warn)
    if golden { warnAboutTimes(warn) }
    return warnings.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  /// The names of the parameters that some number is made of.
  private var usedParameters: Set<String> {
    let settings: [Number?] = [
      machine.memory?.amount, machine.frequency?.amount, limits.steps, limits.time?.amount,
      limits.trace?.amount,
    ]
    let numbers = settings.compactMap { $0 } + rules.flatMap(\.numbers) + stops.flatMap(\.numbers)
    var used: Set<String> = []
    for number in numbers {
      for case .parameter(let name) in number.terms { used.insert(name) }
    }
    return used
  }

  private func warnAboutKeys(_ warn: (String, String, SourceLocation) -> Void) {
    var released: [Key] = []
    for rule in rules {
      for case .release(let key) in rule.actions { released.append(key) }
    }
    var warned: [Key] = []
    for rule in rules {
      for case .press(let key) in rule.actions
      where !released.contains(key) && !warned.contains(key) {
        warned.append(key)
        warn(
          "`\(Chord(key))` is pressed and never released", "use `key`, or release it", rule.location
        )
      }
    }
  }

  private func warnAboutTimes(_ warn: (String, String, SourceLocation) -> Void) {
    let remedy = "wait for a text or a symbol instead: `after serial`, `on symbol`"
    for rule in rules {
      switch rule.trigger {
      case .at:
        warn(
          "this time is counted from the start, and a rebuilt kernel reaches it elsewhere", remedy,
          rule.location)
      case .start where rule.repetition != nil || rule.delay != nil:
        warn(
          "these times are counted from the start, and a rebuilt kernel reaches them elsewhere",
          remedy, rule.location)
      default: break
      }
    }
    for stop in stops {
      if case .at = stop.trigger {
        warn(
          "this time is counted from the start, and a rebuilt kernel reaches it elsewhere", remedy,
          stop.location)
      }
    }
  }
}

extension Trigger {
  fileprivate var numbers: [Number] {
    switch self {
    case .start: []
    case .at(let time): [time.amount]
    case .afterSerial(_, _, let hit), .afterMark(_, let hit), .afterScreen(_, let hit), .onSymbol(_, let hit): [hit]
    }
  }
}

extension StopCondition {
  fileprivate var numbers: [Number] { trigger.numbers + (delay.map { [$0.amount] } ?? []) }
}

extension Rule {
  fileprivate var numbers: [Number] {
    var numbers = trigger.numbers + (delay.map { [$0.amount] } ?? [])
    switch repetition?.period {
    case .fixed(let time): numbers.append(time.amount)
    case .random(let minimum, let maximum, _, let seed): numbers += [minimum, maximum, seed]
    case nil: break
    }
    switch repetition?.end {
    case .times(let count): numbers.append(count)
    case .until(let trigger): numbers += trigger.numbers
    case .never, nil: break
    }
    for action in actions {
      switch action {
      case .interruptLine(let number), .vector(let number): numbers.append(number)
      default: break
      }
    }
    return numbers
  }
}

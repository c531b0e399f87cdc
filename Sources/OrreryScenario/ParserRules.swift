internal import OrreryBase

// Rules: triggers, repetitions and actions.

extension Parser {
  mutating func parseRule() throws(Abandoned) -> Rule {
    let location = current.location
    var trigger = Trigger.start
    var delay: TimeSpan?
    var repetition: Repetition?
    var alternatives = "`:` or `{`"
    if skip("every") {
      let period = try parsePeriod()
      delay = try parseDelay()
      repetition = Repetition(every: period, try parseEnd())
    } else {
      trigger = try parseTrigger()
      delay = try parseDelay()
      if skip("every") {
        repetition = Repetition(every: try parsePeriod(), try parseEnd())
      } else {
        alternatives = (delay == nil ? "`+` and a delay, " : "") + "`every`, `:` or `{`"
      }
    }
    let actions: [Action]
    if skip(sign: ":") {
      actions = try parseActions()
      try expectStatementEnd("`,` or ")
    } else if isNext(sign: "{") {
      actions = try parseActionBlock()
    } else {
      if repetition?.end == .never {
        alternatives = "`until`, a number of `times`, " + alternatives
      }
      throw expected(
        "\(alternatives) before the actions",
        among: repetition == nil ? ["every"] : ["until", "times"])
    }
    return Rule(trigger, delay: delay, repeating: repetition, do: actions, location: location)
  }

  mutating func parseTrigger() throws(Abandoned) -> Trigger {
    if skip("at") {
      return skip("start") ? .start : .at(try parseTimeSpan())
    }
    if skip("after") {
      guard let trigger = try parseTextCondition() else { throw expected(oneOf: ["serial", "screen", "mark"]) }
      return trigger
    }
    if skip("on") {
      try expectWord("symbol")
      return try parseSymbolCondition()
    }
    throw expected(oneOf: ["at", "after", "on"])
  }

  /// What is written somewhere, if that is next.
  private mutating func parseTextCondition() throws(Abandoned) -> Trigger? {
    if skip("serial") {
      let port = try parsePort()
      return .afterSerial(try parseAwaitedText(), port: port, hit: try parseHit())
    }
    if skip("screen") { return .afterScreen(try parseAwaitedText(), hit: try parseHit()) }
    if skip("mark") { return .afterMark(try parseAwaitedText(), hit: try parseHit()) }
    return nil
  }

  private mutating func parseAwaitedText() throws(Abandoned) -> ByteText {
    try expectText("the text to wait for", orReport: "an empty text is never waited for", "use `at start`")
  }

  private mutating func parseSymbolCondition() throws(Abandoned) -> Trigger {
    let location = current.location
    return .onSymbol(SymbolName(try parseSymbolName(), location: location), hit: try parseHit())
  }

  private mutating func parseHit() throws(Abandoned) -> Number {
    skip("hit") ? try parseNumber(inSum: false) : 1
  }

  /// The name of a serial port, if it is next.
  private mutating func parsePort() throws(Abandoned) -> SerialPort {
    guard case .word(let word) = current.kind else { return .com1 }
    guard let port = SerialPort.allCases.first(where: { $0.name == word }) else {
      let names = SerialPort.allCases.map(\.name)
      throw expected("\(alternatives(names)) or a text in quotes", among: names)
    }
    advance()
    return port
  }

  private mutating func parsePeriod() throws(Abandoned) -> Repetition.Period {
    guard skip("random") else { return .fixed(try parseTimeSpan()) }
    let minimum = try parseNumber()
    guard skip(sign: "…") else { throw expected("`…` and the longest period") }
    let maximum = try parseNumber()
    let unit = try parseTimeUnit()
    try expectWord("seed")
    return .random(
      minimum: minimum, maximum: maximum, unit: unit, seed: try parseNumber(inSum: false))
  }

  private mutating func parseEnd() throws(Abandoned) -> Repetition.End {
    if skip("until") {
      if let trigger = try parseTextCondition() { return .until(trigger) }
      if skip("symbol") { return .until(try parseSymbolCondition()) }
      return .until(.at(try parseTimeSpan()))
    }
    switch (current.kind, following.kind) {
    case (.number, _), (.sign("("), _), (.word, .word("times")), (.word, .sign("*")),
      (.word, .sign("+")),
      (.word, .sign("-")):
      break
    default: return .never
    }
    let count = try parseNumber()
    try expectWord("times")
    return .times(count)
  }

  // MARK: Actions

  private static let actions = [
    "press", "release", "key", "type", "serial", "irq", "vector", "nmi",
  ]

  private mutating func parseActionBlock() throws(Abandoned) -> [Action] {
    let opening = current.location
    advance()
    var actions: [Action] = []
    var isWhole = true
    while true {
      skipSeparators()
      if skip(sign: "}") { break }
      if current.kind == .end {
        report("expected `}` for this `{`, found the end of the file", at: opening)
        throw Abandoned()
      }
      do throws(Abandoned) {
        actions += try parseActions()
        try expectStatementEnd("`,` or ")
      } catch {
        isWhole = false
        recoverInBlock()
      }
    }
    if actions.isEmpty && isWhole {
      report(
        "a rule without actions does nothing", remedy: "name one, or remove the rule", at: opening)
    }
    try expectStatementEnd()
    return actions
  }

  private mutating func parseActions() throws(Abandoned) -> [Action] {
    var actions = [try parseAction()]
    while skip(sign: ",") { actions.append(try parseAction()) }
    return actions
  }

  private mutating func parseAction() throws(Abandoned) -> Action {
    guard case .word(let word) = current.kind, Self.actions.contains(word) else {
      throw expected("an action (\(alternatives(Self.actions)))", among: Self.actions)
    }
    advance()
    switch word {
    case "press": return .press(try parseKey())
    case "release": return .release(try parseKey())
    case "key":
      var keys = [try parseKey()]
      while isNext(sign: "+") {
        let location = current.location
        advance()
        keys.append(try parseKey())
        if keys.count > Chord.keyLimit {
          report("more than \(Chord.keyLimit) keys are held together", at: location)
          throw Abandoned()
        }
      }
      return .key(Chord(keys: keys))
    case "type": return .type(try parseTypedText())
    case "serial":
      let port = try parsePort()
      return .serial(try expectText("the bytes", orReport: "no bytes are sent"), port: port)
    case "irq": return .interruptLine(try parseNumber())
    case "vector": return .vector(try parseNumber())
    default: return .nonMaskableInterrupt
    }
  }

  private mutating func parseKey() throws(Abandoned) -> Key {
    let name: String
    switch current.kind {
    case .word(let word): name = word
    case .number(let digit) where digit <= 9: name = String(digit)
    default: throw expected("the name of a key")
    }
    guard let key = KeyNames.key(named: name) else {
      throw expected(
        "the name of a key",
        remedy: KeyNames.nearest(to: name).map { "did you mean `\($0)`?" } ?? "")
    }
    advance()
    return key
  }

  private mutating func parseTypedText() throws(Abandoned) -> TypedText {
    let token = current
    guard case .text(let bytes) = token.kind else { throw expected("the text to type in quotes") }
    advance()
    if bytes.isEmpty { report("nothing is typed", at: token.location) }
    do throws(TypedText.Failure) {
      return try TypedText(bytes: bytes)
    } catch {
      // The bytes of an escape share its column; what follows the text's last byte is its closing quote.
      let endColumn = token.location.column + token.location.length - 1
      let start =
        error.range.lowerBound < token.columns.count
        ? token.columns[error.range.lowerBound] : endColumn
      let end =
        error.range.upperBound < token.columns.count
        ? token.columns[error.range.upperBound] : endColumn
      report(
        error.message, remedy: error.remedy,
        at: SourceLocation(line: token.location.line, column: start, length: max(1, end - start)))
      throw Abandoned()
    }
  }
}

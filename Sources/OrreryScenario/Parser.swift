/// Builds a scenario from its tokens. After a mistake it goes on with the next statement, so that several are reported at once.
struct Parser {
  /// Ends the statement at hand; the problem has been noted.
  struct Abandoned: Error {}

  private let tokens: [Token]
  private let source: ScenarioSource
  private var position = 0
  private(set) var problems: [ScenarioProblem]
  private(set) var scenario = Scenario()
  /// Where each setting that may be given once was given.
  private var given: [(name: String, line: Int)] = []

  /// Lines with characters that are no token.
  private let unreadableLines: Set<Int>

  init(_ text: String, _ source: ScenarioSource) {
    self.source = source
    (tokens, problems) = Lexer.tokens(of: text, in: source)
    unreadableLines = Set(problems.map(\.line))
  }

  // MARK: Tokens

  var current: Token { tokens[position] }

  /// The token after the current one.
  var following: Token { tokens[min(position + 1, tokens.count - 1)] }

  mutating func advance() {
    if position < tokens.count - 1 { position += 1 }
  }

  /// Skips the sign, if it is next.
  mutating func skip(sign: Unicode.Scalar) -> Bool {
    guard current.kind == .sign(sign) else { return false }
    advance()
    return true
  }

  /// Skips the word, if it is next.
  mutating func skip(_ word: String) -> Bool {
    guard current.kind == .word(word) else { return false }
    advance()
    return true
  }

  func isNext(sign: Unicode.Scalar) -> Bool { current.kind == .sign(sign) }

  mutating func report(_ message: String, remedy: String = "", at location: SourceLocation) {
    // What could not be read on a line is the mistake; what is then missing there is not another.
    guard problems.count < ScenarioError.limit, !unreadableLines.contains(location.line) else {
      return
    }
    problems.append(ScenarioProblem(.error, message, remedy: remedy, at: location, in: source))
  }

  /// Reports that `what` should stand where the current token does; a misspelt one of `words` is suggested.
  mutating func expected(_ what: String, among words: [String] = [], remedy: String = "")
    -> Abandoned
  {
    var remedy = remedy
    if case .word(let word) = current.kind, let nearest = nearestWord(to: word, among: words) {
      remedy = "did you mean `\(nearest)`?"
    }
    report("expected \(what), found \(current.described)", remedy: remedy, at: current.location)
    return Abandoned()
  }

  /// Reports that one of `words` should stand here.
  mutating func expected(oneOf words: [String]) -> Abandoned {
    expected(alternatives(words), among: words)
  }

  mutating func expectSign(_ sign: Unicode.Scalar, _ place: String) throws(Abandoned) {
    guard skip(sign: sign) else { throw expected("`\(sign)` \(place)") }
  }

  mutating func expectWord(_ word: String) throws(Abandoned) {
    guard skip(word) else { throw expected(oneOf: [word]) }
  }

  /// The raw value that the current word spells.
  mutating func expectCase<Value: RawRepresentable & CaseIterable>(
    _: Value.Type
  ) throws(Abandoned) -> Value where Value.RawValue == String {
    if case .word(let word) = current.kind, let value = Value(rawValue: word) {
      advance()
      return value
    }
    throw expected(oneOf: Value.allCases.map(\.rawValue))
  }

  mutating func expectText(_ what: String) throws(Abandoned) -> ByteText {
    guard case .text(let bytes) = current.kind else { throw expected("\(what) in quotes") }
    advance()
    return ByteText(bytes: bytes)
  }

  /// A text that must not be empty; `problem` says why.
  mutating func expectText(_ what: String, orReport problem: String, _ remedy: String = "")
    throws(Abandoned) -> ByteText
  {
    let location = current.location
    let text = try expectText(what)
    if text.bytes.isEmpty { report(problem, remedy: remedy, at: location) }
    return text
  }

  mutating func skipSeparators() {
    while current.kind == .separator { advance() }
  }

  mutating func expectStatementEnd(_ alternatives: String = "") throws(Abandoned) {
    switch current.kind {
    case .separator: advance()
    case .end, .sign("}"): break
    default: throw expected("\(alternatives)the end of the statement")
    }
  }

  // MARK: Statements

  private static let statements = [
    "machine", "limits", "lanes", "heap", "frames", "param", "at", "every", "after", "on", "stop",
    "expect",
  ]

  mutating func parse() {
    skipSeparators()
    while current.kind != .end, problems.count < ScenarioError.limit {
      do throws(Abandoned) {
        try parseStatement()
        // A brace that closes nothing is left over after a block.
        if isNext(sign: "}") { throw expected("a statement") }
      } catch {
        recover()
      }
      skipSeparators()
    }
  }

  /// Goes to the end of the statement: a separator outside braces opened since, or the brace that closes them.
  private mutating func recover() {
    var depth = 0
    while true {
      switch current.kind {
      case .end: return
      case .separator where depth == 0: return
      case .sign("{"): depth += 1
      case .sign("}"):
        depth -= 1
        if depth <= 0 {
          advance()
          return
        }
      default: break
      }
      advance()
    }
  }

  /// Goes to the end of a line within a block.
  mutating func recoverInBlock() {
    while true {
      switch current.kind {
      case .end, .separator, .sign("}"): return
      default: advance()
      }
    }
  }

  private mutating func parseStatement() throws(Abandoned) {
    guard case .word(let word) = current.kind else {
      throw expected(
        "a statement", remedy: "statements begin with \(alternatives(Self.statements))")
    }
    switch word {
    case "machine":
      try parseBlock { (parser) throws(Abandoned) in try parser.parseMachineSetting() }
    case "limits": try parseBlock { (parser) throws(Abandoned) in try parser.parseLimit() }
    case "heap":
      try parseBlock { (parser) throws(Abandoned) in try parser.parseAllocator(of: .heap) }
    case "frames":
      try parseBlock { (parser) throws(Abandoned) in try parser.parseAllocator(of: .frames) }
    case "lanes": try parseLanes()
    case "param": try parseParameter()
    case "at", "every", "after", "on": scenario.rules.append(try parseRule())
    case "stop": try parseStop()
    case "expect": try parseExpectedEnd()
    default: throw expected("a statement", among: Self.statements)
    }
  }

  private mutating func parseBlock(_ line: (inout Parser) throws(Abandoned) -> Void)
    throws(Abandoned)
  {
    advance()
    let opening = current.location
    try expectSign("{", "to open the block")
    while true {
      skipSeparators()
      if skip(sign: "}") { break }
      if current.kind == .end {
        report("expected `}` for this `{`, found the end of the file", at: opening)
        throw Abandoned()
      }
      do throws(Abandoned) {
        try line(&self)
        try expectStatementEnd()
      } catch {
        recoverInBlock()
      }
    }
    try expectStatementEnd()
  }

  /// Notes a setting, and reports one that was given before.
  private mutating func once(_ name: String) {
    if let before = given.first(where: { $0.name == name }) {
      report(
        "`\(name)` was already given on line \(before.line)", remedy: "keep one of them",
        at: current.location)
    } else {
      given.append((name, current.location.line))
    }
  }

  private mutating func parseMachineSetting() throws(Abandoned) {
    let words = ["memory", "frequency", "command", "tlb", "uart"]
    guard case .word(let word) = current.kind, words.contains(word) else {
      throw expected("a machine setting (\(alternatives(words)))", among: words)
    }
    once(word == "command" ? "command line" : word)
    advance()
    switch word {
    case "memory": scenario.machine.memory = try parseByteSize()
    case "frequency":
      scenario.machine.frequency = Frequency(try parseNumber(), try expectCase(Frequency.Unit.self))
    case "command":
      try expectWord("line")
      let location = current.location
      let commandLine = try expectText("the command line")
      if let problem = MachineSettings.problem(withCommandLine: commandLine) {
        report(problem, at: location)
      }
      scenario.machine.commandLine = commandLine
    case "tlb": scenario.machine.tlb = try expectCase(MachineSettings.TLB.self)
    default: scenario.machine.uart = try expectCase(MachineSettings.UART.self)
    }
  }

  private mutating func parseLimit() throws(Abandoned) {
    let words = ["steps", "time", "trace"]
    guard case .word(let word) = current.kind, words.contains(word) else {
      throw expected("a limit (\(alternatives(words)))", among: words)
    }
    once(word)
    advance()
    switch word {
    case "steps": scenario.limits.steps = try parseNumber()
    case "time": scenario.limits.time = try parseTimeSpan()
    default: scenario.limits.trace = try parseByteSize()
    }
  }

  private mutating func parseByteSize() throws(Abandoned) -> ByteSize {
    ByteSize(try parseNumber(), try expectCase(ByteSize.Unit.self))
  }

  private mutating func parseLanes() throws(Abandoned) {
    once("lanes")
    advance()
    if skip("none") {
      scenario.lanes = []
      return try expectStatementEnd()
    }
    var lanes: [RecordedLane] = []
    repeat { lanes.append(try expectCase(RecordedLane.self)) } while skip(sign: ",")
    scenario.lanes = lanes
    try expectStatementEnd("`,` or ")
  }

  private mutating func parseAllocator(of resource: AllocatorFunction.Resource) throws(Abandoned) {
    let location = current.location
    let operation: AllocatorFunction.Operation
    if skip("allocate") {
      operation = skip("zeroed") ? .allocateZeroed : .allocate
    } else if skip("reallocate") {
      operation = .reallocate
    } else if skip("free") {
      operation = .free
    } else {
      throw expected(oneOf: ["allocate", "reallocate", "free"])
    }
    let symbol = try parseSymbolName()
    try expectSign("(", "before the arguments")
    var arguments: [AllocatorFunction.Argument] = []
    if !isNext(sign: ")") {
      repeat {
        arguments.append(try expectCase(AllocatorFunction.Argument.self))
      } while skip(sign: ",")
    }
    try expectSign(")", "after the arguments")
    guard scenario.allocators.count < AllocatorFunction.countLimit else {
      report("a scenario names at most \(AllocatorFunction.countLimit) functions to be watched", at: location)
      throw Abandoned()
    }
    scenario.allocators.append(
      AllocatorFunction(resource, operation, symbol, arguments, location: location))
  }

  private mutating func parseParameter() throws(Abandoned) {
    advance()
    let location = current.location
    guard case .word(let name) = current.kind else { throw expected("the parameter's name") }
    guard !Self.unitWords.contains(name), name != "times", name != "until", !name.contains(".")
    else {
      throw expected("a name for the parameter that is no unit, `times` or `until` and has no dot")
    }
    if let before = scenario.parameters.first(where: { $0.name == name }) {
      report(
        "`\(clipped(name))` was already given on line \(before.location.line)",
        remedy: "keep one of them", at: location)
    }
    guard scenario.parameters.count < Parameter.countLimit else {
      report("a scenario has at most \(Parameter.countLimit) parameters", at: location)
      throw Abandoned()
    }
    advance()
    try expectSign("=", "and the parameter's values")
    let first = try parseLiteral()
    var (last, stride): (UInt64, UInt64) = (first, 1)
    if skip(sign: "…") {
      let lastLocation = current.location
      last = try parseLiteral()
      if skip("by") {
        let strideLocation = current.location
        stride = try parseLiteral()
        if stride == 0 {
          report("the distance between values must be at least 1, not 0", at: strideLocation)
        }
      }
      guard first <= last else {
        report("the last value, \(last), is less than the first, \(first)", at: lastLocation)
        throw Abandoned()
      }
    }
    scenario.parameters.append(
      Parameter(name, in: first...last, by: max(1, stride), location: location))
    try expectStatementEnd(last == first ? "`…` or " : "")
  }

  private mutating func parseStop() throws(Abandoned) {
    let location = current.location
    advance()
    let trigger = try parseTrigger()
    let delay = try parseDelay()
    scenario.stops.append(StopCondition(trigger, delay: delay, location: location))
    try expectStatementEnd(delay == nil ? "`+` and a delay or " : "")
  }

  private mutating func parseExpectedEnd() throws(Abandoned) {
    once("expect")
    advance()
    for end in ExpectedEnd.allCases {
      let words = end.rawValue.split(separator: " ").map(String.init)
      guard skip(words[0]) else { continue }
      for word in words.dropFirst() { try expectWord(word) }
      scenario.expectedEnd = end
      return try expectStatementEnd()
    }
    throw expected(
      alternatives(ExpectedEnd.allCases.map(\.rawValue)), among: ["limit", "triple", "not"])
  }

  // MARK: Numbers

  private mutating func parseLiteral() throws(Abandoned) -> UInt64 {
    guard case .number(let value) = current.kind else { throw expected("a number") }
    advance()
    return value
  }

  /// Operands and parentheses of one number; more is a mistake, and would only cost time.
  private static let termLimit = 64
  private static let parenthesisLimit = 32

  /// A number; a sum only where no delay may follow (`inSum`), else in parentheses.
  mutating func parseNumber(inSum: Bool = true) throws(Abandoned) -> Number {
    let start = current.location
    var number = try inSum ? parseSum(depth: 0) : parseProduct(depth: 0)
    let end = tokens[position - 1].location
    number.location = SourceLocation(
      line: start.line, column: start.column, length: max(1, end.column + end.length - start.column)
    )
    return number
  }

  private mutating func parseSum(depth: Int) throws(Abandoned) -> Number {
    var number = try parseProduct(depth: depth)
    while true {
      let start = current.location
      if skip(sign: "+") {
        number = number + (try parseProduct(depth: depth))
      } else if skip(sign: "-") {
        number = number - (try parseProduct(depth: depth))
      } else {
        return number
      }
      try checkLength(number, at: start)
    }
  }

  private mutating func parseProduct(depth: Int) throws(Abandoned) -> Number {
    var number = try parseOperand(depth: depth)
    while true {
      let start = current.location
      guard skip(sign: "*") else { return number }
      number = number * (try parseOperand(depth: depth))
      try checkLength(number, at: start)
    }
  }

  private mutating func checkLength(_ number: Number, at location: SourceLocation) throws(Abandoned) {
    guard number.terms.count > Self.termLimit * 2 else { return }
    report(
      "the number has more than \(Self.termLimit) operands", remedy: "work some of it out",
      at: location)
    throw Abandoned()
  }

  private mutating func parseOperand(depth: Int) throws(Abandoned) -> Number {
    let location = current.location
    switch current.kind {
    case .number(let value):
      advance()
      return Number(value, location: location)
    case .word(let name) where !Self.unitWords.contains(name):
      advance()
      var number = Number.parameter(name)
      number.location = location
      return number
    case .sign("("):
      guard depth < Self.parenthesisLimit else {
        report("parentheses are nested more than \(Self.parenthesisLimit) deep", at: location)
        throw Abandoned()
      }
      advance()
      let number = try parseSum(depth: depth + 1)
      try expectSign(")", "to close the parenthesis")
      return number
    default: throw expected("a number")
    }
  }

  // MARK: Times

  private static let timeUnits: [(word: String, unit: TimeSpan.Unit)] = [
    ("steps", .steps), ("step", .steps), ("instructions", .steps), ("instruction", .steps),
    ("ns", .nanoseconds),
    ("us", .microseconds), ("ms", .milliseconds), ("s", .seconds),
  ]

  private static let unitWords = timeUnits.map(\.word)

  mutating func parseTimeUnit() throws(Abandoned) -> TimeSpan.Unit {
    if case .word(let word) = current.kind,
      let unit = Self.timeUnits.first(where: { $0.word == word })?.unit
    {
      advance()
      return unit
    }
    throw expected("a unit of time (`steps`, `ns`, `us`, `ms` or `s`)", among: Self.unitWords)
  }

  mutating func parseTimeSpan() throws(Abandoned) -> TimeSpan {
    TimeSpan(try parseNumber(), try parseTimeUnit())
  }

  /// `+` and a time, if they are next.
  mutating func parseDelay() throws(Abandoned) -> TimeSpan? {
    skip(sign: "+") ? try parseTimeSpan() : nil
  }

  /// The name of a symbol: a word with dots, or any text in quotes.
  mutating func parseSymbolName() throws(Abandoned) -> String {
    let location = current.location
    switch current.kind {
    case .word(let name):
      advance()
      if isNext(sign: ":"), following.kind == .sign(":") {
        throw expected("the rest of the rule", remedy: "put a name with :: in quotes")
      }
      return name
    case .text(let bytes):
      advance()
      guard let name = String(validating: bytes, as: UTF8.self) else {
        report("the name of a symbol must be valid UTF-8", at: location)
        throw Abandoned()
      }
      if name.isEmpty { report("the name of a symbol is empty", at: location) }
      return name
    default: throw expected("the name of a symbol")
    }
  }
}

/// Words as a choice: `a`, `b` or `c`.
func alternatives(_ words: [String]) -> String {
  let quoted = words.map { "`\($0)`" }
  guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
  return quoted.dropLast().joined(separator: ", ") + " or " + last
}

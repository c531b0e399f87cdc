import OrreryMachine

extension Predicate {
  /// The longest text, and how deep its parentheses may go.
  static let textLimit = 4096
  private static let depthLimit = 64

  /// Reads a predicate.
  ///
  ///     expression = term { "or" term }             term = factor { "and" factor }
  ///     factor     = "not" factor | "(" expression ")" | atom
  ///     atom       = "mapped" place | "reached" name [ "hit" number ] | operand relation operand
  ///     operand    = value [ "&" number ]
  ///     value      = number | register | "clock" | "steps" | ("interrupts" | "exceptions") number
  ///                | ("byte" | "word" | "dword" | "qword") "at" [ "physical" ] place
  ///     place      = number | name [ ("+" | "-") number ]
  public init(parsing text: String) throws(PredicateError) {
    var parser = PredicateParser(text)
    self.text = text
    guard text.utf8.count <= Self.textLimit else {
      throw PredicateError(
        text: String(text.prefix(60)) + "…", column: 1, length: 1,
        message: "the predicate is longer than \(Self.textLimit) bytes", remedy: "")
    }
    try parser.scan()
    root = try parser.expression(depth: Self.depthLimit)
    try parser.expectEnd()
  }
}

/// Tokens of a predicate, and the parser over them.
private struct PredicateParser {
  private enum Kind: Hashable {
    case word(String)
    /// A name between quotes.
    case quoted(String)
    case number(UInt64)
    /// A time: so many units, of which a second has so many.
    case time(UInt64, perSecond: UInt64)
    case sign(String)
    case end
  }

  private struct Token {
    var kind: Kind
    var column: Int
    var length: Int
  }

  private typealias Place = Predicate.Place

  private let text: String
  private let scalars: [Unicode.Scalar]
  private var tokens: [Token] = []
  private var position = 0

  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  // MARK: Tokens

  private func failure(_ message: String, _ remedy: String = "", at column: Int, length: Int = 1) -> PredicateError {
    PredicateError(text: text, column: column, length: length, message: message, remedy: remedy)
  }

  mutating func scan() throws(PredicateError) {
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      let start = index
      if scalar == " " || scalar == "\t" || scalar == "\n" {
        index += 1
        continue
      }
      if Self.isWordStart(scalar) {
        while index < scalars.count,
          Self.isWordStart(scalars[index]) || Self.isDigit(scalars[index]) || scalars[index] == "."
        {
          index += 1
        }
        add(.word(String(String.UnicodeScalarView(scalars[start..<index]))), start, index)
      } else if Self.isDigit(scalar) {
        while index < scalars.count, Self.isWordStart(scalars[index]) || Self.isDigit(scalars[index]) { index += 1 }
        add(try numberOrTime(start..<index), start, index)
      } else if scalar == "\"" {
        index += 1
        while index < scalars.count, scalars[index] != "\"" { index += 1 }
        guard index < scalars.count, index > start + 1 else {
          throw failure("expected a name and `\"` at its end", at: start + 1, length: max(1, index - start))
        }
        add(.quoted(String(String.UnicodeScalarView(scalars[start + 1..<index]))), start, index + 1)
        index += 1
      } else {
        let pair = index + 1 < scalars.count ? String(String.UnicodeScalarView(scalars[index..<index + 2])) : ""
        let sign = Predicate.Relation(rawValue: pair) != nil ? pair : String(scalar)
        if pair == "&&" { throw failure("unexpected `&&`", "write `and`", at: index + 1, length: 2) }
        guard sign.count == 2 || "<>()&+-".unicodeScalars.contains(scalar) else {
          throw failure("unexpected character `\(scalar)`", Self.remedy(for: pair, scalar), at: index + 1)
        }
        index += sign.count
        add(.sign(sign), start, index)
      }
    }
    add(.end, scalars.count, scalars.count)
  }

  private mutating func add(_ kind: Kind, _ start: Int, _ end: Int) {
    tokens.append(Token(kind: kind, column: start + 1, length: end - start))
  }

  private static func remedy(for pair: String, _ scalar: Unicode.Scalar) -> String {
    switch (pair, scalar) {
    case ("||", _), (_, "|"): "write `or`"
    case (_, "!"): "write `not`, or `!=`"
    case (_, "="): "equality is written `==`"
    default: "a name that is no plain word stands between quotes"
    }
  }

  private static func isWordStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "$" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static let units: [(suffix: String, perSecond: UInt64)] = [
    ("ns", 1_000_000_000), ("us", 1_000_000), ("ms", 1_000), ("s", 1),
  ]

  private func numberOrTime(_ range: Range<Int>) throws(PredicateError) -> Kind {
    let written = String(String.UnicodeScalarView(scalars[range]))
    guard let unit = Self.units.first(where: { written.hasSuffix($0.suffix) }) else {
      return .number(try number(range))
    }
    return .time(try number(range.dropLast(unit.suffix.count)), perSecond: unit.perSecond)
  }

  private func number(_ range: Range<Int>) throws(PredicateError) -> UInt64 {
    let written = String(String.UnicodeScalarView(scalars[range].filter { $0 != "_" }))
    let isHexadecimal = written.hasPrefix("0x")
    guard let value = UInt64(isHexadecimal ? String(written.dropFirst(2)) : written, radix: isHexadecimal ? 16 : 10)
    else {
      throw failure(
        "expected a number of 64 bits", "numbers are 1000, 1_000 or 0x3E8", at: range.lowerBound + 1,
        length: range.count)
    }
    return value
  }

  // MARK: Grammar

  private var token: Token { tokens[position] }

  private func unexpected(_ expected: String, _ remedy: String = "") -> PredicateError {
    let found =
      switch token.kind {
      case .word(let word): "`\(word)`"
      case .quoted(let name): "the name \"\(name)\""
      case .number(let number): "`\(number)`"
      case .time: "a time"
      case .sign(let sign): "`\(sign)`"
      case .end: "the end"
      }
    return failure("expected \(expected), found \(found)", remedy, at: token.column, length: token.length)
  }

  private mutating func take(_ word: String) -> Bool {
    guard token.kind == .word(word) else { return false }
    position += 1
    return true
  }

  private mutating func take(sign: String) -> Bool {
    guard token.kind == .sign(sign) else { return false }
    position += 1
    return true
  }

  mutating func expectEnd() throws(PredicateError) {
    guard token.kind == .end else { throw unexpected("`and`, `or` or the end") }
  }

  mutating func expression(depth: Int) throws(PredicateError) -> Predicate.Expression {
    var left = try term(depth: depth)
    while take("or") { left = .either(left, try term(depth: depth)) }
    return left
  }

  private mutating func term(depth: Int) throws(PredicateError) -> Predicate.Expression {
    var left = try factor(depth: depth)
    while take("and") { left = .both(left, try factor(depth: depth)) }
    return left
  }

  private mutating func factor(depth: Int) throws(PredicateError) -> Predicate.Expression {
    guard depth > 0 else { throw failure("parentheses and `not` go too deep", at: token.column) }
    if take("not") { return .negation(try factor(depth: depth - 1)) }
    if take(sign: "(") {
      let inner = try expression(depth: depth - 1)
      guard take(sign: ")") else { throw unexpected("`)`") }
      return inner
    }
    return .atom(try atom())
  }

  private mutating func atom() throws(PredicateError) -> Predicate.Atom {
    if take("mapped") { return .mapped(try place()) }
    if take("reached") {
      let name = try symbol()
      var hit: UInt64 = 1
      if take("hit") {
        let place = token
        hit = try number("how many times")
        guard hit > 0 else { throw failure("hits count from 1", at: place.column, length: place.length) }
      }
      return .reached(name, hit: hit)
    }
    let left = try operand()
    guard case .sign(let sign) = token.kind, let relation = Predicate.Relation(rawValue: sign) else {
      throw unexpected("a comparison: one of == != < <= > >=")
    }
    position += 1
    let start = token
    let right = try operand()
    for (operand, other) in [(left, right), (right, left)] {
      guard case .time = operand.value, other.value != .clock else { continue }
      throw failure("a time is compared with `clock` only", at: left.value == operand.value ? 1 : start.column)
    }
    for (operand, other) in [(left, right), (right, left)] {
      guard case .memory(_, let size, _) = operand.value, size < 8, case .number(let number) = other.value,
        number >> UInt64(size * 8) != 0
      else { continue }
      let name = operand.value.description.prefix { $0 != " " }
      throw failure(
        "a \(name) is never \(number): it holds \(size * 8) bits", "look at a larger one, or mask it", at: start.column,
        length: start.length)
    }
    return .comparison(left, relation, right)
  }

  private mutating func operand() throws(PredicateError) -> Predicate.Operand {
    var operand = Predicate.Operand(value: try value())
    if take(sign: "&") { operand.mask = try number("a mask") }
    return operand
  }

  private mutating func value() throws(PredicateError) -> Predicate.Value {
    if case .number(let number) = token.kind {
      position += 1
      return .number(number)
    }
    if case .time(let count, let perSecond) = token.kind {
      position += 1
      return .time(count, perSecond: perSecond)
    }
    guard case .word(let word) = token.kind else { throw unexpected("a value", Self.valueRemedy) }
    let start = token
    position += 1
    switch word {
    case "clock": return .clock
    case "steps": return .steps
    case "interrupts", "exceptions":
      let place = token
      guard let vector = UInt8(exactly: try number("a vector")) else {
        throw failure("a vector is 0 to 255", at: place.column, length: place.length)
      }
      return .deliveries(vector: vector, isException: word == "exceptions")
    case "byte", "word", "dword", "qword":
      guard take("at") else { throw unexpected("`at` and an address", "such as `\(word) at 0x10_0000`") }
      let isPhysical = take("physical")
      let size = ["byte": 1, "word": 2, "dword": 4, "qword": 8][word] ?? 1
      return .memory(try place(), size: size, isPhysical: isPhysical)
    default:
      if let register = InspectedRegister(rawValue: word) { return .register(register) }
      position -= 1
      throw failure(
        "`\(word)` is no value", "\(Self.valueRemedy); what a variable holds is `qword at \(word)`", at: start.column,
        length: start.length)
    }
  }

  private static let valueRemedy =
    "a value is a number, a register, `byte at ADDRESS` (word, dword, qword), clock, steps, or interrupts VECTOR"

  private mutating func number(_ what: String) throws(PredicateError) -> UInt64 {
    guard case .number(let number) = token.kind else { throw unexpected(what) }
    position += 1
    return number
  }

  private mutating func symbol() throws(PredicateError) -> Predicate.Name {
    switch token.kind {
    case .word(let name), .quoted(let name):
      defer { position += 1 }
      return Predicate.Name(text: name, column: token.column, length: token.length)
    default: throw unexpected("the name of a symbol")
    }
  }

  private mutating func place() throws(PredicateError) -> Predicate.Place {
    if case .number(let number) = token.kind {
      position += 1
      return .address(number)
    }
    switch token.kind {
    case .word, .quoted: break
    default: throw unexpected("an address or the name of a symbol")
    }
    let name = try symbol()
    let isNegative = token.kind == .sign("-")
    guard isNegative || token.kind == .sign("+") else { return .symbol(name, offset: 0) }
    position += 1
    let start = token
    guard let offset = Int64(exactly: try number("an offset")) else {
      throw failure("an offset is less than 2^63", at: start.column, length: start.length)
    }
    return .symbol(name, offset: isNegative ? -offset : offset)
  }
}

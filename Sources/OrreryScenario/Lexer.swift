/// Splits the text of a scenario into tokens; every byte is looked at once.
struct Lexer {
  private let bytes: [UInt8]
  private let source: ScenarioSource
  private var position = 0
  private var line = 1
  private var column = 1
  private var tokens: [Token] = []
  private(set) var problems: [ScenarioProblem] = []

  /// The tokens of `text`, ending in `.end`, and what could not be read.
  static func tokens(of text: String, in source: ScenarioSource) -> (
    tokens: [Token], problems: [ScenarioProblem]
  ) {
    var lexer = Lexer(bytes: Array(text.utf8), source: source)
    lexer.run()
    return (lexer.tokens, lexer.problems)
  }

  private init(bytes: [UInt8], source: ScenarioSource) {
    self.bytes = bytes
    self.source = source
  }

  /// The byte `distance` ahead; 0 past the end.
  private func peek(_ distance: Int = 0) -> UInt8 {
    position + distance < bytes.count ? bytes[position + distance] : 0
  }

  private mutating func advance() {
    // Continuation bytes are part of the scalar before them.
    if bytes[position] & 0xC0 != 0x80 { column += 1 }
    position += 1
  }

  private func location(from start: Int) -> SourceLocation {
    SourceLocation(line: line, column: start, length: max(1, column - start))
  }

  private mutating func report(_ message: String, remedy: String = "", from start: Int) {
    guard problems.count < ScenarioError.limit else { return }
    problems.append(
      ScenarioProblem(.error, message, remedy: remedy, at: location(from: start), in: source))
  }

  private mutating func add(_ kind: Token.Kind, from start: Int) {
    tokens.append(Token(kind: kind, location: location(from: start)))
  }

  private mutating func run() {
    while position < bytes.count {
      let start = column
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        advance()
      case UInt8(ascii: "\n"):
        add(.separator, from: start)
        position += 1
        (line, column) = (line + 1, 1)
      case UInt8(ascii: ";"):
        advance()
        add(.separator, from: start)
      case UInt8(ascii: "#"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { advance() }
      case UInt8(ascii: "\""):
        readText(from: start)
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        readNumber(from: start)
      case let byte where isWordStart(byte):
        readWord(from: start)
      case UInt8(ascii: "."):
        readDots(from: start)
      case let byte where "{}():,+-*=".utf8.contains(byte):
        advance()
        add(.sign(Unicode.Scalar(byte)), from: start)
      default:
        readOther(from: start)
      }
    }
    add(.end, from: column)
  }

  private func isWordStart(_ byte: UInt8) -> Bool {
    byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
      || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "$")
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// A word: letters, digits, `_`, `$`, and dots between words, as in `Heap.allocate`.
  private mutating func readWord(from start: Int) {
    let first = position
    while position < bytes.count,
      isWordStart(peek()) || isDigit(peek())
        || (peek() == UInt8(ascii: ".") && isWordStart(peek(1)))
    {
      advance()
    }
    add(.word(String(decoding: bytes[first..<position], as: UTF8.self)), from: start)
  }

  private mutating func readNumber(from start: Int) {
    var radix: UInt64 = 10
    if peek() == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x") {
      radix = 16
      advance()
      advance()
    }
    var value: UInt64 = 0
    var overflowed = false
    var digits = 0
    while position < bytes.count {
      let byte = peek()
      if byte == UInt8(ascii: "_") {
        advance()
        continue
      }
      guard let digit = digitValue(byte), digit < radix else { break }
      let (product, high) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(digit)
      overflowed = overflowed || high || carry
      value = sum
      digits += 1
      advance()
    }
    if digits == 0 { report("expected hexadecimal digits after `0x`", from: start) }
    if overflowed {
      report("the number exceeds 64 bits", remedy: "the greatest is \(UInt64.max)", from: start)
    }
    if peek() == UInt8(ascii: "."), isDigit(peek(1)) {
      while peek() == UInt8(ascii: ".") || isDigit(peek()) { advance() }
      report(
        "expected a whole number", remedy: "use a smaller unit: 1500 us rather than 1.5 ms",
        from: start)
    }
    add(.number(value), from: start)
  }

  private func digitValue(_ byte: UInt8) -> UInt64? {
    if isDigit(byte) { return UInt64(byte - UInt8(ascii: "0")) }
    let letter = byte | 0x20
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f")
      ? UInt64(letter - UInt8(ascii: "a")) + 10 : nil
  }

  private mutating func readDots(from start: Int) {
    guard peek(1) == UInt8(ascii: "."), peek(2) == UInt8(ascii: ".") else {
      advance()
      report("unexpected character `.`", remedy: "a range is written 0…40 or 0...40", from: start)
      return
    }
    for _ in 0..<3 { advance() }
    add(.sign("…"), from: start)
  }

  private mutating func readOther(from start: Int) {
    // The input is valid UTF-8, so a scalar is its first byte and all continuation bytes after it.
    let first = position
    advance()
    while position < bytes.count, bytes[position] & 0xC0 == 0x80 { advance() }
    let text = String(decoding: bytes[first..<position], as: UTF8.self)
    if text == "…" {
      add(.sign("…"), from: start)
      return
    }
    guard let scalar = text.unicodeScalars.first else { return }
    let isVisible = scalar.properties.isAlphabetic || (0x21...0x7E).contains(scalar.value)
    let code = String(scalar.value, radix: 16, uppercase: true)
    let name =
      isVisible ? "`\(text)`" : "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
    let remedy: String
    switch scalar {
    case "/": remedy = "a comment begins with #"
    case "'", "\u{2018}", "\u{201C}", "\u{201D}": remedy = "a text stands between \" and \""
    default: remedy = "other characters may stand in a text or a comment"
    }
    // A run of the same character is one mistake.
    while position < bytes.count, bytes[position] == bytes[first], bytes[first] < 0x80 { advance() }
    report("unexpected character \(name)", remedy: remedy, from: start)
  }

  private mutating func readText(from start: Int) {
    var token = Token(kind: .end, location: .none)
    var text: [UInt8] = []
    advance()
    while true {
      let columnOfByte = column
      guard position < bytes.count, peek() != UInt8(ascii: "\n") else {
        report(
          "expected `\"` at the end of the text",
          remedy: "a text ends on its line; write \\n for a new line", from: start)
        break
      }
      let byte = peek()
      if byte == UInt8(ascii: "\"") {
        advance()
        break
      }
      if byte == UInt8(ascii: "\\") {
        guard let value = readEscape() else { continue }
        text.append(value)
      } else {
        advance()
        if byte < 0x20 || byte == 0x7F {
          report(
            "a control character stands in a text", remedy: "write it as \\x\(twoDigits(byte))",
            from: columnOfByte)
        }
        text.append(byte)
      }
      token.columns.append(columnOfByte - (byte & 0xC0 == 0x80 ? 1 : 0))
    }
    token.kind = .text(text)
    token.location = location(from: start)
    tokens.append(token)
  }

  /// The byte that an escape stands for; nil after reporting what is none.
  private mutating func readEscape() -> UInt8? {
    let start = column
    advance()
    let letter = peek()
    guard position < bytes.count, letter != UInt8(ascii: "\n") else { return nil }
    advance()
    switch letter {
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "\\"), UInt8(ascii: "\""): return letter
    case UInt8(ascii: "x"):
      guard let high = digitValue(peek()), let low = digitValue(peek(1)) else {
        report("expected two hexadecimal digits after `\\x`", from: start)
        return nil
      }
      advance()
      advance()
      return UInt8(high << 4 | low)
    default:
      // The rest of a scalar of several bytes is part of the mistake.
      while position < bytes.count, bytes[position] & 0xC0 == 0x80 { advance() }
      report(
        "unknown escape",
        remedy: "escapes are \\n \\r \\t \\\\ \\\" and \\x with two hexadecimal digits", from: start
      )
      return nil
    }
  }
}

/// `byte` as two hexadecimal digits.
func twoDigits(_ byte: UInt8) -> String {
  (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}

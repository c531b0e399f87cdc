/// One word, number, text or sign of a scenario.
struct Token {
  enum Kind: Equatable {
    case word(String)
    case number(UInt64)
    /// A text without its quotes, escapes resolved.
    case text([UInt8])
    /// One of `{ } ( ) : , + - * = …`.
    case sign(Unicode.Scalar)
    /// A new line or `;`.
    case separator
    case end
  }

  var kind: Kind
  var location: SourceLocation
  /// Of a text, the column of the scalar each byte came from.
  var columns: [Int] = []

  /// The token as a message names it.
  var described: String {
    switch kind {
    case .word(let word): "`\(clipped(word))`"
    case .number(let value): "`\(value)`"
    case .text: "a text"
    case .sign(let sign): "`\(sign)`"
    case .separator: "the end of the statement"
    case .end: "the end of the file"
    }
  }
}

/// `text`, or its beginning when it is long.
func clipped(_ text: String) -> String {
  text.unicodeScalars.count <= 40
    ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(40))) + "…"
}

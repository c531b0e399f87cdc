/// The colours that people know from `git diff` (ECMA-48 8.3.117).
enum DiffColours {
  /// A line of a difference by how it begins.
  static func painted(_ line: Substring) -> String {
    switch line.first {
    case _ where line.hasPrefix("---") || line.hasPrefix("+++"): bold(String(line))
    case "-": coloured(line, 31)
    case "+": coloured(line, 32)
    case "@": coloured(line, 36)
    case "~", ">": coloured(line, 33)
    default: String(line)
    }
  }

  /// Each line of a difference by how it begins.
  static func painted(text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(painted).joined(separator: "\n")
  }

  /// The first lines of a text that ends with a line end, and how many more it has.
  static func beginning(of text: String, limit: Int, isColoured: Bool) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    let shown = lines.prefix(limit).map { isColoured ? painted($0) : String($0) }
    return lines.count > limit ? shown + ["… \(lines.count - limit) more lines"] : shown
  }

  static func bold(_ text: String) -> String { "\u{1B}[1m\(text)\u{1B}[0m" }

  private static func coloured(_ line: Substring, _ colour: Int) -> String { "\u{1B}[\(colour)m\(line)\u{1B}[0m" }
}

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

  static func bold(_ text: String) -> String { "\u{1B}[1m\(text)\u{1B}[0m" }

  private static func coloured(_ line: Substring, _ colour: Int) -> String { "\u{1B}[\(colour)m\(line)\u{1B}[0m" }
}

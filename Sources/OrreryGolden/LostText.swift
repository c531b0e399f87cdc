public import OrreryCompare

/// A text that a scenario waits for and the kernel no longer writes: an anchor that is lost, as a symbol that was renamed is.
///
/// A kernel that only never gets so far has lost nothing: it hangs or fails, which is a difference of behaviour and has to count as one. What tells the two
/// apart is in the behaviours: the golden says which inputs there were because of the text, and what came after it.
public struct LostText {
  /// What never came true, in the scenario's words.
  public var anchor: String
  /// The line with the text, as the golden has it; nil when none has the whole of it.
  public var old: String?
  /// What is there now, when it is something like it.
  public var new: String?

  private static let reportStart = "report: never came true: "

  /// What became of the text, for a message.
  public var words: String {
    guard let old else { return "the kernel does without it what it did after it" }
    guard let new else { return "it said \(old), and does without that what it did after it" }
    return "it said \(old), and now \(new)"
  }

  /// The first text that `comparison` shows to be lost.
  public static func find(in comparison: BehaviourComparison) -> LostText? {
    let changes = comparison.changes()
    for line in comparison.lines where line.kind == .added && line.section.isEmpty {
      guard line.text.hasPrefix(reportStart) else { continue }
      let anchor = String(line.text.dropFirst(reportStart.count))
      guard let text = quotedText(in: anchor) else { continue }
      for change in changes where change.kind == .changed {
        guard let old = change.old, let new = change.new, old.contains(text), !new.contains(text) else { continue }
        // As far from it as half of it is another text.
        if distance(of: Array(text.utf8), in: Array(new.utf8)) * 2 <= text.utf8.count {
          return LostText(anchor: anchor, old: old, new: new)
        }
      }
      let missed = MissedText(anchor: anchor, text: text, lines: comparison.lines)
      if missed.isGoneOnWithout, !missed.isStillWritten { return LostText(anchor: anchor, old: missed.line) }
    }
    return nil
  }

  /// What the first quotes in `text` hold, escapes as they are: a behaviour writes them in the same way.
  private static func quotedText(in text: String) -> String? {
    guard let start = text.firstIndex(of: "\"") else { return nil }
    var end = text.index(after: start)
    while end < text.endIndex, text[end] != "\"" {
      if text[end] == "\\" { end = text.index(after: end) }
      if end < text.endIndex { end = text.index(after: end) }
    }
    guard end < text.endIndex, text.index(after: start) < end else { return nil }
    return String(text[text.index(after: start)..<end])
  }

  /// The fewest insertions, deletions and replacements that make `text` a part of `line` (Sellers' algorithm).
  static func distance(of text: [UInt8], in line: [UInt8]) -> Int {
    var above = [Int](repeating: 0, count: line.count + 1)
    for (row, byte) in text.enumerated() {
      var current = [row + 1]
      for (column, other) in line.enumerated() {
        let replaced = above[column] + (byte == other ? 0 : 1)
        current.append(min(replaced, above[column + 1] + 1, current[column] + 1))
      }
      above = current
    }
    return above.min() ?? text.count
  }
}

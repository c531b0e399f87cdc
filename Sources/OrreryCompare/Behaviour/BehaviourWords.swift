import OrreryTrace

/// Lines of a behaviour as sentences about a kernel.
enum BehaviourWords {
  typealias Line = BehaviourComparison.Line

  /// The lane of a section: `heap, main` is of `heap`.
  static func lane(_ section: String) -> String {
    section.isEmpty ? "run" : section.split(separator: ",").first.map(String.init) ?? section
  }

  /// A section without its context: what is in two sections of one stream has the same form.
  static func stream(_ section: String) -> String {
    let parts = section.split(separator: ",").map(trimmed)
    return parts.filter { $0 != "main" && !$0.hasPrefix("handler of ") }.joined(separator: ", ")
  }

  /// What a change is said to be in: the section, unless there is nothing to confuse it with.
  static func place(_ section: String) -> String {
    switch section {
    case "": "run"
    case "output, screen in the end": "screen"
    case "interrupt, from devices": "interrupt"
    case _ where section.hasSuffix(", main"): String(section.dropLast(6))
    default: section
    }
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " })
  }

  /// What is done, or no longer done.
  static func words(_ line: Line, _ kind: BehaviourChange.Kind) -> String {
    let isAdded = kind == .added
    let text = trimmed(line.text)
    switch lane(line.section) {
    case "heap", "frame":
      return isAdded ? actor(line) + sentence(text) : actor(line) + "no longer " + sentence(text)
    case "map": return isAdded ? sentence(text) : "no longer " + sentence(text)
    case "interrupt": return interrupt(text, line.origin, isAdded: isAdded)
    case "output": return screen(text) ?? (isAdded ? text : "no longer " + text)
    case "exception": return isAdded ? text : "no " + text
    default: return isAdded ? text : "no longer: " + text
    }
  }

  /// What is done otherwise.
  static func changed(from old: Line, to new: Line) -> String {
    let oldText = trimmed(old.text)
    let newText = trimmed(new.text)
    if newText.hasPrefix("… ") { return "\(newText.dropFirst(2)), was \(oldText.dropFirst(2))" }
    switch lane(new.section) {
    case "map":
      if let words = MapWords(newText)?.changed(from: MapWords(oldText)) { return words }
    case "output":
      if let line = screenLine(newText), let oldLine = screenLine(oldText), line.row == oldLine.row {
        return "line \(line.row): \(line.text), was \(oldLine.text)"
      }
      return "\(newText), was \(oldText)"
    case "heap", "frame": return actor(new) + sentence(difference(from: oldText, to: newText))
    case "run" where newText.hasPrefix("end: ") && oldText.hasPrefix("end: "):
      return "ends with \(newText.dropFirst(5)), was \(oldText.dropFirst(5))"
    default: break
    }
    return difference(from: oldText, to: newText)
  }

  /// What is done at another place.
  static func moved(from old: Line, before: Line?, to new: Line, after: Line?) -> String {
    var words = lane(new.section) == "output" ? trimmed(new.text) : actor(new) + sentence(trimmed(new.text))
    func place(_ line: Line?) -> String { line.map { "after `\(trimmed($0.text))`" } ?? "first" }
    if old.section != new.section {
      words += ", now in `\(new.section)`, was in `\(old.section)`"
    } else {
      words += ", now \(place(after)), was \(place(before))"
    }
    return words
  }

  /// Whether one may be the other, changed: half of what it says is the same, and the first word, which says what is done.
  static func areAlike(_ old: String, _ new: String, section: String) -> Bool {
    let oldWords = trimmed(old).split(separator: " ")
    let newWords = trimmed(new).split(separator: " ")
    guard let first = oldWords.first, let newFirst = newWords.first else { return false }
    switch lane(section) {
    case "output" where first == "row":
      return newFirst == "row" && oldWords.dropFirst().first == newWords.dropFirst().first
    // There is one end of a run, and one list of lanes.
    case "run" where first != "report:": return first == newFirst
    // A text that takes the place of another is another text.
    case "output": return first.hasPrefix("\"") == newFirst.hasPrefix("\"")
    default: break
    }
    // A mark is the kernel's own text, whose first word is like any other; elsewhere it says what is done.
    guard first == newFirst || lane(section) == "mark" else { return false }
    let shared = commonEnds(oldWords, newWords)
    return 2 * (shared.prefix + shared.suffix) >= min(oldWords.count, newWords.count)
  }

  // MARK: Parts of sentences

  /// Who does it, when the trace names the function: "`Shell.run` ".
  ///
  /// The functions of Swift's runtime, through which every object comes, would say nothing.
  private static func actor(_ line: Line) -> String {
    guard let function = line.origin?.function, !function.hasPrefix("swift_"), !function.hasPrefix("_swift_") else {
      return ""
    }
    return "`\(function)` "
  }

  private static let verbs = [
    "allocate": "allocates", "reallocate": "reallocates", "free": "frees", "map": "maps", "unmap": "unmaps",
    "remap": "remaps", "permission": "changes the rights of",
  ]

  /// `allocate 16 bytes` as `allocates 16 bytes`.
  static func sentence(_ text: String) -> String {
    guard let verb = text.split(separator: " ", maxSplits: 1).first, let form = verbs[String(verb)] else { return text }
    return form + text.dropFirst(verb.count)
  }

  /// `vector 33, irq 1` as `irq 1 delivered (vector 33)`, with the text it came after.
  private static func interrupt(_ text: String, _ origin: BehaviourOrigin?, isAdded: Bool) -> String {
    let parts = text.split(separator: ",", maxSplits: 1).map(trimmed)
    var words = parts.count == 2 ? "\(parts[1]) \(isAdded ? "" : "no longer ")delivered (\(parts[0]))" : text
    guard isAdded, let origin else { return words }
    words += origin.outputBefore.map { ", first after \($0)" } ?? ", first before any output"
    return words
  }

  private static func screen(_ text: String) -> String? { screenLine(text).map { "line \($0.row): \($0.text)" } }

  /// The row of `row 3 0x07 "text"` and what is in it, the usual grey on black not said.
  private static func screenLine(_ text: String) -> (row: Substring, text: String)? {
    let parts = text.split(separator: " ", maxSplits: 2)
    guard parts.count == 3, parts[0] == "row" else { return nil }
    return (parts[1], parts[2].hasPrefix("0x07 ") ? String(parts[2].dropFirst(5)) : String(parts[2]))
  }

  /// The new text, with what was there instead of what is new in it.
  static func difference(from old: String, to new: String) -> String {
    let oldWords = old.split(separator: " ")
    let newWords = new.split(separator: " ")
    let shared = commonEnds(oldWords, newWords)
    let gone = withoutHalfQuotes(oldWords[shared.prefix..<oldWords.count - shared.suffix].joined(separator: " "))
    let come = withoutHalfQuotes(newWords[shared.prefix..<newWords.count - shared.suffix].joined(separator: " "))
    if gone.isEmpty, come.isEmpty { return new }
    if gone.isEmpty { return "\(new) (now with `\(come)`)" }
    return come.isEmpty ? "\(new) (no longer `\(gone)`)" : "\(new) (was `\(gone)`)"
  }

  /// Words from one end of a quoted text, such as `woken"`, without its quotation mark: the other one is among the words that are shared.
  private static func withoutHalfQuotes(_ words: String) -> String {
    var isEscaped = false
    var quoteCount = 0
    for byte in words.utf8 {
      if byte == UInt8(ascii: "\""), !isEscaped { quoteCount += 1 }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    guard !quoteCount.isMultiple(of: 2) else { return words }
    if words.hasPrefix("\"") { return String(words.dropFirst()) }
    return words.hasSuffix("\"") ? String(words.dropLast()) : words
  }

  /// How many words two sentences share at their beginnings, and at their ends beyond that.
  private static func commonEnds(_ old: [Substring], _ new: [Substring]) -> (prefix: Int, suffix: Int) {
    var prefix = 0
    while prefix < min(old.count, new.count), old[prefix] == new[prefix] { prefix += 1 }
    var suffix = 0
    while suffix < min(old.count, new.count) - prefix, old[old.count - 1 - suffix] == new[new.count - 1 - suffix] {
      suffix += 1
    }
    return (prefix, suffix)
  }
}

/// A line of the map by its parts: `map 0x4444_4444_0000 +100 KiB 4K writable no-execute, frames #f1…#f25, flushed`.
private struct MapWords {
  /// What is done: `map`, `permission`, …
  var verb: Substring
  /// The range, or `pages of the image`.
  var range: String
  /// Page size and rights.
  var flags: [Substring]
  /// Everything behind the first comma.
  var rest: [String]

  init?(_ text: String) {
    let parts = text.split(separator: ",").map(BehaviourWords.trimmed)
    let words = (parts.first ?? "").split(separator: " ")
    guard let verb = words.first, ["map", "unmap", "remap", "permission"].contains(verb) else { return nil }
    // `0x4444_4444_0000 +100 KiB`, or `pages of the image`.
    let rangeLength = words.count > 1 && words[1] == "pages" ? 4 : 3
    guard words.count > rangeLength else { return nil }
    self.verb = verb
    range = words[1...rangeLength].joined(separator: " ")
    flags = Array(words.dropFirst(rangeLength + 1))
    rest = Array(parts.dropFirst())
  }

  /// What is otherwise with the same range; nil when the ranges are not the same.
  func changed(from old: MapWords?) -> String? {
    guard let old, verb == old.verb, range == old.range else { return nil }
    var words: [String] = []
    let come = flags.filter { !old.flags.contains($0) }
    let gone = old.flags.filter { !flags.contains($0) }
    if !come.isEmpty { words.append("now " + come.joined(separator: " ")) }
    if !gone.isEmpty { words.append("no longer " + gone.joined(separator: " ")) }
    let newRest = rest.filter { !old.rest.contains($0) }
    let oldRest = old.rest.filter { !rest.contains($0) }
    if !newRest.isEmpty {
      words.append(
        newRest.joined(separator: ", ") + (oldRest.isEmpty ? "" : ", was \(oldRest.joined(separator: ", "))"))
    } else if !oldRest.isEmpty {
      words.append("no longer " + oldRest.joined(separator: ", "))
    }
    return words.isEmpty ? nil : "\(BehaviourWords.sentence("\(verb) \(range)")): \(words.joined(separator: "; "))"
  }
}

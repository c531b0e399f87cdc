import OrreryTrace

/// Lines of a behaviour as sentences about a kernel.
enum BehaviourWords {
  typealias Unit = ComparedUnit

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
  static func words(_ unit: Unit, _ kind: BehaviourChange.Kind) -> String {
    let isAdded = kind == .added
    if unit.raw.hasPrefix("… ") { return (isAdded ? "" : "no longer ") + unit.raw.dropFirst(2) }
    switch lane(unit.section) {
    case "heap" where unit.section == "heap, in the end": return isAdded ? unit.raw : "no longer: \(unit.raw)"
    case "heap", "frame", "map": return isAdded ? doing(unit) : actor(unit) + "no longer " + sentences(unit)
    case "interrupt": return interrupt(unit.raw, unit.origin, isAdded: isAdded)
    case "output": return screen(unit.raw) ?? (isAdded ? text(unit) : "no longer " + text(unit))
    case "exception" where isAdded: return text(unit)
    case "exception" where unit.told.count == 1:
      guard let handled = unit.raw.range(ofFirst: " handled") else { return "no " + text(unit) }
      return unit.raw[..<handled.lowerBound] + " no longer" + unit.raw[handled.lowerBound...]
    default: return isAdded ? text(unit) : "no longer: " + text(unit)
    }
  }

  /// What is done otherwise.
  static func changed(from old: Unit, to new: Unit) -> String {
    if new.raw.hasPrefix("… "), old.raw.hasPrefix("… ") {
      return "what comes after the lines told here is otherwise: \(new.raw.dropFirst(2)), was \(old.raw.dropFirst(2))"
    }
    guard new.told.count == 1, old.told.count == 1 else {
      // The rows of a repetition that are otherwise.
      guard new.told.count == old.told.count else { return "\(doing(new)), was: \(sentences(old))" }
      let rows = zip(old.told, new.told).filter { $0 != $1 }
      let words = rows.prefix(rowLimit).map { sentence(difference(from: $0, to: $1, in: new.section)) }
      return actor(new) + (words.isEmpty ? sentences(new) : words.joined(separator: "; "))
    }
    let oldText = old.told[0]
    let newText = new.told[0]
    switch lane(new.section) {
    case "map":
      if let words = MapWords(newText)?.changed(from: MapWords(oldText)) { return words }
    case "output":
      if let line = screenLine(newText), let oldLine = screenLine(oldText), line.row == oldLine.row {
        return "line \(line.row): \(line.text), was \(oldLine.text)"
      }
      return "\(newText), was \(oldText)"
    case "run" where newText.hasPrefix("end: ") && oldText.hasPrefix("end: "):
      return "ends with \(newText.dropFirst(5)), was \(oldText.dropFirst(5))"
    case "run": return "\(newText), was \(oldText.hasPrefix("lanes: ") ? String(oldText.dropFirst(7)) : oldText)"
    case "heap" where new.section == "heap, in the end":
      let was = oldText.hasSuffix(" never freed") ? String(oldText.dropLast(12)) : "none"
      return "\(newText), was \(was)"
    case "mark": return "\(newText), was \(oldText)"
    case "heap", "frame":
      if oldText == newText, let last = new.latest.last, let oldLast = old.latest.last, last != oldLast {
        return doing(new) + ", was up to " + otherWords(last, oldLast)
      }
    default: break
    }
    return actor(new) + sentence(difference(from: oldText, to: newText, in: new.section))
  }

  /// What is done more often, or less.
  ///
  /// - Parameter isElsewhere: whether the same is done at other places of the section, too, so that only those here were counted.
  static func counted(from old: Unit, to new: Unit, isElsewhere: Bool) -> String {
    let words = new.told.prefix(rowLimit).map { sentence(withoutBlocks($0)) }
    let more = new.told.count > rowLimit ? " and \(new.told.count - rowLimit) more" : ""
    func times(_ count: Int) -> String {
      count == 1 ? "once" : "\(Words.number(UInt64(count))) times" + (isElsewhere ? " in a row" : "")
    }
    return actor(new) + words.joined(separator: ", ") + more + " \(times(new.count)), was \(times(old.count))"
  }

  /// What one of many does to its block: `allocate 16 bytes → #3` as `allocate 16 bytes`, `free #3 of 16 bytes` as `free blocks of 16 bytes`.
  private static func withoutBlocks(_ text: String) -> String {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    if let arrow = words.lastIndex(of: "→") { words.removeSubrange(arrow...) }
    for index in words.indices.reversed() where words[index].hasPrefix("#") && !text.contains("\"") {
      if index == 1, words[0] == "free" { words[index] = "blocks" } else { words.remove(at: index) }
    }
    return words.joined(separator: " ")
  }

  /// Who does what, at most so many rows of it.
  static func doing(_ unit: Unit) -> String {
    ["heap", "frame", "map"].contains(lane(unit.section)) ? actor(unit) + sentences(unit) : text(unit)
  }

  private static let rowLimit = 3

  private static func sentences(_ unit: Unit) -> String { joined(unit, sentence) }

  private static func text(_ unit: Unit) -> String { joined(unit) { $0 } }

  private static func joined(_ unit: Unit, _ words: (String) -> String) -> String {
    var text = unit.told.prefix(rowLimit).map(words).joined(separator: ", ")
    if unit.told.count > rowLimit { text += " and \(unit.told.count - rowLimit) more" }
    if let last = unit.latest.last, let first = unit.told.last { text += ", up to \(otherWords(first, last))" }
    return text
  }

  /// What of `last` is not in `first`.
  private static func otherWords(_ first: String, _ last: String) -> String {
    let words = last.split(separator: " ")
    let shared = commonEnds(first.split(separator: " "), words)
    return words[shared.prefix..<words.count - shared.suffix].joined(separator: " ")
  }

  /// The words of a change without names and places, which are the same where the same is done elsewhere.
  static func withoutNames(_ change: BehaviourChange) -> String {
    var words = change.words[...]
    if change.kind == .moved, let place = words.range(ofFirst: ", now ") { words = words[..<place.lowerBound] }
    var text = ""
    var isName = false
    var isQuoted = false
    for character in words {
      if isName, ("0"..."9").contains(character) || ("a"..."z").contains(character) || character == "." { continue }
      isName = character == "#" && !isQuoted
      if character == "\"" { isQuoted.toggle() }
      text.append(character)
    }
    return text
  }

  /// Whether one may be the other, changed: half of what it says is the same, and the first word, which says what is done.
  static func areAlike(_ old: String, _ new: String, section: String) -> Bool {
    // The same exception in another function is alike.
    func told(_ row: String) -> String {
      lane(section) == "exception" ? InlinedFunctions.withoutFunction(row[...]) : row
    }
    let oldWords = trimmed(told(old)).split(separator: " ")
    let newWords = trimmed(told(new)).split(separator: " ")
    guard let first = oldWords.first, let newFirst = newWords.first else { return false }
    switch lane(section) {
    case "output" where first == "row":
      return newFirst == "row" && oldWords.dropFirst().first == newWords.dropFirst().first
    // There is one end of a run, and one list of lanes.
    case "run" where first != "report:": return first == newFirst
    // A text that takes the place of another is another text.
    case "output": return first.hasPrefix("\"") == newFirst.hasPrefix("\"")
    // A range that begins at the same place, however long it is.
    case "map" where oldWords.dropFirst().first == newWords.dropFirst().first: return first == newFirst
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
  private static func actor(_ line: Unit) -> String {
    guard let function = line.origin?.function, !function.hasPrefix("swift_"), !function.hasPrefix("_swift_") else {
      return ""
    }
    return "`\(function)` "
  }

  private static let verbs = [
    "allocate": "allocates", "reallocate": "reallocates", "free": "frees", "map": "maps", "unmap": "unmaps",
    "remap": "remaps", "permission": "changes the rights of", "address": "loads CR3: address",
  ]

  /// `allocate 16 bytes` as `allocates 16 bytes`.
  static func sentence(_ text: String) -> String {
    guard let verb = text.split(separator: " ", maxSplits: 1).first, let form = verbs[String(verb)] else { return text }
    return form + text.dropFirst(verb.count)
  }

  /// `vector 33, irq 1` as `irq 1 delivered (vector 33)`, with the text it came after; a scripted one with its anchor.
  private static func interrupt(_ text: String, _ origin: BehaviourOrigin?, isAdded: Bool) -> String {
    let parts = text.split(separator: ",", maxSplits: 2).map(trimmed)
    guard parts.count > 1 else { return text }
    let delivered = isAdded ? "delivered" : "no longer delivered"
    if parts.count == 3 { return "\(parts[1]) interrupt \(delivered) \(parts[2]) (\(parts[0]))" }
    let words = "\(parts[1]) \(delivered) (\(parts[0]))"
    guard isAdded, let origin else { return words }
    return words + (origin.outputBefore.map { ", first after \($0)" } ?? ", first before any output")
  }

  private static func screen(_ text: String) -> String? { screenLine(text).map { "line \($0.row): \($0.text)" } }

  /// The row of `row 3 0x07 "text"` and what is in it, the usual grey on black not said.
  static func screenLine(_ text: String) -> (row: Substring, text: String)? {
    let parts = text.split(separator: " ", maxSplits: 2)
    guard parts.count == 3, parts[0] == "row" else { return nil }
    return (parts[1], parts[2].hasPrefix("0x07 ") ? String(parts[2].dropFirst(5)) : String(parts[2]))
  }

  /// The new text, with what was there instead of what is new in it, as it was written: whole parts between commas, or whole amounts.
  static func difference(from old: String, to new: String, in section: String) -> String {
    let isByWord = ["heap", "frame", "map"].contains(lane(section))
    let oldWords = isByWord ? old.split(separator: " ") : parts(old)
    let newWords = isByWord ? new.split(separator: " ") : parts(new)
    let shared = commonEnds(oldWords, newWords)
    var start = shared.prefix
    var end = oldWords.count - shared.suffix
    let separator = isByWord ? " " : ", "
    let come = newWords[shared.prefix..<newWords.count - shared.suffix].joined(separator: separator)
    if start == end, come.isEmpty { return new }
    if start == end { return "\(new), now with `\(come)`" }
    if isByWord {
      // A number belongs to its unit, and to what it is the number of.
      if end < oldWords.count, units.contains(bare(oldWords[end])), oldWords[end - 1].allSatisfy(\.isNumber) {
        end += 1
      }
      if start > 1, oldWords[start - 1] == "to", oldWords[start - 2] == "aligned" { start -= 2 }
    }
    let gone = oldWords[start..<end].joined(separator: separator)
    let was = gone.hasSuffix(",") ? String(gone.dropLast()) : gone
    return come.isEmpty ? "\(new), no longer `\(was)`" : "\(new), was \(was)"
  }

  private static let units: [Substring] = ["bytes", "B", "KiB", "MiB", "GiB", "blocks", "block", "ranges"]

  private static func bare(_ word: Substring) -> Substring { word.hasSuffix(",") ? word.dropLast() : word }

  /// What stands between commas, except in quotes.
  private static func parts(_ text: String) -> [Substring] {
    var parts: [Substring] = []
    var start = text.startIndex
    var isQuoted = false
    for index in text.indices {
      if text[index] == "\"" { isQuoted.toggle() }
      guard text[index] == ",", !isQuoted else { continue }
      parts.append(text[start..<index].drop { $0 == " " })
      start = text.index(after: index)
    }
    return parts + [text[start...].drop { $0 == " " }]
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
  /// Where the range begins, or `pages`.
  var start: Substring
  /// How long it is, such as `+100 KiB`, or `of the image`.
  var length: String
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
    start = words[1]
    length = words[2...rangeLength].joined(separator: " ")
    flags = Array(words.dropFirst(rangeLength + 1))
    rest = Array(parts.dropFirst())
  }

  /// What is otherwise with the range that begins at the same place; nil when it begins elsewhere.
  func changed(from old: MapWords?) -> String? {
    guard let old, verb == old.verb, start == old.start else { return nil }
    var words: [String] = []
    let isAsLong = length == old.length
    if !isAsLong { words.append("was \(old.length)") }
    // Another number of pages has other frames, of course.
    func told(_ parts: [String]) -> [String] { isAsLong ? parts : parts.filter { !$0.hasPrefix("frame") } }
    let come = flags.filter { !old.flags.contains($0) }
    let gone = old.flags.filter { !flags.contains($0) }
    if !come.isEmpty { words.append("now " + come.joined(separator: " ")) }
    if !gone.isEmpty { words.append("no longer " + gone.joined(separator: " ")) }
    let newRest = told(rest).filter { !old.rest.contains($0) }
    let oldRest = told(old.rest).filter { !rest.contains($0) }
    if !newRest.isEmpty {
      words.append(
        newRest.joined(separator: ", ") + (oldRest.isEmpty ? "" : ", was \(oldRest.joined(separator: ", "))"))
    } else if !oldRest.isEmpty {
      words.append(
        oldRest == ["flushed"] ? "no longer flushed by invlpg" : "no longer " + oldRest.joined(separator: ", "))
    }
    return words.isEmpty
      ? nil : "\(BehaviourWords.sentence("\(verb) \(start) \(length)")): \(words.joined(separator: "; "))"
  }
}

extension StringProtocol {
  /// Where `pattern` is first; nil when it is nowhere.
  func range(ofFirst pattern: String) -> Range<Index>? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(pattern) { return index..<self.index(index, offsetBy: pattern.count) }
      index = self.index(after: index)
    }
    return nil
  }
}

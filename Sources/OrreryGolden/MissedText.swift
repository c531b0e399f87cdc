import OrreryCompare

/// A text that is waited for and never came, in the comparison of a run with one in which it did.
struct MissedText {
  /// What was waited for, as an input names it.
  private let name: String
  private let text: String
  private let lines: [BehaviourComparison.Line]
  /// The golden's line with the text, if one has the whole of it.
  private let place: Int?

  private static let screenSection = "output, screen in the end"
  private static let triggers = ["after serial ", "after screen ", "after mark "]

  /// - Parameters:
  ///   - anchor: as the run reports it, with the scenario's line at its end.
  ///   - text: what is waited for, as a behaviour writes it.
  init(anchor: String, text: String, lines: [BehaviourComparison.Line]) {
    var name = anchor
    if anchor.hasSuffix(")"), let start = anchor.lastIndex(of: "("), anchor[start...].hasPrefix("(line ") {
      name = String(anchor[..<start].dropLast())
    }
    self.name = name
    self.text = text
    self.lines = lines
    place = lines.indices.last { index in
      lines[index].kind == .removed && Self.isPlace(lines[index].section, of: name) && lines[index].text.contains(text)
    }
  }

  /// Whether the kernel still writes the text: then it did so less often than was waited for, and the text is not lost.
  var isStillWritten: Bool {
    lines.contains { $0.kind != .removed && Self.isPlace($0.section, of: name) && $0.text.contains(text) }
  }

  /// The line with the text.
  var line: String? { place.map { String(lines[$0].text.drop { $0 == " " }) } }

  /// Whether it is known that the kernel did without the text what it did after it.
  var isGoneOnWithout: Bool {
    guard Self.triggers.contains(where: { name.hasPrefix($0) || name.hasPrefix("stop " + $0) }) else { return false }
    // That it came before, the golden knows from what it brought about.
    guard let effect = lines.firstIndex(where: isEffect), !hasFailed else { return false }
    return endsAsBefore || isFollowed || hasLaterInput(after: effect)
  }

  private func isEffect(_ line: BehaviourComparison.Line) -> Bool {
    guard line.kind == .removed else { return false }
    return line.section == "input" ? line.text.contains(", " + name) : line.section.isEmpty && line.text.contains(name)
  }

  /// Whether a text of the anchor `name` stands in `section`.
  private static func isPlace(_ section: String, of name: String) -> Bool {
    if name.contains("after mark ") { return section.hasPrefix("mark, ") }
    if name.contains("after screen ") { return section == screenSection }
    return section.hasPrefix("output, ") && section != screenSection
  }

  private var ends: [BehaviourComparison.Line] {
    lines.filter { $0.section.isEmpty && $0.text.hasPrefix("end: ") }
  }

  private static func isEnd(_ line: BehaviourComparison.Line, _ reasons: [String]) -> Bool {
    reasons.contains { line.text.hasPrefix("end: " + $0) }
  }

  /// Whether the run has another end, and none to which it comes by waiting.
  private var hasFailed: Bool {
    ends.contains { $0.kind == .added && !Self.isEnd($0, ["idle for ever", "limit reached", "stop "]) }
  }

  /// Whether the kernel ends itself as it did: it idles and runs to a limit when it hangs, too.
  private var endsAsBefore: Bool {
    ends.allSatisfy { $0.kind == .same && Self.isEnd($0, ["debug exit", "power-off", "reset"]) }
  }

  /// Whether what was written after the text still is. The rows of the screen are in no order of time.
  private var isFollowed: Bool {
    guard let place, lines[place].section != Self.screenSection else { return false }
    return lines[place...].contains { $0.kind == .same && $0.section == lines[place].section }
  }

  /// Whether an input that came later still does, because of something else that the kernel does.
  private func hasLaterInput(after effect: Int) -> Bool {
    lines[effect...].contains { line in
      line.kind == .same && line.section == "input"
        && (Self.triggers + ["on symbol "]).contains { line.text.contains(", " + $0) }
    }
  }
}

/// What is different between an expected behaviour and an actual one.
public struct BehaviourComparison: Hashable, Sendable {
  /// A line of the comparison.
  public struct Line: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      case same
      /// In the golden only.
      case removed
      /// In the actual behaviour only.
      case added
    }

    public var kind: Kind
    /// The section it is in, empty for the lines before the first.
    public var section: String
    public var text: String
    /// Where in its trace it comes from, if it comes from one.
    public var origin: BehaviourOrigin?
    /// The text without the numbers of blocks, frames and address spaces.
    let key: String
  }

  /// All lines of both, in order.
  public let lines: [Line]

  /// Whether the behaviours are the same.
  public var isEqual: Bool { lines.allSatisfy { $0.kind == .same } }

  /// How many lines were removed and added.
  public var counts: (removed: Int, added: Int) {
    (lines.count { $0.kind == .removed }, lines.count { $0.kind == .added })
  }

  /// The changed lines with `context` lines around them, as `diff -u` shows them, the section in each hunk's heading; empty when there is no change.
  public func unified(context: Int = 3) -> String {
    var shown = [Bool](repeating: false, count: lines.count)
    for index in lines.indices where lines[index].kind != .same {
      for near in max(0, index - context)...min(lines.count - 1, index + context) {
        if lines[near].section == lines[index].section { shown[near] = true }
      }
    }
    var text = ""
    for index in lines.indices where shown[index] {
      let line = lines[index]
      if index == 0 || !shown[index - 1] || lines[index - 1].section != line.section {
        text += line.section.isEmpty ? "@@ @@\n" : "@@ \(line.section) @@\n"
      }
      text += "\(line.kind.mark)\(line.text)\n"
    }
    return text
  }
}

extension BehaviourComparison.Line.Kind {
  /// The mark of `diff -u`.
  public var mark: Character {
    switch self {
    case .same: " "
    case .removed: "-"
    case .added: "+"
    }
  }
}

/// Why two texts could not be compared as behaviours.
public struct BehaviourError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String
}

/// Compares an expected behaviour with an actual one.
///
/// Lines are aligned by what they say without the numbers of blocks and frames, so that one more allocation is one more line; then every number of the
/// golden must stand for one number of the actual behaviour, all through, and a line where it does not is a change.
public func compareBehaviour(golden: String, actual: String) throws(BehaviourError) -> BehaviourComparison {
  try compareBehaviour(golden: Behaviour(text: golden), actual: Behaviour(text: actual))
}

/// The same for behaviours, whose lines may say where they come from.
public func compareBehaviour(golden: Behaviour, actual: Behaviour) throws(BehaviourError) -> BehaviourComparison {
  let old = try SectionedLines(golden, called: "the golden")
  let new = try SectionedLines(actual, called: "the actual behaviour")
  var pairs = Pairing()
  var lines: [BehaviourComparison.Line] = []
  // Removals stand before insertions where a line has both.
  var added: [BehaviourComparison.Line] = []
  var numbers = LineNumbers()
  let oldNumbers = old.lines.map { numbers.number($0.section, $0.key) }
  let newNumbers = new.lines.map { numbers.number($0.section, $0.key) }
  for edit in lineDifference(oldNumbers, newNumbers) {
    let section =
      switch edit {
      case .remove(let index), .keep(let index, _): old.lines[index].section
      case .insert(let index): new.lines[index].section
      }
    if let last = added.last, last.section != section {
      lines += added
      added = []
    }
    switch edit {
    case .remove(let index): lines.append(old.line(index, .removed))
    case .insert(let index): added.append(new.line(index, .added))
    case .keep(let oldIndex, let newIndex):
      if pairs.agree(old.lines[oldIndex].names, new.lines[newIndex].names) {
        lines += added
        added = []
        lines.append(new.line(newIndex, .same))
      } else {
        lines.append(old.line(oldIndex, .removed))
        added.append(new.line(newIndex, .added))
      }
    }
  }
  return BehaviourComparison(lines: lines + added)
}

/// The lines of a behaviour with their sections.
private struct SectionedLines {
  struct Line {
    var section: String
    var text: String
    /// What is compared: the text without the numbers in names.
    var key: String
    /// The names in the text, such as `#12`, in order.
    var names: [String]
    var origin: BehaviourOrigin?
  }

  private(set) var lines: [Line] = []

  init(_ behaviour: Behaviour, called title: String) throws(BehaviourError) {
    // Told from a reader's view, a file saved with other line ends says the same.
    let rows = behaviour.text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    guard let first = rows.first, first == Behaviour.versionLine else {
      throw BehaviourError(
        description:
          "\(title) starts with \"\(rows.first?.prefix(60) ?? "")\" instead of \"\(Behaviour.versionLine)\"; "
          + "record it again and accept it")
    }
    var section = ""
    for (index, row) in rows.enumerated().dropFirst() where !row.isEmpty {
      if !row.hasPrefix(" "),
        !section.isEmpty || !(row.hasPrefix("lanes:") || row.hasPrefix("end:") || row.hasPrefix("report:"))
      {
        section = String(row)
        continue
      }
      let (key, names) = SectionedLines.parted(row)
      let origin = behaviour.origins.indices.contains(index) ? behaviour.origins[index] : nil
      lines.append(Line(section: section, text: String(row), key: key, names: names, origin: origin))
    }
  }

  func line(_ index: Int, _ kind: BehaviourComparison.Line.Kind) -> BehaviourComparison.Line {
    let line = lines[index]
    return BehaviourComparison.Line(
      kind: kind, section: line.section, text: line.text, origin: line.origin, key: line.key)
  }

  /// Takes the names out of a line; what is in quotes stays as it is.
  private static func parted(_ row: Substring) -> (key: String, names: [String]) {
    var key: [UInt8] = []
    var names: [String] = []
    var name: [UInt8]?
    var isQuoted = false
    var isEscaped = false
    for byte in row.utf8 {
      if name != nil {
        let isNamePart =
          (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || byte == UInt8(ascii: ".")
        if isNamePart {
          name?.append(byte)
          continue
        }
        names.append(String(decoding: name ?? [], as: UTF8.self))
        name = nil
      }
      if isQuoted {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isQuoted = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isQuoted = true
      } else if byte == UInt8(ascii: "#") {
        name = []
      }
      key.append(byte)
    }
    if let name { names.append(String(decoding: name, as: UTF8.self)) }
    return (String(decoding: key, as: UTF8.self), names)
  }
}

/// A number for every line that says something else, so that lines are compared as fast as numbers. It is only looked up, never gone through.
private struct LineNumbers {
  private struct Key: Hashable {
    var section: String
    var key: String
  }

  private var numbers: [Key: Int] = [:]

  mutating func number(_ section: String, _ key: String) -> Int {
    let key = Key(section: section, key: key)
    if let known = numbers[key] { return known }
    numbers[key] = numbers.count
    return numbers.count - 1
  }
}

/// Which name of the golden stands for which of the actual behaviour; each for one only. Both are only looked up, never gone through.
private struct Pairing {
  private var actual: [String: String] = [:]
  private var golden: [String: String] = [:]

  /// Whether two lists of names fit what is known; what is new becomes known.
  mutating func agree(_ goldenNames: [String], _ actualNames: [String]) -> Bool {
    guard goldenNames.count == actualNames.count else { return false }
    for (old, new) in zip(goldenNames, actualNames) where (actual[old] ?? new) != new || (golden[new] ?? old) != old {
      return false
    }
    for (old, new) in zip(goldenNames, actualNames) {
      actual[old] = new
      golden[new] = old
    }
    return true
  }
}

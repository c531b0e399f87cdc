/// One thing that a kernel does otherwise than expected.
public struct BehaviourChange: Hashable, Sendable {
  public enum Kind: Hashable, Sendable, CaseIterable {
    case added
    case removed
    /// Done still, but otherwise: another size, other rights, another text.
    case changed
    /// Done still, and in the same way, but at another place among the rest, or in another context.
    case moved
  }

  public var kind: Kind
  /// The section of the behaviour, such as `heap, main`; empty for what is said of the run as a whole.
  public var section: String
  /// The line of the expected behaviour; nil for what was added.
  public var old: String?
  /// The line of the actual behaviour; nil for what was removed.
  public var new: String?
  /// Where in the actual behaviour's trace it is; for what was removed, in the expected one's.
  public var origin: BehaviourOrigin?
  /// How often it is there, one right after the other.
  public var count = 1
  /// The change in the words of the domain.
  public var words: String
}

extension BehaviourChange.Kind {
  /// The kind in a word.
  public var name: String {
    switch self {
    case .added: "added"
    case .removed: "removed"
    case .changed: "changed"
    case .moved: "moved"
    }
  }

  /// What a line of it begins with.
  public var mark: Character {
    switch self {
    case .added: "+"
    case .removed: "-"
    case .changed: "~"
    case .moved: ">"
    }
  }
}

extension BehaviourChange: CustomStringConvertible {
  /// `+ heap: Shell.run allocates 4096 bytes`.
  public var description: String {
    "\(kind.mark) \(BehaviourWords.place(section)): \(words)" + (count > 1 ? ", \(count) times" : "")
  }
}

extension BehaviourComparison {
  /// The changes one by one: what is gone from one place and there at another was moved, and what takes the place of something alike was changed.
  public func changes() -> [BehaviourChange] {
    var finder = ChangeFinder(lines)
    return finder.find()
  }

  /// How many changes of each kind the lanes have: `heap: 2 added, 1 moved; map: 1 changed`.
  public static func summary(of changes: [BehaviourChange]) -> String {
    counts(of: changes, by: BehaviourWords.lane).joined(separator: "; ")
  }

  /// How many changes of each kind the sections have, a text for each.
  public static func sectionCounts(of changes: [BehaviourChange]) -> [String] {
    counts(of: changes) { $0.isEmpty ? "run" : $0 }
  }

  /// - Parameter name: what a section is counted under.
  private static func counts(of changes: [BehaviourChange], by name: (_ section: String) -> String) -> [String] {
    var places: [(name: String, counts: [Int])] = []
    for change in changes {
      let name = name(change.section)
      let index = places.firstIndex { $0.name == name } ?? places.count
      if index == places.count { places.append((name, BehaviourChange.Kind.allCases.map { _ in 0 })) }
      for (kind, each) in BehaviourChange.Kind.allCases.enumerated() where each == change.kind {
        places[index].counts[kind] += change.count
      }
    }
    return places.map { place in
      let counts = zip(BehaviourChange.Kind.allCases, place.counts).filter { $0.1 > 0 }
      return "\(place.name): " + counts.map { "\($0.1) \($0.0.name)" }.joined(separator: ", ")
    }
  }
}

/// Makes changes of the lines that are not in both behaviours.
private struct ChangeFinder {
  typealias Line = BehaviourComparison.Line

  private let lines: [Line]
  /// The partner of a line that was moved or changed, by its index.
  private var partners: [Int: (index: Int, kind: BehaviourChange.Kind)] = [:]
  /// Larger hunks are paired in order rather than by what their lines have in common, which takes as long as both sides multiplied.
  private static let comparisonLimit = 250_000

  init(_ lines: [Line]) { self.lines = lines }

  mutating func find() -> [BehaviourChange] {
    for hunk in hunks() { pairInPlace(hunk) }
    findMoves()
    for hunk in hunks() { pairAlike(hunk) }
    var changes: [BehaviourChange] = []
    for index in lines.indices where lines[index].kind != .same {
      guard let change = change(at: index) else { continue }
      if let last = changes.last, last.kind == change.kind, last.section == change.section, last.words == change.words {
        changes[changes.count - 1].count += 1
      } else {
        changes.append(change)
      }
    }
    return changes
  }

  /// Runs of lines that are not in both, without what has its partner.
  private func hunks() -> [Range<Int>] {
    var hunks: [Range<Int>] = []
    for index in lines.indices where lines[index].kind != .same {
      if let last = hunks.last, last.upperBound == index, lines[index].section == lines[index - 1].section {
        hunks[hunks.count - 1] = last.lowerBound..<index + 1
      } else {
        hunks.append(index..<index + 1)
      }
    }
    return hunks
  }

  private func open(_ kind: BehaviourComparison.Line.Kind, in range: Range<Int>) -> [Int] {
    range.filter { lines[$0].kind == kind && partners[$0] == nil }
  }

  private mutating func pair(_ old: Int, _ new: Int, _ kind: BehaviourChange.Kind) {
    partners[old] = (new, kind)
    partners[new] = (old, kind)
  }

  /// The same is done at the same place to another block or frame.
  private mutating func pairInPlace(_ hunk: Range<Int>) {
    var added = open(.added, in: hunk)[...]
    for old in open(.removed, in: hunk) {
      guard let new = added.first(where: { lines[$0].key == lines[old].key }) else { continue }
      pair(old, new, .changed)
      added = added[(added.firstIndex(of: new) ?? added.startIndex) + 1..<added.endIndex]
    }
  }

  /// The same is done elsewhere: first looked for in the same section, then in the contexts of the same lane.
  private mutating func findMoves() {
    for isWithinSection in [true, false] {
      var places: [String: [Int]] = [:]
      func place(_ index: Int) -> String {
        let section = lines[index].section
        return (isWithinSection ? section : BehaviourWords.stream(section)) + "\n" + lines[index].key
      }
      // Reversed, so that the first is taken from the end.
      for index in open(.added, in: 0..<lines.count).reversed() where Self.canMove(lines[index]) {
        places[place(index), default: []].append(index)
      }
      for old in open(.removed, in: 0..<lines.count) where Self.canMove(lines[old]) {
        guard let new = places[place(old)]?.popLast() else { continue }
        pair(old, new, .moved)
      }
    }
  }

  /// What is said of a whole section or run has one place only.
  private static func canMove(_ line: Line) -> Bool { !line.section.isEmpty && !line.key.hasPrefix("  … ") }

  /// What takes the place of something alike is that, changed.
  private mutating func pairAlike(_ hunk: Range<Int>) {
    let removed = open(.removed, in: hunk)
    let added = open(.added, in: hunk)
    guard !removed.isEmpty, !added.isEmpty else { return }
    guard removed.count * added.count <= Self.comparisonLimit else {
      for (old, new) in zip(removed, added) where alike(old, new) { pair(old, new, .changed) }
      return
    }
    var next = 0
    for old in removed {
      guard let place = (next..<added.count).first(where: { alike(old, added[$0]) }) else { continue }
      pair(old, added[place], .changed)
      next = place + 1
    }
  }

  private func alike(_ old: Int, _ new: Int) -> Bool {
    BehaviourWords.areAlike(lines[old].text, lines[new].text, section: lines[old].section)
  }

  private func change(at index: Int) -> BehaviourChange? {
    let line = lines[index]
    guard let partner = partners[index] else {
      let kind = line.kind == .added ? BehaviourChange.Kind.added : .removed
      let words = BehaviourWords.words(line, kind)
      return BehaviourChange(
        kind: kind, section: line.section, old: kind == .removed ? BehaviourWords.trimmed(line.text) : nil,
        new: kind == .added ? BehaviourWords.trimmed(line.text) : nil, origin: line.origin, words: words)
    }
    // Told once, where the new line is.
    guard line.kind == .added else { return nil }
    let old = lines[partner.index]
    let words =
      partner.kind == .moved
      ? BehaviourWords.moved(from: old, before: neighbour(partner.index), to: line, after: neighbour(index))
      : BehaviourWords.changed(from: old, to: line)
    return BehaviourChange(
      kind: partner.kind, section: line.section, old: BehaviourWords.trimmed(old.text),
      new: BehaviourWords.trimmed(line.text), origin: line.origin, words: words)
  }

  /// The last line before `index` that is in both behaviours, in the same section.
  private func neighbour(_ index: Int) -> Line? {
    var index = index - 1
    while index >= 0, lines[index].section == lines[index + 1].section {
      if lines[index].kind == .same { return lines[index] }
      index -= 1
    }
    return nil
  }
}

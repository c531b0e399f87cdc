import OrreryTrace

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
  /// How often it is there in its section; lines, clock and words are those of the first time.
  public var count = 1
  /// The change in the words of the domain.
  public var words: String
  /// Whether each of the `count` times is about another block or frame, or at another place.
  public var isVaried = false
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
    "\(kind.mark) \(BehaviourWords.place(section)): \(words)"
      + (count > 1 ? isVaried ? ", first of \(Words.number(UInt64(count))) times" : ", \(count) times" : "")
  }
}

extension BehaviourComparison {
  /// The changes one by one: what is gone from one place and there at another was moved, and what takes the place of something alike was changed.
  public func changes() -> [BehaviourChange] {
    var finder = ChangeFinder(units, lanesLeftOut: lanesLeftOut)
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

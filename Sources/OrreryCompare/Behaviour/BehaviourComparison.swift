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
  }

  /// All lines of both, in order, of the lanes that both recorded.
  public let lines: [Line]
  /// The same lines with repetitions as one, of which changes are made.
  let units: [ComparedUnit]
  /// The lanes that only one side recorded, which are left out.
  public let lanesLeftOut: [String]

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
/// Each section is aligned on its own by what its lines say without the numbers of blocks and frames, so that one more allocation is one more line; every
/// number of the golden then stands for one number of the actual behaviour, all through, and a line where it does not is a change.
public func compareBehaviour(golden: String, actual: String) throws(BehaviourError) -> BehaviourComparison {
  try compareBehaviour(golden: Behaviour(text: golden), actual: Behaviour(text: actual))
}

/// The same for behaviours, whose lines may say where they come from.
public func compareBehaviour(golden: Behaviour, actual: Behaviour) throws(BehaviourError) -> BehaviourComparison {
  var numbers = TextNumbers()
  let inlined = InlinedFunctions(golden, actual)
  var old = try BehaviourText(golden, called: "the golden", namesFunctions: inlined.isEmpty, &numbers)
  var new = try BehaviourText(actual, called: "the actual behaviour", namesFunctions: inlined.isEmpty, &numbers)
  let leftOut = old.lanes.filter { !new.lanes.contains($0) } + new.lanes.filter { !old.lanes.contains($0) }
  let patterns = old.patterns().merging(new.patterns()) { left, right in left + right.filter { !left.contains($0) } }
  old.fold(patterns, &numbers)
  new.fold(patterns, &numbers)
  old.keepSections { !leftOut.contains(BehaviourWords.lane($0)) }
  new.keepSections { !leftOut.contains(BehaviourWords.lane($0)) }
  var merger = ComparisonMerger(old, new, inlined, prefixes: numbers.prefixes)
  merger.merge()
  return BehaviourComparison(lines: merger.lines, units: merger.units, lanesLeftOut: leftOut)
}

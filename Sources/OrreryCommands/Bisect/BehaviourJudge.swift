import OrreryBase
import OrreryCompare
import OrreryGolden
import OrreryTrace

/// Says of a trace whether it behaves as one that is right.
struct BehaviourJudge {
  /// The golden or the trace that is right, by its path.
  let right: String
  private let source: BehaviourSource
  /// The lanes that count.
  let lanes: LaneSet

  enum Verdict {
    case same
    case different(Difference)
    case undecided(KernelRecipe.Undecided)
  }

  struct Difference {
    /// The trace that behaves otherwise.
    var tracePath: String
    var comparison: BehaviourComparison
    /// What changed in the lanes that count.
    var changes: [BehaviourChange]
  }

  init(right: String, lanes: LaneSet) throws(CommandFailure) {
    self.right = right
    self.lanes = lanes
    source = try BehaviourSource(path: right)
  }

  /// Whether what is right is a trace, whose events can be shown, rather than a golden.
  var isTrace: Bool { if case .trace = source { true } else { false } }

  func verdict(on tracePath: String) throws(CommandFailure) -> Verdict {
    let other = try BehaviourSource(path: tracePath)
    let comparison = try ComparableBehaviours(source, other, names: names, lanes: lanes).comparison()
    let changes = comparison.changes()
    guard !changes.isEmpty else { return .same }
    if let lost = LostText.find(in: try inAllLanes(other) ?? comparison) {
      return .undecided(
        KernelRecipe.Undecided(reason: "anchor lost: \(lost.anchor) never comes true: \(lost.words)"))
    }
    return .different(Difference(tracePath: tracePath, comparison: comparison, changes: changes))
  }

  /// The comparison with `other` in all lanes: where a text is, and what was brought about by it, may be in others than those that count. nil when all count.
  private func inAllLanes(_ other: BehaviourSource) throws(CommandFailure) -> BehaviourComparison? {
    guard lanes != .all else { return nil }
    return try ComparableBehaviours(source, other, names: names, lanes: .all).comparison()
  }

  /// Which lanes do not count because only one side has them, in words; the same for every trace of one scenario. nil when all count.
  func leftOut(comparedWith tracePath: String) throws(CommandFailure) -> String? {
    try ComparableBehaviours.lanes(source, BehaviourSource(path: tracePath), names: names, of: lanes).leftOut
  }

  private var names: (String, String) { (right, "the kernel's run") }
}

import OrreryBase
import OrreryCompare
import OrreryGolden
import OrreryTrace

/// Says of a trace whether it behaves as one that is right.
struct BehaviourJudge {
  /// The golden or the trace that is right, by its path.
  let right: String
  private let source: BehaviourSource
  private let lanes: LaneSet

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
    let comparison: BehaviourComparison
    let golden = try source.behaviour(lanes, comparedWith: other)
    let actual = try other.behaviour(lanes, comparedWith: source)
    do throws(BehaviourError) { comparison = try compareBehaviour(golden: golden, actual: actual) } catch {
      throw CommandFailure("\(right): \(error)")
    }
    let changes = comparison.changes().filter(counts)
    guard !changes.isEmpty else { return .same }
    if let lost = LostText.find(in: comparison) {
      return .undecided(
        KernelRecipe.Undecided(
          reason: "anchor lost: \(lost.anchor) never comes true: what said \(lost.old) says \(lost.new)"))
    }
    return .different(Difference(tracePath: tracePath, comparison: comparison, changes: changes))
  }

  /// A golden tells all lanes that were recorded for it, whatever is asked.
  private func counts(_ change: BehaviourChange) -> Bool {
    guard lanes != .all else { return true }
    if change.section.isEmpty { return !(change.new ?? change.old ?? "").hasPrefix("lanes:") }
    let name = change.section.split { $0 == "," || $0 == " " }.first.map(String.init) ?? ""
    return Lane(name: name[...]).map { lanes.contains($0) } ?? true
  }
}

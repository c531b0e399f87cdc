import ArgumentParser
import OrreryBase
import OrreryCompare
import OrreryHost
import OrreryTrace

/// `orrery bisect --step`: the kernel of the present folder, judged for `git bisect run`.
///
/// Git takes 0 for good, 125 for what cannot be told and everything else below 128 for bad. Trouble is none of these, and ends the search.
struct BisectStep {
  private let options: BisectOverCommitsOptions

  /// What trouble exits with, so that no commit is blamed for it.
  static let trouble: Int32 = 128

  init(_ options: BisectOverCommitsOptions) { self.options = options }

  func run() throws {
    Interruption.catchSignals()
    var progress = Progress()
    defer { progress.clear() }
    let judge = try BehaviourJudge(right: options.golden ?? "", lanes: LaneOption.union(options.lanes))
    let store = try TraceStore()
    let recipe = KernelRecipe(options: options, image: options.image, traces: store)
    let verdict: BehaviourJudge.Verdict
    do {
      let recording = try recipe.record(in: ".") { text in progress.show(text) }
      if let leftOut = try judge.leftOut(comparedWith: recording.tracePath) {
        progress.clear()
        Console.current.note(leftOut)
      }
      verdict = try judge.verdict(on: recording.tracePath)
    } catch let undecided as KernelRecipe.Undecided { verdict = .undecided(undecided) }
    store.trim()
    progress.clear()
    let console = Console.current
    switch verdict {
    case .same: console.line("the same as \(judge.right)")
    case .different(let difference):
      let diff = BehaviourDiff(left: judge.right, right: difference.tracePath, comparison: difference.comparison)
      console.output(diff.result(.words, isColoured: console.isOutputColoured).output)
      throw ExitCode(1)
    case .undecided(let undecided):
      for line in [undecided.reason] + undecided.details.map({ "  " + $0 }) { console.note(line) }
      throw ExitCode(OrreryProgram.undecided)
    }
  }

  /// Whether `arguments` of the tool, the first of them its own name, ask for a step, by which an exit code means something else.
  static func isAsked(by arguments: [String]) -> Bool {
    arguments.dropFirst().first == "bisect" && arguments.contains("--step")
  }
}

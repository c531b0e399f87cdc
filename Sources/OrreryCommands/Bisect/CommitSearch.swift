import OrreryBase
import OrreryHost
import OrreryTrace

/// A search over commits: what was judged, and how the search ended.
struct CommitSearch {
  let options: BisectOverCommitsOptions
  let range: CommitRange
  private let worktree: BisectWorktree
  let recipe: KernelRecipe
  private(set) var judged: [Judged] = []
  /// The verdicts on images, which several commits may share. It is only looked up, never gone through.
  private var verdicts: [Hash128: BehaviourJudge.Verdict] = [:]
  private(set) var sharedImageCount = 0
  private var progress = Progress()

  struct Judged {
    var commit: CommitDescription
    var verdict: BehaviourJudge.Verdict
  }

  struct Found {
    /// What the others were compared with.
    var judge: BehaviourJudge
    /// The first commit that behaves otherwise, and how; or those of which one is it.
    var first: Judged?
    var possible: [CommitDescription] = []
  }

  init(
    _ options: BisectOverCommitsOptions, _ range: CommitRange, _ worktree: BisectWorktree, _ traces: TraceStore
  ) {
    self.options = options
    self.range = range
    self.worktree = worktree
    // A path into the repository leads to what the user has there, the same for every commit.
    recipe = KernelRecipe(options: options, image: options.image.map(worktree.counterpart), traces: traces)
  }

  var skippedCount: Int { judged.count { if case .undecided = $0.verdict { true } else { false } } }

  mutating func run() throws -> Found {
    defer { progress.clear() }
    let judge = try judgeEnds()
    let bisect = try GitBisect(in: worktree.git, good: range.good, bad: range.bad, firstParent: options.firstParent)
    while true {
      switch try bisect.state() {
      case .judging(let commit):
        let verdict = try self.judge(commit, judge, left: bisect.remaining())
        try bisect.mark(verdict.word, commit)
      case .found(let commit):
        return Found(judge: judge, first: judged.last { $0.commit.hash == commit })
      case .onlySkipped(let commits):
        var possible: [CommitDescription] = []
        for commit in commits { possible.append(try CommitDescription(of: commit, in: range.repository)) }
        return Found(judge: judge, first: nil, possible: possible)
      }
    }
  }

  /// Judges both ends, without which there is nothing to search.
  private mutating func judgeEnds() throws -> BehaviourJudge {
    let good: KernelRecipe.Recording
    do { good = try record(range.good, left: nil) } catch let undecided as KernelRecipe.Undecided {
      throw Self.cannotBeJudged("--good \(range.goodName)", undecided)
    }
    let lanes = LaneOption.union(options.lanes)
    let judge = try BehaviourJudge(right: options.golden ?? good.tracePath, lanes: lanes)
    let goodCommit = try CommitDescription(of: range.good, in: range.repository)
    if let golden = options.golden {
      if let leftOut = try judge.leftOut(comparedWith: good.tracePath) {
        progress.clear()
        Console.current.note(leftOut)
      }
      let verdict = try judge.verdict(on: good.tracePath)
      note(Judged(commit: goodCommit, verdict: verdict))
      guard case .same = verdict else {
        throw CommandFailure(
          "--good \(range.goodName) does not behave as \(golden) says; see how with: "
            + Reproduction.command(
              ["orrery", "diff", "--behaviour"] + LaneOption.arguments(lanes) + [golden, good.tracePath]))
      }
    } else {
      note(Judged(commit: goodCommit, verdict: .same))
    }
    verdicts[good.imageHash] = .same
    try checkRebuilt(good)
    switch try self.judge(range.bad, judge, left: nil) {
    case .different: return judge
    case .undecided(let undecided): throw Self.cannotBeJudged("--bad \(range.badName)", undecided)
    case .same:
      let lanes = options.lanes.isEmpty ? "" : " in the lanes that are compared"
      throw CommandFailure(
        "--bad \(range.badName) behaves as --good \(range.goodName) does\(lanes); compare other lanes, or let the scenario do what shows the change"
      )
    }
  }

  /// Builds the good commit once more: where its behaviour hangs on the build, every verdict would, and a commit would be blamed for nothing.
  private func checkRebuilt(_ good: KernelRecipe.Recording) throws {
    let again: KernelRecipe.Recording
    do { again = try recipe.record(in: folder) { _ in } } catch let undecided as KernelRecipe.Undecided {
      throw Self.cannotBeJudged("--good \(range.goodName), built a second time,", undecided)
    }
    guard again.imageHash != good.imageHash else { return }
    guard
      case .same = try BehaviourJudge(right: good.tracePath, lanes: LaneOption.union(options.lanes))
        .verdict(on: again.tracePath)
    else {
      throw CommandFailure(
        "--good \(range.goodName), built twice, behaves in two ways, so no commit can be judged; see how with: "
          + Reproduction.command(["orrery", "diff", "--behaviour", good.tracePath, again.tracePath]))
    }
  }

  /// The folder of the worktree that is like the present one.
  private var folder: String { Folder.withoutEndSlash(Folder.path(range.prefix, in: worktree.path)) }

  private static func cannotBeJudged(_ name: String, _ undecided: KernelRecipe.Undecided) -> CommandFailure {
    CommandFailure(
      ([
        "\(name) cannot be judged: \(undecided.reason)"
      ] + undecided.details.map { "  " + $0 }).joined(separator: "\n"))
  }

  /// Judges the commit, unless another with the same image was.
  private mutating func judge(
    _ commit: String, _ judge: BehaviourJudge, left: Int?
  ) throws -> BehaviourJudge.Verdict {
    let description = try CommitDescription(of: commit, in: range.repository)
    var verdict: BehaviourJudge.Verdict
    do {
      let recording = try record(commit, left: left)
      if let known = verdicts[recording.imageHash] {
        verdict = known
        sharedImageCount += 1
      } else {
        verdict = try judge.verdict(on: recording.tracePath)
        verdicts[recording.imageHash] = verdict
      }
    } catch let undecided as KernelRecipe.Undecided { verdict = .undecided(undecided) }
    note(Judged(commit: description, verdict: verdict))
    return verdict
  }

  private mutating func record(_ commit: String, left: Int?) throws -> KernelRecipe.Recording {
    try KernelRecipe.checkInterruption()
    let steps = left.map { ", \($0 == 1 ? "1 step" : "\($0) steps") left" } ?? ""
    let name = "\(commit.prefix(12))\(steps)"
    progress.show("bisect: \(name): checking out")
    try worktree.checkOut(commit)
    return try recipe.record(in: folder) { text in progress.show("bisect: \(name): \(text)") }
  }

  /// Tells the person of a commit as soon as it is judged.
  private mutating func note(_ judged: Judged) {
    self.judged.append(judged)
    progress.clear()
    let commit = "\(judged.commit.shortHash) \(judged.commit.subject)"
    switch judged.verdict {
    case .same: Console.current.note("same       \(commit)")
    case .different(let difference):
      Console.current.note("different  \(commit)  (\(difference.headline))")
    case .undecided(let undecided):
      Console.current.note("skipped    \(commit)  (\(undecided.reason))")
    }
  }
}

extension BehaviourJudge.Verdict {
  /// What git bisect calls it.
  var word: GitBisect.Word {
    switch self {
    case .same: .good
    case .different: .bad
    case .undecided: .skip
    }
  }
}

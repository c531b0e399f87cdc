import OrreryBase
import OrreryCompare
import OrreryHost
import OrreryTrace

/// What a search over commits found.
struct BisectReport {
  private let found: CommitSearch.Found
  private let range: CommitRange
  private let difference: BehaviourJudge.Difference?
  private let firstChange: FirstChange?
  private let counts: String

  init(_ found: CommitSearch.Found, _ search: CommitSearch) throws {
    self.found = found
    range = search.range
    if case .different(let difference)? = found.first?.verdict {
      self.difference = difference
      firstChange = try FirstChange(of: difference, comparedWith: found.judge, search.recipe)
    } else {
      difference = nil
      firstChange = nil
    }
    let judged = search.judged.count
    var parts = ["\(judged) of \(Words.number(UInt64(search.range.count + 1))) commits judged"]
    if search.skippedCount > 0 { parts.append("\(search.skippedCount) skipped") }
    if search.sharedImageCount > 0 { parts.append("\(search.sharedImageCount) with an image that was known") }
    counts = parts.joined(separator: ", ")
  }

  /// 0 for a commit that was found; otherwise what git bisect calls undecided.
  var code: Int32 { found.first == nil ? OrreryProgram.undecided : 0 }

  func text(isColoured: Bool) -> String {
    guard let first = found.first, let difference else { return undecidedText() }
    var lines = ["\(first.commit.hash) is the first commit that behaves otherwise", ""]
    lines += ["    \(first.commit.subject)", "    \(first.commit.author), \(first.commit.date)", ""]
    var changes = difference.words
    if isColoured { changes = DiffColours.painted(text: changes) }
    lines += changes.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let firstChange { lines += firstChange.lines }
    lines += ["", counts, "see it: \(diffCommand(difference))", "        git show \(first.commit.shortHash)"]
    return lines.joined(separator: "\n") + "\n"
  }

  private func diffCommand(_ difference: BehaviourJudge.Difference) -> String {
    Reproduction.command(
      ["orrery", "diff", "--behaviour"] + LaneOption.arguments(found.judge.lanes) + [
        found.judge.right, difference.tracePath,
      ])
  }

  private func undecidedText() -> String {
    var lines = ["the first commit that behaves otherwise is one of these, and the others cannot be judged:"]
    lines += found.possible.map { "    \($0.shortHash) \($0.subject)" }
    return (lines + [counts]).joined(separator: "\n") + "\n"
  }

  func json() -> JSONObject {
    var object = JSONObject()
    if let first = found.first, let difference {
      object.add("commit", Self.json(first.commit))
      object.add(
        "changes",
        BehaviourDiff(left: found.judge.right, right: difference.tracePath, comparison: difference.comparison)
          .changeObjects())
      if let firstChange { object.add("first", firstChange.json()) }
      object.add("left", found.judge.right)
      object.add("right", difference.tracePath)
    } else {
      object.addNull("commit")
      object.add("possible", found.possible.map(Self.json))
    }
    object.add("good", range.good)
    object.add("bad", range.bad)
    object.add("summary", counts)
    return object
  }

  private static func json(_ commit: CommitDescription) -> JSONObject {
    var object = JSONObject()
    object.add("hash", commit.hash)
    object.add("subject", commit.subject)
    object.add("author", commit.author)
    object.add("date", commit.date)
    return object
  }
}

extension BehaviourJudge.Difference {
  /// How many changes of each kind the lanes have.
  var headline: String { BehaviourComparison.summary(of: changes) }

  /// The headline, and each change in the words of the domain.
  var words: String { ([headline] + changes.map(\.description)).joined(separator: "\n") + "\n" }
}

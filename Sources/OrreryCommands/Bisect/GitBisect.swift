import OrreryHost

/// A search that git bisect does: it says which commit is to be judged next, and in the end which is the first bad one.
struct GitBisect {
  let git: GitRepository

  enum State {
    /// This commit is to be judged.
    case judging(String)
    case found(String)
    /// All that is left was skipped: one of these commits.
    case onlySkipped([String])
  }

  enum Word: String {
    case good
    case bad
    case skip
  }

  init(in git: GitRepository, good: String, bad: String, firstParent: Bool) throws(HostError) {
    self.git = git
    // The checkout is ours: what a build leaves in the way of git's own would end the search.
    try git.demand(["bisect", "start", "--no-checkout"] + (firstParent ? ["--first-parent"] : []) + [bad, good, "--"])
  }

  /// Says what the commit is that was to be judged.
  func mark(_ word: Word, _ commit: String) throws(HostError) {
    let answer = try git.ask(["bisect", word.rawValue, commit])
    // 2 says that only skipped commits are left, which the log says, too.
    guard answer.code == 0 || answer.code == 2 else {
      throw HostError(
        path: "git bisect \(word.rawValue) \(commit)", problem: "it ended with \(answer.code): \(answer.error)",
        remedy: "see what git says, and try again")
    }
  }

  func state() throws(HostError) -> State {
    var possible: [String] = []
    var hasOnlySkipped = false
    for line in try git.demand(["bisect", "log"]).lines where line.hasPrefix("# ") {
      if line.hasPrefix("# first bad commit: ["), let commit = Self.commit(in: line) { return .found(commit) }
      if line.hasPrefix("# only skipped commits left") { (hasOnlySkipped, possible) = (true, []) }
      if line.hasPrefix("# possible first bad commit: ["), let commit = Self.commit(in: line) {
        possible.append(commit)
      }
    }
    if hasOnlySkipped { return .onlySkipped(possible) }
    return .judging(try git.demand(["rev-parse", "--verify", "BISECT_HEAD"]).text)
  }

  /// Roughly how many commits are left to judge.
  func remaining() -> Int? {
    let answer = try? git.demand(["rev-list", "--bisect-vars", "refs/bisect/bad", "--not", "--glob=refs/bisect/good-*"])
    guard let line = answer?.lines.first(where: { $0.hasPrefix("bisect_steps=") }) else { return nil }
    return Int(line.drop { $0 != "=" }.dropFirst())
  }

  private static func commit(in line: String) -> String? {
    guard let start = line.firstIndex(of: "["), let end = line.firstIndex(of: "]"), start < end else { return nil }
    return String(line[line.index(after: start)..<end])
  }
}

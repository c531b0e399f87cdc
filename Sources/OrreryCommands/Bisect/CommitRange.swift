import OrreryHost

/// The commits that are searched, checked.
struct CommitRange {
  /// The repository of the present folder.
  let repository: GitRepository
  /// The present folder, seen from the top of the worktree; empty at the top itself.
  let prefix: String
  let good: String
  let bad: String
  /// How the user calls them.
  let goodName: String
  let badName: String
  /// How many commits come after the good one, up to the bad one.
  let count: Int

  init(_ options: BisectOverCommitsOptions) throws {
    repository = GitRepository(folder: ".")
    let place = try repository.ask(["rev-parse", "--is-inside-work-tree", "--show-prefix"])
    guard place.code == 0, place.lines.first == "true" else {
      throw CommandFailure("this folder is in no git worktree; run the search in a folder of the kernel's repository")
    }
    prefix = place.lines.count > 1 ? place.lines[1] : ""
    goodName = options.good ?? ""
    badName = options.bad ?? "HEAD"
    good = try Self.commit(goodName, "--good", repository)
    bad = try Self.commit(badName, "--bad", repository)
    guard good != bad else {
      throw CommandFailure("\(goodName) and \(badName) are the same commit; give a later one as --bad")
    }
    let (later, earlier) = (badName, goodName)
    if try repository.ask(["merge-base", "--is-ancestor", good, bad]).code != 0 {
      if try repository.ask(["merge-base", "--is-ancestor", bad, good]).code == 0 {
        throw CommandFailure(
          "--bad \(later) comes before --good \(earlier); exchange them, for what is looked for is the commit that changed the behaviour, either way"
        )
      }
      let base = try repository.ask(["merge-base", good, bad]).lines.first
      let remedy =
        base.map { "give the commit where they parted as --good: \($0.prefix(12))" } ?? "they share no commit"
      throw CommandFailure("--good \(earlier) is not an ancestor of --bad \(later); \(remedy)")
    }
    let list = ["rev-list", "--count"] + (options.firstParent ? ["--first-parent"] : []) + ["\(good)..\(bad)"]
    count = Int(try repository.demand(list).text) ?? 0
  }

  private static func commit(_ name: String, _ option: String, _ repository: GitRepository) throws -> String {
    let answer = try repository.ask(["rev-parse", "--verify", "--quiet", "--end-of-options", "\(name)^{commit}"])
    guard answer.code == 0, let commit = answer.lines.last else {
      throw CommandFailure("\(option) \(name): there is no such commit; `git log --oneline` lists them")
    }
    return commit
  }
}

/// A commit in the words of its author.
struct CommitDescription {
  let hash: String
  let shortHash: String
  let author: String
  let date: String
  let subject: String

  init(of commit: String, in repository: GitRepository) throws(HostError) {
    let format = "--format=%H%x00%h%x00%an <%ae>%x00%ad%x00%s"
    let fields = try repository.demand(["log", "-1", "--date=short", format, commit]).text
      .split(separator: "\0", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
    func field(_ index: Int) -> String { index < fields.count ? fields[index] : "" }
    (hash, shortHash, author, date, subject) = (field(0), field(1), field(2), field(3), field(4))
  }
}

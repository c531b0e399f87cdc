import OrreryHost

/// A worktree of its own beside that of a repository, in which git bisect does its search.
///
/// What git keeps of a search (`BISECT_LOG`, `refs/bisect`) belongs to a worktree, so one that the user is in the midst of is not disturbed.
struct BisectWorktree {
  private let repository: GitRepository
  private let temporary: TemporaryFolder
  /// The top of the repository's own worktree.
  private let top: String
  let path: String
  let git: GitRepository

  /// Makes it, with nothing checked out.
  init(of repository: GitRepository) throws(HostError) {
    self.repository = repository
    top = try repository.demand(["rev-parse", "--show-toplevel"]).text
    // Images have paths in them: at the same place they are those of the search before, whose runs are known.
    temporary = try TemporaryFolder(name: "orrery-bisect", for: top)
    path = Folder.path("tree", in: temporary.path)
    git = GitRepository(folder: path, isWorktree: true)
    do throws(HostError) {
      try repository.demand(["worktree", "add", "--quiet", "--detach", "--no-checkout", path, "HEAD"])
    } catch {
      temporary.remove()
      throw error
    }
  }

  /// The file at `path` as the user has it, in this worktree; what is not in the repository, or relative, stays as it is.
  func counterpart(of path: String) -> String {
    let top = Folder.resolved(top)
    let resolved = path.hasPrefix("/") ? Folder.resolved(path) : path
    guard resolved.hasPrefix(top + "/") else { return path }
    return Folder.path(String(resolved.dropFirst(top.utf8.count + 1)), in: self.path)
  }

  /// Checks the commit out, whatever a build has changed; what builds left beside it stays, for the next is faster then.
  func checkOut(_ commit: String) throws(HostError) {
    try git.demand(["checkout", "--quiet", "--force", "--detach", commit])
  }

  /// Takes the worktree away, and all that the repository knows of it.
  func remove() {
    _ = try? repository.ask(["worktree", "remove", "--force", "--force", path])
    temporary.remove()
    _ = try? repository.ask(["worktree", "prune"])
  }
}

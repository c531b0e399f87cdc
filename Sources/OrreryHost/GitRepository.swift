/// A repository, and git itself to ask and to change it.
public struct GitRepository: Sendable {
  /// The folder that git is run in.
  public let folder: String
  /// Whether git is to find the repository by the folder alone, whatever the environment says.
  private let isWorktree: Bool

  /// The variables by which an environment says where a repository is (`git rev-parse --local-env-vars`).
  public static let locationVariables = [
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_IMPLICIT_WORK_TREE",
  ]

  public init(folder: String, isWorktree: Bool = false) {
    self.folder = folder
    self.isWorktree = isWorktree
  }

  /// How a command of git ended.
  public struct Answer: Sendable {
    public var code: Int32
    /// Its output without the last line's end.
    public var text: String
    /// What it said besides.
    public var error: String

    /// The output line by line.
    public var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// The most bytes of an answer.
  private static let answerLimit = 16 << 20

  /// Runs `git` with these arguments. No hook is run, and messages are in English.
  public func ask(_ arguments: [String]) throws(HostError) -> Answer {
    var git = ChildProgram(
      "git", ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"] + arguments, in: folder)
    git.isGroup = true
    git.environment = [("LC_ALL", "C"), ("GIT_OPTIONAL_LOCKS", "0")]
    if isWorktree { git.environment += Self.locationVariables.map { ($0, nil) } }
    let result = try git.run(outputLimit: Self.answerLimit)
    if result.code == 127 {
      throw HostError(path: "git", problem: "it cannot be run", remedy: "install git, and see that PATH leads to it")
    }
    return Answer(code: result.code, text: Self.text(result.output), error: Self.text(result.error))
  }

  /// The same, for a command that is to succeed.
  @discardableResult
  public func demand(_ arguments: [String]) throws(HostError) -> Answer {
    let answer = try ask(arguments)
    guard answer.code == 0 else {
      let message = answer.error.isEmpty ? answer.text : answer.error
      throw HostError(
        path: "git \(arguments.joined(separator: " "))", problem: "it ended with \(answer.code): \(message)",
        remedy: "see what git says, and try again")
    }
    return answer
  }

  private static func text(_ bytes: [UInt8]) -> String {
    var bytes = bytes[...]
    while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

import Foundation
import Testing

/// A repository of the kernel in Tests/Guests/history, with 30 commits: most move addresses only, some do not build, one has lost what the scenario waits
/// for, and one changes what the kernel does.
struct CommitHistory {
  /// What the one commit changes.
  enum Change: String, CaseIterable, Sendable {
    case endOfInterrupt
    case allocationOrder
    case pageFlag

    var subject: String {
      switch self {
      case .endOfInterrupt: "Acknowledge a key before it is handled"
      case .allocationOrder: "Make the line before the task"
      case .pageFlag: "Simplify the flags of the window"
      }
    }

    /// The texts that are replaced in kernel.c.
    var edits: [(old: String, new: String)] {
      switch self {
      case .endOfInterrupt:
        [
          ("  asm volatile(\"cli\");\n  out(0x20, 0x20);\n}\n\n// Timer", "}\n\n// Timer"),
          ("  // Ticks go on", "  out(0x20, 0x20);\n  // Ticks go on"),
        ]
      case .allocationOrder:
        [
          (
            "  struct Task *task = kmalloc(sizeof(struct Task));\n  struct Buffer *line = kmalloc(sizeof(struct Buffer));\n",
            "  struct Buffer *line = kmalloc(sizeof(struct Buffer));\n  struct Task *task = kmalloc(sizeof(struct Task));\n"
          )
        ]
      case .pageFlag: [("0x201000, PRESENT | NO_EXECUTE", "0x201000, PRESENT")]
      }
    }
  }

  static let count = 30
  let bench: Workbench
  /// The hash of each commit, oldest first.
  private(set) var commits: [String] = []
  /// Where the change is among them.
  let changedIndex: Int

  /// - Parameter broken: the commits that do not build.
  init(_ change: Change, at changedIndex: Int = 18, broken: Set<Int> = [13, 14, 24]) async throws {
    bench = try Workbench()
    self.changedIndex = changedIndex
    let source = URL(filePath: Workbench.repository + "/Tests/Guests/history")
    for name in ["start.S", "kernel.c", "kernel.ld", "build.sh", "keys.scenario"] {
      try bench.write(name, Array(try Data(contentsOf: source.appending(path: name))))
    }
    try bench.write(".gitignore", "*.o\n*.elf\n/cache/\n")
    // Where nothing of a test is in the way of git.
    try FileManager.default.createDirectory(atPath: bench.file("cache"), withIntermediateDirectories: true)
    try await git("init", "-q", "-b", "main")
    for index in 0..<Self.count {
      var kernel = String(decoding: try bench.bytes("kernel.c"), as: UTF8.self)
      var subject = "Count keys and ticks"
      if index == changedIndex {
        subject = change.subject
        for edit in change.edits {
          try #require(kernel.contains(edit.old), "\(edit.old)")
          kernel = kernel.replacingOccurrences(of: edit.old, with: edit.new)
        }
      } else if index > 0 {
        subject = try neutralEdit(index, &kernel)
      }
      // Until the next commit that is to build.
      kernel = kernel.replacingOccurrences(of: "unfinished;\n", with: "")
      if broken.contains(index) { kernel += "unfinished;\n" }
      try bench.write("kernel.c", kernel)
      try await git("add", ".")
      try await git("commit", "-q", "-m", subject)
      commits.append(try await git("rev-parse", "HEAD").trimmingCharacters(in: .newlines))
    }
    try await git("tag", "v1", commits[0])
  }

  /// A change that moves addresses, makes other instructions, or none at all.
  private func neutralEdit(_ index: Int, _ kernel: inout String) throws -> String {
    switch index {
    case 4, 12, 21:
      try bench.write("README", "A kernel, part \(index)\n")
      return "Say what it is"
    case 6:
      let build = String(decoding: try bench.bytes("build.sh"), as: UTF8.self)
      try bench.write("build.sh", build.replacingOccurrences(of: "-O1", with: "-O2"))
      return "Optimize"
    case 9:
      kernel = kernel.replacingOccurrences(of: "enqueue(", with: "append(")
      return "Rename enqueue"
    case 10:
      kernel = kernel.replacingOccurrences(of: "append(", with: "enqueue(")
      return "Name it enqueue again"
    default:
      // In front of all other code.
      kernel = kernel.replacingOccurrences(
        of: "// Heap\n", with: "void part\(index)(void) { print(\"part \(index)\"); }\n\n// Heap\n")
      return "Add part \(index)"
    }
  }

  /// Programs as a shell finds them, no settings of the person who runs the tests, and a cache of its own.
  var environment: [String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let name = ["GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@b"]
    return ["PATH=\(path)", "HOME=\(bench.path)", "GIT_CONFIG_NOSYSTEM=1", "XDG_CACHE_HOME=\(bench.file("cache"))"]
      + name
  }

  @discardableResult
  func git(_ arguments: String...) async throws -> String {
    let result = try await bench.run("git", ["--no-pager"] + arguments, environment: environment)
    try #require(result.end.code == 0, "git \(arguments.joined(separator: " ")): \(result.error)")
    return result.output
  }

  func orrery(_ arguments: [String]) async throws -> Workbench.Result {
    try await bench.run(try Workbench.tool, arguments, environment: environment)
  }

  /// The search that finds the change, with more arguments.
  func search(_ more: String...) async throws -> Workbench.Result {
    try await orrery(["bisect", "--good", "v1", "--build", "sh build.sh", "--scenario", "keys.scenario"] + more)
  }

  /// The number of the first line of kernel.c at the change that has `text` in it.
  func line(of text: String) async throws -> Int {
    let lines = try await git("show", "\(commits[changedIndex]):kernel.c").split(
      separator: "\n", omittingEmptySubsequences: false)
    return try #require(lines.firstIndex { $0.contains(text) }, "\(text)") + 1
  }

  /// Everything that a search must leave as it is.
  func state() async throws -> String {
    var state = ""
    for arguments in [
      ["status", "--porcelain"], ["branch", "-a"], ["worktree", "list"], ["for-each-ref"], ["log", "-1"],
    ] {
      let result = try await bench.run("git", arguments, environment: environment)
      state += result.output
    }
    return state
  }
}

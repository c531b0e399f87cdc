import Foundation
import Glibc
import Testing

extension AcceptanceTests {
  /// One command finds the commit among thirty that changed what a kernel does.
  @Suite struct BisectTests {
    @Test func findsTheEndOfInterruptThatWasMoved() async throws {
      let history = try await CommitHistory(.endOfInterrupt)
      let search = try await history.search()
      #expect(search.end.code == 0, "\(search.error)")
      #expect(search.output.hasPrefix("\(history.commits[18]) is the first commit that behaves otherwise\n"))
      #expect(search.output.contains("    Acknowledge a key before it is handled\n    A <a@b>, "))
      // The second key is put into the queue before the first.
      #expect(
        search.output.contains("> output, COM1: \"key 1\\n\", now after `\"key 2\\n\"`, was after `\"ready\\n\"`\n"),
        "\(search.output)")
      let port = try await history.line(of: "static inline void out(")
      let print = try await history.line(of: "put('\\n');")
      #expect(search.output.contains(", at kernelMain+"), "\(search.output)")
      #expect(
        search.output.contains("(kernel.c:\(port), inlined at kernel.c:\(print))"), "\(search.output) \(port) \(print)")
    }

    @Test func findsTheAllocationsThatWereExchanged() async throws {
      let history = try await CommitHistory(.allocationOrder)
      let search = try await history.search()
      #expect(search.end.code == 0, "\(search.error)")
      #expect(search.output.hasPrefix("\(history.commits[18]) is the first commit that behaves otherwise\n"))
      #expect(search.output.contains("\nheap: 1 moved\n> heap: "), "\(search.output)")
      let lines = [
        try await history.line(of: "kmalloc(sizeof(struct Task))"),
        try await history.line(of: "kmalloc(sizeof(struct Buffer))"),
      ]
      #expect(search.output.contains(", at kernelMain+"))
      #expect(lines.contains { search.output.contains("(kernel.c:\($0))") }, "\(search.output)")
    }

    @Test func findsThePageThatBecameExecutable() async throws {
      let history = try await CommitHistory(.pageFlag)
      let search = try await history.search()
      #expect(search.end.code == 0, "\(search.error)")
      #expect(search.output.hasPrefix("\(history.commits[18]) is the first commit that behaves otherwise\n"))
      #expect(search.output.contains("~ map: maps 0x4000_1000 +4 KiB: no longer no-execute"), "\(search.output)")
      // An event of the page tables names no code: it is that of the store.
      let store = try await history.line(of: "windowTable[index] = ")
      #expect(search.output.contains("(kernel.c:\(store), inlined at kernel.c:"), "\(search.output)")
    }

    @Test func saysHowItWentAndShowsTheCommandToSeeIt() async throws {
      let history = try await CommitHistory(.pageFlag)
      let search = try await history.search()
      #expect(search.error.contains("same       "))
      #expect(
        search.error.contains("different  ")
          && search.error.contains("Simplify the flags of the window  (map: 1 changed)"))
      #expect(search.error.contains("skipped    "))
      let see = try #require(search.output.split(separator: "\n").first { $0.hasPrefix("see it: orrery ") })
      let arguments = see.split(separator: " ").dropFirst(3).map(String.init)
      let diff = try await history.orrery(arguments)
      #expect(diff.end.code == 1 && diff.output.contains("no longer no-execute"))
    }

    @Test func findsTheFirstAndTheLastCommit() async throws {
      for index in [1, 29] {
        let history = try await CommitHistory(.pageFlag, at: index)
        let search = try await history.search()
        #expect(search.output.hasPrefix("\(history.commits[index]) is the first"), "\(search.error)")
      }
    }

    @Test func leavesTheWorktreeTheIndexAndTheBranchAlone() async throws {
      let history = try await CommitHistory(.pageFlag)
      try history.bench.write("kernel.c", "in the midst of something\n")
      try history.bench.write("new.c", "staged\n")
      try await history.git("add", "new.c")
      // A search of the user's own is going on, too.
      try await history.git("bisect", "start")
      try await history.git("bisect", "bad")
      let before = try await history.state()
      let names = try history.bench.names()
      let search = try await history.search()
      #expect(search.end.code == 0, "\(search.error)")
      #expect(try await history.state() == before)
      #expect(try history.bench.names() == names)
      #expect(try history.bench.bytes("kernel.c") == Array("in the midst of something\n".utf8))
      #expect(try await history.git("bisect", "log").contains("git bisect bad"))
    }

    @Test func buildsInTheFolderThatIsLikeThePresentOne() async throws {
      let history = try await CommitHistory(.pageFlag)
      try FileManager.default.createDirectory(atPath: history.bench.file("sub"), withIntermediateDirectories: true)
      // The folder is in no commit, so there is nothing to build in.
      let search = try await history.bench.run(
        "/usr/bin/env",
        [
          "-C", "sub", try Workbench.tool, "bisect", "--good", "v1", "--build", "sh build.sh", "--scenario",
          "../keys.scenario",
        ], environment: history.environment)
      #expect(search.end.code == 2 && search.error.contains("it has no such folder to build in"), "\(search.error)")
    }

    @Test func jsonSaysTheSame() async throws {
      let history = try await CommitHistory(.pageFlag)
      let search = try await history.search("--json")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(search.output.utf8)) as? [String: Any])
      #expect((object["commit"] as? [String: Any])?["hash"] as? String == history.commits[18])
      #expect((object["first"] as? [String: Any])?["place"] as? String != nil)
      #expect((object["changes"] as? [Any])?.count == 1)
    }

    @Test func goldenAndLanesDecideWhatIsRight() async throws {
      let history = try await CommitHistory(.pageFlag)
      try await history.git("checkout", "-q", "v1")
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      #expect(
        try await history.orrery(["record", "kernel.elf", "-s", "keys.scenario", "-o", "good.orrery"]).end.code == 0)
      let golden = try await history.orrery(["show", "--behaviour", "good.orrery"])
      try history.bench.write("golden.txt", golden.output)
      try await history.git("checkout", "-q", "main")
      let search = try await history.search("--golden", "golden.txt", "--lanes", "map")
      #expect(search.output.hasPrefix("\(history.commits[18]) is the first"), "\(search.error)")
      #expect(search.output.contains("see it: orrery diff --behaviour --lane map golden.txt "))
      let elsewhere = try await history.search("--golden", "golden.txt", "--lanes", "output")
      #expect(elsewhere.end.code == 2 && elsewhere.error.contains("behaves as --good v1 does in the lanes"))
    }

    /// The golden has all lanes, and the runs are judged by one.
    @Test func stepJudgesAndShowsTheLanesThatCountOnly() async throws {
      let history = try await CommitHistory(.pageFlag, at: 1, broken: [])
      try await history.git("checkout", "-q", "v1")
      let step = ["bisect", "--step", "--build", "sh build.sh", "-s", "keys.scenario", "--golden", "golden.txt"]
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      #expect(
        try await history.orrery(["record", "kernel.elf", "-s", "keys.scenario", "-o", "good.orrery"]).end.code == 0)
      let golden = try await history.orrery(["show", "--behaviour", "good.orrery"])
      try history.bench.write("golden.txt", golden.output)
      try await history.git("checkout", "-q", history.commits[1])
      let output = try await history.orrery(step + ["--lanes", "output"])
      #expect(output.end.code == 0, "\(output.output)")
      let map = try await history.orrery(step + ["--lanes", "map"])
      #expect(map.end.code == 1 && map.output.split(separator: "\n").count == 4, "\(map.output)")
    }

    /// A path into the repository leads to the one file that the user has there.
    @Test func absoluteImageIsThatOfEachCommit() async throws {
      let history = try await CommitHistory(.pageFlag)
      try history.bench.write("kernel.elf", "what the user has there\n")
      let search = try await history.search("--image", history.bench.file("kernel.elf"), "--lanes", "map")
      #expect(search.output.hasPrefix("\(history.commits[18]) is the first"), "\(search.error)")
      #expect(search.output.contains("see it: orrery diff --behaviour --lane map "), "\(search.output)")
      #expect(try history.bench.bytes("kernel.elf") == Array("what the user has there\n".utf8))
    }

    /// The commits before and after the change do not build, and the build command keeps that to itself.
    @Test func imageThatTheBuildDidNotWriteIsNotJudged() async throws {
      let history = try await CommitHistory(.pageFlag, at: 18, broken: [17, 18])
      let search = try await history.orrery([
        "bisect", "--good", "v1", "--build", "sh build.sh || true", "--image", "kernel.elf", "--scenario",
        "keys.scenario",
      ])
      #expect(search.end.code == 125, "\(search.output)\(search.error)")
      #expect(search.error.contains("it cannot be built: the build gives no kernel.elf"), "\(search.error)")
    }

    @Test func buildThatIsAnotherEachTimeIsRefused() async throws {
      let history = try await CommitHistory(.pageFlag)
      let build = "echo >> ../count; sh build.sh; test $(wc -l < ../count) = 1 || cp other.elf kernel.elf"
      try await history.git("checkout", "-q", history.commits[18])
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      try FileManager.default.copyItem(
        atPath: history.bench.file("kernel.elf"), toPath: history.bench.file("cache/other.elf"))
      try await history.git("checkout", "-q", "main")
      let search = try await history.orrery([
        "bisect", "--good", "v1", "--image", "kernel.elf", "--scenario", "keys.scenario", "--build",
        build.replacingOccurrences(of: "other.elf", with: history.bench.file("cache/other.elf")),
      ])
      #expect(search.end.code == 2 && search.error.contains("built twice, behaves in two ways"), "\(search.error)")
    }

    @Test func onlySkippedCommitsAreNamed() async throws {
      let history = try await CommitHistory(.pageFlag, at: 18, broken: [17, 18, 19])
      let search = try await history.search()
      #expect(search.end.code == 125, "\(search.error)")
      for index in 17...20 { #expect(search.output.contains(history.commits[index].prefix(7)), "\(search.output)") }
      #expect(!search.output.contains(history.commits[21].prefix(7)))
    }

    @Test func stepOfGitBisectRunFindsTheSame() async throws {
      let history = try await CommitHistory(.endOfInterrupt)
      try await history.git("checkout", "-q", "v1")
      #expect(try await history.bench.run("sh", ["build.sh"], environment: history.environment).end.code == 0)
      // In a folder that git does not look at.
      #expect(
        try await history.orrery(["record", "kernel.elf", "-s", "keys.scenario", "-o", "cache/good.orrery"]).end.code
          == 0)
      try await history.git("bisect", "start", "main", "v1")
      let tool = try Workbench.tool
      let run = try await history.git(
        "bisect", "run", tool, "bisect", "--step", "--build", "sh build.sh", "-s", "keys.scenario", "--golden",
        "cache/good.orrery")
      #expect(run.contains("\(history.commits[18]) is the first bad commit"), "\(run)")
    }

    @Test func troubleInAStepIsNotBlamedOnTheCommit() async throws {
      let history = try await CommitHistory(.pageFlag)
      let step = ["bisect", "--step", "--build", "sh build.sh"]
      for arguments in [["--golden", "missing"], [], ["--golden", "kernel.c", "-s", "keys.scenario"], ["--nonsense"]] {
        let result = try await history.orrery(step + arguments)
        #expect(result.end.code == 128, "\(arguments): \(result.error)")
      }
    }

    @Test func mistakesAreNamed() async throws {
      let history = try await CommitHistory(.pageFlag)
      try await history.git("checkout", "-q", "-b", "side", "v1")
      try await history.git("commit", "-q", "--allow-empty", "-m", "side")
      try await history.git("checkout", "-q", "main")
      let mistakes: [(arguments: [String], error: String)] = [
        (["--good", "v7", "--build", "x"], "--good v7: there is no such commit"),
        (["--good", "v1", "--bad", "v7", "--build", "x"], "--bad v7: there is no such commit"),
        (["--good", "HEAD", "--bad", "v1", "--build", "x"], "--bad v1 comes before --good HEAD; exchange them"),
        (["--good", "HEAD", "--bad", "main", "--build", "x"], "HEAD and main are the same commit"),
        (["--good", "side", "--build", "x"], "--good side is not an ancestor of --bad HEAD"),
        (
          ["--good", "v1", "--build", "exit 3"], "--good v1 cannot be judged: it cannot be built: `exit 3` ended with 3"
        ),
        (["--good", "v1", "--build", "true"], "the build gives no .elf file"),
        (["--good", "v1"], "say with --build COMMAND"),
        (["--good", "v1", "--build", "x", "a.orrery"], "--good is for commits"),
        ([], "expected --good REV"),
      ]
      for mistake in mistakes {
        let result = try await history.orrery(["bisect"] + mistake.arguments)
        #expect(result.end.code == 2 && result.error.contains(mistake.error), "\(result.error)")
      }
      let same = try await history.search("--bad", "v1~0^{commit}")
      #expect(same.end.code == 2)
      let equal = try await history.search("--bad", history.commits[5])
      #expect(equal.end.code == 2 && equal.error.contains("behaves as --good v1 does"), "\(equal.error)")
      let outside = try await history.bench.run(
        "/usr/bin/env", ["-C", "/", try Workbench.tool, "bisect", "--good", "v1", "--build", "x"],
        environment: history.environment)
      #expect(outside.end.code == 2 && outside.error.contains("this folder is in no git worktree"), "\(outside.error)")
    }

    @Test func signalEndsTheSearchAndLeavesNothing() async throws {
      let history = try await CommitHistory(.pageFlag)
      let before = try await history.state()
      let child = try history.bench.start(
        try Workbench.tool,
        ["bisect", "--good", "v1", "--build", "touch \(history.bench.file("cache"))/begun; sleep 60"],
        environment: history.environment + ["TMPDIR=\(history.bench.file("cache"))"])
      var isSent = false
      let end = try await child.wait {
        guard !isSent, FileManager.default.fileExists(atPath: history.bench.file("cache/begun")) else { return }
        kill(child.id, SIGINT)
        isSent = true
      }
      #expect(end.code == 2 && history.bench.errorText.contains("ended by SIGINT"), "\(history.bench.errorText)")
      #expect(try await history.state() == before)
      let left = try FileManager.default.contentsOfDirectory(atPath: history.bench.file("cache"))
      #expect(!left.contains { $0.hasPrefix("orrery-bisect") }, "\(left)")
    }
  }
}

import Foundation
import OrreryHost
import OrreryTrace
import Testing

@testable import OrreryCommands

/// The commands with the kernel of this repository, which `make kernel` builds.
@Suite struct KernelCommandTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let kernel = root.appending(path: "kernel/.build/orrery-kernel.elf").path

  private let folder = FolderOfFiles()

  /// A scenario that types a line at the prompt, then leaves.
  private func scenario(_ name: String, typing line: String, _ more: String = "") throws -> String {
    try folder.write(
      name,
      """
      after serial "ready> ": type "\(line){Enter}"
      after serial "ready> " hit 2: type "exit 16{Enter}"
      \(more)
      """)
  }

  @Test func aRecordingReplaysAndIsEqualToItself() throws {
    let scenario = try scenario("say.scenario", typing: "echo hello")
    let (one, two) = (folder.path("one.orrery"), folder.path("two.orrery"))
    for trace in [one, two] {
      let record = CapturedRun("record", Self.kernel, "--scenario", scenario, "-o", trace)
      #expect(record.code == 0, "\(record.error)")
      #expect(!FileManager.default.fileExists(atPath: trace + ".partial"))
    }
    #expect(FileManager.default.contentsEqual(atPath: one, andPath: two))
    let replay = CapturedRun("replay", one)
    #expect(replay.code == 0)
    #expect(replay.output.contains("the same"))
    #expect(CapturedRun("diff", one, two).code == 0)
    #expect(CapturedRun("show", one, "--screen").output.contains("ready> echo hello"))
  }

  @Test func oneChangedKeyIsTheFirstDifference() throws {
    let (one, two) = (folder.path("one.orrery"), folder.path("two.orrery"))
    for (trace, line) in [(one, "echo a"), (two, "echo b")] {
      let scenario = try scenario("say.scenario", typing: line)
      #expect(CapturedRun("record", Self.kernel, "--scenario", scenario, "-o", trace).code == 0)
    }
    let diff = CapturedRun("diff", one, two)
    #expect(diff.code == 1)
    #expect(diff.output.contains("first different event"))
    let firstRemoved = diff.output.split(separator: "\n").first { $0.hasPrefix("-  ") }
    #expect(firstRemoved?.contains("key A pressed") == true)
    #expect(diff.error.contains("reproduce: orrery diff"))
  }

  @Test func runPrintsSerialOutputAndExitsAsTheGuestSays() throws {
    let scenario = try scenario("say.scenario", typing: "echo hello")
    let run = CapturedRun("run", Self.kernel, "--scenario", scenario)
    #expect(run.code == 16 << 1 | 1)
    #expect(run.output.hasPrefix("Hello World!"))
    #expect(run.output.contains("hello"))
  }

  @Test func aRunThatReachesItsLimitExitsWithSix() {
    let run = CapturedRun("run", Self.kernel, "--limit", "1000")
    #expect(run.code == 6)
    #expect(run.error.contains("the limit of 1000 steps was reached"))
  }

  @Test func aConditionThatNeverCameTrueIsReported() throws {
    let scenario = try scenario("say.scenario", typing: "help", "after serial \"no such text\": nmi")
    let record = CapturedRun("record", Self.kernel, "--scenario", scenario, "-o", folder.path("one.orrery"))
    #expect(record.code == 1)
    #expect(record.error.contains("never came true: after serial \"no such text\" (line 3)"))
  }

  @Test func eachValueOfAParameterIsARunOfItsOwn() throws {
    let scenario = try folder.write("each.scenario", "param K = 1…3\nat K * 1000 steps: irq 0\nstop at 20 us\n")
    let output = folder.path("race.orrery")
    #expect(CapturedRun("record", Self.kernel, "--scenario", scenario, "--each", "K", "-o", output).code == 0)
    for value in 1...3 {
      let show = CapturedRun("show", folder.path("race.K=\(value).orrery"), "--lane", "input")
      #expect(show.output.contains(" \(value)_000  input"))
    }
    let missing = CapturedRun("record", Self.kernel, "--scenario", scenario, "--each", "J", "-o", output)
    #expect(missing.code == 2)
    #expect(missing.error.contains("it has K"))
  }

  @Test func badImagesAreRefused() throws {
    let whole = try Data(contentsOf: URL(filePath: Self.kernel))
    var arm = whole
    arm[18] = 183  // e_machine of AArch64
    let cases: [(name: String, bytes: Data, says: String)] = [
      ("empty", Data(), "the file is empty"), ("text", Data("hello".utf8), "not an ELF file"),
      ("cut", whole.prefix(70), "truncated"), ("arm", arm, "x86-64"),
    ]
    for (name, bytes, says) in cases {
      let path = try folder.write(name, bytes)
      let run = CapturedRun("run", path)
      #expect(run.code == 2)
      #expect(run.error.hasPrefix("error: \(path): "))
      #expect(run.error.contains(says))
      #expect(run.error.contains("reproduce: orrery run "))
    }
  }

  @Test func outputsThatCannotBeWrittenAreNamed() {
    for path in [folder.path(""), "/dev/full", folder.path("none/trace.orrery")] {
      let record = CapturedRun("record", Self.kernel, "--limit", "1000000", "-o", path)
      #expect(record.code == 2)
      #expect(record.error.contains("error: \(path): "))
    }
  }

  @Test func mistakesOfUsageExitWithTwo() {
    for arguments in [["bogus"], ["record"], ["run"], ["replay", "--colour"], ["diff", "only-one"]] {
      let code = Console.$current.withValue(
        Console(writeOutput: { _ in }, writeError: { _ in }, isOutputTerminal: false, isErrorTerminal: false)
      ) { OrreryProgram.run(["orrery"] + arguments) }
      #expect(code == 2, "orrery \(arguments.joined(separator: " "))")
    }
    let help = CapturedRun("record", "--help")
    #expect(help.code == 0)
    #expect(help.output.contains("EXAMPLES"))
  }

  @Test func aMistakeInAScenarioIsShownAtItsPlace() throws {
    let path = try folder.write("bad.scenario", "after serial ready: nmi\n")
    let record = CapturedRun("record", Self.kernel, "--scenario", path, "-o", folder.path("one.orrery"))
    #expect(record.code == 2)
    #expect(record.error.contains("\(path):1:14: error: "))
    #expect(!FileManager.default.fileExists(atPath: folder.path("one.orrery.partial")))
  }

  @Test func aSymbolTheKernelLacksIsNamedWithItsLine() throws {
    let path = try folder.write("bad.scenario", "stop at 1 ms\non symbol nothingOfTheKind: nmi\n")
    let record = CapturedRun("record", Self.kernel, "--scenario", path, "-o", folder.path("one.orrery"))
    #expect(record.code == 2)
    #expect(record.error.contains("\(path):2: error: it waits for symbol 'nothingOfTheKind'"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("one.orrery.partial")))
  }

  /// The built tools: of this build, and of `make debug` where it is not older than the sources.
  private static let tools: [URL] = {
    #if DEBUG
    let own = root.appending(path: ".build/debug/orrery")
    #else
    let own = root.appending(path: ".build/release/orrery")
    #endif
    func modified(_ url: URL) -> Date {
      (try? url.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate) ?? .distantPast
    }
    let sources = FileManager.default.enumerator(at: root.appending(path: "Sources"), includingPropertiesForKeys: nil)
    let newest = (sources?.compactMap { $0 as? URL } ?? []).map(modified).max() ?? .distantPast
    return [own] + [root.appending(path: ".build-debug/debug/orrery")].filter { modified($0) >= newest }
  }()

  @Test func twentyFreshProcessesOfEveryBuildGiveTheSameBytes() throws {
    let scenario = try scenario("say.scenario", typing: "boxes 3")
    let expected = folder.path("expected.orrery")
    #expect(CapturedRun("record", Self.kernel, "--scenario", scenario, "-o", expected).code == 0)
    for number in 0..<20 {
      let trace = folder.path("run\(number).orrery")
      let process = Process()
      process.executableURL = Self.tools[number % Self.tools.count]
      process.arguments = ["record", Self.kernel, "--scenario", scenario, "-o", trace]
      process.standardOutput = FileHandle.nullDevice
      // Nothing of the host may show: neither its environment nor where it is started.
      process.environment = number % 2 == 0 ? [:] : ["LANG": "tr_TR.UTF-8", "TZ": "Asia/Kolkata", "HOME": "/none"]
      process.currentDirectoryURL = number % 3 == 0 ? URL(filePath: "/") : folder.url
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(FileManager.default.contentsEqual(atPath: expected, andPath: trace))
    }
  }
}

/// A fresh folder, removed with everything in it.
private final class FolderOfFiles {
  let url = FileManager.default.temporaryDirectory.appending(
    path: "orrery-\(ProcessInfo.processInfo.globallyUniqueString)")

  init() { try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { name.isEmpty ? url.path : url.appending(path: name).path }

  func write(_ name: String, _ text: String) throws -> String { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ bytes: Data) throws -> String {
    try bytes.write(to: url.appending(path: name))
    return path(name)
  }
}

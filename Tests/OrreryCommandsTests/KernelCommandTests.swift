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
  private func scenario(_ name: String, typing line: String) throws -> String {
    try folder.write(
      name,
      """
      after serial "ready> ": type "\(line){Enter}"
      after serial "ready> " hit 2: type "exit 16{Enter}"
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

  @Test(arguments: [
    ("", "after screen \"ready> \""), ("test=tasks", "after mark \"task 1 created\\n\""),
  ])
  func runStopsAtTheScreenAndAtMarks(commandLine: String, condition: String) throws {
    let machine = commandLine.isEmpty ? "" : "machine { command line \"\(commandLine)\" }\n"
    let scenario = try folder.write("stop.scenario", "\(machine)lanes input\nstop \(condition)\n")
    let trace = folder.path("stop.orrery")
    let record = CapturedRun("record", Self.kernel, "--scenario", scenario, "-o", trace)
    #expect(record.code == 0 && record.output.contains("stop \(condition)"), "\(record.output)\(record.error)")
    #expect(CapturedRun("replay", trace).code == 0)
    // Without a trace the condition comes true at the same step.
    let run = CapturedRun("run", Self.kernel, "--scenario", scenario)
    #expect(run.code == 0, "\(run.error)")
  }

  @Test func functionThatTheKernelLacksIsNotShown() throws {
    let trace = folder.path("function.orrery")
    let record = CapturedRun("record", Self.kernel, "--command-line", "program=hello", "-o", trace)
    #expect(record.code == 0, "\(record.error)")
    // The kernel's `kernelMain` is where no event is: that shows nothing, and is no mistake.
    #expect(CapturedRun("show", trace, "--lane", "mark", "--symbol", "kernelMain").code == 0)
    let show = CapturedRun("show", trace, "--symbol", "kernelMian")
    #expect(show.code == 2 && show.error.contains("no such function; did you mean `kernelMain`?"), "\(show.error)")
    #expect(CapturedRun("show", trace, "--symbol", "nosuch").code == 2)
  }

  @Test func symbolThatTheKernelLacksIsALostAnchor() throws {
    let scenario = try folder.write("lost.scenario", "on symbol Kernel.noSuchFunction: irq 1\n")
    let trace = folder.path("lost.orrery")
    let record = CapturedRun("record", Self.kernel, "--scenario", scenario, "-o", trace)
    #expect(record.code == 125 && record.error.contains("lost.scenario:1:11: error: anchor lost: "), "\(record.error)")
    #expect(record.error.contains("\n            ^~~~~~~~~~~~~~~~~~~~~\n"), "\(record.error)")
    #expect(!FileManager.default.fileExists(atPath: trace))
    #expect(CapturedRun("run", Self.kernel, "--scenario", scenario).code == 2)
  }

  @Test func runPrintsSerialOutputAndExitsAsTheGuestSays() throws {
    let scenario = try scenario("say.scenario", typing: "echo hello")
    let run = CapturedRun("run", Self.kernel, "--scenario", scenario)
    #expect(run.code == 16 << 1 | 1)
    #expect(run.output.hasPrefix("Hello World!"))
    #expect(run.output.contains("hello"))
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

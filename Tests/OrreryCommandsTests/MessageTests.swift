import Foundation
import Testing

/// What a person is told who mistyped something.
@Suite struct MessageTests {
  private let folder = TraceFolder()
  private var guest: String { get throws { try folder.write("guest", GuestImage.greets.bytes) } }

  @Test func allocatorThatTheKernelLacksIsWarnedOf() throws {
    let output = folder.file("t")
    let missing = CapturedRun("record", try guest, "--allocator", "my=malloc", "-o", output)
    #expect(missing.code == 0)
    #expect(missing.error.contains("--allocator my: warning: the kernel has no function `my`"), "\(missing.error)")
    let scenario = try folder.write("s", Array("heap { allocate mine(size) }\n".utf8))
    let declared = CapturedRun("record", try guest, "--scenario", scenario, "-o", output)
    #expect(declared.code == 125)
    #expect(
      declared.error.contains("s:1:8: error: anchor lost: it watches function 'mine', which the kernel does not have"),
      "\(declared.error)")
    let known = CapturedRun("run", try Workbench.kernel, "--allocator", "kmalloc=malloc", "--limit", "1000")
    #expect(!known.error.contains("warning:"), "\(known.error)")
    try FileManager.default.removeItem(atPath: output)
  }

  @Test func negativeNumberIsNamed() throws {
    for arguments in [
      ["run", try guest, "--limit", "-5"], ["show", "t", "--limit", "-5"], ["diff", "a", "b", "-U", "-5"],
    ] {
      let run = CapturedRun(arguments)
      #expect(run.code == 2)
      #expect(run.error.hasPrefix("error: ") && run.error.contains("-5"), "\(run.error)")
      #expect(!run.error.contains("Missing value"), "\(run.error)")
    }
  }

  @Test func numberOfNoUseIsNamed() throws {
    for (arguments, words) in [
      (
        ["run", try guest, "--limit", "0"], "--limit 0: expected a number of steps from 1 to 4_611_686_018_427_387_904"
      ),
      (["record", try guest, "--limit", "18446744073709551615", "-o", "t"], "--limit 18446744073709551615: expected"),
      (["show", "t", "--limit", "0"], "--limit 0: expected a number of events from 1"),
    ] {
      let run = CapturedRun(arguments)
      #expect(run.code == 2 && run.error.hasPrefix("error: ") && run.error.contains(words), "\(run.error)")
    }
  }

  @Test func productThatIsTooLargeIsSaidToBe() throws {
    let scenario = try folder.write("s", Array("param K = 4294967296\nat K * K ms: nmi\n".utf8))
    let run = CapturedRun("run", try guest, "--scenario", scenario)
    #expect(run.code == 2)
    #expect(
      run.error.contains("a time must be below 2^64, not 18446744073709551616 (K = 4294967296)"), "\(run.error)")
  }

  @Test func longTextIsNotRepeatedInAWarning() throws {
    let text = String(repeating: "never ", count: 500_000)
    let scenario = try folder.write("s", Array("after serial \"\(text)\": nmi\n".utf8))
    let run = CapturedRun("run", try guest, "--scenario", scenario)
    #expect(run.error.utf8.count < 400)
    // 15 bytes beside the text.
    #expect(
      run.error.hasPrefix("warning: never came true: after serial \"never never ")
        && run.error.hasSuffix("… (3000015 bytes) (line 1)\n"), "\(run.error)")
  }

  @Test func whatNobodyReadsIsCounted() throws {
    let rules = (1...100).map { "after serial \"never \($0)\": nmi\n" }.joined()
    let scenario = try folder.write("s", Array(rules.utf8))
    let run = CapturedRun("run", try guest, "--scenario", scenario)
    #expect(run.error.split(separator: "\n").count == 21)
    #expect(run.error.hasSuffix("\nwarning: and 80 more\n"), "\(run.error)")
  }

  @Test func folderAsOutputIsAnsweredWithAName() throws {
    for folder in ["/tmp", "/tmp/", "/"] {
      let run = CapturedRun("record", try guest, "-o", folder)
      #expect(run.code == 2)
      #expect(run.error.contains("such as \(folder == "/" ? "" : "/tmp")/trace.orrery\n"), "\(run.error)")
    }
  }

  @Test func oneIsSingular() throws {
    let output = folder.file("one")
    let run = CapturedRun("run", try guest, "--lanes", "input", "--limit", "1", "-o", output)
    #expect(run.error.contains("the limit of 1 step was reached after 1 step, at "), "\(run.error)")
    #expect(run.error.contains("\(output): 1 event in "), "\(run.error)")
    let summary = CapturedRun("show", "--summary", output).output
    #expect(summary.contains("state: 1 event\n") && summary.contains(", 1 event\n"), "\(summary)")
    #expect(CapturedRun("replay", output).output == "\(output): the same, 1 event in 1 step\n")
    try FileManager.default.removeItem(atPath: output)
  }

  @Test func emptyNameIsNamed() {
    let run = CapturedRun("run", "")
    #expect(run.code == 2)
    #expect(run.error == "error: '': an empty name names no file; name the file to read\nreproduce: orrery run ''\n")
  }

  @Test func valueGivenTwiceIsSaidOnce() throws {
    let scenario = try folder.write("s", Array("param K = 0…40\nat K us: nmi\n".utf8))
    for values in [["K=1", "K=2"], ["K=1", "K=1"], ["K=2", "K=100"]] {
      let run = CapturedRun(
        ["run", try guest, "--scenario", scenario] + values.flatMap { ["--set", $0] })
      #expect(run.code == 2)
      #expect(run.error.hasPrefix("\(scenario): error: parameter `K` is given two values\n"), "\(run.error)")
      #expect(run.error.split(separator: "error: ").count == 2 && !run.error.contains("cannot be"), "\(run.error)")
    }
    let each = CapturedRun(
      "record", try guest, "--scenario", scenario, "--each", "K", "--set", "K=1", "-o", folder.file("t"))
    #expect(each.code == 2)
    #expect(each.error.contains("--each K and --set K both choose a value"), "\(each.error)")
  }

  @Test(arguments: [["--each", "K"], ["--each=K"]])
  func oneOfManyRunsIsReproducedByItsValue(options: [String]) throws {
    let scenario = try folder.write("s", Array("param K = 14…20\nat 1 ms: irq K\n".utf8))
    let arguments = ["record", try guest, "--scenario", scenario]
    let run = CapturedRun(arguments + options + ["-o", folder.file("t")])
    #expect(run.code == 2)
    #expect(
      run.error.contains(
        "reproduce: orrery \((arguments + ["--set", "K=16", "-o", folder.file("t")]).joined(separator: " "))"),
      "\(run.error)")
  }
}

import OrreryCompare
import Testing

@testable import OrreryGolden

@Suite struct LostTextTests {
  private func behaviour(_ reports: [String], _ lines: [String], section: String = "output, COM1, main") -> String {
    let head = ["orrery behaviour 2", "lanes: output", "end: idle for ever"] + reports.map { "report: " + $0 }
    return (head + ["", section] + lines.map { "  " + $0 }).joined(separator: "\n") + "\n"
  }

  private func find(_ old: String, _ new: String) throws -> LostText? {
    LostText.find(in: try compareBehaviour(golden: old, actual: new))
  }

  private let report = "never came true: after serial \"ready> \" (line 3)"

  @Test func promptThatWasRenamedIsLost() throws {
    let old = behaviour([], ["\"Hello\\r\\n\"", "\"ready> help\\r\\n\"", "\"bye\\r\\n\""])
    let lost = try #require(try find(old, behaviour([report], ["\"Hello\\r\\n\"", "\"orrery> \""])))
    #expect(lost.anchor == "after serial \"ready> \" (line 3)" && lost.new == "\"orrery> \"")
  }

  @Test func kernelThatNeverGetsSoFarHasLostNothing() throws {
    let old = behaviour([], ["\"Hello\\r\\n\"", "\"ready> help\\r\\n\""])
    #expect(try find(old, behaviour([report], ["\"Hello\\r\\n\""])) == nil)
    #expect(try find(old, behaviour([report], ["\"Hello\\r\\n\"", "\"PANIC: no memory\\r\\n\""])) == nil)
  }

  /// A golden in which the prompt brings about a key, and the kernel goes on; and a run of it.
  private func run(
    _ end: String, input: [String] = ["key A, after serial \"ready> \"", "key B, after mark \"here\""],
    _ lines: [String],
    reports: [String] = []
  ) -> String {
    let head = ["orrery behaviour 2", "lanes: input output", "end: \(end)"] + reports.map { "report: " + $0 }
    let sections = [("input", input), ("output, COM1, main", lines)].filter { !$0.1.isEmpty }
    return (head + sections.flatMap { ["", $0.0] + $0.1.map { "  " + $0 } }).joined(separator: "\n") + "\n"
  }

  private var golden: String { run("limit reached", ["\"Hello\"", "\"ready> \"", "\"sum 190\"", "\"bye\""]) }

  @Test func promptWithoutWhichTheKernelGoesOnIsLost() throws {
    // What was written after it still is.
    let removed = run("limit reached", input: [], ["\"Hello\"", "\"sum 190\""], reports: [report])
    let lost = try #require(try find(golden, removed))
    #expect(lost.anchor == "after serial \"ready> \" (line 3)" && lost.old == "\"ready> \"" && lost.new == nil)
    let other = run("idle for ever", input: [], ["\"Hello\"", "\"$ \"", "\"sum 190\""], reports: [report])
    #expect(try find(golden, other) != nil)
    // A later input still comes, by what the kernel does.
    let later = run("limit reached", input: ["key B, after mark \"here\""], ["\"Hello\""], reports: [report])
    #expect(try find(golden, later) != nil)
    // The kernel ends itself as it did.
    let own = run("debug exit, exit value 16", ["\"ready> \""])
    #expect(try find(own, run("debug exit, exit value 16", input: [], [], reports: [report])) != nil)
  }

  @Test func textThatComesLessOftenIsNotLost() throws {
    let third = "key A, after serial \"ready> \" hit 3"
    let reports = ["never came true: after serial \"ready> \" hit 3 (line 3)"]
    let old = run("limit reached", input: [third], ["\"ready> \"", "\"ready> \"", "\"ready> \"", "\"sum 190\""])
    let twice = run("limit reached", input: [], ["\"ready> \"", "\"ready> \"", "\"sum 190\""], reports: reports)
    #expect(try find(old, twice) == nil)
    let never = run("limit reached", input: [], ["\"sum 190\""], reports: reports)
    #expect(try find(old, never) != nil)
  }

  @Test func runThatEndsOtherwiseIsDifferent() throws {
    for end in ["triple fault", "debug exit, exit value 17", "not modelled, MOV to DR7"] {
      #expect(try find(golden, run(end, input: [], ["\"Hello\"", "\"sum 190\""], reports: [report])) == nil, "\(end)")
    }
    // It hangs where the prompt would come: to the limit as before, or idle.
    for end in ["limit reached", "idle for ever"] {
      #expect(try find(golden, run(end, input: [], ["\"Hello\""], reports: [report])) == nil, "\(end)")
    }
  }

  @Test func whatTheGoldenDoesNotKnowIsNotLost() throws {
    let old = run("limit reached", input: [], ["\"Hello\"", "\"ready> \"", "\"sum 190\""])
    #expect(try find(old, run("limit reached", input: [], ["\"Hello\"", "\"sum 190\""], reports: [report])) == nil)
  }

  @Test func textThatTheGoldenNeverHadEitherIsNotLost() throws {
    let old = behaviour([report], ["\"ready> \""])
    #expect(try find(old, behaviour([report], ["\"steady> \""])) == nil)
  }

  @Test(arguments: [("mark, main", "after mark"), ("output, screen in the end", "after screen")])
  func marksAndTheScreenAreLookedAtToo(section: String, trigger: String) throws {
    let old = behaviour([], ["row 0 0x07 \"task 1 done\""], section: section)
    let new = behaviour(["never came true: \(trigger) \"1 done\""], ["row 0 0x07 \"task 1 failed\""], section: section)
    #expect(try find(old, new) == nil)
    let near = behaviour(["never came true: \(trigger) \"1 done\""], ["row 0 0x07 \"task 1 dine\""], section: section)
    #expect(try find(old, near) != nil)
  }

  @Test(arguments: [
    ("abc", "xxabcxx", 0), ("abc", "xxabxx", 1), ("abc", "", 3), ("ready> ", "orrery> ", 2), ("", "x", 0),
  ])
  func distanceIsTheFewestSlips(text: String, line: String, expected: Int) {
    #expect(LostText.distance(of: Array(text.utf8), in: Array(line.utf8)) == expected)
  }
}

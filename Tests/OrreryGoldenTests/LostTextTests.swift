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

import Foundation
import OrreryCompare
import OrreryGolden
import OrreryHost
import Synchronization
import Testing

@testable import OrreryCommands

/// The questions of `orrery accept`, answered by a made-up person.
@Suite struct AcceptReviewTests {
  private static let old = "orrery behaviour 2\nlanes: output\nend: idle for ever\n\noutput, COM1, main\n  \"old\"\n"
  private static let new = "orrery behaviour 2\nlanes: output\nend: idle for ever\n\noutput, COM1, main\n  \"new\"\n"

  private let folder: URL
  private let cases: [GoldenCase]

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "orrery-accept-" + UUID().uuidString)
    var cases: [GoldenCase] = []
    for name in ["one", "two", "three"] {
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try Data(Self.old.utf8).write(to: place.appending(path: "golden.txt"))
      cases.append(GoldenCase(folder: place.path, image: "kernel.elf"))
    }
    self.cases = cases
  }

  /// What becomes of the three goldens when each answer is given in turn.
  private func review(_ answers: String...) throws -> (goldens: [String], left: Int, output: String, unused: Int) {
    defer { try? FileManager.default.removeItem(at: folder) }
    let comparison = try compareBehaviour(golden: Self.old, actual: Self.new)
    let changed = cases.map { GoldenResult($0, .different(comparison, behaviour: Self.new)) }
    var review = AcceptReview(changed: changed, isColoured: false)
    var left = answers
    let bytes = Mutex<[UInt8]>([])
    let console = Console(
      writeOutput: { more in bytes.withLock { $0 += more } }, writeError: { _ in }, isOutputTerminal: false,
      isErrorTerminal: false)
    try Console.$current.withValue(console) {
      try review.ask { left.isEmpty ? nil : left.removeFirst() }
      console.line(review.summary(others: GoldenTally()))
    }
    let goldens = try cases.map { goldenCase in
      let text = try InputFile.text(of: goldenCase.goldenPath, limit: 1_000)
      return text == Self.new ? "new" : text == Self.old ? "old" : "neither"
    }
    return (goldens, review.leftCount, bytes.withLock { String(decoding: $0, as: UTF8.self) }, left.count)
  }

  @Test func onlyWhatIsAcceptedIsWritten() throws {
    let result = try review("r", "a", "s")
    #expect(result.goldens == ["old", "new", "old"] && result.left == 2)
    #expect(
      result.output.contains("1 accepted, 1 rejected, 1 skipped\nrejected: \(cases[0].folder); repeat it: orrery test"))
  }

  @Test func wordsMeanWhatTheirLettersDo() throws {
    let result = try review("Accept", " skip ", "reject")
    #expect(result.goldens == ["new", "old", "old"])
  }

  @Test func allAcceptsWhatFollowsAndAsksNoMore() throws {
    let result = try review("s", "A", "r")
    #expect(result.goldens == ["old", "new", "new"] && result.unused == 1)
  }

  @Test func quittingLeavesTheRest() throws {
    let result = try review("a", "q", "a")
    #expect(result.goldens == ["new", "old", "old"] && result.unused == 1 && result.left == 2)
  }

  @Test func endOfInputLeavesTheRest() throws {
    #expect(try review("a").goldens == ["new", "old", "old"])
  }

  @Test func whatIsNoAnswerIsExplainedAndAskedAgain() throws {
    let result = try review("yes", "", "?", "d", "a", "q")
    #expect(result.goldens == ["new", "old", "old"])
    #expect(result.output.components(separatedBy: "  a  accept: ").count == 4)
    // In words before each of the two questions, as it is when asked for.
    #expect(result.output.components(separatedBy: "\n~ output, COM1: \"new\", was \"old\"\n").count == 3)
    #expect(result.output.components(separatedBy: "\n-  \"old\"\n+  \"new\"\n").count == 2)
  }
}

@Suite struct GoldenReportTests {
  @Test func xmlHoldsNothingThatXMLForbids() {
    #expect(
      JUnitReport.escaped("<a b=\"c\">&\u{1}\u{1B}\n\t…") == "&lt;a b=&quot;c&quot;&gt;&amp;\u{FFFD}\u{FFFD}\n\t…")
  }

  @Test func troubleCountsForMoreThanDifferenceAndThatForMoreThanNotKnowing() {
    let goldenCase = GoldenCase(folder: "a", image: "k")
    func code(_ outcomes: GoldenResult.Outcome...) -> Int32 {
      var tally = GoldenTally()
      for outcome in outcomes { tally.note(GoldenResult(goldenCase, outcome)) }
      return tally.code
    }
    let (undecided, none) = (GoldenResult.Outcome.undecided(""), GoldenResult.Outcome.withoutGolden("", behaviour: ""))
    #expect(code(.same) == 0 && code(.same, undecided) == 125)
    #expect(code(none, undecided) == 1 && code(none, .trouble(""), undecided) == 2)
  }
}

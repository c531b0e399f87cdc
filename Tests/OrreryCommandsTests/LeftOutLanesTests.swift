import OrreryTrace
import Testing

@testable import OrreryCommands

/// Behaviours of which one side was recorded with fewer lanes.
@Suite struct LeftOutLanesTests {
  private let folder = TraceFolder()
  private let everything: String
  private let output: String

  init() throws {
    let mark = Payload.mark(text: Array("here".utf8))
    let said = Payload.serial(port: 0, bytes: Array("Hi\n".utf8))
    everything = try folder.trace("all.orrery", [(1, mark), (2, said)])
    output = try folder.trace("output.orrery", [(2, said)], lanes: [LaneSet(.output), LaneSet(.state)])
  }

  private func golden(_ trace: String, _ more: String = "") throws -> String {
    let text = CapturedRun("show", "--behaviour", trace).output
    return try folder.write("golden.txt", Array((text + more).utf8))
  }

  @Test func lanesThatOneSideLacksAreNamedOnceAndNotCompared() throws {
    for left in [everything, try golden(everything)] {
      let diff = CapturedRun("diff", "--behaviour", left, output)
      #expect(diff.code == 0 && diff.output.isEmpty, "\(diff.output)")
      #expect(
        diff.error.contains("only \(left) has input,interrupt,exception,map,heap,frame,mark; they are not compared"))
      #expect(diff.error.split(separator: "\n").count == 1, "\(diff.error)")
    }
  }

  @Test func whatBothHaveIsStillCompared() throws {
    let other = try folder.trace(
      "other.orrery", [(2, .serial(port: 0, bytes: Array("Ho\n".utf8)))], lanes: [LaneSet(.output), LaneSet(.state)])
    let diff = CapturedRun("diff", "--behaviour", try golden(everything), other)
    #expect(
      diff.code == 1 && diff.output.contains("\"Ho\\n\", was \"Hi\\n\"") && !diff.output.contains("lanes:"),
      "\(diff.output)")
  }

  @Test func lanesThatAreAskedForNeedNoWord() throws {
    let diff = CapturedRun("diff", "--behaviour", "--lane", "output", try golden(everything), output)
    #expect(diff.code == 0 && diff.error.isEmpty, "\(diff.error)")
    let nothing = CapturedRun("diff", "--behaviour", "--lane", "mark", everything, output)
    #expect(nothing.code == 2 && nothing.error.contains("no lane in common"))
  }

  @Test func everyDifferenceHasColourWhenItIsAskedFor() throws {
    let other = try folder.trace("other.orrery", [(1, .mark(text: Array("there".utf8)))])
    let digest = try folder.write("digest", Array(CapturedRun("digest", other).output.utf8))
    for arguments in [[everything, other], ["--behaviour", everything, other], [everything, digest]] {
      let (plain, coloured) = (
        CapturedRun(["diff"] + arguments), CapturedRun(["diff", "--color", "always"] + arguments)
      )
      #expect(!plain.output.contains("\u{1B}") && plain.code == 1, "\(plain.error)")
      #expect(coloured.output.contains("\u{1B}[31m-") || coloured.output.contains("\u{1B}[32m+"), "\(coloured.output)")
    }
    #expect(!CapturedRun("diff", "--color", "always", "--json", everything, other).output.contains("\u{1B}"))
  }

  @Test func searchesThatCannotBeSayWhy() throws {
    let image = try folder.trace("image.orrery", [], image: [1])
    let otherImages = CapturedRun("bisect", image, try folder.trace("image2.orrery", [], image: [2]))
    #expect(otherImages.code == 2 && !otherImages.error.contains("contradicts"), "\(otherImages.error)")
  }

  @Test func goldenWithAnUnresolvedMergeIsTrouble() throws {
    let diff = CapturedRun("diff", "--behaviour", try golden(everything, "<<<<<<< HEAD\n"), everything)
    #expect(diff.code == 2 && diff.error.contains("golden.txt: line "), "\(diff.error)")
  }
}

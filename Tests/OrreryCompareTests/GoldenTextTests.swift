import Foundation
import OrreryCompare
import OrreryTrace
import Testing

@Suite struct GoldenTextTests {
  private static let lines = [
    "orrery behaviour 2", "lanes: heap output", "end: debug exit, exit value 16", "report: never came true: x", "",
    "heap, main", "  allocate 16 bytes → #1", "", "output, COM1, main", "  \"heap, main\\n\"",
  ]

  private func text(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }

  @Test func textAsItWasWrittenIsRead() throws {
    let text = text(Self.lines)
    let golden = try GoldenText(text)
    #expect(golden.lanes == [LaneSet(.heap), LaneSet(.output)] && golden.behaviour.text == text)
    #expect(golden.behaviour(of: .all).text == text)
    // As an editor of another system saves it.
    _ = try GoldenText(Self.lines.joined(separator: "\r\n") + "\r\n")
  }

  @Test(arguments: [
    (10, "<<<<<<< HEAD"), (6, "======="), (10, ">>>>>>> their branch"), (10, "hello world"), (8, "haep, main"),
    (10, "end: debug exit"), (9, "lanes: heap"), (2, "lanes: heap"), (4, "a stray line"), (3, "  \"indented\""),
    (10, "mark, main"), (5, "mark, main"), (10, "heap, main"), (1, "lanes: heap haep"),
  ])
  func lineThatIsNoneOfABehaviourIsRefusedWithItsNumber(after index: Int, line: String) throws {
    var lines = Self.lines
    lines.insert(line, at: index)
    #expect { try GoldenText(text(lines)) } throws: { "\($0)".hasPrefix("line \(index + 1): ") }
  }

  @Test func lanesHaveToBeThere() {
    #expect { try GoldenText("orrery behaviour 2\nend: reset\n") } throws: { "\($0)".contains("`lanes:` is missing") }
  }

  @Test func otherVersionIsLeftToTheComparison() throws {
    let golden = try GoldenText("orrery behaviour 0\n<<<<<<< HEAD\n")
    #expect(throws: BehaviourError.self) { try compareBehaviour(golden: golden.behaviour, actual: golden.behaviour) }
  }

  @Test func otherLanesCanBeLeftOut() throws {
    let golden = try GoldenText(text(Self.lines))
    let heap = golden.behaviour(of: LaneSet(.heap)).text.split(separator: "\n").map(String.init)
    #expect(heap == [Self.lines[0], "lanes: heap", Self.lines[2], Self.lines[3], Self.lines[5], Self.lines[6]])
  }

  @Test func everyGoldenOfTheRepositoryIsRead() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "traces")
    var count = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let golden = folder.appending(path: name).appending(path: "golden.txt")
      guard FileManager.default.fileExists(atPath: golden.path) else { continue }
      let text = try String(contentsOf: golden, encoding: .utf8)
      #expect(throws: Never.self, "\(name)") { try GoldenText(text) }
      count += 1
    }
    #expect(count > 40)
  }
}

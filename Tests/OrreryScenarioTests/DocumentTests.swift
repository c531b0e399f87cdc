import Foundation
import OrreryScenario
import Testing

/// Holds docs/SCENARIO.md to what the parser does.
@Suite struct DocumentTests {
  /// The fenced blocks of the document: what kind, and what is in them.
  private func blocks() throws -> [(kind: String, text: String)] {
    let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/SCENARIO.md")
    var blocks: [(kind: String, text: String)] = []
    var open: (kind: String, lines: [Substring])?
    for line in try String(contentsOf: document, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append((block.kind, block.lines.joined(separator: "\n")))
          open = nil
        } else {
          open = (String(line.dropFirst(3)), [])
        }
      } else {
        open?.lines.append(line)
      }
    }
    return blocks
  }

  @Test func everyExampleParsesAndPrintsBackToItself() throws {
    let examples = try blocks().filter { $0.kind == "scenario" }
    #expect(examples.count >= 7)
    for (_, text) in examples {
      let scenario = try Scenario(parsing: text, file: "SCENARIO.md")
      #expect(!scenario.description.isEmpty)
      #expect(try Scenario(parsing: scenario.description, file: "printed") == scenario)
    }
  }

  @Test func theShownMistakeGivesTheShownMessage() throws {
    let blocks = try blocks()
    let mistake = try #require(blocks.first { $0.kind == "mistake" })
    let message = try #require(blocks.first { $0.kind == "message" })
    let error = try #require(throws: ScenarioError.self) {
      try Scenario(parsing: mistake.text, file: "shell.scenario")
    }
    #expect(error.description == message.text)
  }

  @Test func theFirstExampleIsTheOneBuiltInSwift() throws {
    let first = try #require(try blocks().first { $0.kind == "scenario" })
    #expect(
      try Scenario(parsing: first.text, file: "SCENARIO.md")
        == Scenario(
          machine: MachineSettings(memory: .mebibytes(64), commandLine: "allocator=slab"),
          rules: [
            Rule(.afterSerial("ready> "), do: .type("help{Enter}")),
            Rule(.onSymbol("Heap.allocate", hit: 3), delay: .steps(2), do: .interruptLine(1)),
          ],
          stops: [StopCondition(.afterSerial("ready> ", hit: 2))]))
  }

  @Test func everyKeyIsNamedInTheDocument() throws {
    let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/SCENARIO.md")
    let text = try String(contentsOf: document, encoding: .utf8)
    for name in KeyNames.all
    where name.count > 2 && !name.hasPrefix("Keypad") && !name.hasPrefix("F1") {
      #expect(text.contains("`\(name)`"), "\(name)")
    }
  }
}

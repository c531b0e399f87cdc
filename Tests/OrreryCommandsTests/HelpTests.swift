import ArgumentParser
import Testing

@testable import OrreryCommands

@Suite struct HelpTests {
  static let commands: [any ParsableCommand.Type] = [
    OrreryCommand.self, RecordCommand.self, ReplayCommand.self, RunCommand.self, SaveCommand.self, ShowCommand.self,
    DiffCommand.self, DigestCommand.self, ExpandCommand.self, TestCommand.self, AcceptCommand.self, BisectCommand.self,
  ]

  @Test(arguments: commands.indices)
  func examplesAreShownAsTheyAreTyped(index: Int) {
    let command = Self.commands[index]
    let help = OrreryCommand.helpMessage(for: command, columns: 80).split(separator: "\n")
    let lines = command.configuration.discussion.split(separator: "\n")
    let examples = lines.filter { $0.hasPrefix("  ") }
    #expect(examples.contains { $0.contains("orrery ") })
    // A line that is wrapped is no longer there as a whole.
    for line in examples { #expect(help.contains(line), "\(line)") }
    #expect(lines.contains("EXAMPLES") && lines.contains("EXIT CODES"))
  }
}

import Foundation
import Testing

extension AcceptanceTests {
  /// Every command of docs/GUIDE.md is run, in order, and says what the page shows, but for numbers: addresses, clocks and hashes are those of one compiler.
  @Suite struct GuideTests {
    private struct Command {
      var text: String
      var output: [String] = []
    }

    @Test func commandsSayWhatTheGuideShows() async throws {
      let bench = try Workbench()
      for name in ["home", "bin"] {
        try FileManager.default.createDirectory(atPath: bench.file(name), withIntermediateDirectories: true)
      }
      try FileManager.default.createSymbolicLink(
        atPath: bench.file("home/orrery"), withDestinationPath: Workbench.repository)
      try FileManager.default.createSymbolicLink(atPath: bench.file("bin/orrery"), withDestinationPath: Workbench.tool)
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
      var environment = ["PATH=\(bench.file("bin")):\(path)", "HOME=\(bench.file("home"))", "GIT_CONFIG_NOSYSTEM=1"]
      for person in ["AUTHOR", "COMMITTER"] {
        environment += ["NAME=Ada", "EMAIL=ada@example.org", "DATE=2026-01-05T12:00:00Z"].map { "GIT_\(person)_\($0)" }
      }
      let commands = Self.commands(
        in: try String(contentsOfFile: Workbench.repository + "/docs/GUIDE.md", encoding: .utf8))
      #expect(commands.count > 20)
      var folder = bench.path
      for command in commands {
        let script = "exec 2>&1\n\(command.text)\nstatus=$?\npwd >\"$HOME/folder\"\nexit $status\n"
        let result = try await bench.run(
          "/usr/bin/env", ["-C", folder, "/bin/sh", "-c", script], environment: environment)
        let shown = result.output.replacingOccurrences(of: bench.file("home"), with: "/home/ada")
        let lines = shown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let difference = Self.withoutNumbers(lines).difference(from: Self.withoutNumbers(command.output))
        #expect(difference.isEmpty, "$ \(command.text)\n\(shown)\n\(difference)")
        folder = try String(contentsOfFile: bench.file("home/folder"), encoding: .utf8).trimmingCharacters(
          in: .newlines)
      }
    }

    /// What stands in the blocks marked `console`: a command after `$ `, then its output.
    private static func commands(in page: String) -> [Command] {
      var commands: [Command] = []
      var isInside = false
      for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("```") {
          isInside = line == "```console"
        } else if isInside, line.hasPrefix("$ ") {
          commands.append(Command(text: String(line.dropFirst(2))))
        } else if isInside {
          commands[commands.count - 1].output.append(String(line))
        }
      }
      return commands
    }

    /// The lines with every number, hexadecimal ones too, as `N`, spaces as one, and no empty lines at the end.
    private static func withoutNumbers(_ lines: [String]) -> [String] {
      var result = lines.map { line in
        line.replacing(/[0-9a-f_]*[0-9][0-9a-f_]*/, with: "N").replacing(/[ ]+/, with: " ")
      }
      while result.last?.isEmpty == true { result.removeLast() }
      return result
    }
  }
}

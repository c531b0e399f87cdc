import Foundation
import Testing

extension AcceptanceTests {
  /// What a command is given stays as it is, and what it says is not lost without a word.
  @Suite struct OutputTests {
    @Test func whatIsReadIsNeverOverwritten() async throws {
      let bench = try Workbench()
      let guest = GuestImage.greets.bytes
      let scenario = "param K = 1…3\nat K us: nmi\n"
      // The output of K = 2 has the name of the image.
      try bench.write("t.K=2.orrery", guest)
      try bench.write("s.scenario", scenario)
      let files = FileManager.default
      try files.linkItem(atPath: bench.file("t.K=2.orrery"), toPath: bench.file("hard"))
      try files.createSymbolicLink(atPath: bench.file("soft"), withDestinationPath: "s.scenario")
      let inputs = ["t.K=2.orrery", "--scenario", "s.scenario"]
      for arguments in [
        ["record", "-o", "t.K=2.orrery"], ["run", "-o", "t.K=2.orrery"], ["record", "-o", "s.scenario"],
        ["record", "-o", "./s.scenario"], ["record", "-o", "hard"], ["run", "-o", "soft"],
        ["record", "--each", "K", "-o", "t.orrery"],
      ] {
        let run = try await bench.run(try Workbench.tool, [arguments[0]] + inputs + arguments.dropFirst())
        #expect(run.end.code == 2, "\(arguments): \(run.error)")
        #expect(run.error.contains("being read") && run.error.contains("reproduce: orrery "), "\(run.error)")
        #expect(try bench.bytes("t.K=2.orrery") == guest && bench.bytes("s.scenario") == Array(scenario.utf8))
      }
      // Of the three values, the one before the clash was recorded.
      #expect(try bench.names() == ["t.K=2.orrery", "s.scenario", "hard", "soft", "t.K=1.orrery"])
    }

    /// Runs a command line of the shell, in which `$orrery` is the tool.
    private func shell(_ bench: Workbench, _ line: String) async throws -> Workbench.Result {
      try await bench.run(
        "/bin/sh", ["-c", line], environment: ["orrery=\(try Workbench.tool)", "PATH=/usr/local/bin:/usr/bin:/bin"])
    }

    private func recorded() async throws -> Workbench {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      try bench.write("other.elf", GuestImage.loop.bytes)
      for name in ["guest", "other"] {
        let run = try await bench.orrery("record", "\(name).elf", "--limit", "1000", "-o", "\(name).orrery")
        // The other one is ended by its limit.
        try #require(run.end.code == (name == "guest" ? 0 : 2), "\(run.error)")
      }
      return bench
    }

    @Test func outputThatCannotBeWrittenIsTrouble() async throws {
      let bench = try await recorded()
      for command in [
        "show guest.orrery", "show --json guest.orrery", "replay guest.orrery", "diff guest.orrery other.orrery",
        "record guest.elf -o t.orrery", "run guest.elf", "--help",
      ] {
        let full = try await shell(bench, "$orrery \(command) > /dev/full")
        #expect(full.end.code == 2, "\(command): \(full.error)")
        #expect(
          full.error.contains("error: standard output: writing to it failed: No space left on device"),
          "\(command): \(full.error)")
        let closed = try await shell(bench, "$orrery \(command) >&-")
        #expect(closed.end.code == 2, "\(command): \(closed.error)")
        #expect(
          closed.error.contains("error: standard output: writing to it failed: Bad file descriptor"),
          "\(command): \(closed.error)")
      }
      let limited = try await shell(
        bench, "ulimit -f 1; $orrery show \(Workbench.repository)/traces/frozen/first-light.orrery > out")
      #expect(limited.end.code == 2 && limited.end.signal == nil)
      #expect(
        limited.error.contains("error: standard output: writing to it failed: File too large"), "\(limited.error)")
    }

    /// The next file opened gets the lowest free number: that of the stream, were it not held.
    @Test func closedOutputIsNotTakenForTheTrace() async throws {
      let bench = try await recorded()
      let run = try await shell(bench, "$orrery run guest.elf --limit 1000 -o t.orrery <&- >&-")
      #expect(run.end.code == 2)
      let replay = try await bench.orrery("replay", "t.orrery")
      #expect(replay.end.code == 0, "\(replay.error)")
    }

    @Test func readerThatGoesAwayIsNoTrouble() async throws {
      let bench = try Workbench()
      // More than a pipe holds; the reader takes one byte.
      let frozen = Workbench.repository + "/traces/frozen/first-light.orrery"
      let run = try await shell(
        bench, #"(trap '' PIPE; $orrery show --json "\#(frozen)"; echo "code $?" >&2) | head -c 1"#)
      #expect(run.error == "code 0\n")
    }
  }
}

import Foundation
import Glibc
import Testing

extension AcceptanceTests {
  /// A live run in a terminal, as a person has it.
  @Suite struct LiveRunTests {
    private static let ownScreen = "\u{1B}[?1049h"
    private static let mainScreen = "\u{1B}[?1049l"
    /// Ctrl+].
    private static let leave: [UInt8] = [0x1D]

    /// Shows `A`, and halts for ever.
    private static let shows = GuestImage([
      0xC6, 0x05, 0x00, 0x80, 0x0B, 0x00, 0x41,  // mov byte [0xb8000], 'A'
      0xFA, 0xF4, 0xEB, 0xFD,  // cli; hlt; jmp hlt
    ])

    /// The process that is writing `t.orrery`: the only child of the shell's job that has it open.
    private func tool(_ bench: Workbench) throws -> pid_t {
      let name = "guest.elf"
      for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
        guard let id = pid_t(entry), let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline"),
          let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd"),
          folder == bench.path
        else { continue }
        let arguments = words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if arguments.dropFirst().first == "run", arguments.contains(name) { return id }
      }
      throw Missing()
    }
    private struct Missing: Error {}

    @Test(arguments: [SIGTSTP, SIGSTOP])
    func stoppedRunGivesTheTerminalBackAndTakesItAgain(signal: Int32) async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", Self.shows.bytes)
      let terminal = try PseudoTerminal(
        script: #""$0" run guest.elf --live -o t.orrery; stty -a > stopped; fg > /dev/null; "#
          + #"echo "code $?" > end; mv end ended"#,
        program: try Workbench.tool, directory: bench.path)
      let shown = try await terminal.wait(for: "A", after: terminal.wait(for: Self.ownScreen))
      #expect(terminal.isRaw)
      let id = try tool(bench)
      kill(id, signal)
      var start = shown
      if signal == SIGTSTP {
        start = try await terminal.wait(for: Self.mainScreen, after: shown)
      }
      try await terminal.wait("the shell") { FileManager.default.fileExists(atPath: bench.file("stopped")) }
      start = try await terminal.wait(for: "A", after: terminal.wait(for: Self.ownScreen, after: start))
      #expect(terminal.isRaw)
      if signal == SIGTSTP {
        let mode = try String(contentsOfFile: bench.file("stopped"), encoding: .utf8)
        #expect(mode.contains(" icanon ") && mode.contains(" echo "), "\(mode)")
      }
      terminal.type(Self.leave)
      try await terminal.wait("the end") { FileManager.default.fileExists(atPath: bench.file("ended")) }
      #expect(try String(contentsOfFile: bench.file("ended"), encoding: .utf8) == "code 0\n")
      #expect(!terminal.isRaw)
      let replay = try await bench.orrery("replay", "t.orrery")
      #expect(replay.end.code == 0, "\(replay.output)\(replay.error)")
    }

    /// The processor is halted for ever but for what the scenario does: its time passes all the same.
    @Test func timePassesForAnIdleMachine() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", Self.shows.bytes)
      try bench.write("s.scenario", "at 20 ms: key A\nstop at 40 ms\n")
      let terminal = try PseudoTerminal(
        script: #""$0" run guest.elf --scenario s.scenario --live -o t.orrery; echo "code $?" > end; mv end ended"#,
        program: try Workbench.tool, directory: bench.path)
      try await terminal.wait("the end") { FileManager.default.fileExists(atPath: bench.file("ended")) }
      #expect(try String(contentsOfFile: bench.file("ended"), encoding: .utf8) == "code 0\n")
      let show = try await bench.orrery("show", "t.orrery")
      #expect(show.output.contains("20_000_000  input") && show.output.contains("clock 40_000_000: stop condition"))
      #expect(try await bench.orrery("replay", "t.orrery").end.code == 0)
    }
  }
}

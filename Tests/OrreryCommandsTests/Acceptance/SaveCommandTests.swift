import Foundation
import Testing

extension AcceptanceTests {
  /// A machine is saved by one process and goes on in others.
  @Suite struct SaveCommandTests {
    @Test func aSavedMachineGoesOnWhereItWas() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      // `H` is out after three instructions.
      let saved = try await bench.orrery("save", "kernel.elf", "--at", "3", "-o", "h.state")
      #expect(saved.end.code == 0, "\(saved.error)")
      #expect(saved.output.contains("h.state: saved at 0.000000003 s of its own time, clock 3, after 3 steps"))
      let result = try await bench.orrery("run", "h.state")
      #expect(result.output == "i")
      #expect(result.end.code == 33)
    }

    @Test func aTraceOfARunFromASavedMachineIsReplayedFromItselfAlone() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      try await bench.orrery("save", "kernel.elf", "--at", "3", "-o", "h.state")
      let recorded = try await bench.orrery("record", "h.state", "-o", "t.orrery")
      #expect(recorded.end.code == 0, "\(recorded.error)")
      for name in ["kernel.elf", "h.state"] { try FileManager.default.removeItem(atPath: bench.file(name)) }
      let replayed = try await bench.orrery("replay", "t.orrery")
      #expect(replayed.end.code == 0, "\(replayed.output)\(replayed.error)")
      let shown = try await bench.orrery("show", "t.orrery", "--summary")
      #expect(shown.output.contains("image: a saved machine, "))
    }

    @Test func withoutATimeTheMachineIsSavedAtAStopOfTheScenario() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      try bench.write("s.scenario", "stop after serial \"H\"\n")
      let saved = try await bench.orrery("save", "kernel.elf", "--scenario", "s.scenario", "-o", "h.state")
      #expect(saved.end.code == 0, "\(saved.error)")
      #expect(try await bench.orrery("run", "h.state").output == "i")
    }

    @Test func savingTwiceGivesTheSameBytes() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      for name in ["a.state", "b.state"] { try await bench.orrery("save", "kernel.elf", "--at", "4", "-o", name) }
      #expect(try bench.bytes("a.state") == bench.bytes("b.state"))
      #expect(!(try bench.bytes("a.state")).isEmpty)
    }

    @Test func aRunThatEndsBeforeIsTroubleAndLeavesNoFile() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      let saved = try await bench.orrery("save", "kernel.elf", "--at", "1s", "-o", "h.state")
      #expect(saved.end.code == 2)
      #expect(saved.error.contains("before the machine could be saved"))
      #expect(try bench.names() == ["kernel.elf"])
      let without = try await bench.orrery("save", "kernel.elf", "-o", "h.state")
      #expect(without.end.code == 2)
      #expect(without.error.contains("say when with --at"))
    }

    @Test(arguments: [["--command-line", "a"], ["--boot", "pvh"], ["--module", "kernel.elf"]])
    func whatIsForBootingIsRefused(options: [String]) async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      try await bench.orrery("save", "kernel.elf", "--at", "3", "-o", "h.state")
      let result = try await bench.run(Workbench.tool, ["run", "h.state"] + options)
      #expect(result.end.code == 2)
      #expect(result.error.contains("\(options[0]): h.state is a saved machine"))
    }

    @Test func aScenarioMayNotAskForAnotherMachine() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      try await bench.orrery("save", "kernel.elf", "--at", "3", "-o", "h.state")
      try bench.write("s.scenario", "machine { memory 32 MiB }\n")
      let result = try await bench.orrery("run", "h.state", "--scenario", "s.scenario")
      #expect(result.end.code == 2)
      #expect(result.error.contains("s.scenario: error: the saved machine has another memory"))
      try bench.write("s.scenario", "machine { memory 64 MiB; frequency 1 GHz }\n")
      #expect(try await bench.orrery("run", "h.state", "--scenario", "s.scenario").end.code == 33)
    }

    @Test func aDamagedStateIsTrouble() async throws {
      let bench = try Workbench()
      try bench.write("kernel.elf", GuestImage.greets.bytes)
      try await bench.orrery("save", "kernel.elf", "--at", "3", "-o", "h.state")
      var bytes = try bench.bytes("h.state")
      bytes[bytes.count / 2] ^= 1
      try bench.write("h.state", bytes)
      let result = try await bench.orrery("run", "h.state")
      #expect(result.end.code == 2)
      #expect(result.error.contains("h.state: offset 0x"))
      #expect(result.error.contains("does not agree with its hash"))
    }
  }
}

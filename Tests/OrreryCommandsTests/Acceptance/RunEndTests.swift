import Testing

extension AcceptanceTests {
  /// However a kernel goes wrong, the run ends with a code of its own, and the trace says how it ended.
  @Suite struct RunEndTests {
    static let guests: [(name: String, image: GuestImage, code: Int32, words: String)] = [
      ("loops for ever", .loop, 6, "the limit of 1_000_000 steps was reached"),
      ("triple fault", .tripleFault, 4, "triple fault"), ("executes garbage", .garbage, 4, "triple fault"),
      ("executes a text", .executesText, 10, "not modelled"),
      ("uses what is not modelled", .virtual8086, 10, "not modelled: virtual-8086 mode"),
      ("halts for ever", .halts, 8, "halted for ever"),
    ]

    @Test func everyEndHasItsCodeAndIsInTheTrace() async throws {
      for (name, image, code, words) in Self.guests {
        let bench = try Workbench()
        try bench.write("guest.elf", image.bytes)
        let run = try await bench.orrery("run", "guest.elf", "--limit", "1000000")
        #expect(run.end.code == code, "\(name): \(run.error)")
        #expect(run.error.contains(words), "\(name): \(run.error)")
        let record = try await bench.orrery("record", "guest.elf", "--limit", "1000000", "-o", "t.orrery")
        #expect(record.output.contains(words), "\(name): \(record.output)\(record.error)")
        // Halting is a kernel's own end; a loop, a triple fault and what is not modelled are trouble.
        if image.bytes == GuestImage.halts.bytes {
          #expect(record.end.code == 0 && record.error.isEmpty, "\(name): \(record.error)")
        } else {
          #expect(record.end.code == 2, "\(name)")
          #expect(
            record.error.hasPrefix("t.orrery: error: ") && record.error.contains(words), "\(name): \(record.error)")
          #expect(record.error.contains("the trace holds the run up to there"), "\(name): \(record.error)")
          #expect(record.error.split(separator: "\n").last?.hasPrefix("reproduce: orrery record guest.elf ") == true)
        }
        let replay = try await bench.orrery("replay", "t.orrery")
        #expect(replay.end.code == 0, "\(name): \(replay.output)\(replay.error)")
        let show = try await bench.orrery("show", "t.orrery")
        #expect(show.output.split(separator: "\n").last?.contains(words) == true, "\(name): \(show.output)")
        #expect(try bench.names() == ["guest.elf", "t.orrery"])
      }
    }

    @Test func endThatTheScenarioExpectsIsNoTrouble() async throws {
      let bench = try Workbench()
      for (image, expected) in [
        (GuestImage.loop, "limit"), (.tripleFault, "triple fault"), (.virtual8086, "not modelled"),
      ] {
        try bench.write("guest.elf", image.bytes)
        try bench.write("s.scenario", "limits { steps 1000 }\nexpect \(expected)\n")
        let record = try await bench.orrery("record", "guest.elf", "-s", "s.scenario", "-o", "t.orrery")
        #expect(record.end.code == 0 && record.error.isEmpty, "\(expected): \(record.error)")
        // Another end of the three is as much trouble as ever.
        let other = expected == "limit" ? "triple fault" : "limit"
        try bench.write("s.scenario", "limits { steps 1000 }\nexpect \(other)\n")
        let wrong = try await bench.orrery("record", "guest.elf", "-s", "s.scenario", "-o", "t.orrery")
        #expect(wrong.end.code == 2, "\(expected): \(wrong.error)")
        #expect(wrong.error.contains("t.orrery: warning: never came true: expect \(other)\n"), "\(wrong.error)")
        #expect(wrong.error.contains("let the scenario say `expect \(expected)`"), "\(wrong.error)")
      }
      // An end of its own is none, but not the one that was promised.
      try bench.write("guest.elf", GuestImage.greets.bytes)
      let early = try await bench.orrery("record", "guest.elf", "-s", "s.scenario", "-o", "t.orrery")
      #expect(early.end.code == 1 && early.error.contains("never came true: expect limit"), "\(early.error)")
      // A stop that comes first is the end that was wished for.
      try bench.write("guest.elf", GuestImage.loop.bytes)
      try bench.write("s.scenario", "stop at 100 steps\nexpect limit\n")
      let stopped = try await bench.orrery("record", "guest.elf", "-s", "s.scenario", "-o", "t.orrery")
      #expect(stopped.end.code == 0 && stopped.error.isEmpty, "\(stopped.error)")
    }

    @Test func everyValueIsRecordedWhateverTheOthersEndIn() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.loop.bytes)
      try bench.write("s.scenario", "param K = 1…3\nlimits { steps 200 }\nstop at K * 90 steps\n")
      let record = try await bench.orrery("record", "guest.elf", "-s", "s.scenario", "--each", "K", "-o", "t.orrery")
      #expect(record.end.code == 2)
      #expect(record.error.contains("t.K=3.orrery: error: the limit of 200 steps was reached"), "\(record.error)")
      #expect(!record.error.contains("t.K=2.orrery: error"), "\(record.error)")
      #expect(try bench.names().isSuperset(of: ["t.K=1.orrery", "t.K=2.orrery", "t.K=3.orrery"]))
    }

    @Test func guestLeavesWithItsOwnCode() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      let run = try await bench.orrery("run", "guest.elf")
      #expect(run.end.code == 16 << 1 | 1 && run.output == "Hi" && run.error.isEmpty)
    }
  }
}

import Testing

extension AcceptanceTests {
  /// However a kernel goes wrong, the run ends with a code of its own, and the trace says how it ended.
  @Suite struct RunEndTests {
    static let guests: [(name: String, image: GuestImage, code: Int32, words: String)] = [
      ("loops for ever", .loop, 6, "the limit of 1_000_000 steps was reached"),
      ("triple fault", .tripleFault, 4, "triple fault"), ("executes garbage", .garbage, 4, "triple fault"),
      ("executes a text", .executesText, 10, "not modelled"),
      ("uses what is not modelled", .floatingPoint, 10, "not modelled: instruction d9 fe"),
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
        #expect(record.end.code == 0 && record.output.contains(words), "\(name): \(record.output)\(record.error)")
        let replay = try await bench.orrery("replay", "t.orrery")
        #expect(replay.end.code == 0, "\(name): \(replay.output)\(replay.error)")
        let show = try await bench.orrery("show", "t.orrery")
        #expect(show.output.split(separator: "\n").last?.contains(words) == true, "\(name): \(show.output)")
        #expect(try bench.names() == ["guest.elf", "t.orrery"])
      }
    }

    @Test func guestLeavesWithItsOwnCode() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      let run = try await bench.orrery("run", "guest.elf")
      #expect(run.end.code == 16 << 1 | 1 && run.output == "Hi" && run.error.isEmpty)
    }
  }
}

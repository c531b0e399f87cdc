import Foundation
import Testing

extension AcceptanceTests {
  /// One scenario tries every step of a window.
  @Suite struct ParameterTests {
    static let window = """
      param K = 0…12
      limits { steps 10_000_000 }
      after serial "ready> ": type "kalloc 100 64{Enter}"
      on symbol kmalloc + K steps: irq 0
      stop after serial "ready> " hit 2
      """

    @Test func eachStepOfAWindowIsTried() async throws {
      let bench = try Workbench()
      try bench.write("window.scenario", Self.window)
      let each = try await bench.orrery(
        "record", try Workbench.kernel, "--scenario", "window.scenario", "--each", "K", "-o", "t.orrery")
      try #require(each.end.code == 0, "\(each.error)")
      #expect(try bench.names() == Set((0...12).map { "t.K=\($0).orrery" } + ["window.scenario"]))
      var clocks: [Int] = []
      for value in 0...12 {
        let show = try await bench.orrery("show", "--json", "--lane", "input", "t.K=\(value).orrery")
        let edge = try #require(show.output.split(separator: "\n").first { $0.contains("\"interruptLine\"") })
        let event = try #require(try JSONSerialization.jsonObject(with: Data(edge.utf8)) as? NSDictionary)
        clocks.append(try #require(event["clock"] as? Int))
      }
      // One step is one clock, and nothing halts in the window.
      let start = try #require(clocks.first)
      #expect(clocks == Array(start...start + 12))

      let set = try await bench.orrery(
        "record", try Workbench.kernel, "--scenario", "window.scenario", "--set", "K=7", "-o", "set.orrery")
      try #require(set.end.code == 0, "\(set.error)")
      #expect(try bench.bytes("set.orrery") == bench.bytes("t.K=7.orrery"))
    }

    @Test func valueOutsideTheRangeIsRefused() async throws {
      let bench = try Workbench()
      try bench.write("window.scenario", Self.window)
      for arguments in [["--set", "K=13"], ["--set", "J=1"], ["--set", "K"], ["--each", "J"]] {
        let run = try await bench.run(
          try Workbench.tool,
          ["record", try Workbench.kernel, "--scenario", "window.scenario", "-o", "t.orrery"] + arguments)
        #expect(run.end.code == 2 && run.error.contains("error: "), "\(arguments): \(run.error)")
      }
      #expect(try bench.names() == ["window.scenario"])
    }

    @Test func conditionThatNeverCameTrueIsReportedAtTheEnd() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      try bench.write("wait.scenario", "after serial \"Ho\": nmi\nafter serial \"Hi\" + 100 s: nmi\n")
      let run = try await bench.orrery("record", "guest.elf", "--scenario", "wait.scenario", "-o", "t.orrery")
      #expect(run.end.code == 1)
      let missing = "never came true: after serial \"Ho\" (line 1)"
      let early = "came true, but the run ended before its delay: after serial \"Hi\" + 100 s (line 2)"
      #expect(
        run.error.hasPrefix("t.orrery: warning: \(missing)\nt.orrery: warning: \(early)\n"), "\(run.error)")
      let show = try await bench.orrery("show", "t.orrery")
      #expect(show.output.hasSuffix("report: \(missing)\nreport: \(early)\n"), "\(show.output)")
    }
  }
}

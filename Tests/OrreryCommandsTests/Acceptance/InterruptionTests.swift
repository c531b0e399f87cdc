import Foundation
import Glibc
import Testing

extension AcceptanceTests {
  /// A person who ends a recording keeps what there is, and is told.
  @Suite struct InterruptionTests {
    @Test func eachStopsBetweenTwoValues() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      try bench.write("s.scenario", "param K = 1…10000\nat K us: nmi\n")
      let child = try bench.start(
        try Workbench.tool, ["record", "guest.elf", "--scenario", "s.scenario", "--each", "K", "-o", "t.orrery"])
      var isSent = false
      let end = try await child.wait {
        guard !isSent, FileManager.default.fileExists(atPath: bench.file("t.K=3.orrery")) else { return }
        kill(child.id, SIGINT)
        isSent = true
      }
      #expect(end.code == 2)
      let traces = try bench.names().filter { $0.hasPrefix("t.K=") }
      #expect(traces.count >= 3 && traces.count < 10_000)
      #expect(traces == Set((1...traces.count).map { "t.K=\($0).orrery" }), "nothing half-written, nothing left out")
      let count = traces.count < 1_000 ? "\(traces.count)" : "\(traces.count / 1_000)_\(String(traces.count).suffix(3))"
      let error = bench.errorText
      // Either between two runs, or in the last one, whose trace is there too.
      let isBetween = error.contains("ended by SIGINT; \(count) of 10_000 values of K are recorded to their end")
      #expect(isBetween || error.contains("ended by SIGINT; the trace holds the run up to there"), "\(error)")
      for value in [1, traces.count] {
        let replay = try await bench.orrery("replay", "t.K=\(value).orrery")
        #expect(replay.end.code == 0, "\(replay.error)")
      }
    }

    @Test(arguments: [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")])
    func endedRecordingHasItsEnd(signal: Int32, name: String) async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.loop.bytes)
      try bench.write("s.scenario", "limits { steps 1_000_000_000_000; time 1000 s }\n")
      let child = try bench.start(
        try Workbench.tool, ["record", "guest.elf", "--scenario", "s.scenario", "-o", "t.orrery"])
      var isSent = false
      let end = try await child.wait {
        var status = stat()
        guard !isSent, stat(bench.file("t.orrery.partial"), &status) == 0, status.st_size > 0 else { return }
        kill(child.id, signal)
        isSent = true
      }
      #expect(end.code == 2 && end.signal == nil)
      #expect(bench.errorText.contains("t.orrery: ended by \(name); the trace holds the run up to there"))
      #expect(try bench.names() == ["guest.elf", "s.scenario", "t.orrery"])
      let show = try await bench.orrery("show", "t.orrery")
      #expect(show.end.code == 0 && show.output.hasSuffix("ended by \(name)\n"), "\(show.output)")
      let replay = try await bench.orrery("replay", "t.orrery")
      #expect(replay.end.code == 0 && replay.output.hasPrefix("t.orrery: the same"), "\(replay.output)")
    }

    @Test func rangeThatNobodyMeansIsRefused() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      for (range, count) in [("0…1000000000", "1_000_000_001"), ("0…18446744073709551615", "2^64")] {
        try bench.write("s.scenario", "param K = \(range)\nafter serial \"Hi\" + (K - K + 1) us: nmi\n")
        let run = try await bench.orrery(
          "record", "guest.elf", "--scenario", "s.scenario", "--each", "K", "-o", "t.orrery")
        #expect(run.end.code == 2)
        #expect(run.error.contains("--each K: it has \(count) values, and at most 10_000"), "\(run.error)")
      }
      #expect(try bench.names() == ["guest.elf", "s.scenario"])
    }
  }
}

import Foundation
import Glibc
import Testing

extension AcceptanceTests {
  /// Recordings that go on and on: 100,000 interrupts in each second of the machine's time.
  @Suite struct LongRecordingTests {
    private func write(_ time: String, to bench: Workbench) throws -> String {
      try bench.write(
        "\(time).scenario",
        """
        limits { steps 100_000_000_000; time \(time); trace 4 GiB }
        after serial "ready> " every 10 us: irq 0
        expect limit
        """)
    }

    @Test func killedRecordingLeavesAReadablePrefix() async throws {
      let bench = try Workbench()
      let child = try bench.start(
        try Workbench.tool,
        ["record", try Workbench.kernel, "--scenario", try write("1000s", to: bench), "-o", "t.orrery"])
      let partial = bench.file("t.orrery.partial")
      var isKilled = false
      let end = try await child.wait {
        var status = stat()
        // The header with the image and several chunks.
        guard !isKilled, stat(partial, &status) == 0, status.st_size > 600_000 else { return }
        kill(child.id, SIGKILL)
        isKilled = true
      }
      try #require(end.signal == SIGKILL)
      #expect(try bench.names() == ["1000s.scenario", "t.orrery.partial"])

      let show = try await bench.orrery("show", "t.orrery.partial")
      #expect(show.end.code == 0)
      #expect(show.output.hasSuffix("end: the recording was cut short\n"))
      #expect(show.output.split(separator: "\n").count { $0.contains(" edge on irq 0 ") } > 10_000)
      let replay = try await bench.orrery("replay", "t.orrery.partial")
      #expect(replay.end.code == 0, "\(replay.output)\(replay.error)")
      #expect(replay.output.contains("as far as the recording goes, which was cut short"))
      // Whoever asks for the trace that was to be is told where its beginning is.
      let missing = try await bench.orrery("show", "t.orrery")
      #expect(missing.end.code == 2 && missing.error.contains("t.orrery.partial"))
    }

    @Test func memoryDoesNotGrowWithTheLengthOfTheRun() async throws {
      let bench = try Workbench()
      var peaks: [Int] = []
      var sizes: [Int] = []
      for time in ["500ms", "5s"] {
        let run = try await bench.orrery(
          "record", try Workbench.kernel, "--scenario", try write(time, to: bench), "-o", "\(time).orrery")
        try #require(run.end.code == 0, "\(run.error)")
        peaks.append(run.peakResidentKibibytes)
        sizes.append(try bench.bytes("\(time).orrery").count)
      }
      // The header, 213 KB of image mostly, is the same in both.
      try #require(sizes[1] > 6 * sizes[0])
      try #require(peaks[0] > 0)
      #expect(peaks[1] < peaks[0] + peaks[0] / 4 + 2048, "peak resident KiB: \(peaks)")
    }
  }
}

import Foundation
import Testing

extension AcceptanceTests {
  /// A small trace, cut at every byte of its length and with each single byte changed.
  @Suite struct DamagedTraceTests {
    private func smallTrace(_ bench: Workbench) throws -> [UInt8] {
      try bench.write("guest.elf", GuestImage.greets.bytes)
      try bench.write("s.scenario", "machine { memory 2 MiB }\n")
      let record = CapturedRun(
        "record", bench.file("guest.elf"), "--scenario", bench.file("s.scenario"), "-o", bench.file("t"))
      try #require(record.code == 0, "\(record.error)")
      return try bench.bytes("t")
    }

    /// No file but the whole one passes for it: it is refused, or read as a recording that was cut short.
    @Test func traceCutAtAnyByteIsRefusedOrACutRecording() throws {
      let bench = try Workbench()
      let whole = try smallTrace(bench)
      let (path, good) = (bench.file("cut"), bench.file("t"))
      for length in 0..<whole.count {
        try bench.write("cut", Array(whole[..<length]))
        let show = CapturedRun("show", path)
        let diff = CapturedRun("diff", good, path)
        let replay = CapturedRun("replay", path)
        if show.code == 0 {
          #expect((show.output + show.error).contains("cut short"), "cut at \(length)")
          #expect(diff.code == 1 || diff.error.contains("cut short"), "cut at \(length)")
          #expect(replay.code == 0 && (replay.output + replay.error).contains("cut short"), "cut at \(length)")
        } else {
          for (code, error) in [(show.code, show.error), (diff.code, diff.error), (replay.code, replay.error)] {
            #expect(code == 2 && error.contains("cut: "), "cut at \(length): \(error)")
          }
        }
      }
    }

    @Test func changeOfAnyByteIsTrouble() throws {
      let bench = try Workbench()
      let whole = try smallTrace(bench)
      let (path, good) = (bench.file("flipped"), bench.file("t"))
      for offset in whole.indices {
        var bytes = whole
        bytes[offset] ^= 0xFF
        try bench.write("flipped", bytes)
        for (name, run) in [
          ("show", CapturedRun("show", path)), ("diff", CapturedRun("diff", good, path)),
          ("replay", CapturedRun("replay", path)),
        ] {
          #expect(run.code == 2, "\(name), byte \(offset): \(run.code) \(run.error)")
          #expect(run.error.contains("flipped: "), "\(name), byte \(offset): \(run.error)")
          // The first eight bytes say that it is a trace at all.
          guard offset >= 8 else { continue }
          let places = run.error.split(separator: "damaged at offset ").dropFirst()
          let first = places.compactMap { Int($0.prefix { $0.isNumber }) }.min()
          #expect(first.map { $0 <= offset } == true, "\(name), byte \(offset): \(run.error)")
        }
      }
    }

    @Test func whatFollowsTheEndIsTrouble() throws {
      let bench = try Workbench()
      let whole = try smallTrace(bench)
      let (path, good) = (bench.file("longer"), bench.file("t"))
      let junks: [[UInt8]] = [
        [0], Array("junk".utf8), Array(whole.suffix(119)), Array(whole.suffix(120)),
        [UInt8](repeating: 0xFF, count: 5_000), whole,
      ]
      for junk in junks {
        try bench.write("longer", whole + junk)
        for run in [CapturedRun("show", path), CapturedRun("diff", good, path), CapturedRun("replay", path)] {
          #expect(run.code == 2, "\(junk.count) bytes: \(run.error)")
          #expect(run.error.contains("longer: damaged at offset "), "\(junk.count) bytes: \(run.error)")
        }
      }
    }

    @Test func damagedTraceIsRefusedByTheToolItself() async throws {
      let bench = try Workbench()
      let whole = try smallTrace(bench)
      for offset in [0, 9, 30, 100, whole.count / 2, whole.count - 1] {
        var bytes = whole
        bytes[offset] ^= 0x01
        try bench.write("flipped", bytes)
        for arguments in [["show", "flipped"], ["replay", "flipped"], ["diff", "t", "flipped"]] {
          let run = try await bench.run(try Workbench.tool, arguments)
          #expect(run.end.code == 2, "\(arguments), byte \(offset): \(run.error)")
          #expect(run.error.contains("flipped: ") && !run.error.contains("Fatal error"))
        }
      }
    }
  }
}

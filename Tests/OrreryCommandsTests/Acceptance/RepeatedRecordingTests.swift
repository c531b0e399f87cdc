import Foundation
import Testing

extension AcceptanceTests {
  /// A run is a pure function of image, settings and inputs, whoever runs it and however often.
  @Suite struct RepeatedRecordingTests {
    @Test func twentyFreshProcessesRecordTheSameBytes() async throws {
      let bench = try Workbench()
      var first: [UInt8] = []
      for index in 0..<20 {
        let run = try await bench.orrery(
          "record", try Workbench.kernel, "--scenario", Workbench.sessionPath, "-o", "a.orrery")
        try #require(run.end.code == 0, "\(run.error)")
        if index == 0 { first = try bench.bytes("a.orrery") }
        #expect(try bench.bytes("a.orrery") == first, "recording \(index) differs from the first")
      }
      #expect(!first.isEmpty)
    }

    @Test func debugBuildRecordsTheSameBytesInAnyEnvironment() async throws {
      let bench = try Workbench()
      let arguments = ["record", try Workbench.kernel, "--scenario", Workbench.sessionPath, "-o"]
      let release = try await bench.run(try Workbench.tool, arguments + ["release.orrery"])
      let debug = try await bench.run(
        try Workbench.debugTool, arguments + ["debug.orrery"],
        environment: ["LANG=tr_TR.UTF-8", "TZ=Asia/Kathmandu", "HOME=/nowhere", "SWIFT_DETERMINISTIC_HASHING=1"])
      try #require(release.end.code == 0 && debug.end.code == 0, "\(release.error)\(debug.error)")
      #expect(try bench.bytes("debug.orrery") == bench.bytes("release.orrery"))
    }

    @Test func copiedTraceReplaysWithNothingElsePresent() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      let guest = try await bench.orrery("record", "guest.elf", "-o", "guest.orrery")
      try #require(guest.end.code == 0, "\(guest.error)")
      let kernel = try await bench.orrery(
        "record", try Workbench.kernel, "--scenario", Workbench.sessionPath, "-o", "kernel.orrery")
      try #require(kernel.end.code == 0, "\(kernel.error)")
      for name in ["guest.orrery", "kernel.orrery"] {
        let empty = try Workbench()
        try empty.write("copy.orrery", bench.bytes(name))
        let replay = try await empty.orrery("replay", "copy.orrery")
        #expect(replay.end.code == 0, "\(replay.error)\(replay.output)")
        #expect(replay.output.hasPrefix("copy.orrery: the same") && replay.error.isEmpty)
        #expect(try empty.names() == ["copy.orrery"])
      }
    }
  }
}

import Foundation
import Testing

extension AcceptanceTests {
  /// A run is a pure function of image, settings and inputs, whoever runs it and however often.
  @Suite struct RepeatedRecordingTests {
    /// Nothing of the host may show: neither the build, nor the environment, nor where the process is started.
    @Test func twentyFreshProcessesOfBothBuildsRecordTheSameBytes() async throws {
      let (scenario, kernel) = (Workbench.sessionPath, try Workbench.kernel)
      let tools = try [Workbench.tool, Workbench.debugTool]
      let environments = [
        [], ["LANG=tr_TR.UTF-8", "TZ=Asia/Kathmandu", "HOME=/nowhere", "SWIFT_DETERMINISTIC_HASHING=1"],
        ["LC_ALL=C", "TZ=UTC", "PATH=/"],
      ]
      var first: [UInt8] = []
      for index in 0..<20 {
        // A folder of its own each time.
        let bench = try Workbench()
        let run = try await bench.run(
          tools[index % 2], ["record", kernel, "--scenario", scenario, "-o", "a.orrery"],
          environment: environments[index % 3])
        try #require(run.end.code == 0, "\(run.error)")
        if index == 0 { first = try bench.bytes("a.orrery") }
        #expect(try bench.bytes("a.orrery") == first, "recording \(index) differs from the first")
      }
      #expect(!first.isEmpty)
    }

    @Test func nameOfTheScenarioIsNotInTheBytes() async throws {
      let bench = try Workbench()
      try bench.write("guest.elf", GuestImage.greets.bytes)
      for name in ["one", "two"] {
        try bench.write("\(name).scenario", "limits { steps 1000 }\n")
        let run = try await bench.orrery(
          "record", "guest.elf", "--scenario", "\(name).scenario", "-o", "\(name).orrery")
        try #require(run.end.code == 0, "\(run.error)")
      }
      #expect(try bench.bytes("one.orrery") == bench.bytes("two.orrery"))
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

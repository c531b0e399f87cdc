import ArgumentParser
import OrreryScenario
import Testing

@testable import OrreryCommands

/// What ends a live run that no person ends.
@Suite struct LiveLimitTests {
  private let folder = TraceFolder()

  private func limits(_ arguments: [String], isLive: Bool) throws -> BoundLimits {
    let guest = try folder.write("guest", GuestImage.greets.bytes)
    let inputs = try RunInputs(try RunOptions.parse([guest] + arguments), isLive: isLive)
    return try inputs.bound(with: []).scenario.limits
  }

  @Test func onlyNamedLimitsEndALiveRun() throws {
    let usual = try limits([], isLive: false)
    let live = try limits([], isLive: true)
    #expect(live.steps == BoundScenario.timeLimit && live.clock == BoundScenario.timeLimit)
    #expect(live.traceByteCount == usual.traceByteCount && usual == Limits.default)
    let scenario = try folder.write("s", Array("limits { time 5 s }\n".utf8))
    let named = try limits(["--scenario", scenario, "--limit", "77"], isLive: true)
    #expect(named.steps == 77 && named.clock == 5_000_000_000)
  }
}

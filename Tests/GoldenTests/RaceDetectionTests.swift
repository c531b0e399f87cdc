import OrreryScenario
import OrreryTrace
import Testing

/// The kernel's race check, with ticks at random steps: it names every update that is lost, and none where none can be.
@Suite struct RaceDetectionTests {
  private func run(_ scenarioPath: String, seed: UInt64) throws -> KernelRun {
    try KernelRun(scenarioPath, parameters: [ParameterValue(name: "Seed", value: seed)])
  }

  /// The program notices by itself that a visitor is lost: so what the check misses shows.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func raceIsNamedBeforeItsConsequenceShows(seed: UInt64) throws {
    let run = try run("kernel/race.scenario", seed: seed)
    #expect(run.end.reason == .debugExit && run.end.exitValue == 17, "\(run.end)")
    #expect(run.serial.contains("race check: the main flow stored over what the handler of vector 32 had stored"))
    #expect(!run.serial.contains("a visitor is lost"))
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func whatInterruptsCannotDivideIsNoRace(seed: UInt64) throws {
    let run = try run("kernel/no-race.scenario", seed: seed)
    #expect(run.end.reason == .debugExit && run.end.exitValue == 16, "\(run.end)")
    #expect(run.serial.hasSuffix("every visitor was counted\r\n"))
  }
}

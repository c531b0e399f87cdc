import OrreryScenario
import OrreryTrace
import Testing

/// The short form of `make soak`: what the kernel computes under interrupts at random instructions is what it computes without.
@Suite struct InterruptSoakTests {
  /// Each seed has 50,000 interrupts at least, so twenty have a million.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func interruptsAtRandomInstructionsCorruptNothing(seed: UInt64) throws {
    let run = try KernelRun(
      "kernel/soak.scenario", parameters: [ParameterValue(name: "Seed", value: seed)], isRecorded: true)
    #expect(run.end.reason == .debugExit && run.end.exitValue == 16, "\(run.end)")
    #expect(run.serial == "Hello World!\r\nworking\r\nworked, the same each time\r\n")
    #expect(run.interruptCount >= 50_000)
  }
}

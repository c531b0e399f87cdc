import OrreryScenario
import OrreryTrace
import Testing

/// The short form of `make sweep`: a key that comes at any step of the way into the idle sleep wakes the kernel.
@Suite struct IdleSweepTests {
  /// Where a wake-up can be lost is three instructions wide (the second test finds it there), so every third step is enough to find it.
  static let sample = 3

  private func run(_ scenarioPath: String, step: UInt64) throws -> RunEnd {
    try KernelRun(scenarioPath, parameters: [ParameterValue(name: "K", value: step)]).end
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func noWakeUpIsLost(part: UInt64) throws {
    for step in stride(from: 1 + part * 350, through: (part + 1) * 350, by: Self.sample) {
      let end = try run("traces/key-ends-sleep/key-ends-sleep.scenario", step: step)
      #expect(end.reason == .debugExit && end.exitValue == 16, "K=\(step): \(end)")
    }
  }

  /// The sweep can fail: a kernel that looks before it turns interrupts off sleeps through the key at some step, and at most others does not.
  @Test func sweepFindsTheKernelThatLosesOne() throws {
    var ends: [RunEnd.Reason] = []
    for step in stride(from: 1, through: 1_500 as UInt64, by: Self.sample) {
      ends.append(try run("kernel/key-misses-sleep.scenario", step: step).reason)
    }
    let lost = ends.count { $0 == .stopCondition }
    #expect((1...3).contains(lost), "\(lost) of \(ends.count)")
    #expect(ends.allSatisfy { $0 == .stopCondition || $0 == .debugExit })
  }
}

import Foundation
import Orrery
import OrreryBase
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTesting
import OrreryTrace
import Testing

/// What only the inputs of a run were recorded of gives the whole trace, for everything that the kernel does in the golden cases.
@Suite struct ExpansionTests {
  @Test(arguments: try goldenCases(in: "../../traces"))
  func inputsAloneGiveTheBytesOfARecordingOfAllLanes(goldenCase: GoldenCase) throws {
    let inputs = try record(goldenCase.scenarioPath, lanes: LaneSet(.input))
    #expect(try expand(inputs) == record(goldenCase.scenarioPath, lanes: .all))
  }

  /// The kernel's timer ticks all the time, and a trace of the inputs does not grow by it.
  @Test func whatTheMachineDoesByItselfTakesNoByte() throws {
    func sizes(_ seconds: Int) throws -> (inputs: Int, all: Int, interrupts: Int) {
      let path = FileManager.default.temporaryDirectory.appending(
        path: "orrery-\(ProcessInfo.processInfo.globallyUniqueString).scenario")
      defer { try? FileManager.default.removeItem(at: path) }
      try "at 500 ms: key A\nstop at \(seconds) s\n".write(to: path, atomically: true, encoding: .utf8)
      let inputs = try record(path.path, lanes: LaneSet(.input))
      let all = try record(path.path, lanes: .all)
      #expect(try expand(inputs) == all)
      var events = try TraceReader(source: MemoryTraceSource(all)).events(lanes: LaneSet(.interrupt))
      var interrupts = 0
      while try events.next() != nil { interrupts += 1 }
      return (inputs.count, all.count, interrupts)
    }
    let (short, long) = (try sizes(1), try sizes(4))
    #expect(long.interrupts > short.interrupts + 40 && long.all > short.all + 80)
    // The end says how many steps and clocks there were: numbers of up to one digit of seven bits more.
    #expect(long.inputs <= short.inputs + 2)
  }

  private func record(_ scenarioPath: String, lanes: LaneSet) throws -> [UInt8] {
    let text = try InputFile.text(of: scenarioPath, limit: 1 << 20)
    let scenario = try Scenario(parsing: text, file: scenarioPath).bound()
    var configuration = RunConfiguration(scenario)
    configuration.lanes = RunConfiguration(lanes: lanes).lanes
    let sink = MemoryTraceSink()
    let recorder = try Recorder(
      image: try KernelImage(bytes: InputFile.contents(of: Self.kernel, limit: 1 << 20)), scenario: scenario,
      configuration: configuration, scenarioText: text, sink: sink)
    while try recorder.advance() == nil {}
    return sink.bytes
  }

  private func expand(_ trace: [UInt8]) throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let replayer = try Replayer(
      source: MemoryTraceSource(trace), expansion: Replayer.Expansion(lanes: .all, sink: sink))
    while true {
      guard let outcome = try replayer.advance() else { continue }
      guard case .same = outcome else {
        Issue.record("\(outcome)")
        return []
      }
      return sink.bytes
    }
  }

  private static let kernel = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "kernel/.build/orrery-kernel.elf").path
}

import OrreryBase
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

/// A trace of some lanes expanded to others has the bytes that a recording of the others has.
@Suite struct ExpansionTests {
  /// Keys, an interrupt that a scenario presents, and one before an instruction.
  private static func run(_ lanes: LaneSet) -> EchoRun {
    var run = EchoRun()
    run.configuration.lanes = RunConfiguration(lanes: lanes).lanes
    run.configuration.stateInterval = 50
    run.add(.clock(120), .input(.vector(0x40)))
    run.add(.serialText([0x3E], port: 0, hit: 1), .typed([EchoRun.key(0x1E), EchoRun.key(0x1E, false)]))
    run.add(.clock(5_000_000), .typed([EchoRun.key(0x1C), EchoRun.releaseEnter]))
    return run
  }

  private func expand(_ trace: [UInt8], _ lanes: LaneSet) throws -> (outcome: Replayer.Outcome, trace: [UInt8]) {
    let sink = MemoryTraceSink()
    let replayer = try Replayer(
      source: MemoryTraceSource(trace), expansion: Replayer.Expansion(lanes: lanes, sink: sink))
    while true {
      if let outcome = try replayer.advance() { return (outcome, sink.bytes) }
    }
  }

  @Test func inputsAloneGiveEveryOtherLane() throws {
    let (full, inputs) = (try Self.run(.all).record().trace, try Self.run(LaneSet(.input)).record().trace)
    #expect(inputs.count < full.count)
    let expanded = try expand(inputs, .all)
    #expect(isSame(expanded.outcome))
    #expect(expanded.trace == full)
  }

  @Test func anyLanesGiveAnyOthers() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<40 {
      let from = LaneSet(rawValue: UInt16.random(in: 0..<512, using: &random))
      let to = LaneSet(rawValue: UInt16.random(in: 0..<512, using: &random))
      let expanded = try expand(Self.run(from).record().trace, to)
      #expect(isSame(expanded.outcome))
      let recorded = try Self.run(to).record().trace
      #expect(expanded.trace == recorded, "\(from.lanes) to \(to.lanes)")
    }
  }

  @Test func inputsAloneHoldNothingElse() throws {
    let (trace, _) = try Self.run(LaneSet(.input)).record()
    let recorded = try events(of: trace)
    #expect(recorded.contains { $0.lane == .input })
    #expect(recorded.allSatisfy { $0.lane == .input || $0.lane == .state })
    #expect(try TraceReader(source: MemoryTraceSource(trace)).header().lanes == [LaneSet(.input), LaneSet(.state)])
  }

  @Test func anotherInputIsFoundAndGivesNoTrace() throws {
    let (trace, _) = try Self.run(LaneSet(.input)).record()
    let reader = try TraceReader(source: MemoryTraceSource(trace))
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: reader.header(), sink: sink)
    for event in try events(of: trace) {
      var payload = event.payload
      if payload == .input(EchoRun.key(0x1E), point: .boundary, cause: "anchor 1") {
        payload = .input(EchoRun.key(0x1F), point: .boundary, cause: "anchor 1")
      }
      try writer.append(payload, clock: event.clock)
    }
    try writer.finish(try #require(reader.end))
    let expanded = try expand(sink.bytes, .all)
    guard case .different(let difference) = expanded.outcome else {
      Issue.record("expected a difference")
      return
    }
    #expect(difference.recorded?.lane == .state)
    #expect(try TraceReader(source: MemoryTraceSource(expanded.trace)).isComplete == false)
  }

  @Test func aRecordingCutShortIsRefused() throws {
    let (trace, _) = try Self.run(.all).record()
    #expect(throws: ReplayError.withoutEnd) { try expand(Array(trace.dropLast(200)), .all) }
  }

  @Test func aFullDiskIsTold() throws {
    final class FullSink: TraceSink {
      private var count = 0

      func write(_ bytes: UnsafeRawBufferPointer) throws(TraceStorageError) {
        count += 1
        if count > 1 { throw TraceStorageError("no space left") }
      }
    }
    let (trace, _) = try Self.run(LaneSet(.input)).record()
    let replayer = try Replayer(
      source: MemoryTraceSource(trace), expansion: Replayer.Expansion(lanes: .all, sink: FullSink()))
    #expect(throws: ReplayError.trace(.storage(TraceStorageError("no space left")))) {
      while try replayer.advance() == nil {}
    }
  }
}

import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

@Suite struct ReplayerTests {
  /// The trace of the same run with one payload changed by `change`, written anew.
  private func altered(_ trace: [UInt8], _ change: (inout Event) -> Bool) throws -> [UInt8] {
    let reader = try TraceReader(source: MemoryTraceSource(trace))
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: reader.header(), sink: sink)
    var isChanged = false
    for var event in try events(of: trace) {
      if !isChanged { isChanged = change(&event) }
      try writer.append(event.payload, clock: event.clock)
    }
    try writer.finish(try #require(reader.end))
    return sink.bytes
  }

  @Test func theFirstDifferentEventIsShownWithBothSides() throws {
    let (trace, _) = try EchoRun.typingEnter.record()
    let changed = try altered(trace) { event in
      guard event.payload == .serial(port: 0, bytes: [0x9C]) else { return false }
      event.payload = .serial(port: 0, bytes: [0x9D])
      return true
    }
    guard case .different(let difference) = try replay(changed) else {
      Issue.record("expected a difference")
      return
    }
    #expect(difference.recorded?.payload == .serial(port: 0, bytes: [0x9D]))
    #expect(difference.replayed?.payload == .serial(port: 0, bytes: [0x9C]))
    #expect(difference.recorded?.sequence == difference.sequence)
  }

  @Test func aChangedKeyMakesTheRunDifferFromThere() throws {
    let (trace, _) = try EchoRun.typingEnter.record()
    let changed = try altered(trace) { event in
      guard case .input(_, let point, let cause) = event.payload else { return false }
      event.payload = .input(EchoRun.key(0x1E), point: point, cause: cause)
      return true
    }
    guard case .different(let difference) = try replay(changed) else {
      Issue.record("expected a difference")
      return
    }
    #expect(difference.replayed?.payload == .serial(port: 0, bytes: [0x1E]))
  }

  @Test func aRecordingCutShortReplaysAsFarAsItGoes() throws {
    var run = EchoRun()
    // mov dx, 0x3F8; mov al, 10; out dx, al; jmp to the out: every second step is an event.
    run.code = [0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x0A, 0xEE, 0xEB, 0xFD]
    run.limits.steps = 100_000
    let (trace, _) = try run.record()
    #expect(trace.count > 150_000)
    // Without its end, in the middle of a chunk.
    guard case .same(let count, let end) = try replay(Array(trace.prefix(trace.count * 3 / 4))) else {
      Issue.record("expected the same")
      return
    }
    #expect(end == nil)
    #expect(count > 0)
  }

  /// The trace with another header and end, its events unchanged.
  private func forged(
    _ trace: [UInt8], header change: (inout TraceHeader) -> Void = { _ in },
    end changeEnd: (inout RunEnd) -> Void = { _ in }
  ) throws -> [UInt8] {
    let reader = try TraceReader(source: MemoryTraceSource(trace))
    var header = try reader.header()
    change(&header)
    var end = try #require(reader.end)
    changeEnd(&end)
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: header, sink: sink)
    for event in try events(of: trace) { try writer.append(event.payload, clock: event.clock) }
    try writer.finish(end)
    return sink.bytes
  }

  private static let loop: EchoRun = {
    var run = EchoRun()
    run.code = [0xEB, 0xFE]  // jmp to itself
    run.limits.steps = 12_345
    return run
  }()

  private func expectContradiction(_ trace: [UInt8], _ words: String) {
    let error = #expect(throws: ReplayError.self) { try replay(trace) }
    guard case .contradiction(let what) = error else {
      Issue.record("expected a contradiction, found \(String(describing: error))")
      return
    }
    #expect(what.contains(words), "\(what)")
  }

  @Test func aHeaderThatWouldLeaveAReplayWithoutBoundIsRefused() throws {
    let (trace, _) = try Self.loop.record()
    expectContradiction(
      try forged(trace, header: { $0.stateInterval = 1 << 62 }), "4_611_686_018_427_387_904 steps apart")
    expectContradiction(try forged(trace, header: { $0.stateInterval = 0 }), "0 steps apart")
    expectContradiction(try forged(trace, header: { $0.lanes = [LaneSet(.input), LaneSet(.output)] }), "lanes")
  }

  @Test func anEndWithoutTheStatesOnTheWayIsRefused() throws {
    let (trace, _) = try Self.loop.record()
    let far = try forged(
      trace,
      end: {
        $0.steps = 1 << 60
        $0.clock = 1 << 60
      })
    expectContradiction(far, "1_152_921_504_606_846_976 steps")
  }

  @Test func anEndAfterItsStepsIsADifference() throws {
    // The machine is not halted, so a clock after the last step is one it cannot reach.
    let (trace, _) = try Self.loop.record()
    guard case .different = try replay(try forged(trace, end: { $0.clock = 1 << 60 })) else {
      Issue.record("expected a difference")
      return
    }
  }

  @Test func anIdleMachineDoesNotWaitForCenturies() throws {
    var run = EchoRun()
    // The timer at its fastest, which nobody hears: mov al, 0x34; out 0x43, al; mov al, 2; out 0x40, al; mov al, 0; out 0x40, al; cli; hlt.
    run.code = [0xB0, 0x34, 0xE6, 0x43, 0xB0, 2, 0xE6, 0x40, 0xB0, 0, 0xE6, 0x40, 0xFA, 0xF4]
    run.stops = [BoundStop(anchor: 0, condition: .clock(1_000_000), delay: 0)]
    let (trace, _) = try run.record()
    let honest = try Replayer(source: MemoryTraceSource(trace))
    // 1 ms at 596,591 periods a second, each with a falling and a rising edge.
    honest.idleRoundLimit = 1_300
    while try honest.advance() == nil {}
    let far = try Replayer(source: MemoryTraceSource(try forged(trace, end: { $0.clock = 1 << 60 })))
    far.idleRoundLimit = 1_300
    let error = #expect(throws: ReplayError.self) { while try far.advance() == nil {} }
    #expect(error?.description.contains("1_152_921_504_606_846_976") == true)
  }

  @Test func aRunThatGoesAstrayIsFoundAtTheNextState() throws {
    var run = Self.loop
    run.limits.steps = 1_000_000
    run.configuration.stateInterval = 1_000
    let trace = try altered(run.record().trace) { event in
      guard case .state(_, let steps) = event.payload, steps == 3_000 else { return false }
      event.payload = .state(.zero, steps: steps)
      return true
    }
    let replayer = try Replayer(source: MemoryTraceSource(trace))
    var outcome: Replayer.Outcome?
    while outcome == nil { outcome = try replayer.advance() }
    guard case .different(let difference) = outcome else {
      Issue.record("expected a difference")
      return
    }
    #expect(difference.sequence == 2)
    #expect(replayer.machine.steps <= Recorder.sliceSteps)
  }

  @Test func aRecordingWithoutEventsHasNothingToReplay() throws {
    let (trace, _) = try Self.loop.record()
    let chunk = try #require(trace.indices.first { trace[$0...].starts(with: Array("OCHK".utf8)) })
    let replayer = try Replayer(source: MemoryTraceSource(Array(trace[..<chunk])))
    guard case .same(0, nil) = try replayer.advance() else {
      Issue.record("expected nothing, the same")
      return
    }
    #expect(replayer.machine.steps == 0)
  }

  @Test func aRecordingCutShortIsReplayedNoFurtherThanItsEvents() throws {
    var run = Self.loop
    run.limits.steps = 1_000_000
    run.configuration.stateInterval = 100
    let (trace, _) = try run.record()
    let cut = Array(trace.prefix(trace.count * 3 / 4))
    let replayer = try Replayer(source: MemoryTraceSource(cut))
    var outcome: Replayer.Outcome?
    while outcome == nil { outcome = try replayer.advance() }
    guard case .same(let count, nil) = outcome else {
      Issue.record("expected the same")
      return
    }
    #expect(count == UInt64(try events(of: cut).count) && count > 0 && count < 10_000)
    #expect(replayer.machine.steps <= count * 100 + Recorder.sliceSteps)
  }

  @Test func aTraceOfAnotherRevisionIsRefusedWithBothNamed() throws {
    let (trace, _) = try EchoRun.typingEnter.record()
    let reader = try TraceReader(source: MemoryTraceSource(trace))
    var header = try reader.header()
    header.revision = "pc-0"
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: header, sink: sink)
    try writer.finish(try #require(reader.end))
    let error = #expect(throws: ReplayError.self) {
      _ = try Replayer(source: MemoryTraceSource(sink.bytes))
    }
    #expect(error == .otherRevision(trace: "pc-0", program: RunConfiguration.revision))
    #expect(error?.description.contains("pc-0") == true)
    #expect(error?.description.contains(RunConfiguration.revision) == true)
  }

  @Test func anUnknownSettingIsRefused() throws {
    var header = TraceHeader(revision: RunConfiguration.revision)
    header.configuration = [TraceHeader.Setting("colour", "blue")]
    #expect(throws: ReplayError.unknownSetting("colour", "blue")) { try RunConfiguration(header: header) }
  }

  @Test func theConfigurationSurvivesTheHeader() throws {
    var configuration = RunConfiguration(
      machine: BoundMachineSettings(
        memorySize: 8 << 20, frequency: ClockFrequency(hertz: 2_000_000_000), commandLine: Array("a=%1\u{1}é".utf8),
        tlb: .stale, uart: .baud),
      lanes: [LaneSet(.heap), LaneSet(.map)], stateInterval: 77,
      allocators: [AllocatorFunction(.heap, .allocateZeroed, "zero", [.size, .ignored, .out])],
      parameters: [ParameterValue(name: "K", value: 7)])
    for entry in BootProtocol.allCases {
      configuration.bootProtocol = entry
      let header = TraceHeader(
        revision: RunConfiguration.revision, configuration: configuration.settings, lanes: configuration.lanes,
        stateInterval: configuration.stateInterval)
      #expect(try RunConfiguration(header: header) == configuration)
    }
  }
}

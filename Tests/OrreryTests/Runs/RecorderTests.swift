import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

/// Records the echo kernel under rules given in code.
struct EchoRun {
  var rules: [BoundRule] = []
  var stops: [BoundStop] = []
  var limits = BoundLimits(steps: 1_000_000, clock: 1_000_000_000, traceByteCount: 1 << 20)
  var configuration = RunConfiguration(
    machine: BoundMachineSettings(
      memorySize: 2 << 20, frequency: .defaultFrequency, commandLine: [], tlb: .coherent, uart: .immediate))
  var code = EchoKernel.code

  static let releaseEnter = InputAction.key(Key(rawValue: 0x1C), isPressed: false)

  static func key(_ code: UInt16, _ isPressed: Bool = true) -> InputAction {
    .key(Key(rawValue: code), isPressed: isPressed)
  }

  mutating func add(_ condition: Condition, delay: Clock = 0, _ actions: BoundAction...) {
    rules.append(
      BoundRule(anchor: rules.count, condition: condition, delay: delay, repetition: nil, actions: actions))
  }

  /// The prompt goes to the screen: `mov byte [0xB8000], '>'` in the place of the output to COM1.
  mutating func promptsOnScreen() {
    code.replaceSubrange(0x76..<0x7D, with: [0xC6, 0x05, 0x00, 0x80, 0x0B, 0x00, 0x3E])
  }

  func scenario() -> BoundScenario {
    var stops = stops
    for index in stops.indices { stops[index].anchor = rules.count + index }
    return BoundScenario(
      machine: configuration.machine, limits: limits, lanes: nil, allocators: [], rules: rules, stops: stops,
      anchors: (0..<rules.count + stops.count).map { Anchor(index: $0, name: "anchor \($0)", location: .none) },
      values: [])
  }

  func recorder(sink: (any TraceSink)?) throws -> Recorder {
    try Recorder(
      image: EchoKernel.image(code: code), scenario: scenario(), configuration: configuration, sink: sink)
  }

  func record() throws -> (trace: [UInt8], end: RunEnd) {
    let sink = MemoryTraceSink()
    let recorder = try recorder(sink: sink)
    while true {
      if let end = try recorder.advance() { return (sink.bytes, end) }
    }
  }

  /// Types Enter after the prompt.
  static var typingEnter: EchoRun {
    var run = EchoRun()
    run.add(.serialText([0x3E], port: 0, hit: 1), .typed([key(0x1C), releaseEnter]))
    return run
  }
}

/// All events of a trace in memory.
func events(of trace: [UInt8]) throws -> [Event] {
  var events = try TraceReader(source: MemoryTraceSource(trace)).events()
  var all: [Event] = []
  while let event = try events.next() { all.append(event) }
  return all
}

func replay(_ trace: [UInt8]) throws -> Replayer.Outcome {
  let replayer = try Replayer(source: MemoryTraceSource(trace))
  while true {
    if let outcome = try replayer.advance() { return outcome }
  }
}

func isSame(_ outcome: Replayer.Outcome) -> Bool {
  if case .same = outcome { true } else { false }
}

@Suite struct RecorderTests {
  @Test func inputsOfOneClockKeepTheirCauses() throws {
    var run = EchoRun()
    let nmi = BoundAction.input(.interruptLine(3))
    run.rules = [
      BoundRule(anchor: 0, condition: .clock(40), actions: Array(repeating: nmi, count: 3_000)),
      BoundRule(anchor: 1, condition: .clock(40), actions: Array(repeating: nmi, count: 3_000)),
      BoundRule(anchor: 2, condition: .clock(50), actions: [nmi]),
    ]
    let causes = try events(of: run.record().trace).compactMap { event in
      if case .input(_, _, let cause) = event.payload { cause } else { nil }
    }
    #expect(
      causes == Array(repeating: "anchor 0", count: 3_000) + Array(repeating: "anchor 1", count: 3_000) + ["anchor 2"])
  }

  private func payloads(_ trace: [UInt8], _ lane: Lane) throws -> [Payload] {
    try events(of: trace).map(\.payload).filter { $0.lane == lane }
  }

  @Test func aTypedKeyIsEchoedAndEndsTheRun() throws {
    let (trace, end) = try EchoRun.typingEnter.record()
    #expect(end.reason == .debugExit)
    #expect(end.exitValue == 16)
    #expect(end.reports == [])
    let output = try payloads(trace, .output)
    #expect(
      output == [
        .serial(port: 0, bytes: [0x3E]), .serial(port: 0, bytes: [0x1C]), .serial(port: 0, bytes: [0x9C]),
        .exitValue(16),
      ])
    let input = try payloads(trace, .input)
    #expect(
      input == [
        .input(EchoRun.key(0x1C), point: .boundary, cause: "anchor 0"),
        .input(EchoRun.releaseEnter, point: .boundary, cause: "anchor 0"),
      ])
  }

  @Test func interruptsAndExceptionsArePairedWithTheirReturns() throws {
    let (trace, _) = try EchoRun.typingEnter.record()
    let base = EchoKernel.loadAddress
    let interrupts = try payloads(trace, .interrupt)
    #expect(
      interrupts == [
        .interrupt(vector: 33, source: .line(1), rip: base + EchoKernel.wait + 1),
        .interruptReturn(vector: 33, rip: base + EchoKernel.wait + 1, openAbove: 0),
        .interrupt(vector: 33, source: .line(1), rip: base + EchoKernel.wait + 1),
      ])
    let exceptions = try payloads(trace, .exception)
    // `int3` is a trap: its return address is the instruction after it.
    #expect(
      exceptions == [
        .exception(ExceptionDelivery(vector: 3, rip: base + 0x75, isSoftware: true)),
        .exceptionReturn(vector: 3, rip: base + 0x76, openAbove: 0),
      ])
  }

  @Test func eventsAreInTheOrderOfTheirClocks() throws {
    let clocks = try events(of: EchoRun.typingEnter.record().trace).map(\.clock)
    #expect(clocks == clocks.sorted())
  }

  @Test func twentyRunsGiveTheSameBytes() throws {
    let first = try EchoRun.typingEnter.record().trace
    for _ in 1..<20 { #expect(try EchoRun.typingEnter.record().trace == first) }
  }

  @Test func aReplayIsTheSameWithoutTheScenario() throws {
    let (trace, _) = try EchoRun.typingEnter.record()
    #expect(isSame(try replay(trace)))
  }

  @Test func aReplayRecordedAgainGivesTheSameBytes() throws {
    let (trace, _) = try EchoRun.typingEnter.record()
    let replayer = try Replayer(source: MemoryTraceSource(trace))
    while try replayer.advance() == nil {}
    #expect(replayer.isByteForByte)
  }

  @Test func anActionOnASymbolComesBeforeItsInstruction() throws {
    var run = EchoRun.typingEnter
    run.add(.symbol("wait", hit: 1), .input(.vector(64)))
    let (trace, _) = try run.record()
    let scripted = try payloads(trace, .interrupt).filter { payload in
      if case .interrupt(64, _, _) = payload { true } else { false }
    }
    // Before the hlt itself, in the shadow of sti: the interrupt is taken after the hlt.
    #expect(scripted == [.interrupt(vector: 64, source: .scripted, rip: EchoKernel.loadAddress + EchoKernel.wait + 1)])
    let input = try payloads(trace, .input)
    #expect(input.contains(.input(.vector(64), point: .instruction, cause: "anchor 1")))
    #expect(isSame(try replay(trace)))
  }

  @Test func aVectorReachesItsHandlerAtItsClock() throws {
    var run = EchoRun.typingEnter
    run.add(.serialText([0x1C], port: 0, hit: 1), delay: 100, .input(.vector(64)))
    let (trace, _) = try run.record()
    let all = try events(of: trace)
    let cause = try #require(all.first { $0.payload == .input(.vector(64), point: .boundary, cause: "anchor 1") })
    let delivery = try #require(
      all.first { event in if case .interrupt(64, _, _) = event.payload { true } else { false } })
    #expect(delivery.clock == cause.clock)
    let output = try payloads(trace, .output)
    #expect(output.contains(.serial(port: 0, bytes: [0x21])))
  }

  @Test(arguments: [20_000, 300_000, 700_000] as [Clock])
  func aTextOnTheScreenIsSeenAtTheHaltWhateverComesNext(clock: Clock) throws {
    var run = EchoRun()
    run.promptsOnScreen()
    run.add(.screenText([0x3E], hit: 1), .typed([EchoRun.key(0x1C), EchoRun.releaseEnter]))
    func clockOfKey() throws -> Clock {
      let trace = try run.record().trace
      #expect(try isSame(replay(trace)))
      // The halt's boundary is over when its text is seen.
      return try #require(
        events(of: trace).first { $0.payload == .input(EchoRun.key(0x1C), point: .instruction, cause: "anchor 0") }
      ).clock
    }
    let undisturbed = try clockOfKey()
    #expect(undisturbed < 1_000)
    // An edge on a line that is masked changes nothing, but it ends the halt's gap.
    run.add(.clock(clock), .input(.interruptLine(3)))
    #expect(try clockOfKey() == undisturbed)
  }

  @Test(arguments: [0, 1, 40, 5_000] as [Clock])
  func aRunThatEndsAtTheHaltItWaitedForReplays(delay: Clock) throws {
    var run = EchoRun()
    run.promptsOnScreen()
    run.add(.screenText([0x3E], hit: 1), delay: delay, .typed([EchoRun.key(0x1C), EchoRun.releaseEnter]))
    run.stops = [BoundStop(anchor: 0, condition: .screenText([0x3E], hit: 1), delay: delay)]
    let (trace, end) = try run.record()
    #expect(end.reason == .stopCondition)
    #expect(try isSame(replay(trace)))
  }

  /// Bytes leave the port by its clock, mostly while the kernel is halted.
  @Test(arguments: [0, 1, 7, 5_000] as [Clock])
  func inputsBecauseOfBytesThatLeaveDuringAHaltReplay(delay: Clock) throws {
    var run = EchoRun()
    run.configuration.machine.uart = .baud
    run.add(.serialText([0x3E], port: 0, hit: 1), delay: delay, .input(EchoRun.key(0x1C)), .input(.interruptLine(3)))
    run.add(.serialText([0x3E], port: 0, hit: 1), delay: 200_000, .input(EchoRun.releaseEnter))
    run.add(.serialText([0x1C], port: 0, hit: 1), .input(.interruptLine(3)), .input(EchoRun.key(0x1E)))
    let trace = try run.record().trace
    #expect(try isSame(replay(trace)))
    #expect(try events(of: trace).contains { $0.payload == .serial(port: 0, bytes: [0x1C]) })
    run.stops = [BoundStop(anchor: 0, condition: .serialText([0x1C], port: 0, hit: 1), delay: delay)]
    let (stopped, end) = try run.record()
    #expect(end.reason == .stopCondition)
    #expect(try isSame(replay(stopped)))
  }

  @Test func keysFasterThanTheQueueAreLostAndSaidSo() throws {
    var run = EchoRun()
    let keys = (0..<40).map { _ in BoundAction.input(EchoRun.key(0x1E)) }
    run.rules = [BoundRule(anchor: 0, condition: .clock(10), delay: 0, repetition: nil, actions: keys)]
    run.add(.clock(100_000_000), .typed([EchoRun.releaseEnter]))
    let (trace, end) = try run.record()
    #expect(end.reason == .debugExit)
    let lost = try payloads(trace, .input).filter { payload in
      if case .inputLost(.keyboard, _) = payload { true } else { false }
    }
    #expect(!lost.isEmpty && lost.count < 40)
    #expect(isSame(try replay(trace)))
  }

  @Test func typingNeverLosesACode() throws {
    var run = EchoRun()
    let codes = (0..<200).map { EchoRun.key(0x1E, $0 % 2 == 0) } + [EchoRun.releaseEnter]
    run.add(.serialText([0x3E], port: 0, hit: 1), .typed(codes))
    let (trace, end) = try run.record()
    #expect(end.reason == .debugExit)
    let input = try payloads(trace, .input)
    #expect(input.count == 201)
    #expect(isSame(try replay(trace)))
  }

  /// The limit of what waits to be typed is far above what anybody types, and far below what a host has memory for.
  @Test func whatNobodyReadsIsNotTypedForEver() throws {
    var run = EchoRun()
    let text = [BoundAction](
      repeating: .typed([InputAction](repeating: EchoRun.key(0x1E), count: 1_024)), count: 1_025)
    run.rules.append(
      BoundRule(anchor: 0, condition: .clock(5), delay: 0, repetition: nil, actions: text))
    let (trace, end) = try run.record()
    #expect(end.reason == .limit && end.text == "the limit of 1_048_576 codes typed and not read was reached")
    #expect(end.steps < 10)
    #expect(isSame(try replay(trace)))
  }

  @Test(arguments: [
    ("wait", 1), ("keyboard", 1), ("keyboard", 2),
  ])
  func aStopOnASymbolEndsTheRunAndReplays(symbol: String, hit: UInt64) throws {
    var run = EchoRun.typingEnter
    run.stops = [BoundStop(anchor: 0, condition: .symbol(symbol, hit: hit), delay: 0)]
    let (trace, end) = try run.record()
    #expect(end.reason == .stopCondition)
    #expect(end.text == "stop condition: anchor 1")
    #expect(isSame(try replay(trace)))
  }

  @Test func aStopAtATimeEndsTheRunAtThatClock() throws {
    var run = EchoRun()
    run.stops = [BoundStop(anchor: 0, condition: .clock(5_000_000), delay: 0)]
    run.add(.clock(4_000_000), .typed([EchoRun.key(0x1E)]))
    let (trace, end) = try run.record()
    #expect(end.reason == .stopCondition)
    #expect(end.clock == 5_000_000)
    #expect(isSame(try replay(trace)))
  }

  @Test func aMachineThatNothingWakesIsIdle() throws {
    let (trace, end) = try EchoRun().record()
    #expect(end.reason == .idle)
    #expect(isSame(try replay(trace)))
  }

  @Test func aLoopIsStoppedByItsLimitOfSteps() throws {
    var run = EchoRun()
    run.code = [0xEB, 0xFE]  // jmp to itself
    run.limits.steps = 12_345
    let (trace, end) = try run.record()
    #expect(end.reason == .limit)
    #expect(end.steps == 12_345)
    #expect(end.text.contains("12_345 steps"))
    #expect(isSame(try replay(trace)))
  }

  @Test func stateEventsComeAtTheirSteps() throws {
    var run = EchoRun()
    run.code = [0xEB, 0xFE]
    run.limits.steps = 1000
    run.configuration.stateInterval = 300
    let state = try payloads(run.record().trace, .state).map { payload in
      if case .state(_, let steps) = payload { steps } else { UInt64.max }
    }
    #expect(state == [300, 600, 900, 1000])
  }

  @Test func aKernelThatExecutesDataEndsInATripleFault() throws {
    var run = EchoRun()
    run.code = [0x0F, 0x0B]  // ud2, without an IDT
    let (trace, end) = try run.record()
    #expect(end.reason == .tripleFault)
    let exceptions = try payloads(trace, .exception)
    guard case .tripleFault = exceptions.last else {
      Issue.record("expected a triple fault, found \(exceptions)")
      return
    }
    #expect(isSame(try replay(trace)))
  }

  @Test func conditionsThatNeverCameTrueAreReported() throws {
    var run = EchoRun.typingEnter
    run.add(.serialText(Array("never".utf8), port: 0, hit: 1), .input(.nonMaskableInterrupt))
    #expect(try run.record().end.reports == ["never came true: anchor 1"])
  }

  @Test func lanesThatAreLeftOutAreLeftOutAndNothingElseChanges() throws {
    var run = EchoRun.typingEnter
    let all = try events(of: run.record().trace)
    run.configuration.lanes = RunConfiguration(lanes: LaneSet(.output)).lanes
    let some = try events(of: run.record().trace)
    let kept: Set<Lane> = [.input, .output, .state]
    #expect(some.map(\.payload) == all.map(\.payload).filter { kept.contains($0.lane) })
    #expect(some.map(\.clock) == all.filter { kept.contains($0.lane) }.map(\.clock))
  }

  @Test func aRunWithStaleTranslationsReplaysExactly() throws {
    var run = EchoRun.typingEnter
    run.configuration.machine.tlb = .stale
    let trace = try run.record().trace
    #expect(isSame(try replay(trace)))
  }

  @Test func liveInputReplaysExactly() throws {
    let sink = MemoryTraceSink()
    let recorder = try EchoRun().recorder(sink: sink)
    while true {
      try recorder.advance(untilClock: recorder.machine.clock + 777, isLive: true)
      if recorder.machine.isHalted { break }
    }
    try recorder.apply(EchoRun.key(0x1E))
    try recorder.advance(untilClock: recorder.machine.clock + 3_000_000, isLive: true)
    try recorder.apply(EchoRun.releaseEnter)
    var end: RunEnd?
    while end == nil { end = try recorder.advance(untilClock: recorder.machine.clock + 10_000, isLive: true) }
    #expect(end?.reason == .debugExit)
    #expect(isSame(try replay(sink.bytes)))
  }

  /// The bytes of the trace of `run`, recorded in slices of `steps`.
  private func trace(of run: EchoRun, steps: Steps) throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let recorder = try run.recorder(sink: sink)
    while try recorder.advance(steps: steps) == nil {}
    return sink.bytes
  }

  @Test func slicesDoNotShowInTheTrace() throws {
    var run = EchoRun()
    let codes = (0..<6).map { EchoRun.key(0x1E, $0 % 2 == 0) } + [EchoRun.releaseEnter]
    run.add(.serialText([0x3E], port: 0, hit: 1), .typed(codes))
    run.add(.serialText([0x9E], port: 0, hit: 2), delay: 50, .input(.vector(64)))
    run.add(.symbol("keyboard", hit: 2), .input(.vector(64)))
    run.configuration.stateInterval = 17
    let whole = try run.record().trace
    for steps: Steps in [1, 2, 3, 10, 64, 1_000, 1 << 20] {
      #expect(try trace(of: run, steps: steps) == whole, "slices of \(steps)")
    }
  }

  @Test func slicesDoNotShowInWhereATraceReachesItsLimit() throws {
    var run = EchoRun()
    // mov dx, 0x3F8; mov al, 10; out dx, al; jmp to the out: every second step is an event.
    run.code = [0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x0A, 0xEE, 0xEB, 0xFD]
    run.limits.traceByteCount = 100_000
    let (whole, end) = try run.record()
    #expect(end.reason == .limit && end.text == "the limit of 100_000 trace bytes was reached")
    for steps: Steps in [1_000, 9_999, 1 << 20] {
      #expect(try trace(of: run, steps: steps) == whole, "slices of \(steps)")
    }
    #expect(isSame(try replay(whole)))
  }

  /// The keyboard may also become idle without a scan code being read; what is typed must not wait for the end of a slice then.
  @Test func typingBeginsWhenTheControllersAnswerIsRead() throws {
    var run = EchoRun.typingEnter
    // A scan code takes a millisecond, which is a million steps.
    run.limits.steps = 2_000_000
    run.code = [
      0xB0, 0xAA, 0xE6, 0x64,  // mov al, 0xAA; out 0x64, al: self-test, which is answered
      0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x3E, 0xEE,  // COM1 ← '>', after which Enter is typed
      0xB9, 0xE8, 0x03, 0x00, 0x00,  // mov ecx, 1000
      0x49, 0x75, 0xFD,  // dec ecx; jnz
      0xE4, 0x60,  // in al, 0x60: the answer
      0xE4, 0x64, 0xA8, 0x01, 0x74, 0xFA,  // in al, 0x64; test al, 1; jz
      0xE4, 0x60, 0x66, 0xBA, 0xF4, 0x00, 0xEE,  // in al, 0x60; debug exit with the code
    ]
    let (whole, end) = try run.record()
    #expect(end.exitValue == 0x1C)
    let input = try #require(try events(of: whole).first { $0.lane == .input })
    // Five instructions up to '>', one, two thousand of the loop, and the one that reads the answer.
    #expect(input.clock == 5 + 1 + 2_000 + 1)
    for steps: Steps in [1, 7, 100] { #expect(try trace(of: run, steps: steps) == whole, "slices of \(steps)") }
  }

  @Test func aRunEndedByAPersonReplaysUpToThere() throws {
    let sink = MemoryTraceSink()
    let recorder = try EchoRun().recorder(sink: sink)
    try recorder.advance(untilClock: 50)
    try recorder.apply(EchoRun.key(0x1E))
    let end = try recorder.interrupt("ended by a test")
    #expect(end.reason == .interrupted)
    #expect(isSame(try replay(sink.bytes)))
  }
}

@Suite struct RecorderCheckpointTests {
  @Test func restoringAtRandomPointsGoesOnAsTheStraightRun() throws {
    var run = EchoRun()
    let codes = (0..<12).map { EchoRun.key(0x1E, $0 % 2 == 0) } + [EchoRun.releaseEnter]
    run.add(.serialText([0x3E], port: 0, hit: 1), .typed(codes))
    run.add(.serialText([0x9E], port: 0, hit: 3), delay: 50, .input(.vector(64)))
    run.rules.append(
      BoundRule(
        anchor: 2, condition: .clock(5_000), delay: 0,
        repetition: BoundRepetition(periods: PeriodGenerator(minimum: 100_000, maximum: 900_000, seed: 3), count: 9),
        actions: [.input(.vector(64))]))
    run.configuration.stateInterval = 50
    let straight = MemoryTraceSink()
    let recorder = try run.recorder(sink: straight)
    while try recorder.advance() == nil {}
    let expected = try events(of: straight.bytes)

    var generator = SeededGenerator(seed: 11)
    let lastClock = try #require(recorder.end?.clock)
    for _ in 0..<50 {
      let clock = Clock.random(in: 0..<lastClock, using: &generator)
      let session = try run.recorder(sink: MemoryTraceSink())
      while session.machine.clock < clock, try session.advance(untilClock: clock) == nil {}
      guard session.end == nil else { continue }
      let checkpoint = session.checkpoint()
      // Whatever happens between checkpoint and restore must leave nothing behind.
      try session.advance(untilClock: clock + Clock.random(in: 0..<3_000_000, using: &generator))
      let sink = MemoryTraceSink()
      let resumed = try run.recorder(sink: sink)
      resumed.restore(checkpoint)
      while try resumed.advance() == nil {}
      let actual = try events(of: sink.bytes)
      #expect(actual.map(\.payload) == expected.suffix(actual.count).map(\.payload))
      #expect(actual.map(\.clock) == expected.suffix(actual.count).map(\.clock))
      #expect(resumed.end == recorder.end)
      let before = expected.count - actual.count
      #expect(before == expected.count || expected[before].clock >= clock)
    }
  }
}

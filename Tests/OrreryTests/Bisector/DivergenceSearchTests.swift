import OrreryBase
import OrreryMachine
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

@Suite struct DivergenceSearchTests {
  /// The echo kernel with two keys and faults.
  private func run(_ faults: [(clock: Clock, bit: FlippableBit)] = [], stateInterval: Steps = 32) -> EchoRun {
    var run = EchoRun()
    run.configuration.stateInterval = stateInterval
    run.add(.clock(1_000_000), .input(EchoRun.key(0x1C)))
    run.add(.clock(3_000_000), .input(EchoRun.releaseEnter))
    for fault in faults { run.add(.clock(fault.clock), .input(.flip(fault.bit))) }
    return run
  }

  private func search(_ first: [UInt8], _ second: [UInt8]) throws -> DivergenceSearch.Result {
    try DivergenceSearch(MemoryTraceSource(first), MemoryTraceSource(second)).run()
  }

  private func register(_ name: String, bit: UInt8) throws -> FlippableBit {
    .register(try #require(FlippableRegister(name: name)), bit: bit)
  }

  /// r9 is used by nobody; the fault stays.
  @Test(arguments: [0, 1, 33, 40, 61, 1_000_003, 2_000_000] as [Clock])
  func aFaultIsPinpointedToItsInstruction(clock: Clock) throws {
    let fault = try register("r9", bit: 17)
    let (first, second) = (try run().record().trace, try run([(clock, fault)]).record().trace)
    let result = try search(first, second)
    guard case .different(let divergence, let visibleAt) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(
      divergence.registers == [
        Divergence.Register(name: "r9", before: [0], first: [0], second: [1 << 17])
      ])
    #expect(divergence.memory.isEmpty && divergence.devices.isEmpty && divergence.memoryByteCount == 0)
    #expect(divergence.causes.map(\.input.action) == [.flip(fault)])
    #expect(divergence.causes.map(\.isInSecond) == [true])
    // The step that begins at the fault's clock, by the straight run.
    let straight = try TraceRun(MemoryTraceSource(first))
    _ = try straight.run(untilClock: clock)
    #expect(divergence.steps == straight.steps + 1)
    #expect(visibleAt >= divergence.steps)
    #expect(result.withoutEffect.isEmpty)
  }

  /// The same, the other way around.
  @Test func whichRunHasTheFaultMakesNoDifference() throws {
    let fault = try register("r9", bit: 0)
    let (first, second) = (try run().record().trace, try run([(40, fault)]).record().trace)
    guard case .different(let divergence, _) = try search(second, first).outcome else {
      Issue.record("not found")
      return
    }
    #expect(divergence.registers.map(\.first) == [[1]] && divergence.registers.map(\.second) == [[0]])
    #expect(divergence.causes.map(\.isInSecond) == [false])
  }

  /// The next instruction at clock 4, mov ax, 16, overwrites what turned over; the fault ends there.
  @Test func aFaultThatIsOverwrittenHasNoLastingEffect() throws {
    let clock = try #require(try firstClock(atRIP: 0x10_000E))
    let fault = try register("rax", bit: 3)
    let (first, second) = (try run().record().trace, try run([(clock, fault)]).record().trace)
    let result = try search(first, second)
    guard case .same(let count) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(count > 2)
    #expect(result.withoutEffect.map(\.input.clock) == [clock])
  }

  /// The first is overwritten at once, the second stays: within one interval, and not to be confused.
  @Test func ofTwoFaultsTheOneThatLastsIsFound() throws {
    let clock = try #require(try firstClock(atRIP: 0x10_000E))
    let (passing, lasting) = (try register("rax", bit: 3), try register("r9", bit: 1))
    let first = try run(stateInterval: 1 << 20).record().trace
    let second = try run([(clock, passing), (clock + 9, lasting)], stateInterval: 1 << 20).record().trace
    let result = try search(first, second)
    guard case .different(let divergence, _) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(divergence.clock == clock + 9)
    #expect(divergence.causes.map(\.input.action) == [.flip(lasting)])
    #expect(result.withoutEffect.map(\.input.action) == [.flip(passing)])
  }

  @Test func aFaultInMemoryIsShownByItsBytes() throws {
    let fault = FlippableBit.memory(PhysicalAddress(0x18_0001), bit: 7)
    let (first, second) = (try run().record().trace, try run([(50, fault)]).record().trace)
    guard case .different(let divergence, _) = try search(first, second).outcome else {
      Issue.record("not found")
      return
    }
    #expect(divergence.registers.isEmpty)
    #expect(divergence.memoryByteCount == 1)
    #expect(divergence.memory.map(\.address.rawValue) == [0x18_0001])
    #expect(divergence.memory.first?.theirs == [0x80] && divergence.memory.first?.ours == [0])
  }

  /// A fault while the processor sleeps, with no step before the next interrupt.
  @Test func aFaultDuringAHaltIsPutToTheStepAfterIt() throws {
    let fault = try register("r9", bit: 5)
    let (first, second) = (try run().record().trace, try run([(2_500_000, fault)]).record().trace)
    guard case .different(let divergence, _) = try search(first, second).outcome else {
      Issue.record("not found")
      return
    }
    guard case .delivery(33, false, _) = divergence.action else {
      Issue.record("\(divergence.action)")
      return
    }
    #expect(divergence.causes.map(\.input.clock) == [2_500_000])
  }

  /// rip in the midst of nowhere: the second run goes astray and ends otherwise.
  @Test func aRunThatGoesAstrayIsFoundToo() throws {
    let fault = try register("rip", bit: 19)
    let (first, second) = (try run().record().trace, try run([(45, fault)]).record().trace)
    let result = try search(first, second)
    guard case .different(let divergence, _) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(divergence.clock == 45)
    #expect(divergence.causes.map(\.input.action) == [.flip(fault)])
  }

  /// Two kernels differ in all that depends on where their code lies: what they do is compared by behaviour.
  @Test func otherCodeIsNotComparedStepByStep() throws {
    var other = run()
    other.code[other.code.count - 1] ^= 1
    let traces = (try run().record().trace, try other.record().trace)
    let error = try #require(throws: ReplayError.self) { try search(traces.0, traces.1) }
    guard case .incomparable(let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.contains("the images differ") && reason.contains("orrery diff --behaviour"))
  }

  @Test func aRunIsTheSameAsItself() throws {
    let trace = try run().record().trace
    let result = try search(trace, trace)
    guard case .same(let count) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(count == UInt64(try events(of: trace).filter { $0.payload.lane == .state }.count))
    #expect(result.executedSteps == 0)
  }

  /// A machine that a test disturbs while it is recorded, past the inputs: what no replay gives.
  @Test func aStateThatNoRunGivesAgainIsSaidToBeSo() throws {
    let first = try run().record().trace
    let sink = MemoryTraceSink()
    let recorder = try run().recorder(sink: sink)
    while recorder.machine.clock < 40 { _ = try recorder.advance(untilClock: 40) }
    #expect(recorder.machine.write([1], at: PhysicalAddress(0x18_0000)))
    while try recorder.advance() == nil {}
    guard case .notReproduced = try search(first, sink.bytes).outcome else {
      Issue.record("not noticed")
      return
    }
  }

  @Test func machinesOfOtherSizesAreNotCompared() throws {
    var other = run()
    other.configuration.machine.memorySize = 4 << 20
    let (first, second) = (try run().record().trace, try other.record().trace)
    #expect(throws: ReplayError.self) { try search(first, second) }
  }

  @Test func aFaultIsReplayedWithItsTrace() throws {
    let trace = try run([(40, try register("r9", bit: 2)), (60, .memory(PhysicalAddress(0x18_0000), bit: 0))]).record()
      .trace
    #expect(isSame(try replay(trace)))
    let faults = try events(of: trace).filter { if case .input(.flip, _, _) = $0.payload { true } else { false } }
    #expect(faults.map(\.clock) == [40, 60])
  }

  /// Even in the midst of a line that the guest writes.
  @Test func aFaultChangesNoOtherEvent() throws {
    let without = try events(of: run().record().trace)
    let with = try events(of: run([(2_500_000, try register("r9", bit: 5))]).record().trace)
    func facts(_ events: [Event]) -> [String] {
      events.compactMap { event in
        switch event.payload {
        case .state, .input(.flip, _, _): nil
        default: "\(event.clock) \(event.payload)"
        }
      }
    }
    #expect(facts(with) == facts(without))
    #expect(with.count == without.count + 1)
  }

  private func firstClock(atRIP rip: UInt64) throws -> Clock? {
    let straight = try TraceRun(MemoryTraceSource(try run().record().trace))
    while straight.end == nil {
      if straight.machine.rip == rip { return straight.clock }
      _ = try straight.run(untilSteps: straight.steps + 1)
    }
    return nil
  }
}

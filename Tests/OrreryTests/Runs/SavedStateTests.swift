import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

/// Saves the echo kernel in the midst of a run, and goes on from there.
@Suite struct SavedStateTests {
  /// Keys at these clocks of the straight run; the last of them ends it.
  private static let keys: [(clock: Clock, action: InputAction)] = [
    (2_000_000, EchoRun.key(0x1E)), (4_000_000, EchoRun.key(0x1E, false)), (6_000_000, EchoRun.key(0x1C)),
    (8_000_000, EchoRun.releaseEnter),
  ]

  /// The run that types what is due at `start` or after, counted from there.
  private func run(from start: Clock) -> EchoRun {
    var run = EchoRun()
    // States so near to each other that one lies in every handler.
    run.configuration.stateInterval = 4
    for key in Self.keys where key.clock >= start { run.add(.clock(key.clock - start), .input(key.action)) }
    return run
  }

  private func save(_ run: EchoRun, at clock: Clock) throws -> SavedState { try saveRecorded(run, at: clock).state }

  /// The state, and the trace up to it.
  private func saveRecorded(_ run: EchoRun, at clock: Clock) throws -> (state: SavedState, trace: [UInt8]) {
    let sink = MemoryTraceSink()
    let recorder = try run.recorder(sink: sink)
    while recorder.machine.clock < clock { #expect(try recorder.advance(untilClock: clock) == nil) }
    _ = try recorder.interrupt("saved")
    return (try #require(recorder.savedState()), sink.bytes)
  }

  private func record(_ image: RunImage, _ run: EchoRun) throws -> (trace: [UInt8], end: RunEnd) {
    let sink = MemoryTraceSink()
    let recorder = try Recorder(
      image: image, scenario: run.scenario(), configuration: run.configuration, sink: sink)
    while true {
      if let end = try recorder.advance() { return (sink.bytes, end) }
    }
  }

  /// What each event says, without its number. Left out is what a run from a state does not know: inputs, which have other anchors; output, whose bytes are cut
  /// where the first run ended; the screen, reported anew; returns from handlers that were entered before.
  private func facts(_ events: [Event], from clock: Clock = 0) -> [String] {
    var open = 0
    return events.filter { event in
      guard event.clock >= clock else { return false }
      switch event.payload {
      case .interrupt, .exception: open += 1
      case .interruptReturn, .exceptionReturn:
        open -= 1
        if open < 0 {
          open = 0
          return false
        }
      case .screen, .serial, .input: return false
      // One of the very step is of the first run.
      case .state where clock > 0 && event.clock == clock: return false
      default: break
      }
      return true
    }.map { "\($0.clock) \($0.payload)" }
  }

  private func serialBytes(_ events: [Event]) -> [UInt8] {
    events.flatMap { event -> [UInt8] in
      if case .serial(_, let bytes) = event.payload { bytes } else { [] }
    }
  }

  @Test(arguments: [1, 77, 1_000_000, 1_999_999, 2_000_000, 3_000_004, 5_000_000, 7_999_999] as [Clock])
  func aRunGoesOnAsTheOneThatWasSaved(clock: Clock) throws {
    let straight = try run(from: 0).record()
    let (state, before) = try saveRecorded(run(from: 0), at: clock)
    // An input due at the very clock is applied, and takes one clock, before the machine is saved.
    #expect(state.clock == clock || state.clock == clock + 1)
    let rest = try record(.state(SavedState(bytes: state.bytes)), run(from: state.clock))
    #expect(rest.end == straight.end)
    let expected = facts(try events(of: straight.trace), from: state.clock)
    #expect(expected.count >= 5)
    let found = facts(try events(of: rest.trace))
    #expect(found == expected, "\(found.difference(from: expected))")
    let parts = try events(of: before) + events(of: rest.trace)
    #expect(try serialBytes(parts) == serialBytes(events(of: straight.trace)))
    #expect(isSame(try replay(rest.trace)))
  }

  @Test func aStateOfARunThatBeganWithAStateIsTheSame() throws {
    let once = try save(run(from: 0), at: 5_000_000)
    let first = try save(run(from: 0), at: 3_000_000)
    let scenario = run(from: first.clock)
    let recorder = try Recorder(
      image: .state(first), scenario: scenario.scenario(), configuration: scenario.configuration, sink: nil)
    while recorder.machine.clock < 5_000_000 { #expect(try recorder.advance(untilClock: 5_000_000) == nil) }
    _ = try recorder.interrupt("saved")
    #expect(try #require(recorder.savedState()).bytes == once.bytes)
  }

  @Test func aStateHoldsItsKernelSettingsAndPlace() throws {
    let run = run(from: 0)
    let state = try save(run, at: 1_000_000)
    let read = try SavedState(bytes: state.bytes)
    #expect(read.kernel.bytes == (try EchoKernel.image().bytes))
    #expect(read.settings == run.configuration.machine)
    #expect((read.clock, read.steps) == (state.clock, state.steps))
    #expect(read.pageCount == state.pageCount && read.pageCount > 16)
    guard case .state(let image) = try RunImage(bytes: state.bytes) else {
      Issue.record("not read as a state")
      return
    }
    #expect(image.kernel.symbols.address(of: "keyboard") != nil)
  }

  @Test func aMachineThatHasStoppedHasNoState() throws {
    let recorder = try EchoRun.typingEnter.recorder(sink: nil)
    #expect(recorder.savedState() == nil)
    while try recorder.advance() == nil {}
    #expect(recorder.end?.reason == .debugExit)
    #expect(recorder.savedState() == nil)
  }

  /// Limits count from the start of the run, as times do.
  @Test func limitsCountFromTheSavedState() throws {
    let state = try save(run(from: 0), at: 5_000_000)
    var run = EchoRun()
    run.add(.clock(.max >> 2), .input(EchoRun.releaseEnter))
    run.limits.clock = 1_000_000
    let end = try record(.state(state), run).end
    #expect(end.reason == .limit)
    #expect(end.clock == 6_000_000)
  }

  @Test func anotherMachineIsRefused() throws {
    let state = try save(run(from: 0), at: 1_000_000)
    var other = EchoRun()
    other.configuration.machine.memorySize = 4 << 20
    #expect(throws: Recorder.Failure.self) { try record(.state(state), other) }
  }

  // MARK: The file

  @Test func everyByteOfTheFileIsHashed() throws {
    let bytes = try save(run(from: 0), at: 1_000_000).bytes
    var generator = SeededGenerator(seed: 4)
    let offsets = Array(0..<300) + (0..<700).map { _ in Int.random(in: bytes.indices, using: &generator) }
    for offset in offsets {
      var damaged = bytes
      damaged[offset] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      // What no longer begins as a state is no kernel either.
      #expect(throws: ImageError.self, "offset \(offset)") { try RunImage(bytes: damaged) }
    }
    for count in [0, 7, 8, 47, 48, 200, bytes.count / 2, bytes.count - 1] {
      #expect(throws: ImageError.self, "cut to \(count)") { try RunImage(bytes: Array(bytes[..<count])) }
    }
    #expect(throws: ImageError.self) { try SavedState(bytes: bytes + [0]) }
  }

  /// The parts as docs/STATE_FORMAT.md has them, put together by hand.
  @Test func theFileIsAsDocumented() throws {
    let state = try save(run(from: 0), at: 1_000_000)
    let bytes = state.bytes
    func number(_ offset: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
    #expect(Array(bytes[..<8]) == [0x8F] + Array("OSTATE\n".utf8))
    #expect(number(8, 4) == 1 && number(12, 4) == 6 && number(16, 8) == bytes.count && number(24, 8) == 0)
    var offset = 48 + 6 * 32
    var sections: [ArraySlice<UInt8>] = []
    for index in 0..<6 {
      let entry = 48 + 32 * index
      #expect(number(entry, 4) == index + 1 && number(entry + 4, 4) == 0)
      let length = number(entry + 8, 8)
      sections.append(bytes[offset..<offset + length])
      let hash = Hash128(of: Array(sections[index]))
      #expect(Array(bytes[entry + 16..<entry + 24]) == (0..<8).map { UInt8(truncatingIfNeeded: hash.low >> (8 * $0)) })
      offset += length
    }
    #expect(offset == bytes.count)
    #expect(Array(sections[0]) == Array("pc-1".utf8))
    #expect(Array(sections[2]) == (try EchoKernel.image().bytes))
    var place = ByteReader(sections[3])
    #expect(try place.fixed(UInt64.self) == state.clock)
    #expect(try place.fixed(UInt64.self) == state.steps)
    // The last run of pages has none.
    #expect(sections[5].suffix(2) == [0, 0])
    #expect(sections[5].count > 4096 * state.pageCount)
  }
}

import OrreryBase
import OrreryImage
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

@Suite struct ScenarioDriverTests {
  private static let symbols = SymbolTable([
    Symbol(name: "idle", address: LinearAddress(0x2000), size: 16, isFunction: true),
    Symbol(name: "kernelMain", address: LinearAddress(0x1000), size: 16, isFunction: true),
  ])

  private static let key = InputAction.key(Key(rawValue: 0x1E), isPressed: true)
  private static let nmi = InputAction.nonMaskableInterrupt

  private func scenario(_ rules: [BoundRule], stops: [BoundStop] = []) -> BoundScenario {
    let count = rules.count + stops.count + rules.count
    return BoundScenario(
      machine: MachineSettings.default, limits: Limits.default, lanes: nil, allocators: [], rules: rules,
      stops: stops, anchors: (0..<count).map { Anchor(index: $0, name: "anchor \($0)", location: .none) }, values: [])
  }

  private func driver(_ rules: [BoundRule], stops: [BoundStop] = []) throws -> ScenarioDriver {
    try ScenarioDriver(scenario(rules, stops: stops), symbols: Self.symbols)
  }

  private func rule(
    _ anchor: Int, _ condition: Condition, delay: Clock = 0, repetition: BoundRepetition? = nil,
    _ actions: BoundAction...
  ) -> BoundRule {
    BoundRule(anchor: anchor, condition: condition, delay: delay, repetition: repetition, actions: actions)
  }

  private func every(
    _ period: Clock, lastClock: Clock? = nil, count: UInt64? = nil, end: BoundStop? = nil
  ) -> BoundRepetition {
    BoundRepetition(
      periods: PeriodGenerator(minimum: period, maximum: period), lastClock: lastClock, count: count, end: end)
  }

  /// The clocks at which inputs are due, up to `limit`.
  private func firings(_ driver: inout ScenarioDriver, limit: Clock) -> [Clock] {
    var clocks: [Clock] = []
    while let next = driver.nextClock, next <= limit {
      let inputs = driver.takeInputs(dueAt: next)
      if inputs.isEmpty { break }
      clocks += inputs.map { _ in next }
    }
    return clocks
  }

  @Test func aTimeIsKnownFromTheStart() throws {
    var driver = try driver([rule(0, .clock(100), delay: 5, .input(Self.key))])
    #expect(driver.nextClock == 105)
    #expect(driver.takeInputs(dueAt: 104) == [])
    #expect(driver.takeInputs(dueAt: 105) == [ScenarioDriver.Input(action: Self.key, anchor: 0)])
    #expect(driver.nextClock == nil)
    #expect(driver.reports(endedAsWished: false) == [])
  }

  @Test func aTextCountsAtItsHit() throws {
    var driver = try driver([rule(0, .serialText(Array("ok".utf8), port: 0, hit: 2), delay: 3, .input(Self.key))])
    #expect(driver.awaitsSerial)
    for (clock, byte) in "ok no ok".utf8.enumerated() {
      driver.consume(serial: byte, port: 1, clock: Clock(clock))
    }
    #expect(driver.nextClock == nil)
    for (clock, byte) in "ok no ok".utf8.enumerated() {
      driver.consume(serial: byte, port: 0, clock: Clock(50 + clock))
    }
    #expect(driver.nextClock == 60)
    #expect(!driver.awaitsSerial)
  }

  @Test func whatIsWrittenToTheTracePortIsNoSerialOutput() throws {
    var driver = try driver([
      rule(0, .markText(Array("ok\n".utf8), hit: 1), .input(Self.key)),
      rule(1, .serialText(Array("ok".utf8), port: 0, hit: 1), .input(Self.nmi)),
    ])
    #expect(driver.awaitsMark && driver.awaitsSerial && !driver.awaitsScreen)
    for (clock, byte) in "task ok\n".utf8.enumerated() { driver.consume(mark: byte, clock: Clock(clock)) }
    #expect(driver.nextClock == 7 && !driver.awaitsMark && driver.awaitsSerial)
    #expect(driver.takeInputs(dueAt: 7) == [ScenarioDriver.Input(action: Self.key, anchor: 0)])
  }

  @Test func aTextOnTheScreenCountsWhenItWasNotThereBefore() throws {
    var driver = try driver([rule(0, .screenText(Array("ok".utf8), hit: 2), .input(Self.key))])
    #expect(driver.awaitsScreen)
    var screen = ScreenContents()
    func show(_ text: String, row: UInt8, at clock: Clock) {
      screen.apply(row: row, column: 3, cells: text.utf8.flatMap { [$0, 0x07] })
      driver.look(at: screen, clock: clock)
    }
    show("o ", row: 1, at: 1)
    show("ok", row: 1, at: 2)
    // It scrolls, and is there all the time.
    show("ok", row: 0, at: 3)
    show("  ", row: 1, at: 4)
    #expect(driver.nextClock == nil && driver.awaitsScreen)
    show("  ", row: 0, at: 5)
    show("ok", row: 7, at: 6)
    #expect(driver.nextClock == 6 && !driver.awaitsScreen)
  }

  @Test func whatWasNeverWrittenOnTheScreenIsBlank() throws {
    var driver = try driver([rule(0, .screenText(Array("ready> ".utf8), hit: 1), .input(Self.key))])
    var screen = ScreenContents()
    // The blank behind it was there before, so no change tells of it.
    screen.apply(row: 0, column: 0, cells: "ready>".utf8.flatMap { [$0, 0x07] })
    driver.look(at: screen, clock: 9)
    #expect(driver.nextClock == 9)
  }

  @Test func aSymbolIsAwaitedUntilItsHit() throws {
    var driver = try driver([
      rule(0, .symbol("kernelMain", hit: 2), .input(Self.key)), rule(1, .symbol("idle", hit: 1), .input(Self.nmi)),
    ])
    #expect(driver.awaitedAddresses == [LinearAddress(0x1000), LinearAddress(0x2000)])
    driver.reach(LinearAddress(0x1000), clock: 10)
    #expect(driver.takeInputs(dueAt: 10) == [])
    driver.reach(LinearAddress(0x1000), clock: 20)
    #expect(driver.takeInputs(dueAt: 20) == [ScenarioDriver.Input(action: Self.key, anchor: 0)])
    #expect(driver.awaitedAddresses == [LinearAddress(0x2000)])
    #expect(driver.reports(endedAsWished: false) == ["never came true: anchor 1"])
  }

  @Test func aSymbolTheKernelLacksIsNamed() {
    let error = #expect(throws: ScenarioDriverError.self) {
      _ = try driver([rule(0, .symbol("kernelmain", hit: 1), .input(Self.key))])
    }
    #expect(error?.symbol == "kernelmain")
    #expect(error?.candidates == ["kernelMain"])
  }

  @Test func whatIsDueAtOneClockComesInTheOrderOfTheScenario() throws {
    var driver = try driver([
      rule(0, .serialText([0x41], port: 0, hit: 1), .input(Self.nmi)), rule(1, .clock(7), .input(Self.key)),
    ])
    driver.consume(serial: 0x41, port: 0, clock: 7)
    #expect(driver.takeInputs(dueAt: 7).map(\.anchor) == [0, 1])
  }

  @Test func aRepetitionStartsOnePeriodAfterItsCondition() throws {
    var driver = try driver([rule(0, .clock(100), delay: 10, repetition: every(50, count: 3), .input(Self.key))])
    #expect(firings(&driver, limit: 1000) == [160, 210, 260])
  }

  @Test func theLastClockOfARepetitionStillFires() throws {
    var driver = try driver([rule(0, .clock(0), repetition: every(10, lastClock: 30), .input(Self.key))])
    #expect(firings(&driver, limit: 1000) == [10, 20, 30])
  }

  @Test func aRepetitionEndsAfterItsConditionCameTrue() throws {
    let end = BoundStop(anchor: 1, condition: .symbol("idle", hit: 1), delay: 5)
    var driver = try driver([rule(0, .clock(0), repetition: every(10, end: end), .input(Self.key))])
    #expect(driver.awaitedAddresses == [LinearAddress(0x2000)])
    #expect(firings(&driver, limit: 20) == [10, 20])
    driver.reach(LinearAddress(0x2000), clock: 25)
    // The end counts at 30, and a firing due at that very clock happens.
    #expect(firings(&driver, limit: 1000) == [30])
    #expect(driver.reports(endedAsWished: false) == [])
  }

  @Test func aRepetitionNeverOverflows() throws {
    var driver = try driver([rule(0, .clock(1 << 62), repetition: every(1 << 63), .input(Self.key))])
    #expect(firings(&driver, limit: .max) == [1 << 62 + 1 << 63])
  }

  @Test func textsAreTypedOneCodeAtATimeAndInOrder() throws {
    let codes: [InputAction] = [Self.key, .key(Key(rawValue: 0x1E), isPressed: false)]
    var driver = try driver([
      rule(0, .clock(1), .typed(codes)), rule(1, .clock(2), .typed([Self.nmi])),
    ])
    #expect(!driver.isTyping)
    #expect(driver.takeInputs(dueAt: 1) == [])
    #expect(driver.isTyping)
    #expect(driver.takeTypedCode() == ScenarioDriver.Input(action: codes[0], anchor: 0))
    #expect(driver.takeInputs(dueAt: 2) == [])
    #expect(driver.takeTypedCode() == ScenarioDriver.Input(action: codes[1], anchor: 0))
    #expect(
      driver.reports(endedAsWished: false) == ["the guest did not read all that was typed; 1 code left: anchor 1"])
    #expect(driver.takeTypedCode() == ScenarioDriver.Input(action: Self.nmi, anchor: 1))
    #expect(!driver.isTyping)
  }

  @Test func aStopConditionCountsAfterItsDelay() throws {
    var driver = try driver(
      [],
      stops: [
        BoundStop(anchor: 0, condition: .symbol("idle", hit: 1), delay: 4),
        BoundStop(anchor: 1, condition: .clock(50), delay: 0),
      ])
    #expect(driver.nextClock == 50)
    driver.reach(LinearAddress(0x2000), clock: 10)
    #expect(driver.nextClock == 14)
    #expect(driver.stop(at: 13) == nil)
    #expect(driver.stop(at: 14)?.index == 0)
    #expect(driver.reports(endedAsWished: true) == [])
  }

  @Test func aStopThatNeverCameTrueIsReported() throws {
    let driver = try driver([], stops: [BoundStop(anchor: 0, condition: .symbol("idle", hit: 1), delay: 0)])
    #expect(driver.reports(endedAsWished: false) == ["never came true: anchor 0"])
  }

  @Test func aCopyGoesOnAsTheOriginal() throws {
    var driver = try driver([
      rule(
        0, .clock(0),
        repetition: BoundRepetition(periods: PeriodGenerator(minimum: 5, maximum: 50, seed: 7), lastClock: 5_000),
        .input(Self.key))
    ])
    #expect(firings(&driver, limit: 1000).count > 10)
    var copy = driver
    #expect(firings(&driver, limit: 5000) == firings(&copy, limit: 5000))
  }
}

import OrreryBase
import OrreryImage
import OrreryScenario
import Testing

@testable import Orrery

/// The driver against the sentence that says when a rule fires: at condition + delay + the sum of the first n periods, and at one clock in the order of the
/// rules.
@Suite struct ScenarioModelTests {
  private static let symbols = SymbolTable([
    Symbol(name: "tick", address: LinearAddress(0x1000), size: 16, isFunction: true),
    Symbol(name: "idle", address: LinearAddress(0x2000), size: 16, isFunction: true),
  ])

  /// What the guest does at one clock.
  private enum Happening {
    /// A byte written to a serial port, or with none to the trace port.
    case write(UInt8, port: UInt8?)
    case reach(String)
  }

  private struct Firing: Equatable {
    var clock: Clock
    var anchor: Int
  }

  /// The clock at which `condition` comes true for its hit, found by looking at all that happens.
  private static func clock(of condition: Condition, in happenings: [(clock: Clock, what: Happening)]) -> Clock? {
    switch condition {
    case .clock(let clock): return clock
    case .symbol(let name, let hit):
      let hits = happenings.filter { if case .reach(name) = $0.what { true } else { false } }
      return hits.count >= hit ? hits[Int(hit) - 1].clock : nil
    case .serialText(let text, let port, let hit): return clock(of: text, from: port, hit: hit, in: happenings)
    case .markText(let text, let hit): return clock(of: text, from: nil, hit: hit, in: happenings)
    case .screenText: preconditionFailure("no rule of this model waits for the screen")
    }
  }

  private static func clock(
    of text: [UInt8], from port: UInt8?, hit: UInt64, in happenings: [(clock: Clock, what: Happening)]
  ) -> Clock? {
    var written: [UInt8] = []
    var count: UInt64 = 0
    for (clock, what) in happenings {
      guard case .write(let byte, port) = what else { continue }
      written.append(byte)
      guard written.suffix(text.count) == text[...] else { continue }
      // Occurrences do not overlap.
      written = []
      count += 1
      if count == hit { return clock }
    }
    return nil
  }

  private static func firings(
    of rules: [BoundRule], in happenings: [(clock: Clock, what: Happening)], until last: Clock
  ) -> [Firing] {
    var firings: [Firing] = []
    for rule in rules {
      guard let condition = clock(of: rule.condition, in: happenings) else { continue }
      var clock = condition + rule.delay
      guard let repetition = rule.repetition else {
        firings.append(Firing(clock: clock, anchor: rule.anchor))
        continue
      }
      let end = repetition.end.flatMap { end in Self.clock(of: end.condition, in: happenings).map { $0 + end.delay } }
      var periods = repetition.periods
      for count in 0..<last {
        clock += periods.next()
        if count >= repetition.count ?? .max || clock > min(end ?? .max, repetition.lastClock ?? .max, last) { break }
        firings.append(Firing(clock: clock, anchor: rule.anchor))
      }
    }
    return firings.filter { $0.clock <= last }.sorted { ($0.clock, $0.anchor) < ($1.clock, $1.anchor) }
  }

  private static func condition(_ generator: inout SeededGenerator) -> Condition {
    let hit = UInt64.random(in: 1...5, using: &generator)
    switch Int.random(in: 0..<5, using: &generator) {
    case 0, 1: return .clock(.random(in: 0...300, using: &generator))
    case 2: return .symbol(Bool.random(using: &generator) ? "tick" : "idle", hit: hit)
    default:
      let text = [[0x61], [0x61, 0x61], [0x61, 0x62], [0x62, 0x61, 0x62]].randomElement(using: &generator) ?? []
      let bytes = text.map { UInt8($0) }
      guard let port = port(&generator) else { return .markText(bytes, hit: hit) }
      return .serialText(bytes, port: port, hit: hit)
    }
  }

  /// One of two serial ports, or nil for the trace port.
  private static func port(_ generator: inout SeededGenerator) -> UInt8? {
    [0, 1, nil].randomElement(using: &generator) ?? nil
  }

  private static func rule(_ anchor: Int, _ generator: inout SeededGenerator) -> BoundRule {
    var rule = BoundRule(
      anchor: anchor, condition: condition(&generator), delay: .random(in: 0...3, using: &generator) * 7,
      actions: [.input(.nonMaskableInterrupt)])
    guard Bool.random(using: &generator) else { return rule }
    let least = Clock.random(in: 1...20, using: &generator)
    var repetition = BoundRepetition(
      periods: PeriodGenerator(
        minimum: least, maximum: least + .random(in: 0...1, using: &generator) * 13, seed: UInt64(anchor)))
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: repetition.count = .random(in: 1...6, using: &generator)
    case 1: repetition.lastClock = .random(in: 0...400, using: &generator)
    case 2: repetition.end = BoundStop(anchor: 0, condition: condition(&generator), delay: 0)
    default: break
    }
    rule.repetition = repetition
    return rule
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func everyRuleFiresWhenTheLanguageSays(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let rules = (0..<Int.random(in: 1...30, using: &generator)).map { Self.rule($0, &generator) }
    var happenings: [(clock: Clock, what: Happening)] = []
    // One thing a clock at most: what a guest does takes a step.
    for clock in 0...400 as ClosedRange<Clock> {
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: happenings.append((clock, .reach("tick")))
      case 1: happenings.append((clock, .reach("idle")))
      case 2...8:
        let byte = UInt8.random(in: 0x61...0x62, using: &generator)
        happenings.append((clock, .write(byte, port: Self.port(&generator))))
      default: break
      }
    }
    var driver = try ScenarioDriver(
      BoundScenario(rules: rules, anchors: rules.map { Anchor(index: $0.anchor, name: "", location: .none) }),
      symbols: Self.symbols)
    var firings: [Firing] = []
    // As the recorder does: to what happens next, or to what is due, whichever comes first.
    var rest = happenings[...]
    while true {
      let clock = min(rest.first?.clock ?? .max, driver.nextClock ?? .max)
      guard clock <= 400 else { break }
      while let next = rest.first, next.clock == clock {
        rest.removeFirst()
        switch next.what {
        case .write(let byte, let port?): driver.consume(serial: byte, port: port, clock: clock)
        case .write(let byte, nil): driver.consume(mark: byte, clock: clock)
        case .reach(let name):
          let address = try #require(Self.symbols.address(of: name))
          if driver.awaitedAddresses.contains(address) { driver.reach(address, clock: clock) }
        }
      }
      firings += driver.takeInputs(dueAt: clock).map { Firing(clock: clock, anchor: $0.anchor) }
    }
    #expect(firings == Self.firings(of: rules, in: happenings, until: 400))
  }

  /// With work at each boundary for each rule this takes minutes.
  @Test func thousandsOfRulesAreNoBurden() throws {
    let count = 50_000
    let rules = (0..<count).map { index in
      // Each clock is due for two rules, of which the later one stands first half of the time.
      BoundRule(
        anchor: index, condition: .clock(Clock((index * 7_919) % (count / 2))),
        actions: [.input(.nonMaskableInterrupt), .typed([.nonMaskableInterrupt])])
    }
    let waiting = (0..<count).map { index in
      BoundRule(
        anchor: count + index, condition: .symbol("tick", hit: UInt64(index + 1)),
        actions: [.input(.nonMaskableInterrupt)])
    }
    let anchors = (0..<2 * count).map { Anchor(index: $0, name: "", location: .none) }
    var driver = try ScenarioDriver(BoundScenario(rules: rules + waiting, anchors: anchors), symbols: Self.symbols)
    var fired: [Firing] = []
    while let clock = driver.nextClock {
      fired += driver.takeInputs(dueAt: clock).map { Firing(clock: clock, anchor: $0.anchor) }
    }
    #expect(fired.count == count)
    #expect(zip(fired, fired.dropFirst()).allSatisfy { ($0.clock, $0.anchor) < ($1.clock, $1.anchor) })
    for hit in 1...count {
      driver.reach(LinearAddress(0x1000), clock: Clock(count + hit))
      #expect(driver.takeInputs(dueAt: Clock(count + hit)).map(\.anchor) == [count + hit - 1])
    }
    #expect(driver.awaitedAddresses.isEmpty)
    var typed = 0
    while driver.takeTypedCode() != nil { typed += 1 }
    #expect(typed == count && !driver.isTyping)
  }
}

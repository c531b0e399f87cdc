import OrreryBase
import OrreryScenario
import Testing

@Suite struct BindingTests {
  private func bound(_ text: String, with values: [ParameterValue] = []) throws -> BoundScenario {
    try Scenario(parsing: text, file: "f").bound(with: values)
  }

  private func value(_ name: String, _ value: UInt64) -> ParameterValue {
    ParameterValue(name: name, value: value)
  }

  /// At 3 GHz: 1 us is 3,000 clocks, 7 ns are 21, a step is one.
  @Test(
    arguments: [
      ("1 us", 3_000), ("7 ns", 21), ("2 ms", 6_000_000), ("4 s", 12_000_000_000), ("9 steps", 9),
      ("0 s", 0),
      ("1 instruction", 1), ("(2 + 3) * 2 - 1 us", 27_000), ("1 - 5 + 10 ns", 18),
    ] as [(String, Clock)])
  func timesAreInClocksOfTheScenariosFrequency(time: String, clocks: Clock) throws {
    let bound = try bound(
      "at \(time): nmi; after serial \"x\" + \(time): nmi; machine { frequency 3 GHz }")
    #expect(bound.rules.map(\.condition) == [.clock(clocks), .serialText([0x78], port: 0, hit: 1)])
    #expect(bound.rules.map(\.delay) == [0, clocks])
  }

  @Test func textsAreWaitedForWhereTheyAreWritten() throws {
    let bound = try bound(
      """
      after mark "task 1\\n" hit 2: nmi
      after screen "\\xC9 ok" every 1 ms until mark "x": nmi
      stop after screen "bye"
      """)
    #expect(
      bound.rules.map(\.condition) == [
        .markText(Array("task 1\n".utf8), hit: 2), .screenText([0xC9, 0x20, 0x6F, 0x6B], hit: 1),
      ])
    #expect(bound.rules[1].repetition?.end?.condition == .markText([0x78], hit: 1))
    #expect(bound.stops.map(\.condition) == [.screenText(Array("bye".utf8), hit: 1)])
    #expect(bound.anchors.first?.name == "after mark \"task 1\\n\" hit 2")
  }

  @Test func textThatFitsInNoRowIsNeverWaitedFor() throws {
    let row = String(repeating: "x", count: 80)
    _ = try bound("after screen \"\(row)\": nmi")
    let error = #expect(throws: ScenarioError.self) { try bound("after screen \"\(row)x\": nmi") }
    #expect(error?.description.contains("a row of the screen has 80 characters, and this text 81") == true)
  }

  @Test func defaultsFillWhatIsNotSaid() throws {
    let bound = try bound("")
    #expect(bound.machine == MachineSettings.default)
    #expect(bound.machine.memorySize == 67_108_864)
    #expect(bound.machine.frequency.hertz == 1_000_000_000)
    #expect(bound.limits.steps == 1_000_000_000)
    #expect(bound.limits.clock == 60_000_000_000)
    #expect(bound.limits.traceByteCount == 268_435_456)
    #expect(bound.lanes == nil)
    // 60 s at 2 MHz.
    #expect(try self.bound("machine { frequency 2 MHz }").limits.clock == 120_000_000)
  }

  @Test func lanesComeInTheOrderOfTheTraceEachOnce() throws {
    #expect(try bound("lanes output, input, output").lanes == [.input, .output])
    #expect(try bound("lanes none").lanes == [])
  }

  @Test func aParameterTakesItsFirstValueUnlessGivenOne() throws {
    let text = "param K = 3…9 by 3; param L = 32; on symbol f hit K + K * 2 steps: vector L + K"
    let first = try bound(text)
    #expect(first.values == [value("K", 3), value("L", 32)])
    #expect(first.rules[0].condition == .symbol("f", hit: 3))
    #expect(first.rules[0].delay == 6)
    #expect(first.rules[0].actions == [.input(.vector(35))])
    #expect(try bound(text, with: [value("K", 9)]).rules[0].actions == [.input(.vector(41))])
  }

  @Test(
    arguments: [
      ("K", 4, "parameter `K` cannot be 4", "its values are 3…9 by 3"),
      ("K", 12, "cannot be 12", ""),
      ("K", 0, "cannot be 0", ""), ("k2", 3, "no parameter `k2`", ""),
      ("KK", 3, "the scenario has no parameter `KK`", ""),
    ] as [(String, UInt64, String, String)])
  func aValueThatAParameterCannotTakeIsRefused(
    name: String, number: UInt64, message: String, remedy: String
  ) throws {
    let scenario = try Scenario(parsing: "param K = 3…9 by 3; at K ms: nmi", file: "f")
    let error = try #require(throws: ScenarioError.self) {
      try scenario.bound(with: [value(name, number)])
    }
    #expect(error.problems[0].message.contains(message))
    #expect(error.problems[0].remedy.contains(remedy))
  }

  @Test func aValueThatLeadsOutOfRangeIsReportedWithTheParameter() throws {
    let scenario = try Scenario(parsing: "param K = 0…20\nat 1 ms: irq K + 1", file: "f")
    #expect(throws: Never.self) { try scenario.bound(with: [value("K", 14)]) }
    let error = try #require(throws: ScenarioError.self) {
      try scenario.bound(with: [value("K", 15)])
    }
    #expect(error.problems[0].message == "an interrupt line must be from 0 to 15, not 16 (K = 15)")
    #expect(error.problems.map { [$0.line, $0.column, $0.length] } == [[2, 14, 5]])
    #expect(throws: ScenarioError.self) {
      try scenario.bound(with: [value("K", 1), value("K", 1)])
    }
  }

  @Test(
    arguments: [("K=7", 7), ("K=0x10", 16), ("K=18446744073709551615", .max)] as [(String, UInt64)])
  func anAssignmentGivesAValue(text: String, number: UInt64) {
    #expect(ParameterValue(assignment: text) == value("K", number))
  }

  @Test(arguments: [
    "K", "K=", "K=x", "K=-0", "K=+1", "K=0x", "K=0x+1", "K=1 ", "K=18446744073709551616", "",
  ])
  func whatIsNoAssignmentGivesNone(text: String) {
    #expect(ParameterValue(assignment: text) == nil)
  }

  @Test func theValuesOfAParameterAreInOrderAndEndWith64Bits() {
    #expect(Array(Parameter("K", in: 3...9, by: 3).values) == [3, 6, 9])
    #expect(Array(Parameter("K", in: 3...10, by: 3).values) == [3, 6, 9])
    #expect(Array(Parameter("K", in: .max - 1 ... .max, by: 1).values) == [.max - 1, .max])
    #expect(Array(Parameter("K", in: 0 ... .max, by: .max).values) == [0, .max])
    #expect(Array(Parameter("K", in: 0 ... .max).values.prefix(2)) == [0, 1])
  }

  @Test func repetitionsSayWhenAndHowOftenTheyFire() throws {
    let rules = try bound(
      """
      every 2 us + 5 steps until 1 ms: nmi
      at 1 ms every 3 steps 4 times: nmi
      after serial "a" every 1 steps until serial COM2 "b" hit 2: nmi
      every random 5…9 steps seed 3: nmi
      """
    ).rules
    #expect(rules[0].condition == .clock(0))
    #expect(rules[0].delay == 5)
    #expect(
      rules[0].repetition
        == BoundRepetition(
          periods: PeriodGenerator(minimum: 2000, maximum: 2000), lastClock: 1_000_000))
    #expect(rules[1].condition == .clock(1_000_000))
    #expect(
      rules[1].repetition
        == BoundRepetition(periods: PeriodGenerator(minimum: 3, maximum: 3), count: 4))
    #expect(
      rules[2].repetition?.end
        == BoundStop(anchor: 4, condition: .serialText([0x62], port: 1, hit: 2), delay: 0))
    #expect(rules[3].repetition?.periods == PeriodGenerator(minimum: 5, maximum: 9, seed: 3))
  }

  @Test func anchorsAreNamedInTheWordsOfTheScenario() throws {
    let anchors = try bound(
      """
      param K = 0…9
      after serial "ready>" + K steps: nmi

      every 1 ms until symbol panic { nmi; irq 1 }
      after serial "ready>" + K steps: irq 1
      at start: irq 1
      stop after serial "bye"
      """
    ).anchors
    #expect(
      anchors == [
        Anchor(index: 0, name: "after serial \"ready>\" + K steps", location: .none),
        Anchor(index: 1, name: "every 1 ms until symbol panic", location: .none),
        Anchor(index: 2, name: "after serial \"ready>\" + K steps (2)", location: .none),
        Anchor(index: 3, name: "at start", location: .none),
        Anchor(index: 4, name: "stop after serial \"bye\"", location: .none),
        Anchor(index: 5, name: "until symbol panic", location: .none),
      ])
    #expect(anchors.map(\.line) == [2, 4, 5, 6, 7, 4])
  }

  /// Codes by hand from the set-1 table: A 0x1E, left Ctrl 0x1D, Enter 0x1C.
  @Test func actionsBecomeInputsInOrder() throws {
    func key(_ code: UInt16, _ isPressed: Bool) -> InputAction {
      .key(Key(rawValue: code), isPressed: isPressed)
    }
    let actions = try bound(
      "at start { press A; key Ctrl+A; release A; type \"a{Enter}\"; serial COM2 \"\\x00b\"; irq 7; nmi }"
    ).rules[0].actions
    #expect(
      actions == [
        .input(key(0x1E, true)), .input(key(0x1D, true)), .input(key(0x1E, true)),
        .input(key(0x1E, false)),
        .input(key(0x1D, false)), .input(key(0x1E, false)),
        .typed([key(0x1E, true), key(0x1E, false), key(0x1C, true), key(0x1C, false)]),
        .input(.serial(port: 1, byte: 0)), .input(.serial(port: 1, byte: 0x62)),
        .input(.interruptLine(7)),
        .input(.nonMaskableInterrupt),
      ])
  }

  /// What only code can build.
  @Test(arguments: [
    Scenario(rules: [Rule(.start, do: [])]),
    Scenario(rules: [Rule(.start, do: .press(Key(rawValue: 0x7777)))]),
    Scenario(rules: [Rule(.start, do: .key(Chord(keys: [])))]),
    Scenario(rules: [Rule(.start, do: .type(TypedText(strokes: [.character(7)])))]),
    Scenario(rules: [
      Rule(
        .start, repeating: Repetition(every: .steps(1), .until(.start)), do: .nonMaskableInterrupt)
    ]),
    Scenario(parameters: [Parameter("K", in: 0...1), Parameter("K", in: 0...1)]),
    Scenario(parameters: [Parameter("K", in: 0...1, by: 0)]),
    Scenario(machine: MachineSettings(commandLine: ByteText(bytes: [0]))),
    Scenario(
      machine: MachineSettings(commandLine: ByteText(bytes: [UInt8](repeating: 0x61, count: 2048)))),
  ])
  func whatOnlyCodeCanGetWrongIsRefusedToo(scenario: Scenario) {
    #expect(throws: ScenarioError.self) { try scenario.bound() }
  }

  @Test func theGreatestTimesAddUpWithoutOverflow() throws {
    let rule = try bound("at 4611686018427387904 steps + 4611686018427387904 steps: nmi").rules[0]
    #expect(rule.condition == .clock(BoundScenario.timeLimit))
    #expect(rule.delay == BoundScenario.timeLimit)
    #expect(!BoundScenario.timeLimit.addingReportingOverflow(BoundScenario.timeLimit).overflow)
  }
}

@Suite struct PeriodGeneratorTests {
  @Test func drawnPeriodsStayInTheirRangeAndReachBothEnds() {
    var generator = PeriodGenerator(minimum: 3, maximum: 6, seed: 1)
    var counts = [Clock: Int]()
    for _ in 0..<4_000 { counts[generator.next(), default: 0] += 1 }
    #expect(counts.keys.sorted() == [3, 4, 5, 6])
    // 1,000 expected of each; five standard deviations are 137.
    for (_, count) in counts { #expect((863...1_137).contains(count)) }
  }

  @Test func theSeedAndNothingElseDecidesThem() {
    func draw(_ seed: UInt64) -> [Clock] {
      var generator = PeriodGenerator(minimum: 1, maximum: .max, seed: seed)
      return (0..<5).map { _ in generator.next() }
    }
    #expect(draw(7) == draw(7))
    #expect(draw(7) != draw(8))
    // SplitMix64 from seed 1234567, the published sequence; drawing from 0 would give its high bits, from 1 to 2^64 − 1 the same but for rounding.
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    var continued = PeriodGenerator(minimum: 1, maximum: 1000, seed: 5)
    _ = continued.next()
    var copy = continued
    #expect(copy.next() == continued.next())
  }
}

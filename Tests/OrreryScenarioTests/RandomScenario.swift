import OrreryBase
import OrreryScenario

/// Random scenarios that are sound, from a seed.
struct RandomScenario {
  private var generator: SeededGenerator
  private var parameters: [Parameter] = []

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &generator)]
  }

  private mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? {
    chance(50) ? make(&self) : nil
  }

  private mutating func list<Value>(_ count: ClosedRange<Int>, _ make: (inout Self) -> Value)
    -> [Value]
  {
    (0..<Int.random(in: count, using: &generator)).map { _ in make(&self) }
  }

  mutating func scenario() -> Scenario {
    parameters = []
    for name in ["K", "width_2", "seed", "hit"] where chance(50) {
      let first = UInt64.random(in: 1...50, using: &generator)
      let last = chance(20) ? first : first + UInt64.random(in: 0...100, using: &generator)
      parameters.append(
        Parameter(
          name, in: first...last,
          by: first == last ? 1 : UInt64.random(in: 1...3, using: &generator)))
    }
    return Scenario(
      machine: MachineSettings(
        memory: maybe { .mebibytes($0.literal(2...3072)) },
        frequency: maybe { .megahertz($0.literal(1...100_000)) },
        commandLine: maybe { $0.text(0...20, in: 1...255) },
        tlb: maybe { $0.pick(MachineSettings.TLB.allCases) },
        uart: maybe { $0.pick(MachineSettings.UART.allCases) }),
      // A limit of no clock is refused: a microsecond is at least one at every frequency.
      limits: Limits(
        steps: maybe { $0.number() }, time: maybe { TimeSpan($0.number(), .microseconds) },
        trace: maybe { ByteSize($0.number(), $0.pick(ByteSize.Unit.allCases)) }),
      lanes: maybe { random in random.list(0...4) { $0.pick(RecordedLane.allCases) } },
      allocators: list(0...4) { $0.allocator() }, parameters: parameters,
      rules: list(0...6) { $0.rule() },
      stops: list(0...3) { StopCondition($0.trigger(), delay: $0.maybe { $0.time() }) },
      expectedEnd: maybe { $0.pick(ExpectedEnd.allCases) })
  }

  private mutating func literal(_ range: ClosedRange<UInt64>) -> Number {
    Number(UInt64.random(in: range, using: &generator))
  }

  /// A number of at least 1 that is small enough for every place: differences have a large left side.
  private mutating func number(depth: Int = 0) -> Number {
    guard depth < 3, chance(40) else {
      if chance(40), let parameter = parameters.randomElement(using: &generator) {
        return .parameter(parameter.name)
      }
      return literal(1...100)
    }
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: return number(depth: depth + 1) + number(depth: depth + 1)
    case 1: return number(depth: depth + 1) * number(depth: depth + 2)
    // One operand on the right is at most 150.
    default: return literal(1_000...2_000) - number(depth: 3)
    }
  }

  private mutating func time() -> TimeSpan {
    TimeSpan(number(), pick([.steps, .nanoseconds, .microseconds]))
  }

  private mutating func text(_ count: ClosedRange<Int>, in range: ClosedRange<UInt8> = 0...255)
    -> ByteText
  {
    if chance(20) { return "Grüße, 世界 {\"\\}" }
    return ByteText(bytes: list(count) { UInt8.random(in: range, using: &$0.generator) })
  }

  private mutating func symbol() -> String {
    pick([
      "kernelMain", "Heap.allocate", "hit", "$s6kernelyyF", "a::b", "f(x:)", "a.", "0x", ".a",
      "ready", "π",
    ])
  }

  private mutating func trigger() -> Trigger {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: .start
    case 1: .at(time())
    default: condition()
    }
  }

  private mutating func condition() -> Trigger {
    let hit = chance(50) ? 1 : number()
    return switch Int.random(in: 0..<4, using: &generator) {
    case 0: .afterSerial(text(1...8), port: pick(SerialPort.allCases), hit: hit)
    case 1: .afterMark(text(1...8), hit: hit)
    case 2: .afterScreen(text(1...8), hit: hit)
    default: .onSymbol(SymbolName(symbol()), hit: hit)
    }
  }

  private mutating func repetition() -> Repetition {
    let period: Repetition.Period
    if chance(30) {
      let minimum = number()
      period = .random(
        minimum: minimum, maximum: minimum + number(), unit: pick([.steps, .milliseconds]),
        seed: number())
    } else {
      // At a frequency below 1 GHz a nanosecond may be no clock at all.
      period = .fixed(TimeSpan(number(), pick([.steps, .microseconds])))
    }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return Repetition(every: period)
    case 1: return Repetition(every: period, .times(number()))
    case 2: return Repetition(every: period, .until(.at(time())))
    default: return Repetition(every: period, .until(condition()))
    }
  }

  private mutating func rule() -> Rule {
    Rule(
      trigger(), delay: maybe { $0.time() }, repeating: maybe { $0.repetition() },
      do: list(1...4) { $0.action() })
  }

  private mutating func key() -> Key { Key(named: pick(KeyNames.all)) ?? .enter }

  private mutating func action() -> Action {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: return .press(key())
    case 1: return .release(key())
    case 2: return .key(Chord(keys: list(1...4) { $0.key() }))
    case 3:
      return .type(
        TypedText(
          strokes: list(1...10) {
            $0.chance(70)
              ? .character(UInt8.random(in: 0x20...0x7E, using: &$0.generator))
              : .chord(Chord(keys: $0.list(1...3) { $0.key() }))
          }))
    case 4: return .serial(text(1...8), port: pick(SerialPort.allCases))
    case 5: return .interruptLine(literal(0...15))
    case 6: return .vector(literal(32...255))
    default: return .nonMaskableInterrupt
    }
  }

  private mutating func allocator() -> AllocatorFunction {
    let resource = pick(AllocatorFunction.Resource.allCases)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return AllocatorFunction(resource, .allocate, symbol(), [.ignored, .size, .alignment])
    case 1:
      return AllocatorFunction(
        resource, .allocateZeroed, symbol(), [.out, .count, .ignored, .size])
    case 2: return AllocatorFunction(resource, .reallocate, symbol(), [.pointer, .oldSize, .size])
    default: return AllocatorFunction(resource, .free, symbol(), [.pointer])
    }
  }
}

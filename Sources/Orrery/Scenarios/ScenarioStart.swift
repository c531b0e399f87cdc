import OrreryBase
import OrreryScenario

extension BoundScenario {
  /// The same for a machine whose clock stands at `clock` when the run starts: times count from there. Sums stay far below 2^64, for no time exceeds `timeLimit`, nor does
  /// the clock of a machine that was saved.
  func starting(at clock: Clock) -> BoundScenario {
    guard clock != 0 else { return self }
    var scenario = self
    for index in scenario.rules.indices {
      scenario.rules[index].condition.start(at: clock)
      scenario.rules[index].repetition?.lastClock? += clock
      scenario.rules[index].repetition?.end?.condition.start(at: clock)
    }
    for index in scenario.stops.indices { scenario.stops[index].condition.start(at: clock) }
    return scenario
  }
}

extension Condition {
  fileprivate mutating func start(at clock: Clock) {
    if case .clock(let time) = self { self = .clock(time + clock) }
  }
}

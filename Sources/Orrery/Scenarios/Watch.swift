import OrreryBase
import OrreryImage
import OrreryScenario

/// One condition of a scenario, waited for, with the delay after which it counts.
struct Watch: Hashable, Sendable {
  /// What the condition listens to.
  private enum Source: Hashable, Sendable {
    case clock
    case serial(port: UInt8, TextMatcher)
    case symbol(LinearAddress)
  }

  private var source: Source
  private var hitsLeft: UInt64
  private let delay: Clock
  /// The clock at which it counts: known once the condition has come true, and for a time from the start.
  private(set) var due: Clock?
  /// Whether it came true at an anchor and counts at once: before the instruction there, not at the boundary.
  private(set) var isAtInstruction = false

  init(_ condition: Condition, delay: Clock, symbols: SymbolTable) throws(ScenarioDriverError) {
    self.delay = delay
    switch condition {
    case .clock(let clock):
      source = .clock
      hitsLeft = 0
      due = clock + delay
    case .serialText(let text, let port, let hit):
      source = .serial(port: port, TextMatcher(text))
      hitsLeft = hit
    case .symbol(let name, let hit):
      source = .symbol(try symbols.anchorAddress(of: name))
      hitsLeft = hit
    }
  }

  /// The address it waits at; nil when it waits for something else, or no more.
  var awaitedAddress: LinearAddress? {
    guard due == nil, case .symbol(let address) = source else { return nil }
    return address
  }

  /// Whether it waits for serial output.
  var awaitsSerial: Bool {
    guard due == nil, case .serial = source else { return false }
    return true
  }

  mutating func consume(serial byte: UInt8, port: UInt8, clock: Clock) {
    guard due == nil, case .serial(port, var matcher) = source else { return }
    let isFound = matcher.consume(byte)
    source = .serial(port: port, matcher)
    if isFound { hit(clock: clock) }
  }

  mutating func reach(_ address: LinearAddress, clock: Clock) {
    guard awaitedAddress == address else { return }
    hit(clock: clock)
    if due == clock { isAtInstruction = true }
  }

  private mutating func hit(clock: Clock) {
    hitsLeft -= 1
    if hitsLeft == 0 { due = clock + delay }
  }
}

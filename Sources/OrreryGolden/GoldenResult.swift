public import OrreryCompare

/// What a check of a case found.
public struct GoldenResult: Sendable {
  public enum Outcome: Sendable {
    case same
    case different(BehaviourComparison, behaviour: String)
    /// There is no golden that the behaviour could be compared with; the text says why.
    case withoutGolden(String, behaviour: String)
    /// The kernel could not be built, or the scenario waits for something that it no longer has: nothing can be said about its behaviour.
    case undecided(String)
    case trouble(String)
    case cancelled
  }

  public let goldenCase: GoldenCase
  public let outcome: Outcome
  /// What the scenario's checker has to say: what is legal but probably not meant.
  public let warnings: [String]

  public init(_ goldenCase: GoldenCase, _ outcome: Outcome, warnings: [String] = []) {
    self.goldenCase = goldenCase
    self.outcome = outcome
    self.warnings = warnings
  }

  public var isSame: Bool {
    if case .same = outcome { return true }
    return false
  }

  /// What accepting would make the golden; nil when it is that already, or there is nothing to accept.
  public var newBehaviour: String? {
    switch outcome {
    case .different(_, let behaviour), .withoutGolden(_, let behaviour): behaviour
    default: nil
    }
  }
}

extension GoldenResult.Outcome {
  init(_ error: GoldenError) {
    switch error {
    case .trouble(let text): self = .trouble(text)
    case .notBuilt(let text): self = .undecided(text)
    case .lostAnchor: self = .undecided(error.description)
    case .cancelled: self = .cancelled
    }
  }
}

/// A number of a scenario: a literal, a parameter, or sums, differences and products of them.
///
///     let delay: Number = 2 * .parameter("K") + 1
///
/// It is kept in postfix order rather than as a tree, so no length of expression can exhaust the stack.
public struct Number: Hashable, Sendable {
  /// One element of the postfix form.
  public enum Term: Hashable, Sendable {
    case literal(UInt64)
    case parameter(String)
    case add, subtract, multiply
  }

  /// Operands before their operator.
  public internal(set) var terms: [Term]
  public var location: SourceLocation

  init(terms: [Term], location: SourceLocation = .none) {
    self.terms = terms
    self.location = location
  }

  public init(_ value: UInt64, location: SourceLocation = .none) {
    self.init(terms: [.literal(value)], location: location)
  }

  /// The value of parameter `name`.
  public static func parameter(_ name: String) -> Number { Number(terms: [.parameter(name)]) }

  public static func + (left: Number, right: Number) -> Number { left.combined(with: right, .add) }
  public static func - (left: Number, right: Number) -> Number {
    left.combined(with: right, .subtract)
  }
  public static func * (left: Number, right: Number) -> Number {
    left.combined(with: right, .multiply)
  }

  private func combined(with right: Number, _ operation: Term) -> Number {
    Number(terms: terms + right.terms + [operation], location: location)
  }
}

extension Number: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: UInt64) { self.init(value) }
}

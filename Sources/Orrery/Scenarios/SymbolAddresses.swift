import OrreryBase

/// Where a scenario's symbols are in the kernel.
public protocol SymbolAddresses {
  /// The address of the symbol called `name`; nil when there is none.
  func address(of name: String) -> LinearAddress?

  /// Names that `name` may have been meant for, at most three, the likeliest first.
  func names(like name: String) -> [String]
}

/// A scenario that does not fit the kernel it is to be run on.
public struct ScenarioDriverError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The symbol that the kernel does not have.
  public var symbol: String
  /// Names it does have that are like it.
  public var similar: [String]

  public var description: String {
    let hint =
      similar.isEmpty
      ? "check its spelling, and that the kernel was linked without dropping its symbols"
      : "did you mean \(similar.map { "'\($0)'" }.joined(separator: " or "))?"
    return "the scenario waits for symbol '\(symbol)', which the kernel does not have; \(hint)"
  }
}

/// The name by which a scenario waits for a symbol of the kernel: its linkage name, or that of its source.
public struct SymbolName: Hashable, Sendable {
  public var text: String
  /// Where the scenario names it: the kernel may not have it, which shows only when the two meet.
  public var location: SourceLocation

  public init(_ text: String, location: SourceLocation = .none) {
    self.text = text
    self.location = location
  }
}

extension SymbolName: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self.init(text) }
}

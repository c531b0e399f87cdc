/// Names code addresses; made by whoever knows the image's symbols.
public protocol Symbolizer: Sendable {
  /// The function that contains `address`, in the names of its source language, and how far into it the address is, in bytes; nil when it is in none.
  func function(containing address: UInt64) -> SymbolizedAddress?

  /// The names of all functions that `function(containing:)` can give; nil when no symbols are known.
  var functionNames: [String]? { get }

  /// Whether `address` lies in the loaded image, code or data; such an address moves when the image is rebuilt.
  func isImage(_ address: UInt64) -> Bool

  /// Where the instruction at `address` comes from, as `file:line`: the innermost inlined function first, the function itself last. Empty where that is
  /// not known.
  func sourceLines(of address: UInt64) -> [String]
}

extension Symbolizer {
  public var functionNames: [String]? { nil }

  public func isImage(_ address: UInt64) -> Bool { function(containing: address) != nil }

  public func sourceLines(of address: UInt64) -> [String] { [] }
}

/// A code address by name.
public struct SymbolizedAddress: Hashable, Sendable {
  /// The function's demangled name, complete with any suffix its specialisation has.
  public var name: String
  /// The address less the function's start, in bytes.
  public var offset: UInt64

  public init(name: String, offset: UInt64) {
    self.name = name
    self.offset = offset
  }
}

/// A symbolizer that knows no symbols: addresses stay numbers.
public struct NoSymbols: Symbolizer {
  public init() {}

  public func function(containing address: UInt64) -> SymbolizedAddress? { nil }
}

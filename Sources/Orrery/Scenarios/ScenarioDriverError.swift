import OrreryBase
import OrreryImage
public import OrreryScenario

/// A scenario that does not fit the kernel it is to be run on: it waits for a symbol that is none, or more than one, or watches such a function.
public struct ScenarioDriverError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name the scenario gives.
  public var symbol: String
  /// The linkage names it may stand for: those that answer to it equally well, or, when none does, those that are like it.
  public var candidates: [String]
  public var isAmbiguous: Bool
  /// Whether it is a function of an allocator, whose calls are to be recorded.
  public var isWatched = false
  /// Where the scenario names it; `none` for a scenario built in code.
  public var location = SourceLocation.none

  /// The most names a message lists.
  private static let candidateLimit = 4

  init(ambiguous name: String, _ symbols: [Symbol]) {
    symbol = name
    candidates = symbols.prefix(Self.candidateLimit).map(\.name)
    isAmbiguous = true
  }

  init(missing name: String, in table: SymbolTable) {
    symbol = name
    isAmbiguous = false
    let wanted = name.lowercased()
    let base = wanted.split(whereSeparator: { ".:(".contains($0) }).last.map(String.init) ?? wanted
    var candidates: [String] = []
    for symbol in table.symbols where symbol.name.lowercased().contains(base) && !candidates.contains(symbol.name) {
      candidates.append(symbol.name)
      if candidates.count == Self.candidateLimit { break }
    }
    self.candidates = candidates
  }

  public var description: String {
    let names = candidates.map { "'\($0)'" }.joined(separator: ", ")
    let what = isWatched ? "it watches function" : "it waits for symbol"
    if isAmbiguous {
      return "\(what) '\(symbol)', which stands for several: \(names); give one of these names"
    }
    let hint =
      candidates.isEmpty
      ? "check its spelling, and that the kernel still has its symbol table" : "names like it are \(names)"
    return "\(what) '\(symbol)', which the kernel does not have; \(hint)"
  }
}

extension ScenarioDriverError {
  /// `path` of the scenario with line and column, where they are known.
  public func place(in path: String) -> String {
    location.line > 0 ? "\(path):\(location.line):\(location.column)" : path
  }
}

extension SymbolTable {
  /// The address a scenario's symbol stands for.
  func anchorAddress(of name: String) throws(ScenarioDriverError) -> LinearAddress {
    switch find(name) {
    case .found(let symbol): return symbol.address
    case .ambiguous(let symbols): throw ScenarioDriverError(ambiguous: name, symbols)
    case .missing: throw ScenarioDriverError(missing: name, in: self)
    }
  }
}

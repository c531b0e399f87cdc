/// Why a case, or all of them, could not be compared.
public enum GoldenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file is missing or wrong: where, what, and what to do.
  case trouble(String)
  /// The kernel could not be built.
  case notBuilt(String)
  /// The scenario waits for something that the kernel does not have, as a rule because it was renamed.
  case lostAnchor(String)
  /// The caller gave up.
  case cancelled

  public var description: String {
    switch self {
    case .trouble(let text), .notBuilt(let text): text
    case .lostAnchor(let text): "anchor lost: \(text)"
    case .cancelled: "given up"
    }
  }
}

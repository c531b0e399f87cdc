public import OrreryBase

/// Keys held together: `Ctrl+C`. Pressed in order, released in reverse.
public struct Chord: Hashable, Sendable {
  /// The most keys that are held together.
  static let keyLimit = 10

  /// At least one.
  public var keys: [Key]

  public init(_ keys: Key...) { self.keys = keys }
  public init(keys: [Key]) { self.keys = keys }

  /// The presses and releases, in order.
  public var transitions: [InputAction] {
    keys.map { .key($0, isPressed: true) } + keys.reversed().map { .key($0, isPressed: false) }
  }
}

extension Chord: ExpressibleByStringLiteral {
  /// The keys that `text` names, as in `Ctrl+C`.
  ///
  /// - Precondition: every name is a key's; a literal that is none is a mistake in the code.
  public init(stringLiteral text: String) {
    self.init(
      keys: text.split(separator: "+").map { name in
        guard let key = KeyNames.key(named: String(name)) else {
          preconditionFailure("no key is called \(name)")
        }
        return key
      })
  }
}

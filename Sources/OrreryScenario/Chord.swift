public import OrreryBase

/// Keys held together: `Ctrl+C`. Pressed in order, released in reverse.
public struct Chord: Hashable, Sendable {
  /// At least one.
  public var keys: [Key]

  public init(_ keys: Key...) { self.keys = keys }
  public init(keys: [Key]) { self.keys = keys }

  /// The presses and releases, in order.
  public var transitions: [InputAction] {
    keys.map { .key($0, isPressed: true) } + keys.reversed().map { .key($0, isPressed: false) }
  }
}

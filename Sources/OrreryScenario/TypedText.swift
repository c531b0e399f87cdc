/// What is typed at the keyboard: characters of a US layout and named keys.
public struct TypedText: Hashable, Sendable {
  public enum Stroke: Hashable, Sendable {
    /// A character that a US keyboard types, with Shift where it needs it: 0x20…0x7E.
    case character(UInt8)
    /// Named keys, written `{Enter}` or `{Ctrl+C}`.
    case chord(Chord)
  }

  public var strokes: [Stroke]

  public init(strokes: [Stroke]) { self.strokes = strokes }
}

public import OrreryBase

/// What is typed at the keyboard: characters of a US layout and named keys.
///
///     try TypedText("help{Enter}")
///     try TypedText("{Ctrl+C}{{ is a brace")
public struct TypedText: Hashable, Sendable {
  public enum Stroke: Hashable, Sendable {
    /// A character that a US keyboard types, with Shift where it needs it: 0x20…0x7E.
    case character(UInt8)
    /// Named keys, written `{Enter}` or `{Ctrl+C}`.
    case chord(Chord)
  }

  public var strokes: [Stroke]

  public init(strokes: [Stroke]) { self.strokes = strokes }

  /// Why a text cannot be typed.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes of the text that are at fault.
    public var range: Range<Int>
    public var message: String
    public var remedy: String

    public var description: String { remedy.isEmpty ? message : "\(message); \(remedy)" }
  }

  /// The strokes that `text` describes: keys by name in braces, `{{` for a brace, Enter and Tab also as `\n` and `\t`.
  public init(_ text: String) throws(Failure) { try self.init(bytes: Array(text.utf8)) }

  init(bytes: [UInt8]) throws(Failure) {
    var strokes: [Stroke] = []
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "{") where position + 1 < bytes.count && bytes[position + 1] == byte:
        strokes.append(.character(byte))
        position += 2
      case UInt8(ascii: "{"):
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else {
          throw Failure(
            range: position..<bytes.count, message: "expected `}` after the name of a key",
            remedy: "write {{ to type a brace")
        }
        strokes.append(.chord(try Self.chord(bytes, in: position + 1..<end)))
        position = end + 1
      case 0x0A:
        strokes.append(.chord(Chord(.enter)))
        position += 1
      case 0x09:
        strokes.append(.chord(Chord(.tab)))
        position += 1
      case 0x20...0x7E:
        strokes.append(.character(byte))
        position += 1
      default:
        var end = position + 1
        while byte >= 0x80, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        throw Failure(
          range: position..<end, message: "no key of a US keyboard types this character",
          remedy: "name keys in braces: {Enter}, {Backspace}, {Ctrl+C}")
      }
    }
    self.strokes = strokes
  }

  private static func chord(_ bytes: [UInt8], in range: Range<Int>) throws(Failure) -> Chord {
    var keys: [Key] = []
    var start = range.lowerBound
    while start <= range.upperBound {
      let end =
        bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: "+")) ?? range.upperBound
      let name = String(decoding: bytes[start..<end], as: UTF8.self)
      guard let key = KeyNames.key(named: name) else {
        throw Failure(
          range: start..<max(end, start + 1),
          message: "expected the name of a key, found `\(clipped(name))`",
          remedy: KeyNames.nearest(to: name).map { "did you mean `\($0)`?" } ?? "")
      }
      keys.append(key)
      guard keys.count <= Chord.keyLimit else {
        throw Failure(
          range: range, message: "more than \(Chord.keyLimit) keys are held together", remedy: "")
      }
      start = end + 1
    }
    return Chord(keys: keys)
  }

  /// The presses and releases that type the text, in order; nil when a stroke has no key.
  public var transitions: [InputAction]? {
    var actions: [InputAction] = []
    for stroke in strokes {
      switch stroke {
      case .chord(let chord):
        actions += chord.transitions
      case .character(let character):
        guard let (key, isShifted) = KeyNames.stroke(typing: character) else { return nil }
        actions += (isShifted ? Chord(.shift, key) : Chord(key)).transitions
      }
    }
    return actions
  }
}

extension TypedText: ExpressibleByStringLiteral {
  /// - Precondition: the text can be typed; a literal that cannot is a mistake in the code.
  public init(stringLiteral text: String) {
    do {
      try self.init(text)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

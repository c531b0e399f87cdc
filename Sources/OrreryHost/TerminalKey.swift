/// A key as a terminal reports it: what was meant, not which key was down.
public enum TerminalKey: Hashable, Sendable {
  /// A printable character.
  case character(Unicode.Scalar)
  /// A letter typed with Control held, in lower case.
  case control(Unicode.Scalar)
  case enter, tab, backspace, escape
  case up, down, left, right, home, end, insert, delete, pageUp, pageDown
  /// F1…F12.
  case function(Int)
}

/// Turns the bytes a terminal sends into keys; an escape sequence may arrive in pieces.
public struct TerminalKeyDecoder: Sendable {
  private var pending: [UInt8] = []

  public init() {}

  /// The keys in `bytes`, together with what was left over from the last call. With `isComplete` no more bytes are on their way, so that a lone
  /// escape is the Escape key.
  public mutating func keys(in bytes: [UInt8], isComplete: Bool) -> [TerminalKey] {
    pending += bytes
    var keys: [TerminalKey] = []
    var rest = pending[...]
    while let first = rest.first {
      guard let (key, count) = Self.next(in: rest, first: first, isComplete: isComplete) else { break }
      if let key { keys.append(key) }
      rest = rest.dropFirst(count)
    }
    pending = Array(rest)
    return keys
  }

  /// The next key (nil for bytes that mean none) and how many bytes it took; nil when more bytes are needed.
  private static func next(in bytes: ArraySlice<UInt8>, first: UInt8, isComplete: Bool) -> (TerminalKey?, Int)? {
    switch first {
    case 0x0D, 0x0A: return (.enter, 1)
    case 0x09: return (.tab, 1)
    case 0x08, 0x7F: return (.backspace, 1)
    case 0x1B: return escapeSequence(in: bytes, isComplete: isComplete)
    case 0x01...0x1A: return (.control(Unicode.Scalar(first + 0x60)), 1)
    case 0x1C...0x1F: return (.control(Unicode.Scalar(first + 0x40)), 1)
    case 0x20...0x7E: return (.character(Unicode.Scalar(first)), 1)
    case 0xC2...0xF4:
      let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      guard bytes.count >= count || isComplete else { return nil }
      let text = String(validating: bytes.prefix(count), as: UTF8.self)
      guard let scalar = text?.unicodeScalars.first else { return (nil, 1) }
      return (.character(scalar), count)
    default: return (nil, 1)
    }
  }

  /// `ESC [ … final`, `ESC O final`, or Escape alone (ECMA-48 5.4; the numbers are those of the VT220 and xterm).
  private static func escapeSequence(in bytes: ArraySlice<UInt8>, isComplete: Bool) -> (TerminalKey?, Int)? {
    let all = Array(bytes.prefix(16))
    guard all.count > 1 else { return isComplete ? (.escape, 1) : nil }
    guard all[1] == UInt8(ascii: "[") || all[1] == UInt8(ascii: "O") else { return (.escape, 1) }
    guard let final = all.indices.dropFirst(2).first(where: { 0x40...0x7E ~= all[$0] }) else {
      if all.count == 16 { return (nil, 16) }
      return isComplete ? (.escape, 1) : nil
    }
    let parameter = all[2..<final].prefix { 0x30...0x39 ~= $0 }.reduce(0) { ($0 * 10 + Int($1 - 0x30)) % 1000 }
    return (key(final: all[final], parameter: parameter), final + 1)
  }

  private static func key(final: UInt8, parameter: Int) -> TerminalKey? {
    switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(final - UInt8(ascii: "P")) + 1)
    case UInt8(ascii: "~"):
      switch parameter {
      case 1, 7: .home
      case 2: .insert
      case 3: .delete
      case 4, 8: .end
      case 5: .pageUp
      case 6: .pageDown
      case 11...15: .function(parameter - 10)
      case 17...21: .function(parameter - 11)
      case 23, 24: .function(parameter - 12)
      default: nil
      }
    default: nil
    }
  }
}

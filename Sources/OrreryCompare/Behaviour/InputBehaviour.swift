import OrreryBase
import OrreryTrace

/// Says inputs in order, keys and bytes of one cause together: `keys H E L P Enter, after serial "ready> "`.
struct InputBehaviour {
  /// What is typed in one go.
  private enum Kind: Equatable {
    case keys
    case serial(port: UInt8)
  }

  private var kind = Kind.keys
  private var cause = ""
  private var keys: [(name: String, key: Key, isPressed: Bool, isReleased: Bool)] = []
  private var bytes: [UInt8] = []

  /// A line has at most this many keys or bytes.
  private static let lineLimit = 32

  /// Takes an input and gives the lines that are now complete.
  mutating func append(_ action: InputAction, _ cause: String, keyName: (Key) -> String?) -> [String] {
    switch action {
    case .key(let key, let isPressed):
      var lines = start(.keys, cause)
      if !isPressed, let last = keys.last, last.key == key, last.isPressed, !last.isReleased {
        keys[keys.count - 1].isReleased = true
      } else {
        if keys.count == InputBehaviour.lineLimit { lines += flush() }
        let name = keyName(key) ?? hexadecimal(key.rawValue, digits: 2)
        keys.append((name, key, isPressed, !isPressed))
      }
      return lines
    case .serial(let port, let byte):
      var lines = start(.serial(port: port), cause)
      if bytes.count == InputBehaviour.lineLimit { lines += flush() }
      bytes.append(byte)
      return lines
    case .interruptLine, .vector, .nonMaskableInterrupt, .flip:
      return flush() + ["\(action.rendered(keyName)), \(cause)"]
    }
  }

  /// The line of what was gathered so far.
  mutating func flush() -> [String] {
    defer {
      keys = []
      bytes = []
    }
    if !keys.isEmpty {
      let words = keys.map { $0.isPressed ? ($0.isReleased ? $0.name : "\($0.name)↓") : "\($0.name)↑" }
      return ["\(keys.count == 1 ? "key" : "keys") \(words.joined(separator: " ")), \(cause)"]
    }
    if !bytes.isEmpty, case .serial(let port) = kind {
      return ["\(Words.port(port)) receives \(Words.quoted(bytes)), \(cause)"]
    }
    return []
  }

  private mutating func start(_ kind: Kind, _ cause: String) -> [String] {
    guard kind != self.kind || cause != self.cause else { return [] }
    let lines = flush()
    self.kind = kind
    self.cause = cause
    return lines
  }
}

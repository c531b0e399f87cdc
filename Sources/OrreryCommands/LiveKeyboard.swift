import OrreryBase
import OrreryHost
import OrreryScenario

/// Turns what a terminal sends into presses and releases of keys on a US keyboard.
struct LiveKeyboard {
  private var decoder = TerminalKeyDecoder()
  /// Those before `position` are done; all are dropped when the last one is, so that a long text can be pasted.
  private var actions: [InputAction] = []
  private var position = 0

  /// The character that ends a live run: Ctrl+].
  private static let quit = TerminalKey.control("]")

  /// Reads what was typed, waiting at most `timeoutMilliseconds`; true when the person wants to leave.
  mutating func read(timeoutMilliseconds: Int32) -> Bool {
    let bytes = Terminal.typedBytes(timeoutMilliseconds: timeoutMilliseconds)
    for key in decoder.keys(in: bytes, isComplete: true) {
      if key == Self.quit { return true }
      actions += Self.transitions(of: key)
    }
    return false
  }

  /// The next press or release; nil when there is none.
  mutating func next() -> InputAction? {
    guard position < actions.count else { return nil }
    let action = actions[position]
    position += 1
    if position == actions.count {
      actions.removeAll(keepingCapacity: true)
      position = 0
    }
    return action
  }

  /// What a person does on a US keyboard to make a terminal send `key`; nothing for a character that keyboard lacks.
  static func transitions(of key: TerminalKey) -> [InputAction] {
    func named(_ name: String) -> [InputAction] { Key(named: name).map { Chord($0).transitions } ?? [] }
    switch key {
    case .character(let scalar):
      guard scalar.isASCII else { return [] }
      let text = TypedText(strokes: [.character(UInt8(scalar.value))])
      return text.transitions ?? []
    case .control(let scalar):
      return Key(named: String(scalar)).map { Chord(.control, $0).transitions } ?? []
    case .enter: return named("Enter")
    case .tab: return named("Tab")
    case .backspace: return named("Backspace")
    case .escape: return named("Escape")
    case .up: return named("Up")
    case .down: return named("Down")
    case .left: return named("Left")
    case .right: return named("Right")
    case .home: return named("Home")
    case .end: return named("End")
    case .insert: return named("Insert")
    case .delete: return named("Delete")
    case .pageUp: return named("PageUp")
    case .pageDown: return named("PageDown")
    case .function(let number): return named("F\(number)")
    }
  }
}

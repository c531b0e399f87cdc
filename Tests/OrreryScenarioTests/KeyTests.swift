import OrreryBase
import OrreryScenario
import Testing

/// Codes are those of scan-code set 1 as every PC keyboard manual lists them.
@Suite struct KeyTests {
  @Test(
    arguments: [
      ("Escape", 0x01), ("esc", 0x01), ("1", 0x02), ("0", 0x0B), ("Minus", 0x0C),
      ("backspace", 0x0E), ("Tab", 0x0F),
      ("q", 0x10), ("P", 0x19), ("Enter", 0x1C), ("Ctrl", 0x1D), ("A", 0x1E), ("L", 0x26),
      ("Shift", 0x2A), ("Z", 0x2C),
      ("M", 0x32), ("Slash", 0x35), ("RightShift", 0x36), ("KeypadMultiply", 0x37), ("Alt", 0x38),
      ("Space", 0x39),
      ("CapsLock", 0x3A), ("F1", 0x3B), ("F10", 0x44), ("NumLock", 0x45), ("ScrollLock", 0x46),
      ("Keypad7", 0x47),
      ("KeypadMinus", 0x4A), ("Keypad5", 0x4C), ("KeypadPlus", 0x4E), ("Keypad0", 0x52),
      ("KeypadPeriod", 0x53),
      ("F11", 0x57), ("F12", 0x58), ("KeypadEnter", 0xE01C), ("RightCtrl", 0xE01D),
      ("KeypadSlash", 0xE035),
      ("PrintScreen", 0xE037), ("AltGr", 0xE038), ("Home", 0xE047), ("Up", 0xE048),
      ("PageUp", 0xE049),
      ("Left", 0xE04B), ("Right", 0xE04D), ("End", 0xE04F), ("Down", 0xE050), ("PageDown", 0xE051),
      ("Insert", 0xE052),
      ("Delete", 0xE053), ("LeftMeta", 0xE05B), ("Menu", 0xE05D),
    ] as [(String, UInt16)])
  func aNameStandsForItsCode(name: String, code: UInt16) {
    #expect(Key(named: name)?.rawValue == code)
  }

  @Test func everyKeyHasOneNameThatReadsBack() {
    for name in KeyNames.all { #expect(Key(named: name).flatMap(KeyNames.name) == name) }
    #expect(Set(KeyNames.all).count == KeyNames.all.count)
    #expect(Key(named: "") == nil)
    #expect(Key(named: "Any") == nil)
  }

  /// Keys by hand: `a` is 0x1E; `A` the same with Shift (0x2A); `!` is Shift and 1 (0x02); `~` Shift and 0x29; `|` Shift and 0x2B; `?` Shift and 0x35.
  @Test(
    arguments: [
      ("a", [0x1E, -0x1E]), ("A", [0x2A, 0x1E, -0x1E, -0x2A]), ("!", [0x2A, 0x02, -0x02, -0x2A]),
      ("~", [0x2A, 0x29, -0x29, -0x2A]), ("|", [0x2A, 0x2B, -0x2B, -0x2A]),
      ("?", [0x2A, 0x35, -0x35, -0x2A]),
      (" ", [0x39, -0x39]), ("{{", [0x2A, 0x1A, -0x1A, -0x2A]), ("}", [0x2A, 0x1B, -0x1B, -0x2A]),
      ("[", [0x1A, -0x1A]),
      ("\"", [0x2A, 0x28, -0x28, -0x2A]), ("_", [0x2A, 0x0C, -0x0C, -0x2A]),
      (")", [0x2A, 0x0B, -0x0B, -0x2A]),
      ("\n", [0x1C, -0x1C]), ("\t", [0x0F, -0x0F]), ("{F1}", [0x3B, -0x3B]),
      ("{shift}", [0x2A, -0x2A]),
      ("{Ctrl+c}", [0x1D, 0x2E, -0x2E, -0x1D]),
      ("{Ctrl+Alt+-}", [0x1D, 0x38, 0x0C, -0x0C, -0x38, -0x1D]),
    ] as [(String, [Int])])
  func aTextIsTypedOnAUSKeyboard(text: String, codes: [Int]) throws {
    let expected = codes.map { InputAction.key(Key(rawValue: UInt16(abs($0))), isPressed: $0 > 0) }
    #expect(try TypedText(text).transitions == expected)
  }

  @Test func everyPrintableCharacterCanBeTyped() throws {
    for character in UInt8(0x20)...0x7E {
      let text = TypedText(strokes: [.character(character)])
      let transitions = try #require(text.transitions)
      #expect(transitions.count == 2 || transitions.count == 4)
    }
    let all = (UInt8(0x20)...0x7E).map { TypedText(strokes: [.character($0)]).transitions }
    // No two characters are typed alike.
    for (index, transitions) in all.enumerated() {
      #expect(!all[(index + 1)...].contains(transitions))
    }
  }
}

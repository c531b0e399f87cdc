public import OrreryBase

/// The names of keys, and what a US keyboard types with them. Codes are those of scan-code set 1 (IBM PS/2 technical reference, keyboard).
public enum KeyNames {
  /// One key: its name in a scenario, the name's other spellings, and its code.
  struct Entry {
    let name: String
    let aliases: [String]
    let key: Key
  }

  static let entries: [Entry] = {
    var entries: [Entry] = []
    func add(_ code: UInt16, _ names: String...) {
      entries.append(
        Entry(name: names[0], aliases: Array(names.dropFirst()), key: Key(rawValue: code)))
    }
    /// Consecutive codes, one name each.
    func addRow(_ first: UInt16, _ names: String) {
      for (index, name) in names.split(separator: " ").enumerated() {
        add(first + UInt16(index), String(name))
      }
    }
    add(0x01, "Escape", "Esc")
    addRow(0x02, "1 2 3 4 5 6 7 8 9 0")
    add(0x0C, "Minus", "-")
    add(0x0D, "Equals", "=")
    add(0x0E, "Backspace")
    add(0x0F, "Tab")
    addRow(0x10, "Q W E R T Y U I O P")
    add(0x1A, "LeftBracket", "[")
    add(0x1B, "RightBracket", "]")
    add(0x1C, "Enter", "Return")
    add(0x1D, "Ctrl", "LeftCtrl", "Control", "LeftControl")
    addRow(0x1E, "A S D F G H J K L")
    add(0x27, "Semicolon", ";")
    add(0x28, "Apostrophe", "'")
    add(0x29, "Backquote", "`")
    add(0x2A, "Shift", "LeftShift")
    add(0x2B, "Backslash", "\\")
    addRow(0x2C, "Z X C V B N M")
    add(0x33, "Comma", ",")
    add(0x34, "Period", ".")
    add(0x35, "Slash", "/")
    add(0x36, "RightShift")
    add(0x37, "KeypadMultiply")
    add(0x38, "Alt", "LeftAlt")
    add(0x39, "Space")
    add(0x3A, "CapsLock")
    addRow(
      0x3B, "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock Keypad7 Keypad8 Keypad9 KeypadMinus")
    addRow(0x4B, "Keypad4 Keypad5 Keypad6 KeypadPlus Keypad1 Keypad2 Keypad3 Keypad0 KeypadPeriod")
    addRow(0x57, "F11 F12")
    add(0xE01C, "KeypadEnter")
    add(0xE01D, "RightCtrl", "RightControl")
    add(0xE035, "KeypadSlash")
    add(0xE037, "PrintScreen")
    add(0xE038, "RightAlt", "AltGr")
    addRow(0xE047, "Home Up PageUp")
    add(0xE04B, "Left")
    add(0xE04D, "Right")
    addRow(0xE04F, "End Down PageDown Insert Delete")
    add(0xE05B, "LeftMeta", "Meta")
    add(0xE05C, "RightMeta")
    add(0xE05D, "Menu")
    return entries
  }()

  /// Every name, in the order of the codes.
  public static var all: [String] { entries.map(\.name) }

  /// Every spelling in lower case with its key, in ascending order.
  private static let spellings: [(spelling: String, key: Key)] = entries.flatMap { entry in
    ([entry.name] + entry.aliases).map { ($0.lowercased(), entry.key) }
  }.sorted { $0.spelling < $1.spelling }

  /// The key called `name`, in any case and spelling.
  public static func key(named name: String) -> Key? {
    // Longer than any spelling: not worth folding.
    guard name.utf8.count <= 20 else { return nil }
    let folded = name.lowercased()
    let index = spellings.partitioningIndex { $0.spelling >= folded }
    return index < spellings.count && spellings[index].spelling == folded ? spellings[index].key : nil
  }

  /// The name of `key`; nil for a code that no key here has.
  public static func name(of key: Key) -> String? {
    entries.first { $0.key == key }?.name
  }

  /// The name nearest to `name`, when it may be a slip of it.
  static func nearest(to name: String) -> String? {
    nearestWord(to: name, among: entries.flatMap { [$0.name] + $0.aliases })
  }

  /// Characters without Shift, and at the same place of `shifted` with it.
  private static let plain = Array("`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ ".utf8)
  private static let shifted = Array("~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>? ".utf8)

  /// By character code, the key that types it and whether Shift is held for it.
  private static let strokes: [(key: Key, isShifted: Bool)?] = {
    var strokes = [(key: Key, isShifted: Bool)?](repeating: nil, count: 128)
    for (plain, shifted) in zip(plain, shifted) {
      let name = plain == UInt8(ascii: " ") ? "Space" : String(decoding: [plain], as: UTF8.self)
      guard let key = key(named: name) else { continue }
      strokes[Int(shifted)] = (key, true)
      strokes[Int(plain)] = (key, false)
    }
    return strokes
  }()

  /// The key that types `character` on a US keyboard, and whether Shift is held for it.
  static func stroke(typing character: UInt8) -> (key: Key, isShifted: Bool)? {
    character < 128 ? strokes[Int(character)] : nil
  }
}

extension Key {
  public static let escape = Key(rawValue: 0x01)
  public static let backspace = Key(rawValue: 0x0E)
  public static let tab = Key(rawValue: 0x0F)
  public static let enter = Key(rawValue: 0x1C)
  public static let control = Key(rawValue: 0x1D)
  public static let shift = Key(rawValue: 0x2A)
  public static let alt = Key(rawValue: 0x38)
  public static let space = Key(rawValue: 0x39)
  public static let up = Key(rawValue: 0xE048)
  public static let left = Key(rawValue: 0xE04B)
  public static let right = Key(rawValue: 0xE04D)
  public static let down = Key(rawValue: 0xE050)

  /// The key called `name` in a scenario, such as `F1` or `a`; nil when none is.
  public init?(named name: String) {
    guard let key = KeyNames.key(named: name) else { return nil }
    self = key
  }
}

import OrreryBase

/// Types texts so that no code is ever lost: each is sent when the guest has read the one before.
struct Typist: Hashable, Sendable {
  private struct Text: Hashable, Sendable {
    var codes: [InputAction]
    var next = 0
    var anchor: Int
  }

  /// Texts that were to be typed; those before `current` are typed to their end.
  private var texts: [Text] = []
  /// The one being typed.
  private var current = 0

  var isTyping: Bool { current < texts.count }

  /// How many codes are still to be sent.
  private(set) var codesLeft = 0
  /// The most that may wait for a guest that does not read them; more than a person types in a day.
  static let codeLimit = 1 << 20

  /// The anchor of the text being typed; nil when all is typed.
  var anchor: Int? { isTyping ? texts[current].anchor : nil }

  mutating func type(_ codes: [InputAction], anchor: Int) {
    guard !codes.isEmpty else { return }
    texts.append(Text(codes: codes, anchor: anchor))
    codesLeft += codes.count
  }

  /// The code to send now that the keyboard is idle; nil when all is typed.
  mutating func nextCode() -> ScenarioDriver.Input? {
    guard isTyping else { return nil }
    let input = ScenarioDriver.Input(action: texts[current].codes[texts[current].next], anchor: texts[current].anchor)
    texts[current].next += 1
    codesLeft -= 1
    if texts[current].next == texts[current].codes.count { advance() }
    return input
  }

  /// Goes on to the next text. Those typed are dropped when they are half of all, so that neither time nor memory grows with their number.
  private mutating func advance() {
    current += 1
    guard current * 2 >= texts.count else { return }
    texts.removeFirst(current)
    current = 0
  }
}

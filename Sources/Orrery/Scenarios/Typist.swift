import OrreryBase

/// Types texts so that no code is ever lost: each is sent when the guest has read the one before.
struct Typist: Hashable, Sendable {
  private struct Text: Hashable, Sendable {
    var codes: [InputAction]
    var next = 0
    var anchor: Int
  }

  /// Texts not typed to their end, the first being typed.
  private var texts: [Text] = []

  var isTyping: Bool { !texts.isEmpty }

  /// How many codes are still to be sent.
  private(set) var codesLeft = 0
  /// The most that may wait for a guest that does not read them; more than a person types in a day.
  static let codeLimit = 1 << 20

  /// The anchors of the texts that are not typed to their end, in order.
  var anchors: [Int] { texts.map(\.anchor) }

  mutating func type(_ codes: [InputAction], anchor: Int) {
    guard !codes.isEmpty else { return }
    texts.append(Text(codes: codes, anchor: anchor))
    codesLeft += codes.count
  }

  /// The code to send now that the keyboard is idle; nil when all is typed.
  mutating func nextCode() -> ScenarioDriver.Input? {
    guard !texts.isEmpty else { return nil }
    let input = ScenarioDriver.Input(action: texts[0].codes[texts[0].next], anchor: texts[0].anchor)
    texts[0].next += 1
    codesLeft -= 1
    if texts[0].next == texts[0].codes.count { texts.removeFirst() }
    return input
  }
}

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
  var codesLeft: Int { texts.reduce(0) { $0 + $1.codes.count - $1.next } }

  /// The anchors of the texts that are not typed to their end, in order.
  var anchors: [Int] { texts.map(\.anchor) }

  mutating func type(_ codes: [InputAction], anchor: Int) {
    if !codes.isEmpty { texts.append(Text(codes: codes, anchor: anchor)) }
  }

  /// The code to send now that the keyboard is idle; nil when all is typed.
  mutating func nextCode() -> ScenarioDriver.Input? {
    guard !texts.isEmpty else { return nil }
    let input = ScenarioDriver.Input(action: texts[0].codes[texts[0].next], anchor: texts[0].anchor)
    texts[0].next += 1
    if texts[0].next == texts[0].codes.count { texts.removeFirst() }
    return input
  }
}

/// The text of a scenario, kept so that a message can show the line it is about.
///
/// As a location says nothing of the meaning, any two sources are equal.
struct ScenarioSource: Hashable, Sendable {
  let file: String
  private let bytes: [UInt8]

  init(text: String, file: String) {
    self.file = file
    self.bytes = Array(text.utf8)
  }

  static func == (left: Self, right: Self) -> Bool { true }
  func hash(into hasher: inout Hasher) {}

  /// Line `number`, counted from 1, without its end; nil when there is none.
  func line(_ number: Int) -> String? {
    guard number >= 1, !bytes.isEmpty else { return nil }
    var start = bytes.startIndex
    for _ in 1..<number {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      start = end + 1
    }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    let line = bytes[start..<end]
    return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
  }
}

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

  /// Whether the scenario was built in code.
  var isEmpty: Bool { bytes.isEmpty }

  static func == (left: Self, right: Self) -> Bool { true }
  func hash(into hasher: inout Hasher) {}

  /// At most `width` scalars of line `number`, counted from 1, with `column`, counted from 1, among them, and the column of the first; nil when there is no such line.
  ///
  /// A line may be as long as the whole text, so only what is shown is made a string.
  func excerpt(ofLine number: Int, around column: Int, width: Int) -> (
    text: String, start: Int, isWhole: Bool
  )? {
    guard number >= 1, !bytes.isEmpty else { return nil }
    var position = 0
    for _ in 1..<number {
      guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      position = end + 1
    }
    let lineEnd = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    // The byte offset of each scalar that may be shown: the last `width` up to the place, then as many after it.
    var offsets: [Int] = []
    var first = 1
    var count = 0
    for offset in position..<lineEnd where bytes[offset] & 0xC0 != 0x80 {
      if bytes[offset] == UInt8(ascii: "\r"), offset + 1 == lineEnd { break }
      count += 1
      offsets.append(offset)
      if count > column + width { break }
      if offsets.count > 4 * width {
        offsets.removeFirst(2 * width)
        first += 2 * width
      }
    }
    let start = max(first, min(column - width / 2, count - width + 1))
    let last = min(count, start + width - 1)
    guard start <= last else { return ("", start, true) }
    let end = last - first + 1 < offsets.count ? offsets[last - first + 1] : lineEnd
    var shown = bytes[offsets[start - first]..<end]
    if shown.last == UInt8(ascii: "\r") { shown.removeLast() }
    return (String(decoding: shown, as: UTF8.self), start, last == count)
  }
}

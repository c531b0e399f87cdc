/// Finds occurrences of a text in a stream of bytes, one byte at a time, in constant time and memory (Knuth, Morris, Pratt).
///
/// Occurrences do not overlap: after one the search starts afresh.
struct TextMatcher: Hashable, Sendable {
  private let text: [UInt8]
  /// For each length of a matched prefix, the length of the longest shorter prefix that ends it.
  private let fallback: [Int]
  private var matched = 0

  init(_ text: [UInt8]) {
    precondition(!text.isEmpty, "the text to be found is not empty")
    self.text = text
    var fallback = [0, 0]
    var length = 0
    for index in text.indices.dropFirst() {
      while length > 0, text[index] != text[length] { length = fallback[length] }
      if text[index] == text[length] { length += 1 }
      fallback.append(length)
    }
    self.fallback = fallback
  }

  /// Takes the next byte; true when it completes an occurrence.
  mutating func consume(_ byte: UInt8) -> Bool {
    while matched > 0, text[matched] != byte { matched = fallback[matched] }
    if text[matched] == byte { matched += 1 }
    guard matched == text.count else { return false }
    matched = 0
    return true
  }
}

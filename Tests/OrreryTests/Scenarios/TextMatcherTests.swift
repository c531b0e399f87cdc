import Testing

@testable import Orrery

@Suite struct TextMatcherTests {
  /// After which bytes, counted from 1, `text` is found in `stream`.
  private func places(_ text: String, in stream: String) -> [Int] {
    var matcher = TextMatcher(Array(text.utf8))
    return Array(stream.utf8).enumerated().filter { matcher.consume($0.element) }.map { $0.offset + 1 }
  }

  @Test func aTextIsFoundAtItsLastByte() { #expect(places("ready", in: "not ready, ready") == [9, 16]) }
  @Test func aFalseStartDoesNotHideAnOccurrence() { #expect(places("aab", in: "aaab") == [4]) }
  @Test func occurrencesDoNotOverlap() { #expect(places("abab", in: "abababab") == [4, 8]) }
  @Test func oneByte() { #expect(places("x", in: "xxyx") == [1, 2, 4]) }
  @Test func aPrefixThatRepeatsItself() { #expect(places("abcabd", in: "abcabcabd") == [9]) }
}

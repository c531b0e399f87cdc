import OrreryHost
import Testing

@Suite struct TerminalKeyTests {
  private func keys(_ text: String, isComplete: Bool = true) -> [TerminalKey] {
    var decoder = TerminalKeyDecoder()
    return decoder.keys(in: Array(text.utf8), isComplete: isComplete)
  }

  @Test func lettersEnterAndBackspace() {
    #expect(keys("aZ \r\u{7F}\t") == [.character("a"), .character("Z"), .character(" "), .enter, .backspace, .tab])
  }

  @Test func controlLetters() {
    #expect(keys("\u{03}\u{1D}") == [.control("c"), .control("]")])
  }

  @Test func cursorAndFunctionKeys() {
    #expect(
      keys("\u{1B}[A\u{1B}OB\u{1B}[3~\u{1B}OP\u{1B}[15~\u{1B}[24~") == [
        .up, .down, .delete, .function(1), .function(5), .function(12),
      ])
  }

  @Test func aSequenceMayArriveInPieces() {
    var decoder = TerminalKeyDecoder()
    #expect(decoder.keys(in: [0x1B], isComplete: false) == [])
    #expect(decoder.keys(in: [0x5B], isComplete: false) == [])
    #expect(decoder.keys(in: [0x44], isComplete: false) == [.left])
  }

  @Test func aLoneEscapeIsTheKeyOnceNothingFollows() {
    var decoder = TerminalKeyDecoder()
    #expect(decoder.keys(in: [0x1B], isComplete: false) == [])
    #expect(decoder.keys(in: [], isComplete: true) == [.escape])
  }

  @Test func nonsenseIsSkippedAndNeverHangs() {
    var decoder = TerminalKeyDecoder()
    #expect(
      decoder.keys(in: [0x1B, 0x5B] + [UInt8](repeating: 0x31, count: 64) + [0x41, 0xFF, 0x61], isComplete: true).last
        == .character("a"))
  }

  @Test func charactersBeyondASCII() {
    #expect(keys("é€") == [.character("é"), .character("€")])
  }
}

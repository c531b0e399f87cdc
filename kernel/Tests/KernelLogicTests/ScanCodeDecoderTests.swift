import KernelLogic
import Testing

struct ScanCodeDecoderTests {
  private func keys(_ codes: [UInt8]) -> [Key] {
    var decoder = ScanCodeDecoder()
    return codes.compactMap { decoder.decode($0) }
  }
  private func text(_ codes: [UInt8]) -> String {
    String(
      decoding: keys(codes).compactMap { key in
        if case .character(let character) = key { character } else { nil }
      }, as: UTF8.self)
  }

  @Test func pressesGiveCharactersAndReleasesNothing() {
    // h e l l o: 0x23 0x12 0x26 0x26 0x18.
    #expect(text([0x23, 0xa3, 0x12, 0x92, 0x26, 0xa6, 0x26, 0xa6, 0x18, 0x98, 0x1c, 0x9c]) == "hello\n")
  }

  @Test(arguments: [UInt8(0x2a), 0x36])
  func shiftHoldsUntilItsRelease(_ shift: UInt8) {
    #expect(text([shift, 0x1e, 0x02, shift | 0x80, 0x1e, 0x02]) == "A!a1")
  }

  @Test func eitherShiftKeepsTheOther() {
    #expect(text([0x2a, 0x36, 0x36 | 0x80, 0x1e, 0xaa, 0x1e]) == "Aa")
  }

  @Test func capsLockTurnsLettersOnly() {
    #expect(text([0x3a, 0xba, 0x1e, 0x02, 0x2a, 0x1e, 0xaa, 0x3a, 0xba, 0x1e]) == "A1aa")
  }

  @Test func theMainRowsReadAsPrintedOnTheKeys() {
    #expect(text(Array(0x02...0x0d)) == "1234567890-=")
    #expect(text(Array(0x10...0x1b)) == "qwertyuiop[]")
    #expect(text(Array(0x1e...0x29)) == "asdfghjkl;'`")
    #expect(text(Array(0x2b...0x35)) == "\\zxcvbnm,./")
    #expect(text([0x2a] + Array(0x02...0x0d)) == "!@#$%^&*()_+")
    #expect(text([0x2a] + Array(0x2b...0x35)) == "|ZXCVBNM<>?")
  }

  @Test func extendedCodesAreOtherKeys() {
    #expect(keys([0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x4d, 0xe0, 0x53]) == [.arrowUp, .arrowRight, .delete])
    #expect(text([0xe0, 0x1c, 0xe0, 0x35]) == "\n/")
  }

  @Test func fakeShiftsAroundExtendedKeysAreNotShift() {
    #expect(text([0xe0, 0x2a, 0xe0, 0x47, 0x1e]) == "a")
  }

  @Test func pauseIsSkippedWhole() {
    #expect(text([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x1e]) == "a")
    #expect(keys([0xe1, 0x1d, 0x45]).isEmpty)
  }

  @Test func functionKeysAreNumbered() {
    #expect(keys([0x3b, 0x44, 0x57, 0x58]) == [.function(1), .function(10), .function(11), .function(12)])
  }

  @Test func noSequenceOfCodesTraps() {
    var decoder = ScanCodeDecoder()
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        _ = decoder.decode(first)
        _ = decoder.decode(second)
      }
    }
    // Whatever came before: end a Pause, let go of both shifts, and "1" is "1".
    for code in [0xff, 0xff, 0xaa, 0xb6] as [UInt8] { _ = decoder.decode(code) }
    #expect(decoder.decode(0x02) == .character(UInt8(ascii: "1")))
  }
}

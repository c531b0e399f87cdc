/// A command as typed: words between spaces.
package struct CommandText {
  package let words: [String]
  /// The command without the spaces before it.
  package let line: String
  /// All after the first word, as typed.
  package let rest: String

  package init(_ line: some Collection<UInt8>) {
    words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    let afterSpaces = line.drop { $0 == UInt8(ascii: " ") }
    let afterWord = afterSpaces.drop { $0 != UInt8(ascii: " ") }
    self.line = String(decoding: afterSpaces, as: UTF8.self)
    rest = String(decoding: afterWord.dropFirst(), as: UTF8.self)
  }

  package static func split(script: [UInt8]) -> [CommandText] {
    script.split(separator: UInt8(ascii: ";")).map { CommandText($0) }
  }

  /// The word at `index` as a number, decimal or with a leading 0x; nil when there is none or it is no number.
  package func number(at index: Int) -> UInt64? {
    guard index < words.count else { return nil }
    let digits = Array(words[index].utf8)
    if digits.count > 2, digits[0] == UInt8(ascii: "0"), digits[1] == UInt8(ascii: "x") {
      return Self.number(digits[2...], radix: 16)
    }
    return Self.number(digits[...], radix: 10)
  }

  private static func number(_ digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
      let digitValue: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digitValue = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digitValue = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digitValue = digit - UInt8(ascii: "A") + 10
      case UInt8(ascii: "_"): continue
      default: return nil
      }
      guard digitValue < radix else { return nil }
      let (scaled, scaleOverflow) = value.multipliedReportingOverflow(by: radix)
      let (sum, sumOverflow) = scaled.addingReportingOverflow(UInt64(digitValue))
      guard !scaleOverflow, !sumOverflow else { return nil }
      value = sum
    }
    return digits.isEmpty ? nil : value
  }
}

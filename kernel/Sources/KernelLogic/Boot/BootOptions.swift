/// The boot command line as `key=value` words. A value with spaces stands in double quotes: `run="alloc 8; free"`.
package struct BootOptions {
  private let text: [UInt8]

  package init(_ text: [UInt8]) { self.text = text }

  /// The value of the first word `key=…`, or nil. A missing closing quote ends at the end of the line.
  package func value(of key: StaticString) -> [UInt8]? {
    let keyLength = key.utf8CodeUnitCount
    var index = 0
    while index < text.count {
      while index < text.count, text[index] == UInt8(ascii: " ") { index += 1 }
      let start = index
      var insideQuotes = false
      while index < text.count, insideQuotes || text[index] != UInt8(ascii: " ") {
        if text[index] == UInt8(ascii: "\"") { insideQuotes.toggle() }
        index += 1
      }
      guard index - start > keyLength, text[start + keyLength] == UInt8(ascii: "=") else { continue }
      guard (0..<keyLength).allSatisfy({ text[start + $0] == key.utf8Start[$0] }) else { continue }
      return text[(start + keyLength + 1)..<index].filter { $0 != UInt8(ascii: "\"") }
    }
    return nil
  }
}

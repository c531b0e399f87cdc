/// The boot command line (PVH boot protocol, `cmdline_paddr`) as `key=value` words. A value with spaces stands in double quotes: `run="alloc 8;
/// free"`.
package struct BootOptions {
  private let text: BootText

  package init(_ text: some Sequence<UInt8>) { self.text = BootText(text) }
  package init(_ text: BootText) { self.text = text }

  /// The value of the first word `key=…`, or nil. A missing closing quote ends at the end of the line.
  package func value(of key: StaticString) -> BootText? {
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
      guard index - start > keyLength, text[start + keyLength] == UInt8(ascii: "="), isKey(key, at: start) else {
        continue
      }
      var value = BootText()
      for index in (start + keyLength + 1)..<index where text[index] != UInt8(ascii: "\"") { value.append(text[index]) }
      return value
    }
    return nil
  }

  private func isKey(_ key: StaticString, at start: Int) -> Bool {
    for index in 0..<key.utf8CodeUnitCount where text[start + index] != key.utf8Start[index] { return false }
    return true
  }
}

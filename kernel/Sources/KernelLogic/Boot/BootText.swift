/// Text from the boot command line, kept without the heap: it says which heap there is to be.
package struct BootText: RandomAccessCollection {
  package static let capacity = 1024

  private var bytes = InlineArray<1024, UInt8>(repeating: 0)
  private var length = 0

  package init() {}
  /// What does not fit is cut off.
  package init(_ text: some Sequence<UInt8>) { for byte in text { append(byte) } }

  package mutating func append(_ byte: UInt8) {
    guard length < Self.capacity else { return }
    bytes[length] = byte
    length += 1
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { length }
  package subscript(index: Int) -> UInt8 { bytes[index] }

  package func equals(_ word: StaticString) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    for index in 0..<length where bytes[index] != word.utf8Start[index] { return false }
    return true
  }
}

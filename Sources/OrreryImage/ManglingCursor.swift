/// A position in a mangled name; every look and step is checked, so no name can make it trap.
struct ManglingCursor {
  let bytes: ArraySlice<UInt8>
  var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position >= bytes.endIndex }
  /// The next byte; 0 at the end.
  var next: UInt8 { isAtEnd ? 0 : bytes[position] }
  var rest: ArraySlice<UInt8> { bytes[min(position, bytes.endIndex)...] }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character), !isAtEnd else { return false }
    position += 1
    return true
  }

  /// A decimal number without sign; nil when there is none, or it exceeds what a name can hold.
  mutating func natural() -> Int? {
    var value = 0
    let start = position
    while next.isDigit {
      value = value * 10 + Int(next - UInt8(ascii: "0"))
      guard value <= bytes.count else { return nil }
      position += 1
    }
    return position > start ? value : nil
  }

  /// The next `count` bytes; nil when fewer are left.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= bytes.endIndex - position else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }
}

extension UInt8 {
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  var isLowercase: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
  var isUppercase: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }
}

/// A line of text built without the heap, so that an exception handler or `panic` can print at any moment.
///
///     println("page fault at \(address)")
///
/// Holds 256 bytes; what is more is cut off and marked with "...".
package struct ConsoleText: ExpressibleByStringInterpolation {
  package static let capacity = 256

  package struct StringInterpolation: StringInterpolationProtocol {
    package typealias StringLiteralType = StaticString
    fileprivate var bytes = InlineArray<256, UInt8>(repeating: 0)
    fileprivate var count = 0

    package init(literalCapacity: Int, interpolationCount: Int) {}

    @inline(never)
    package mutating func append(_ byte: UInt8) {
      if count < ConsoleText.capacity {
        bytes[count] = byte
        count += 1
      } else {
        for index in (ConsoleText.capacity - 3)..<ConsoleText.capacity { bytes[index] = UInt8(ascii: ".") }
      }
    }

    @inline(never)
    package mutating func appendLiteral(_ literal: StaticString) {
      for index in 0..<literal.utf8CodeUnitCount { append(literal.utf8Start[index]) }
    }
    package mutating func appendInterpolation(_ literal: StaticString) { appendLiteral(literal) }
    package mutating func appendInterpolation(_ text: [UInt8]) { for byte in text { append(byte) } }
    package mutating func appendInterpolation(_ text: BootText) { for byte in text { append(byte) } }
    package mutating func appendInterpolation(_ text: String) { for byte in text.utf8 { append(byte) } }
    package mutating func appendInterpolation(_ text: ConsoleText) { text.forEachByte { append($0) } }

    package mutating func appendInterpolation(_ value: some FixedWidthInteger) {
      if value < 0 { append(UInt8(ascii: "-")) }
      appendDigits(UInt64(value.magnitude), radix: 10)
    }
    /// As Swift writes it: the fewest digits that give the same number back.
    package mutating func appendInterpolation(_ value: Double) { appendInterpolation(value.description) }
    package mutating func appendInterpolation(hex value: UInt64) {
      appendLiteral("0x")
      appendDigits(value, radix: 16)
    }
    package mutating func appendInterpolation(_ address: LinearAddress) {
      appendInterpolation(hex: address.rawValue)
    }
    package mutating func appendInterpolation(_ address: PhysicalAddress) {
      appendInterpolation(hex: address.rawValue)
    }

    @inline(never)
    private mutating func appendDigits(_ value: UInt64, radix: UInt64) {
      var divisor: UInt64 = 1
      while value / divisor >= radix { divisor *= radix }
      while divisor > 0 {
        let digit = UInt8(truncatingIfNeeded: value / divisor % radix)
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        divisor /= radix
      }
    }
  }

  private var content: StringInterpolation

  package init(stringInterpolation: StringInterpolation) { content = stringInterpolation }
  @inline(never)
  package init(stringLiteral literal: StaticString) {
    content = StringInterpolation(literalCapacity: 0, interpolationCount: 0)
    content.appendLiteral(literal)
  }

  package func forEachByte(_ body: (UInt8) -> Void) {
    for index in 0..<content.count { body(content.bytes[index]) }
  }
}

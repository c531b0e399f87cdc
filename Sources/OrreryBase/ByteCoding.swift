/// Appends values to a byte array in Orrery's coding: little-endian fixed-width integers, LEB128 variable-width integers, length-prefixed bytes.
@frozen
public struct ByteWriter {
  public var bytes: [UInt8] = []

  @inlinable
  public init() {}

  @inlinable
  public mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// `value` in its full width, little-endian.
  @inlinable
  public mutating func append(fixed value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// `value` in one to ten bytes, seven bits each, the lowest first.
  @inlinable
  public mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// `value` zigzag-coded, so that small negative numbers are short.
  @inlinable
  public mutating func append(signedVarint value: Int64) {
    append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  /// A count, then the bytes.
  @inlinable
  public mutating func append(counted data: some Collection<UInt8>) {
    append(varint: UInt64(data.count))
    bytes.append(contentsOf: data)
  }

  /// A count of UTF-8 bytes, then the bytes.
  @inlinable
  public mutating func append(_ text: String) { append(counted: text.utf8) }

  @inlinable
  public mutating func append(_ hash: Hash128) {
    append(fixed: hash.low)
    append(fixed: hash.high)
  }

  @inlinable
  public mutating func append(_ flag: Bool) { bytes.append(flag ? 1 : 0) }
}

/// Why bytes could not be read as what they should be.
public struct ByteCodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The offset, in bytes from the start of the data, of the value that is wrong.
  public var offset: Int
  public var reason: String

  public init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  public var description: String { "offset \(offset): \(reason)" }
}

/// Reads what a `ByteWriter` wrote; every read checks that the bytes are there, so no input can make it trap.
@frozen
public struct ByteReader {
  @usableFromInline let bytes: ArraySlice<UInt8>
  @usableFromInline var position: Int

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes[...]
    position = 0
  }

  /// Reads `bytes`; offsets are counted from the slice's own indices, so errors name places in the whole.
  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The offset of the next byte, counted from the start of the data.
  @inlinable
  public var offset: Int { position }

  public var isAtEnd: Bool { offset == bytes.endIndex }

  /// How many bytes are left.
  @inlinable
  public var remaining: Int { bytes.endIndex - offset }

  public mutating func byte() throws(ByteCodingError) -> UInt8 {
    guard offset < bytes.endIndex else { throw ended("a byte") }
    defer { position += 1 }
    return bytes[offset]
  }

  public mutating func flag() throws(ByteCodingError) -> Bool {
    let start = offset
    switch try byte() {
    case 0: return false
    case 1: return true
    case let value: throw ByteCodingError(offset: start, reason: "expected 0 or 1, found \(value)")
    }
  }

  @inlinable
  public mutating func fixed<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(ByteCodingError) -> Value {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { throw ended("\(size) bytes") }
    var value: Value = 0
    for index in 0..<size {
      value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(8 * index)
    }
    position += size
    return value
  }

  /// A LEB128 number; overlong and overflowing codings are refused, so every value has one coding.
  public mutating func varint() throws(ByteCodingError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      let payload = UInt64(next & 0x7F)
      guard shift < 63 || payload <= 1 else {
        throw ByteCodingError(offset: start, reason: "a number exceeds 64 bits")
      }
      value |= payload << shift
      if next < 0x80 {
        guard next != 0 || shift == 0 else {
          throw ByteCodingError(offset: start, reason: "a number is coded in more bytes than it needs")
        }
        return value
      }
      shift += 7
      guard shift <= 63 else { throw ByteCodingError(offset: start, reason: "a number exceeds 64 bits") }
    }
  }

  public mutating func signedVarint() throws(ByteCodingError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A count and as many bytes.
  public mutating func counted() throws(ByteCodingError) -> ArraySlice<UInt8> {
    let start = offset
    let count = try varint()
    guard count <= UInt64(remaining) else {
      throw ByteCodingError(offset: start, reason: "\(count) bytes announced, \(remaining) left")
    }
    defer { position += Int(count) }
    return bytes[offset..<offset + Int(count)]
  }

  public mutating func take(_ count: Int) throws(ByteCodingError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw ended("\(count) bytes") }
    defer { position += count }
    return bytes[offset..<offset + count]
  }

  public mutating func text() throws(ByteCodingError) -> String {
    let start = offset
    guard let text = String(validating: try counted(), as: UTF8.self) else {
      throw ByteCodingError(offset: start, reason: "a text is not valid UTF-8")
    }
    return text
  }

  public mutating func hash() throws(ByteCodingError) -> Hash128 {
    let low = try fixed(UInt64.self)
    return Hash128(high: try fixed(UInt64.self), low: low)
  }

  @usableFromInline
  func ended(_ what: String) -> ByteCodingError {
    ByteCodingError(offset: offset, reason: "the data ends where \(what) should follow")
  }
}

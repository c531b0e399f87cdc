/// A few bytes of code in a place of their own, so that drawing a case allocates nothing for them.
struct CodeBytes {
  /// More than eight instructions with what goes before them.
  static let capacity = 248

  private var bytes: InlineArray<256, UInt8> = .init(repeating: 0)
  private(set) var count = 0

  init() {}

  init(_ bytes: [UInt8]) { append(contentsOf: bytes) }

  mutating func append(_ byte: UInt8) {
    bytes[count] = byte
    count += 1
  }

  mutating func append(contentsOf new: [UInt8]) {
    for byte in new { append(byte) }
  }

  /// The low `size` bytes of `value`, the lowest first.
  mutating func append(_ value: UInt64, size: Int) {
    for index in 0..<size { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
  }

  /// Puts four bytes where others were.
  mutating func replace(at place: Int, with value: UInt32) {
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
  }

  /// Eight bytes, the first one lowest; behind the end there are zeros.
  func word(at place: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<8 { word |= UInt64(bytes[place + index]) << (8 * UInt64(index)) }
    return word
  }

  func copy(to target: UnsafeMutableRawPointer) {
    for index in 0..<count { target.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self) }
  }

  var array: [UInt8] { (0..<count).map { bytes[$0] } }
}

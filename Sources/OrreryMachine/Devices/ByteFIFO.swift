internal import OrreryBase

/// A queue of at most 16 bytes, as the keyboard and both sides of a 16550 have.
struct ByteFIFO {
  static let capacity = 16

  private var bytes: InlineArray<16, UInt8> = .init(repeating: 0)
  private var first = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.capacity }

  /// Appends `byte`; false, and nothing changed, when the queue is full.
  mutating func push(_ byte: UInt8) -> Bool {
    guard !isFull else { return false }
    bytes[(first + count) % Self.capacity] = byte
    count += 1
    return true
  }

  /// Takes the oldest byte.
  mutating func pop() -> UInt8? {
    guard count > 0 else { return nil }
    defer {
      first = (first + 1) % Self.capacity
      count -= 1
    }
    return bytes[first]
  }

  mutating func removeAll() { self = ByteFIFO() }

  func checkpoint(into writer: inout ByteWriter) {
    writer.append(UInt8(count))
    for index in 0..<count { writer.append(bytes[(first + index) % Self.capacity]) }
  }

  mutating func restore(from reader: inout ByteReader) throws(ByteCodingError) {
    removeAll()
    let stored = try reader.fixed(in: 0...UInt8(Self.capacity), "the count of a byte queue")
    for _ in 0..<stored { _ = push(try reader.byte()) }
  }
}

/// Reads back the events of one lane block. Every read checks that the bytes are there; no block can make it trap or allocate more than its own size.
struct LaneDecoder {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  private var shapes: [Shape] = []
  private var memory: [UInt64] = []
  private var names: [String] = []
  var base0: UInt64 = 0
  var base1: UInt64 = 0
  var base2: UInt64 = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  @inline(__always)
  mutating func byte() throws(CodingFault) -> UInt8 {
    guard offset < bytes.count else { throw CodingFault("a lane block ends inside an event") }
    let value = bytes[offset]
    offset &+= 1
    return value
  }

  @inline(__always)
  mutating func varint() throws(CodingFault) -> UInt64 {
    let first = try byte()
    if first < 0x80 { return UInt64(first) }
    // By far the most are of one byte or two.
    if offset < bytes.count, 1..<0x80 ~= bytes[offset] {
      defer { offset &+= 1 }
      return UInt64(first & 0x7F) | UInt64(bytes[offset]) << 7
    }
    return try longVarint(first)
  }

  @inline(never)
  private mutating func longVarint(_ first: UInt8) throws(CodingFault) -> UInt64 {
    var value = UInt64(first & 0x7F)
    var shift: UInt64 = 7
    while true {
      let next = try byte()
      guard shift < 63 || next <= 1 else { throw CodingFault("a number exceeds 64 bits") }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 {
        guard next != 0 else { throw CodingFault("a number is coded in more bytes than it needs") }
        return value
      }
      shift += 7
    }
  }

  @inline(__always)
  mutating func difference(from base: UInt64) throws(CodingFault) -> UInt64 {
    let coded = try varint()
    return base &+ (coded >> 1 ^ (0 &- (coded & 1)))
  }

  mutating func fixed() throws(CodingFault) -> UInt64 {
    guard bytes.count - offset >= 8 else { throw CodingFault("a lane block ends inside an event") }
    defer { offset += 8 }
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// `count` bytes, at most `limit`.
  mutating func copy(_ count: UInt64, limit: Int) throws(CodingFault) -> [UInt8] {
    guard count <= UInt64(limit) else { throw CodingFault("an event has more bytes than its limit") }
    guard count <= UInt64(bytes.count - offset) else { throw CodingFault("a lane block ends inside an event") }
    defer { offset += Int(count) }
    return Array(bytes[offset..<offset + Int(count)])
  }

  /// The number of the next event's shape, 0 for one that is described now, and the lane's flag.
  @inline(__always)
  mutating func head() throws(CodingFault) -> (number: Int, flag: Bool) {
    let coded = try varint()
    guard coded >> 1 <= UInt64(shapes.count) else { throw CodingFault("an event names a shape that was not described") }
    return (Int(truncatingIfNeeded: coded >> 1), coded & 1 != 0)
  }

  @inline(__always)
  func shape(_ number: Int) -> Shape { shapes[number - 1] }

  /// The shape of this number, or for 0 the one that is described next, which is numbered.
  @inline(__always)
  mutating func shape(
    _ number: Int, describedBy describe: (inout LaneDecoder) throws(CodingFault) -> Shape
  ) throws(CodingFault) -> Shape {
    guard number == 0 else { return shape(number) }
    let shape = try describe(&self)
    _ = add(shape)
    return shape
  }

  /// Numbers a shape that was just described; 0 when the numbers are used up.
  mutating func add(_ shape: Shape) -> Int {
    guard shapes.count < TraceFormat.shapeLimit else { return 0 }
    shapes.append(shape)
    memory.append(0)
    return shapes.count
  }

  @inline(__always)
  func remembered(_ number: Int) -> UInt64 { number == 0 ? 0 : memory[number - 1] }

  @inline(__always)
  mutating func remember(_ value: UInt64, for number: Int) {
    if number != 0 { memory[number - 1] = value }
  }

  /// The index of a coded name.
  mutating func name() throws(CodingFault) -> UInt64 {
    let coded = try varint()
    if coded > 0 {
      guard coded <= UInt64(names.count) else { throw CodingFault("an event uses a name that was not given") }
      return coded - 1
    }
    let utf8 = try copy(try varint(), limit: Payload.nameLimit)
    guard let text = String(validating: utf8, as: UTF8.self) else { throw CodingFault("a name is not valid UTF-8") }
    names.append(text)
    return UInt64(names.count - 1)
  }

  func text(ofName index: UInt64) -> String { names[Int(index)] }
}

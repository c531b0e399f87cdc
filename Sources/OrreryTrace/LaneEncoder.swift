/// Codes the events of one lane into the block of the present chunk. `Lanes/` has one file a lane, its coding and decoding side by side.
///
/// The block's coding refers to nothing outside the block. Storage is allocated once; appending allocates nothing.
struct LaneEncoder {
  let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: TraceFormat.chunkByteLimit)
  private(set) var count = 0
  var eventCount: UInt32 = 0
  var shapes = ShapeTable()
  private var names: [String] = []
  /// What the lane's deltas are taken from; each lane says what its three are.
  var base0: UInt64 = 0
  var base1: UInt64 = 0
  var base2: UInt64 = 0

  func deallocate() {
    bytes.deallocate()
    shapes.deallocate()
  }

  /// Starts an empty block.
  mutating func removeAll() {
    guard eventCount > 0 else { return }
    count = 0
    eventCount = 0
    shapes.removeAll()
    names.removeAll(keepingCapacity: true)
    base0 = 0
    base1 = 0
    base2 = 0
  }

  @inline(__always)
  mutating func byte(_ value: UInt8) {
    bytes[count] = value
    count &+= 1
  }

  /// The first, the third, … of `values`, which are even in number.
  mutating func copyEverySecond(of values: ArraySlice<UInt8>) {
    values.withUnsafeBufferPointer { values in
      for index in 0..<values.count / 2 { bytes[count &+ index] = values[index &* 2] }
    }
    count &+= values.count / 2
  }

  @inline(__always)
  mutating func varint(_ value: UInt64) { bytes.writeVarint(value, at: &count) }

  /// `value` as a zigzag-coded difference from `base`, modulo 2^64.
  @inline(__always)
  mutating func difference(_ value: UInt64, from base: UInt64) {
    let difference = Int64(bitPattern: value &- base)
    varint(UInt64(bitPattern: difference << 1 ^ difference >> 63))
  }

  mutating func fixed(_ value: UInt64) {
    UnsafeMutableRawPointer(bytes + count).storeBytes(of: value.littleEndian, as: UInt64.self)
    count &+= 8
  }

  mutating func copy(_ data: [UInt8]) {
    data.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      (bytes + count).update(from: start, count: source.count)
    }
    count &+= data.count
  }

  /// The first number of an event: which shape it has, 0 for a new one whose description follows, and the lane's flag.
  @inline(__always)
  mutating func head(_ entry: (number: Int, isNew: Bool), flag: Bool) {
    varint(UInt64(truncatingIfNeeded: entry.isNew ? 0 : entry.number) << 1 | (flag ? 1 : 0))
  }

  /// The index of `text` among the block's names, which `name(_:)` then codes.
  @inline(__always)
  mutating func index(ofName text: String) -> UInt64 {
    // A kernel has a few allocators, which take turns; comparing short strings is comparing two words.
    for index in 0..<min(names.count, 4) where names[index] == text { return UInt64(truncatingIfNeeded: index) }
    return searchedIndex(ofName: text)
  }

  @inline(never)
  private mutating func searchedIndex(ofName text: String) -> UInt64 {
    let short = LaneEncoder.shortened(text)
    if let found = names.firstIndex(of: short) { return UInt64(found) }
    // Not yet in the list: `name(_:)` adds it when the shape that uses it is described, which is now.
    pendingName = short
    return UInt64(names.count)
  }

  private var pendingName = ""

  /// Codes a name by the index that `index(ofName:)` gave: one more than it, or 0 and the text when it is new.
  mutating func name(_ index: UInt64) {
    guard index == UInt64(names.count) else { return varint(index + 1) }
    varint(0)
    let utf8 = Array(pendingName.utf8)
    varint(UInt64(utf8.count))
    copy(utf8)
    names.append(pendingName)
  }

  /// `text`, cut before the character that exceeds the limit.
  static func shortened(_ text: String) -> String {
    guard text.utf8.count > Payload.nameLimit else { return text }
    var short = ""
    var size = 0
    for scalar in text.unicodeScalars {
      size += UTF8.width(scalar)
      guard size <= Payload.nameLimit else { break }
      short.unicodeScalars.append(scalar)
    }
    return short
  }
}

import OrreryBase

// Shape: a = 0. No flag. A count and the bytes.

extension LaneEncoder {
  mutating func mark(text: [UInt8]) {
    precondition(text.count <= Payload.byteLimit, "a mark has more bytes than its limit")
    let entry = shapes.number(of: Shape(a: 0))
    head(entry, flag: false)
    if entry.isNew { varint(0) }
    varint(UInt64(text.count))
    copy(text)
  }
}

extension LaneDecoder {
  mutating func mark() throws(CodingFault) -> Payload {
    let head = try head()
    guard !head.flag else { throw CodingFault("a mark has a flag that has no meaning") }
    if head.number == 0 {
      guard try varint() == 0 else { throw CodingFault("a mark is of a kind that does not exist") }
      _ = add(Shape(a: 0))
    }
    return .mark(text: try copy(try varint(), limit: Payload.byteLimit))
  }
}

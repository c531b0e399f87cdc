import OrreryBase

// Shape: a = 0. No flag. base0: the steps of the last event.
// The steps' difference from base0, then the hash, low half first.

extension LaneEncoder {
  mutating func state(_ hash: Hash128, steps: Steps) {
    let entry = shapes.number(of: Shape(a: 0))
    head(entry, flag: false)
    if entry.isNew { varint(0) }
    difference(steps, from: base0)
    fixed(hash.low)
    fixed(hash.high)
    base0 = steps
  }
}

extension LaneDecoder {
  mutating func state() throws(CodingFault) -> Payload {
    let head = try head()
    guard !head.flag else { throw CodingFault("a state event has a flag that has no meaning") }
    if head.number == 0 {
      guard try varint() == 0 else { throw CodingFault("a state event is of a kind that does not exist") }
      _ = add(Shape(a: 0))
    }
    base0 = try difference(from: base0)
    let low = try fixed()
    return .state(Hash128(high: try fixed(), low: low), steps: base0)
  }
}

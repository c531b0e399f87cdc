import OrreryBase

// Shape: a = kind (bit 0: 0 delivery, 1 return) | vector << 1, b = source or how many later deliveries are open.
// base0: the rip interrupted last. A delivery's flag: rip is the shape's last; a return's: rip is base0. Otherwise rip's difference from base0.

extension LaneEncoder {
  @inline(__always)
  mutating func interrupt(vector: UInt8, source: InterruptSource, rip: UInt64) {
    let shape = Shape(a: UInt64(vector) << 1, b: source.rawValue)
    let entry = shapes.number(of: shape)
    let isRepeated = shapes.remembered(entry.number) == rip
    head(entry, flag: isRepeated)
    if entry.isNew {
      varint(shape.a)
      varint(shape.b)
    }
    if !isRepeated {
      difference(rip, from: base0)
      shapes.remember(rip, for: entry.number)
    }
    base0 = rip
  }

  @inline(__always)
  mutating func interruptReturn(vector: UInt8, rip: UInt64, openAbove: UInt32) {
    let shape = Shape(a: 1 | UInt64(vector) << 1, b: UInt64(openAbove))
    let entry = shapes.number(of: shape)
    head(entry, flag: rip == base0)
    if entry.isNew {
      varint(shape.a)
      varint(shape.b)
    }
    if rip != base0 { difference(rip, from: base0) }
  }
}

extension LaneDecoder {
  mutating func interrupt() throws(CodingFault) -> Payload {
    let head = try head()
    let shape: Shape
    var number = head.number
    if number == 0 {
      shape = Shape(a: try varint(), b: try varint())
      guard shape.a >> 9 == 0, shape.a & 1 == 0 || shape.b >> 32 == 0 else {
        throw CodingFault("an interrupt event has a vector or depth that does not exist")
      }
      number = add(shape)
    } else {
      shape = self.shape(number)
    }
    let vector = UInt8(truncatingIfNeeded: shape.a >> 1)
    if shape.a & 1 != 0 {
      let rip = head.flag ? base0 : try difference(from: base0)
      return .interruptReturn(vector: vector, rip: rip, openAbove: UInt32(truncatingIfNeeded: shape.b))
    }
    let rip = head.flag ? remembered(number) : try difference(from: base0)
    remember(rip, for: number)
    base0 = rip
    return .interrupt(vector: vector, source: InterruptSource(rawValue: shape.b), rip: rip)
  }
}

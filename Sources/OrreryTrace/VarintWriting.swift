extension UnsafeMutablePointer<UInt8> {
  /// Writes `value` at `offset`, seven bits a byte with the lowest first, and moves `offset` behind it. There must be room for ten bytes.
  @inline(__always)
  func writeVarint(_ value: UInt64, at offset: inout Int) {
    // By far the most are of one byte or two.
    if value < 0x80 {
      self[offset] = UInt8(truncatingIfNeeded: value)
      offset &+= 1
      return
    }
    if value < 0x4000 {
      let pair = UInt16(truncatingIfNeeded: value & 0x7F | 0x80 | value &<< 1 & 0x7F00)
      UnsafeMutableRawPointer(self + offset).storeBytes(of: pair.littleEndian, as: UInt16.self)
      offset &+= 2
      return
    }
    var rest = value
    while rest >= 0x80 {
      self[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
      offset &+= 1
      rest >>= 7
    }
    self[offset] = UInt8(truncatingIfNeeded: rest)
    offset &+= 1
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Writes `value` at `offset`, seven bits a byte with the lowest first, and moves `offset` behind it. There must be room for ten bytes.
  @inline(__always)
  func writeVarint(_ value: UInt64, at offset: inout Int) {
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

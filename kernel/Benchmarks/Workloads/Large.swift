import LargeCode

/// Calls 1,024 functions in an order that depends on what they return.
func largeRounds(_ count: UInt64) -> UInt64 {
  var value: UInt64 = 1
  for _ in 0..<count {
    for _ in 0..<1000 {
      value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      value ^= callLargeCode(value >> 40, value)
    }
  }
  return value
}

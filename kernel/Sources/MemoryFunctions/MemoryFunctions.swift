import Intrinsics

// The four functions that a compiler may call on its own, even in freestanding code (ISO C 7.24). A module apart, and always
// optimized: without optimization `memset` would begin by calling `memset` to clear its own variables.

@c(memcpy)
func memcpy(
  _ destination: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ count: Int
) -> UnsafeMutableRawPointer? {
  repeatMove(destination, source, UInt64(count))
  return destination
}

@c(memmove)
func memmove(
  _ destination: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ count: Int
) -> UnsafeMutableRawPointer? {
  let distance = UInt(bitPattern: destination) &- UInt(bitPattern: source)
  // Upwards is right unless the destination starts inside the source.
  if distance >= UInt(count) {
    repeatMove(destination, source, UInt64(count))
  } else {
    repeatMoveBackwards(destination, source, UInt64(count))
  }
  return destination
}

@c(memset)
func memset(_ destination: UnsafeMutableRawPointer?, _ value: Int32, _ count: Int) -> UnsafeMutableRawPointer? {
  repeatStore(destination, UInt8(truncatingIfNeeded: value), UInt64(count))
  return destination
}

@c(memcmp)
func memcmp(_ left: UnsafeRawPointer?, _ right: UnsafeRawPointer?, _ count: Int) -> Int32 {
  guard let left, let right else { return 0 }
  for index in 0..<count {
    let difference =
      Int32(left.load(fromByteOffset: index, as: UInt8.self)) - Int32(right.load(fromByteOffset: index, as: UInt8.self))
    if difference != 0 { return difference }
  }
  return 0
}

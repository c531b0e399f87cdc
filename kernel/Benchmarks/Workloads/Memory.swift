/// Loops over arrays of 32 to 256 KiB.
func memoryRounds(_ count: UInt64, _ buffer: UnsafeMutableRawPointer) -> UInt64 {
  let words = buffer.bindMemory(to: UInt64.self, capacity: Workload.bufferByteCount / 8)
  for index in 0..<Workload.bufferByteCount / 8 { words[index] = UInt64(index) &* 0x9e37_79b9_7f4a_7c15 }
  var sum: UInt64 = 0
  for round in 0..<count {
    addArrays(words, words + 4096, 4096, round)
    runningSum(words + 8192, 4096)
    multiplyMatrices(words + 16384, words + 16384 + 1024, words + 16384 + 2048)
    sum = sum &+ countBytes(buffer + 0x4_0000, 4096, words + 65536)
    sum = sum &+ words[4095] ^ words[8192 + 4095] ^ words[16384 + 2048 + 1023]
  }
  return sum
}

@inline(never)
private func addArrays(_ a: UnsafeMutablePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ count: Int, _ term: UInt64) {
  for index in 0..<count { a[index] = a[index] &+ b[index] &+ term }
}

@inline(never)
private func runningSum(_ a: UnsafeMutablePointer<UInt64>, _ count: Int) {
  for index in 1..<count { a[index] = a[index] &+ a[index - 1] }
}

/// 32 by 32.
@inline(never)
private func multiplyMatrices(
  _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ product: UnsafeMutablePointer<UInt64>
) {
  for row in 0..<32 {
    for column in 0..<32 {
      var sum: UInt64 = 0
      for index in 0..<32 { sum = sum &+ a[row &* 32 &+ index] &* b[index &* 32 &+ column] }
      product[row &* 32 &+ column] = sum
    }
  }
}

/// A histogram: one byte load, then one load and store that depend on it.
@inline(never)
private func countBytes(
  _ bytes: UnsafeMutableRawPointer, _ count: Int, _ histogram: UnsafeMutablePointer<UInt64>
) -> UInt64 {
  for index in 0..<256 { histogram[index] = 0 }
  for index in 0..<count { histogram[Int(bytes.load(fromByteOffset: index, as: UInt8.self))] &+= 1 }
  var sum: UInt64 = 0
  for index in 0..<256 { sum = sum &* 31 &+ histogram[index] }
  return sum
}

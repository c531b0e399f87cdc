/// How the free memory of a heap is divided.
package struct FreeSpace: Equatable {
  package private(set) var byteCount = 0
  package private(set) var blockCount = 0
  package private(set) var largestByteCount = 0

  package init() {}

  package mutating func add(_ blockByteCount: Int) {
    byteCount += blockByteCount
    blockCount += 1
    largestByteCount = max(largestByteCount, blockByteCount)
  }
}

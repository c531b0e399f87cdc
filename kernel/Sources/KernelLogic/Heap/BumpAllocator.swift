/// Hands out memory from the lowest address up, and counts the blocks: only when the last is back does all of it become free at
/// once. A single block that lives long keeps everything behind it from being used again (an arena: Hanson, "Fast Allocation and
/// Deallocation of Memory Based on Object Lifetimes", 1990).
///
/// `allocate` and `deallocate` cost the same whatever happened before.
package struct BumpAllocator: Allocator {
  private var start: UnsafeMutableRawPointer?
  private var end: UnsafeMutableRawPointer?
  private var next: UnsafeMutableRawPointer?
  private var blockCount = 0

  package init() {}

  /// A region that does not continue the one before replaces it: what was left there is given up.
  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) {
    guard let first = region.baseAddress else { return }
    if first != end {
      start = first
      next = first
    }
    end = first + region.count
  }

  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    guard let next, let end else { return nil }
    let block = next.alignedUp(toMultipleOf: max(layout.alignment, BlockLayout.unit))
    guard block <= end, layout.sizeInUnits <= end - block else { return nil }
    self.next = block + layout.sizeInUnits
    blockCount += 1
    return block
  }

  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool {
    guard blockCount > 0 else { return false }
    blockCount -= 1
    if blockCount == 0 { next = start }
    return true
  }

  package func grantedByteCount(for layout: BlockLayout) -> Int { layout.sizeInUnits }

  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    if let next, let end, next < end { body(next, end - next) }
  }
}

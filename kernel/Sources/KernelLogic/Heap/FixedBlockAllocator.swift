/// Nine lists of free blocks, of 16, 32, 64 … 4096 bytes. A request is rounded up to one of these sizes and takes the first block of
/// its list; new blocks, and all that is larger, come from another allocator. A block that comes back stays in its list for ever:
/// small blocks never become a large one again (Wilson and others, "Dynamic Storage Allocation: A Survey and Critical Review", 1995, "Simple
/// Segregated Storage").
///
/// `allocate` and `deallocate` cost the same whatever happened before, while the list has a block.
package struct FixedBlockAllocator<Fallback: Allocator>: Allocator {
  private struct FreeBlock {
    var next: Link?
  }
  private typealias Link = UnsafeMutablePointer<FreeBlock>

  private static var smallestPower: Int { 4 }
  private static var listCount: Int { 9 }

  private var lists = InlineArray<9, Link?>(repeating: nil)
  private var fallback = Fallback()

  package init() {}

  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) { fallback.addRegion(region) }

  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    guard let index = Self.listIndex(layout) else { return fallback.allocate(layout) }
    guard let block = lists[index] else { return fallback.allocate(Self.blockLayout(index)) }
    lists[index] = block.pointee.next
    return UnsafeMutableRawPointer(block)
  }

  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool {
    guard let index = Self.listIndex(layout) else { return fallback.deallocate(block, layout) }
    let freed = block.bindMemory(to: FreeBlock.self, capacity: 1)
    freed.initialize(to: FreeBlock(next: lists[index]))
    lists[index] = freed
    return true
  }

  package func grantedByteCount(for layout: BlockLayout) -> Int {
    guard let index = Self.listIndex(layout) else { return fallback.grantedByteCount(for: layout) }
    return Self.blockLayout(index).size
  }

  package func regionByteCount(for layout: BlockLayout) -> Int? {
    guard let index = Self.listIndex(layout) else { return fallback.regionByteCount(for: layout) }
    return fallback.regionByteCount(for: Self.blockLayout(index))
  }

  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    for index in 0..<Self.listCount {
      var current = lists[index]
      while let block = current {
        body(UnsafeMutableRawPointer(block), Self.blockLayout(index).size)
        current = block.pointee.next
      }
    }
    fallback.forEachFreeBlock(body)
  }

  private static func listIndex(_ layout: BlockLayout) -> Int? {
    let index = max(layout.powerOfTwo - smallestPower, 0)
    return index < listCount ? index : nil
  }

  /// Each block is aligned to its size, so that an alignment is had by taking a block as large.
  private static func blockLayout(_ index: Int) -> BlockLayout {
    let byteCount = 1 << (smallestPower + index)
    return BlockLayout(size: byteCount, alignment: byteCount)!
  }
}

/// An allocator design: how free memory is kept, found and taken back.
package protocol Allocator {
  init()

  /// Gives the allocator memory to hand out. Called at start, and again when the heap has grown; a region
  /// may begin where the one before it ended. Start and length are multiples of 4096.
  mutating func addRegion(_ region: UnsafeMutableRawBufferPointer)

  /// Nil when there is no room.
  mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer?

  /// `layout` is the one the block was allocated with. False, with nothing done, when the allocator can tell that it never
  /// handed the block out or has it back already; not every design can.
  mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool

  /// The bytes that a block of `layout` takes up. What lies above `layout.size` is internal fragmentation.
  func grantedByteCount(for layout: BlockLayout) -> Int

  /// How large a new region must be for a block of `layout` to fit into it, wherever the region lies; nil when no region helps.
  func regionByteCount(for layout: BlockLayout) -> Int?

  /// Each free block by itself: what two of them could hold together counts only when they are merged.
  func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void)
}

extension Allocator {
  /// A block of zeros.
  package mutating func allocateZeroed(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    guard let block = allocate(layout) else { return nil }
    UnsafeMutableRawBufferPointer(start: block, count: layout.size).initializeMemory(as: UInt8.self, repeating: 0)
    return block
  }

  /// Makes a block larger or smaller, elsewhere if it must; its content moves with it. On failure the block stays as it was.
  package mutating func reallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout, newSize: Int)
    -> UnsafeMutableRawPointer?
  {
    guard let newLayout = BlockLayout(size: newSize, alignment: layout.alignment) else { return nil }
    if grantedByteCount(for: newLayout) == grantedByteCount(for: layout) { return block }
    guard let moved = allocate(newLayout) else { return nil }
    moved.copyMemory(from: block, byteCount: min(layout.size, newSize))
    guard deallocate(block, layout) else {
      _ = deallocate(moved, newLayout)
      return nil
    }
    return moved
  }

  package func regionByteCount(for layout: BlockLayout) -> Int? {
    grantedByteCount(for: layout) + max(layout.alignment, BlockLayout.unit)
  }

  package var freeSpace: FreeSpace {
    var space = FreeSpace()
    forEachFreeBlock { space.add($1) }
    return space
  }
}

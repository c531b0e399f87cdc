/// An allocator design: how free memory is kept, found and taken back.
package protocol Allocator {
  /// Gives the allocator memory to hand out. Called at start, and again when the heap has grown; a region
  /// may begin where the one before it ended. Start and length are multiples of 4096.
  mutating func addRegion(_ region: UnsafeMutableRawBufferPointer)

  /// Nil when there is no room.
  mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer?

  /// `layout` is the one the block was allocated with.
  mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout)
}

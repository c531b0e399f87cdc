/// One `SlabCache` for each size up to 512 bytes, in steps of 16: a small request gets a block of just its size. The slabs, and all that is
/// larger or more aligned than 16 bytes, come from another allocator (Bonwick 1994, as `SlabCache`).
package struct SlabAllocator<Backing: Allocator>: Allocator {
  private var caches = InlineArray<32, SlabCache> { SlabCache(objectByteCount: ($0 + 1) * BlockLayout.unit) }
  private var backing = Backing()

  package init() {}

  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) { backing.addRegion(region) }

  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    if let block = allocateOnce(layout) { return block }
    return releaseEmptySlabs() ? allocateOnce(layout) : nil
  }

  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool {
    guard let index = Self.cacheIndex(layout) else { return backing.deallocate(block, layout) }
    return caches[index].deallocate(block, to: &backing)
  }

  package func grantedByteCount(for layout: BlockLayout) -> Int {
    guard let index = Self.cacheIndex(layout) else { return backing.grantedByteCount(for: layout) }
    return caches[index].objectByteCount
  }

  package func regionByteCount(for layout: BlockLayout) -> Int? {
    backing.regionByteCount(for: Self.cacheIndex(layout) == nil ? layout : SlabCache.slabLayout)
  }

  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    for index in 0..<caches.count { caches[index].forEachFreeObject(body) }
    backing.forEachFreeBlock(body)
  }

  private mutating func allocateOnce(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    guard let index = Self.cacheIndex(layout) else { return backing.allocate(layout) }
    return caches[index].allocate(from: &backing)
  }

  private mutating func releaseEmptySlabs() -> Bool {
    var hasReleased = false
    for index in 0..<caches.count where caches[index].releaseEmptySlab(to: &backing) { hasReleased = true }
    return hasReleased
  }

  private static func cacheIndex(_ layout: BlockLayout) -> Int? {
    guard layout.alignment <= BlockLayout.unit, layout.size <= SlabCache.largestObjectByteCount else { return nil }
    return layout.sizeInUnits / BlockLayout.unit - 1
  }
}

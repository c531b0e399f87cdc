/// Hands out nothing: what a kernel starts with. Whatever is given back cannot have come from here.
package struct DummyAllocator: Allocator {
  package init() {}
  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) {}
  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? { nil }
  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool { false }
  package func grantedByteCount(for layout: BlockLayout) -> Int { layout.size }
  package func regionByteCount(for layout: BlockLayout) -> Int? { nil }
  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {}
}

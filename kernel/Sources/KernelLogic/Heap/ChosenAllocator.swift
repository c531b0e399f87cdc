/// The allocator of one design, chosen when the program runs. An `any Allocator` would need a heap to lie in: here all designs lie
/// side by side, empty but for one.
package struct ChosenAllocator: Allocator {
  package let design: AllocatorDesign

  private var dummy = DummyAllocator()
  private var bump = BumpAllocator()
  private var linkedList = LinkedListAllocator()
  private var fixedBlocks = FixedBlockAllocator<LinkedListAllocator>()
  private var buddy = BuddyAllocator()
  private var slabOverBuddy = SlabAllocator<BuddyAllocator>()
  private var slabOverFixedBlocks = SlabAllocator<FixedBlockAllocator<LinkedListAllocator>>()

  package init() { self.init(.linkedList) }
  package init(_ design: AllocatorDesign) { self.design = design }

  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) {
    switch design {
    case .dummy: dummy.addRegion(region)
    case .bump: bump.addRegion(region)
    case .linkedList: linkedList.addRegion(region)
    case .fixedBlocks: fixedBlocks.addRegion(region)
    case .buddy: buddy.addRegion(region)
    case .slabOverBuddy: slabOverBuddy.addRegion(region)
    case .slabOverFixedBlocks: slabOverFixedBlocks.addRegion(region)
    }
  }

  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    switch design {
    case .dummy: dummy.allocate(layout)
    case .bump: bump.allocate(layout)
    case .linkedList: linkedList.allocate(layout)
    case .fixedBlocks: fixedBlocks.allocate(layout)
    case .buddy: buddy.allocate(layout)
    case .slabOverBuddy: slabOverBuddy.allocate(layout)
    case .slabOverFixedBlocks: slabOverFixedBlocks.allocate(layout)
    }
  }

  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool {
    switch design {
    case .dummy: dummy.deallocate(block, layout)
    case .bump: bump.deallocate(block, layout)
    case .linkedList: linkedList.deallocate(block, layout)
    case .fixedBlocks: fixedBlocks.deallocate(block, layout)
    case .buddy: buddy.deallocate(block, layout)
    case .slabOverBuddy: slabOverBuddy.deallocate(block, layout)
    case .slabOverFixedBlocks: slabOverFixedBlocks.deallocate(block, layout)
    }
  }

  package func grantedByteCount(for layout: BlockLayout) -> Int {
    switch design {
    case .dummy: dummy.grantedByteCount(for: layout)
    case .bump: bump.grantedByteCount(for: layout)
    case .linkedList: linkedList.grantedByteCount(for: layout)
    case .fixedBlocks: fixedBlocks.grantedByteCount(for: layout)
    case .buddy: buddy.grantedByteCount(for: layout)
    case .slabOverBuddy: slabOverBuddy.grantedByteCount(for: layout)
    case .slabOverFixedBlocks: slabOverFixedBlocks.grantedByteCount(for: layout)
    }
  }

  package func regionByteCount(for layout: BlockLayout) -> Int? {
    switch design {
    case .dummy: dummy.regionByteCount(for: layout)
    case .bump: bump.regionByteCount(for: layout)
    case .linkedList: linkedList.regionByteCount(for: layout)
    case .fixedBlocks: fixedBlocks.regionByteCount(for: layout)
    case .buddy: buddy.regionByteCount(for: layout)
    case .slabOverBuddy: slabOverBuddy.regionByteCount(for: layout)
    case .slabOverFixedBlocks: slabOverFixedBlocks.regionByteCount(for: layout)
    }
  }

  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    switch design {
    case .dummy: dummy.forEachFreeBlock(body)
    case .bump: bump.forEachFreeBlock(body)
    case .linkedList: linkedList.forEachFreeBlock(body)
    case .fixedBlocks: fixedBlocks.forEachFreeBlock(body)
    case .buddy: buddy.forEachFreeBlock(body)
    case .slabOverBuddy: slabOverBuddy.forEachFreeBlock(body)
    case .slabOverFixedBlocks: slabOverFixedBlocks.forEachFreeBlock(body)
    }
  }
}

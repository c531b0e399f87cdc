import Intrinsics
import KernelLogic

/// The kernel's heap: a range of linear addresses, mapped page by page as it grows, behind one allocator, which is chosen at boot.
///
/// Two ways lead to it: with a layout on both ends, as the kernel's own functions have it (`LayoutFunctions.swift`), straight to the
/// allocator; and by an address alone, as C and Swift's runtime give blocks back (`RuntimeFunctions.swift`), with a `BlockHeader`.
package enum Heap {
  package static let firstAddress = LinearAddress(0x4444_4444_0000)
  /// 1 GiB of addresses: what ends the heap is physical memory.
  private static let addressLimit = firstAddress + 0x4000_0000
  private static let firstByteCount = 0x4_0000
  private static let growthByteCount = 0x1_0000

  nonisolated(unsafe) private static var allocator = ChosenAllocator()
  nonisolated(unsafe) private static var end = firstAddress
  nonisolated(unsafe) private static var hasFailed = false
  /// Looks for mistakes of the callers, when asked for at boot.
  nonisolated(unsafe) private static var checker = HeapChecker()
  nonisolated(unsafe) private static var isChecked = false

  package static var design: AllocatorDesign { allocator.design }

  package static func start(_ design: AllocatorDesign = .linkedList, isChecked: Bool = false) {
    allocator = ChosenAllocator(design)
    self.isChecked = isChecked
    guard design != .dummy else { return }
    guard grow(by: firstByteCount) else { panic("no memory for the heap") }
  }

  /// Nil when memory has run out, or no block can be that large.
  package static func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    if isChecked { return allocateChecked(layout) }
    return withGrowth(for: layout) { allocator.allocate(layout) }
  }

  /// A block of zeros, or nil.
  package static func allocateZeroed(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    guard isChecked else { return withGrowth(for: layout) { allocator.allocateZeroed(layout) } }
    let block = allocateChecked(layout)
    if let block { repeatStore(block, 0, UInt64(layout.size)) }
    return block
  }

  /// The block with another size, perhaps elsewhere. Nil when memory has run out; the block then stays as it was.
  package static func reallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout, newSize: Int)
    -> UnsafeMutableRawPointer?
  {
    guard let newLayout = BlockLayout(size: newSize, alignment: layout.alignment) else { return nil }
    guard isChecked else {
      return withGrowth(for: newLayout) { allocator.reallocate(block, layout, newSize: newSize) }
    }
    guard let moved = allocateChecked(newLayout) else { return nil }
    repeatMove(moved, block, UInt64(min(layout.size, newSize)))
    deallocate(block, layout)
    return moved
  }

  package static func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) {
    if isChecked { deallocateChecked(block, layout) } else { giveBack(block, layout) }
  }

  private static func giveBack(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) {
    let wasTaken = withoutInterrupts { allocator.deallocate(block, layout) }
    if !wasTaken { panic("a heap block was freed that the \(allocator.design.name) allocator did not hand out") }
  }

  @inline(never)
  private static func deallocateChecked(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) {
    switch withoutInterrupts({ checker.release(block, layout) }) {
    case .kept(evicted: nil): break
    case .kept(evicted: let outer?): giveBack(outer.start, outer.layout)
    case .fault(let fault): panic("heap check: \(fault.description)")
    }
  }

  @inline(never)
  private static func allocateChecked(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    guard let (outer, _) = HeapChecker.outerLayout(of: layout),
      let start = withGrowth(for: outer, { allocator.allocate(outer) })
    else { return nil }
    return withoutInterrupts { checker.adopt(start, layout) }
  }

  /// How many blocks there are, in a heap that is checked; 0 in another.
  package static var checkedBlockCount: Int { checker.liveCount }

  /// In a heap that is checked, panics when a block was damaged, or when there are more blocks than `count`.
  package static func check(leaves count: Int) {
    if let fault = withoutInterrupts({ checker.fault() }) { panic("heap check: \(fault.description)") }
    if checker.liveCount > count { panic("heap check: \(checker.liveCount - count) heap blocks were never freed") }
  }

  // For reports.

  package static var freeSpace: FreeSpace { withoutInterrupts { allocator.freeSpace } }
  package static func grantedByteCount(for layout: BlockLayout) -> Int { allocator.grantedByteCount(for: layout) }
  package static var mappedByteCount: Int { Int(end.rawValue - firstAddress.rawValue) }

  /// Whether an allocation has failed since this was last asked.
  static func takeFailure() -> Bool {
    defer { hasFailed = false }
    return hasFailed
  }

  /// Tries again with a larger heap when there was no room.
  private static func withGrowth(for layout: BlockLayout, _ attempt: () -> UnsafeMutableRawPointer?)
    -> UnsafeMutableRawPointer?
  {
    withoutInterrupts {
      if let block = attempt() { return block }
      let block = grow(for: layout) ? attempt() : nil
      if block == nil { hasFailed = true }
      return block
    }
  }

  private static func grow(for layout: BlockLayout) -> Bool {
    guard let needed = allocator.regionByteCount(for: layout) else { return false }
    // By an eighth of what there is, so that the regions stay few; when that is too much, by what is needed.
    let wanted = max(needed, growthByteCount, mappedByteCount / 8)
    return grow(by: wanted) || (needed < wanted && grow(by: needed))
  }

  /// Maps pages at the heap's end. When frames run out half-way the pages mapped so far are given back.
  private static func grow(by byteCount: Int) -> Bool {
    let target = LinearAddress((end.rawValue + UInt64(byteCount) + Frame.byteCount - 1) & ~(Frame.byteCount - 1))
    guard target <= addressLimit else { return false }
    var page = end
    while page < target {
      do throws(PagingError) {
        try KernelAddressSpace.mapFresh(page, .data)
      } catch {
        unmap(end, upTo: page)
        return false
      }
      page = page + Frame.byteCount
    }
    let region = UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: UInt(end.rawValue)), count: Int(target.rawValue - end.rawValue))
    allocator.addRegion(region)
    end = target
    return true
  }

  private static func unmap(_ first: LinearAddress, upTo limit: LinearAddress) {
    var page = first
    while page < limit {
      do throws(PagingError) {
        try KernelAddressSpace.unmapFresh(page)
      } catch {
        panic("a page just mapped cannot be unmapped: \(error.reason)")
      }
      page = page + Frame.byteCount
    }
  }
}

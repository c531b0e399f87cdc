import KernelLogic

/// The kernel's heap: a range of linear addresses, mapped page by page as it grows, behind one allocator.
package enum Heap {
  package static let firstAddress = LinearAddress(0x4444_4444_0000)
  /// 1 GiB of addresses: what ends the heap is physical memory.
  private static let addressLimit = firstAddress + 0x4000_0000
  private static let firstByteCount = 0x4_0000
  private static let growthByteCount = 0x1_0000

  nonisolated(unsafe) private static var allocator = LinkedListAllocator()
  nonisolated(unsafe) private static var end = firstAddress
  nonisolated(unsafe) private static var hasFailed = false

  package static func start() {
    guard grow(by: firstByteCount) else { panic("no memory for the heap") }
  }

  /// Nil when memory has run out, or no block can be that large.
  package static func allocate(size: Int, alignment: Int) -> UnsafeMutableRawPointer? {
    guard let inner = BlockLayout(size: size, alignment: max(alignment, BlockHeader.byteCount)),
      let (layout, prefix) = BlockHeader.outerLayout(of: inner)
    else {
      hasFailed = true
      return nil
    }
    return withoutInterrupts {
      guard let start = allocator.allocate(layout) ?? allocateAfterGrowth(layout) else {
        hasFailed = true
        return nil
      }
      let block = start + prefix
      BlockHeader.write(before: block, inner)
      return block
    }
  }

  package static func deallocate(_ block: UnsafeMutableRawPointer) {
    withoutInterrupts {
      switch BlockHeader.inspect(before: block, release: true) {
      case .block(let size, let alignment):
        guard let inner = BlockLayout(size: size, alignment: alignment),
          let (layout, prefix) = BlockHeader.outerLayout(of: inner)
        else { panic("the header of a heap block was overwritten") }
        allocator.deallocate(block - prefix, layout)
      case .alreadyFreed: panic("a heap block was freed twice")
      case .notABlock: panic("an address was freed that is no heap block")
      }
    }
  }

  /// The size `block` was allocated with.
  package static func size(of block: UnsafeMutableRawPointer) -> Int {
    guard case .block(let size, _) = BlockHeader.inspect(before: block, release: false) else {
      panic("the size was asked of what is no heap block")
    }
    return size
  }

  /// Whether an allocation has failed since this was last asked.
  static func takeFailure() -> Bool {
    defer { hasFailed = false }
    return hasFailed
  }

  private static func allocateAfterGrowth(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    // Room for the block wherever in the new pages its alignment puts it.
    guard grow(by: max(layout.size + layout.alignment, growthByteCount)) else { return nil }
    return allocator.allocate(layout)
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

/// Free blocks in a list, ordered by address: first fit, what is left over is split off, and a block that comes back is
/// merged with its neighbours. Each free block holds its own list node
/// (Knuth, "The Art of Computer Programming" vol. 1, 2.5, algorithms A and B).
///
/// `allocate` and `deallocate` cost one step per free block passed.
package struct LinkedListAllocator: Allocator {
  private struct FreeBlock {
    var size: Int
    var next: UnsafeMutablePointer<FreeBlock>?
  }
  private typealias Link = UnsafeMutablePointer<FreeBlock>

  /// Every size and address is a multiple of `BlockLayout.unit`, so that whatever is split off can hold a `FreeBlock`.
  private var first: Link?

  package init() {}

  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) {
    guard let start = region.baseAddress, region.count >= BlockLayout.unit else { return }
    _ = insert(start, region.count)
  }

  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    let size = layout.sizeInUnits
    let alignment = max(layout.alignment, BlockLayout.unit)
    var before: Link? = nil
    var current = first
    while let block = current {
      let start = UnsafeMutableRawPointer(block)
      let aligned = start.alignedUp(toMultipleOf: alignment)
      let gap = aligned - start
      if gap + size <= block.pointee.size {
        take(block, before: before, gap: gap, size: size)
        return aligned
      }
      before = block
      current = block.pointee.next
    }
    return nil
  }

  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool {
    insert(block, layout.sizeInUnits)
  }

  package func grantedByteCount(for layout: BlockLayout) -> Int { layout.sizeInUnits }

  /// From the lowest address up.
  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    var current = first
    while let block = current {
      body(UnsafeMutableRawPointer(block), block.pointee.size)
      current = block.pointee.next
    }
  }

  /// Takes `size` bytes, `gap` bytes into `block`, out of the list; what lies before and after stays free.
  private mutating func take(_ block: Link, before: Link?, gap: Int, size: Int) {
    var following = block.pointee.next
    let rest = block.pointee.size - gap - size
    if rest > 0 {
      let tail = Self.node(at: UnsafeMutableRawPointer(block) + gap + size)
      tail.initialize(to: FreeBlock(size: rest, next: following))
      following = tail
    }
    if gap > 0 {
      block.pointee = FreeBlock(size: gap, next: following)
    } else {
      setNext(of: before, to: following)
    }
  }

  /// Puts a free range into the list at its place and merges it with the neighbours it touches. False when part of it is free already.
  private mutating func insert(_ start: UnsafeMutableRawPointer, _ size: Int) -> Bool {
    var before: Link? = nil
    var after = first
    while let block = after, UnsafeMutableRawPointer(block) < start {
      before = block
      after = block.pointee.next
    }
    if let before, start < UnsafeMutableRawPointer(before) + before.pointee.size { return false }
    if let after, UnsafeMutableRawPointer(after) < start + size { return false }
    let block = Self.node(at: start)
    block.initialize(to: FreeBlock(size: size, next: after))
    if let after, start + size == UnsafeMutableRawPointer(after) {
      block.pointee = FreeBlock(size: size + after.pointee.size, next: after.pointee.next)
    }
    if let before, UnsafeMutableRawPointer(before) + before.pointee.size == start {
      before.pointee = FreeBlock(size: before.pointee.size + block.pointee.size, next: block.pointee.next)
    } else {
      setNext(of: before, to: block)
    }
    return true
  }

  private mutating func setNext(of block: Link?, to next: Link?) {
    if let block { block.pointee.next = next } else { first = next }
  }

  private static func node(at address: UnsafeMutableRawPointer) -> Link {
    address.bindMemory(to: FreeBlock.self, capacity: 1)
  }
}

/// Blocks of 32 bytes times a power of two, each aligned to its size. A large block is split into two halves, the *buddies*, until the
/// half fits; when both halves are free they become the whole again. The buddy of a block differs from it in one bit of the address
/// (Knuth vol. 1, 2.5, algorithms R and S).
///
/// Each region begins with a map of one byte for each 32, which says where blocks start: so a buddy is looked up, not searched, and
/// a block that was never handed out, or is back already, is recognised. `allocate` and `deallocate` cost at most one step for each
/// power of two, and one for each region.
package struct BuddyAllocator: Allocator {
  private struct FreeBlock {
    var next: Link?
    var previous: Link?
    var arena: ArenaLink
  }
  private typealias Link = UnsafeMutablePointer<FreeBlock>

  /// Stands at the start of a region, before its map.
  private struct Arena {
    var next: ArenaLink?
    var byteCount: Int
  }
  private typealias ArenaLink = UnsafeMutablePointer<Arena>

  /// What the map says of 32 bytes. Anything else: no block starts there.
  private enum Mark {
    static let none: UInt8 = 0
    static func free(_ order: Int) -> UInt8 { UInt8(truncatingIfNeeded: 0x40 + order) }
    static func allocated(_ order: Int) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 + order) }
  }

  /// A block of order 0 is 32 bytes: room for a `FreeBlock`.
  private static let smallestPower = 5
  /// Up to 1 GiB.
  private static let orderCount = 26

  private var lists = InlineArray<26, Link?>(repeating: nil)
  /// Bit n is set while list n has a block.
  private var filledLists: UInt32 = 0
  private var arenas: ArenaLink?

  package init() {}

  package mutating func addRegion(_ region: UnsafeMutableRawBufferPointer) {
    guard let start = region.baseAddress, region.count >= 4096 else { return }
    let arena = start.bindMemory(to: Arena.self, capacity: 1)
    arena.initialize(to: Arena(next: arenas, byteCount: region.count))
    arenas = arena
    let mapByteCount = region.count >> Self.smallestPower
    Self.map(of: arena).initialize(repeating: Mark.none, count: mapByteCount)
    let end = start + region.count
    var block = (start + MemoryLayout<Arena>.size + mapByteCount).alignedUp(toMultipleOf: Self.byteCount(0))
    while block < end {
      var order = min(UInt(bitPattern: block).trailingZeroBitCount - Self.smallestPower, Self.orderCount - 1)
      while Self.byteCount(order) > end - block { order -= 1 }
      push(block, order, arena)
      block += Self.byteCount(order)
    }
  }

  package mutating func allocate(_ layout: BlockLayout) -> UnsafeMutableRawPointer? {
    let order = Self.order(layout)
    guard order < Self.orderCount else { return nil }
    let candidates = filledLists >> UInt32(order)
    guard candidates != 0 else { return nil }
    var found = order + candidates.trailingZeroBitCount
    guard let link = lists[found] else { return nil }
    let arena = link.pointee.arena
    remove(link, found)
    let block = UnsafeMutableRawPointer(link)
    while found > order {
      found -= 1
      push(block + Self.byteCount(found), found, arena)
    }
    Self.mark(block, Mark.allocated(order), arena)
    return block
  }

  package mutating func deallocate(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Bool {
    var order = Self.order(layout)
    guard let arena = arena(containing: block), UInt(bitPattern: block) % UInt(Self.byteCount(0)) == 0,
      Self.mark(of: block, arena) == Mark.allocated(order)
    else { return false }
    Self.mark(block, Mark.none, arena)
    var merged = block
    while order + 1 < Self.orderCount, let buddy = Self.buddy(of: merged, order, arena),
      Self.mark(of: buddy, arena) == Mark.free(order)
    {
      remove(buddy.assumingMemoryBound(to: FreeBlock.self), order)
      merged = min(merged, buddy)
      order += 1
    }
    push(merged, order, arena)
    return true
  }

  package func grantedByteCount(for layout: BlockLayout) -> Int { Self.byteCount(Self.order(layout)) }

  /// Twice the block, for it lies on a multiple of its size; and room for the region's map.
  package func regionByteCount(for layout: BlockLayout) -> Int? {
    let block = grantedByteCount(for: layout)
    return 2 * block + block / 8 + 4096
  }

  package func forEachFreeBlock(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    for order in 0..<Self.orderCount {
      var current = lists[order]
      while let block = current {
        body(UnsafeMutableRawPointer(block), Self.byteCount(order))
        current = block.pointee.next
      }
    }
  }

  private static func order(_ layout: BlockLayout) -> Int { max(layout.powerOfTwo - smallestPower, 0) }
  private static func byteCount(_ order: Int) -> Int { 1 << (smallestPower + order) }

  /// The other half of the block that both were split from; nil when it does not lie in the region.
  private static func buddy(of block: UnsafeMutableRawPointer, _ order: Int, _ arena: ArenaLink)
    -> UnsafeMutableRawPointer?
  {
    let address = UInt(bitPattern: block) ^ UInt(byteCount(order))
    guard let buddy = UnsafeMutableRawPointer(bitPattern: address), contains(buddy, arena) else { return nil }
    return buddy
  }

  private static func contains(_ address: UnsafeMutableRawPointer, _ arena: ArenaLink) -> Bool {
    let start = UnsafeMutableRawPointer(arena)
    return address >= start && address < start + arena.pointee.byteCount
  }

  private func arena(containing address: UnsafeMutableRawPointer) -> ArenaLink? {
    var current = arenas
    while let arena = current, !Self.contains(address, arena) { current = arena.pointee.next }
    return current
  }

  private static func map(of arena: ArenaLink) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(arena + 1).assumingMemoryBound(to: UInt8.self)
  }

  private static func mark(of block: UnsafeMutableRawPointer, _ arena: ArenaLink) -> UInt8 {
    map(of: arena)[(block - UnsafeMutableRawPointer(arena)) >> smallestPower]
  }

  private static func mark(_ block: UnsafeMutableRawPointer, _ mark: UInt8, _ arena: ArenaLink) {
    map(of: arena)[(block - UnsafeMutableRawPointer(arena)) >> smallestPower] = mark
  }

  private mutating func push(_ block: UnsafeMutableRawPointer, _ order: Int, _ arena: ArenaLink) {
    let link = block.bindMemory(to: FreeBlock.self, capacity: 1)
    link.initialize(to: FreeBlock(next: lists[order], previous: nil, arena: arena))
    lists[order]?.pointee.previous = link
    lists[order] = link
    filledLists |= 1 << UInt32(order)
    Self.mark(block, Mark.free(order), arena)
  }

  private mutating func remove(_ link: Link, _ order: Int) {
    let (next, previous) = (link.pointee.next, link.pointee.previous)
    next?.pointee.previous = previous
    if let previous { previous.pointee.next = next } else { lists[order] = next }
    if lists[order] == nil { filledLists &= ~(1 << UInt32(order)) }
    Self.mark(UnsafeMutableRawPointer(link), Mark.none, link.pointee.arena)
  }
}

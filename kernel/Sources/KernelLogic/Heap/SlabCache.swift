/// Objects of one size, cut from slabs of 4 KiB. Which objects are free is written at the head of their slab, never into them: a free
/// object keeps its content, so that what `construct` made of it once is there again for the next who gets it
/// (Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator", USENIX 1994).
///
/// `allocate` and `deallocate` cost the same whatever happened before, except when a slab is made or given up.
package struct SlabCache {
  package static let slabByteCount = 4096
  /// A slab holds at least seven of the largest objects.
  package static let largestObjectByteCount = 512

  private struct Slab {
    var next: SlabLink?
    var previous: SlabLink?
    var usedCount: UInt16
    /// The first free object; `nextFree` of it is the next.
    var firstFree: UInt16
  }
  private typealias SlabLink = UnsafeMutablePointer<Slab>

  private enum Index {
    static let none: UInt16 = 0xffff
    /// What `nextFree` says of an object that is not free.
    static let used: UInt16 = 0xfffe
  }

  package let objectByteCount: Int
  package let objectsPerSlab: Int
  private let firstObjectOffset: Int
  private let construct: ((UnsafeMutableRawPointer) -> Void)?
  /// The slabs that have a free object.
  private var slabs: SlabLink?

  /// `objectByteCount` is rounded up to 16 bytes. `construct` prepares each object of a new slab, once.
  package init(objectByteCount: Int, construct: ((UnsafeMutableRawPointer) -> Void)? = nil) {
    let size = min(BlockLayout(size: objectByteCount, alignment: 1)?.sizeInUnits ?? 0, Self.largestObjectByteCount)
    precondition(size >= objectByteCount, "a slab cache was asked for objects that are too large")
    func offset(_ count: Int) -> Int { (MemoryLayout<Slab>.size + 2 * count + 15) & ~15 }
    var count = (Self.slabByteCount - MemoryLayout<Slab>.size) / (size + 2)
    while offset(count) + count * size > Self.slabByteCount { count -= 1 }
    self.objectByteCount = size
    self.construct = construct
    objectsPerSlab = count
    firstObjectOffset = offset(count)
  }

  package static var slabLayout: BlockLayout { BlockLayout(size: slabByteCount, alignment: slabByteCount)! }

  package mutating func allocate(from backing: inout some Allocator) -> UnsafeMutableRawPointer? {
    guard let slab = slabs ?? makeSlab(&backing) else { return nil }
    let index = slab.pointee.firstFree
    slab.pointee.firstFree = Self.nextFree(slab)[Int(index)]
    Self.nextFree(slab)[Int(index)] = Index.used
    slab.pointee.usedCount += 1
    if slab.pointee.firstFree == Index.none { remove(slab) }
    return object(Int(index), slab)
  }

  package mutating func deallocate(_ object: UnsafeMutableRawPointer, to backing: inout some Allocator) -> Bool {
    let slab = Self.slab(of: object)
    let offset = object - UnsafeMutableRawPointer(slab) - firstObjectOffset
    let (index, remainder) = offset.quotientAndRemainder(dividingBy: objectByteCount)
    guard offset >= 0, remainder == 0, index < objectsPerSlab, Self.nextFree(slab)[index] == Index.used else {
      return false
    }
    if slab.pointee.firstFree == Index.none { push(slab) }
    Self.nextFree(slab)[index] = slab.pointee.firstFree
    slab.pointee.firstFree = UInt16(index)
    slab.pointee.usedCount -= 1
    // One slab is kept even when it is empty: the next allocation would only make it anew.
    let isOnlyOne = slabs == slab && slab.pointee.next == nil
    if slab.pointee.usedCount == 0, !isOnlyOne {
      remove(slab)
      return backing.deallocate(UnsafeMutableRawPointer(slab), Self.slabLayout)
    }
    return true
  }

  /// Gives the slab back that is kept though it is empty. False when there is none.
  package mutating func releaseEmptySlab(to backing: inout some Allocator) -> Bool {
    var current = slabs
    while let slab = current {
      if slab.pointee.usedCount == 0 {
        remove(slab)
        return backing.deallocate(UnsafeMutableRawPointer(slab), Self.slabLayout)
      }
      current = slab.pointee.next
    }
    return false
  }

  package func forEachFreeObject(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    var current = slabs
    while let slab = current {
      var index = slab.pointee.firstFree
      while index != Index.none {
        body(object(Int(index), slab), objectByteCount)
        index = Self.nextFree(slab)[Int(index)]
      }
      current = slab.pointee.next
    }
  }

  private mutating func makeSlab(_ backing: inout some Allocator) -> SlabLink? {
    guard let start = backing.allocate(Self.slabLayout) else { return nil }
    let slab = start.bindMemory(to: Slab.self, capacity: 1)
    slab.initialize(to: Slab(next: nil, previous: nil, usedCount: 0, firstFree: 0))
    for index in 0..<objectsPerSlab {
      Self.nextFree(slab)[index] = index + 1 < objectsPerSlab ? UInt16(index + 1) : Index.none
      construct?(object(index, slab))
    }
    push(slab)
    return slab
  }

  private func object(_ index: Int, _ slab: SlabLink) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(slab) + firstObjectOffset + index * objectByteCount
  }

  private static func nextFree(_ slab: SlabLink) -> UnsafeMutablePointer<UInt16> {
    (UnsafeMutableRawPointer(slab) + MemoryLayout<Slab>.size).assumingMemoryBound(to: UInt16.self)
  }

  /// A slab is aligned to its size.
  private static func slab(of object: UnsafeMutableRawPointer) -> SlabLink {
    object.alignedDown(toMultipleOf: slabByteCount).assumingMemoryBound(to: Slab.self)
  }

  private mutating func push(_ slab: SlabLink) {
    slab.pointee.next = slabs
    slab.pointee.previous = nil
    slabs?.pointee.previous = slab
    slabs = slab
  }

  private mutating func remove(_ slab: SlabLink) {
    let (next, previous) = (slab.pointee.next, slab.pointee.previous)
    next?.pointee.previous = previous
    if let previous { previous.pointee.next = next } else { slabs = next }
  }
}

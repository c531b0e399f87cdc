/// Stands between the heap and its callers, when asked for at boot, and tells mistakes with memory by name.
///
/// Each block lies between a header and a guard, and all blocks are one list. A block that comes back is not given to the allocator at once: it is
/// filled with a pattern and kept until 32 others have come back, so that what is stored through an old pointer shows, and hits nobody else
/// ("redzones" and "quarantine": Serebryany and others, "AddressSanitizer: A Fast Address Sanity Checker", 2012, "Run-time Library").
///
///     | padding | header, 48 bytes | block | guard, 16 bytes |
///
/// What is found depends only on what the callers do, not on the design behind.
package struct HeapChecker {
  /// What was done wrong.
  package enum Fault: Equatable {
    case writtenBehindItsEnd, writtenAfterFree, freedTwice, notABlock, freedWithAnotherSize

    package var description: StaticString {
      switch self {
      case .writtenBehindItsEnd: "a heap block was written to behind its end"
      case .writtenAfterFree: "a heap block was written to after it was freed"
      case .freedTwice: "a heap block was freed twice"
      case .notABlock: "an address was freed at which no heap block begins"
      case .freedWithAnotherSize: "a heap block was freed with a size that is not its own"
      }
    }
  }

  /// A block as the allocator knows it.
  package struct Outer: Equatable {
    package var start: UnsafeMutableRawPointer
    package var layout: BlockLayout
  }

  package enum Release: Equatable {
    /// The block is kept; what was kept longest, if there is no room for more, goes back to the allocator.
    case kept(evicted: Outer?)
    case fault(Fault)
  }

  private struct Header {
    var mark: UInt64
    var size: Int
    var alignment: Int
    /// The program's block that was handed out before this one and still lives, and the one after.
    var previous: UnsafeMutableRawPointer?
    var next: UnsafeMutableRawPointer?
    var unused: UInt64 = 0
  }

  private static let liveMark: UInt64 = 0x6c69_7665_2062_6c6b
  private static let freedMark: UInt64 = 0x6672_6565_6420_626b
  private static let headerByteCount = 48
  private static let guardByteCount = 16
  private static let guardPattern: UInt8 = 0xbd
  private static let freedPattern: UInt8 = 0xdf
  private static let keptCapacity = 32

  /// The live block that was handed out last.
  private var newest: UnsafeMutableRawPointer?
  package private(set) var liveCount = 0
  /// Blocks that came back, a ring.
  private var kept = InlineArray<32, UnsafeMutableRawPointer?>(repeating: nil)
  private var keptStart = 0
  private var keptCount = 0

  package init() {}

  /// The layout to ask the allocator for, so that header, block and guard fit: the block starts `prefix` bytes in.
  package static func outerLayout(of inner: BlockLayout) -> (layout: BlockLayout, prefix: Int)? {
    let alignment = max(inner.alignment, BlockLayout.unit)
    let prefix = (headerByteCount + alignment - 1) & ~(alignment - 1)
    guard let layout = BlockLayout(size: prefix + inner.size + guardByteCount, alignment: alignment) else { return nil }
    return (layout, prefix)
  }

  /// Takes over what the allocator gave for the outer layout of `inner`, and returns the block in it.
  package mutating func adopt(_ start: UnsafeMutableRawPointer, _ inner: BlockLayout) -> UnsafeMutableRawPointer {
    guard let (_, prefix) = Self.outerLayout(of: inner) else { return start }
    let block = start + prefix
    let header = Header(
      mark: Self.liveMark, size: inner.size, alignment: inner.alignment, previous: newest, next: nil)
    Self.setHeader(of: block, header)
    if let newest { Self.changeHeader(of: newest) { $0.next = block } }
    newest = block
    liveCount += 1
    (block + inner.size).initializeMemory(as: UInt8.self, repeating: Self.guardPattern, count: Self.guardByteCount)
    return block
  }

  /// A block comes back. Nothing is done when that is a mistake.
  package mutating func release(_ block: UnsafeMutableRawPointer, _ layout: BlockLayout) -> Release {
    guard UInt(bitPattern: block) % UInt(BlockLayout.unit) == 0 else { return .fault(.notABlock) }
    let header = Self.header(of: block)
    if header.mark == Self.freedMark { return .fault(.freedTwice) }
    guard header.mark == Self.liveMark else { return .fault(.notABlock) }
    guard header.size == layout.size, header.alignment == layout.alignment else { return .fault(.freedWithAnotherSize) }
    guard Self.isGuardWhole(of: block, header) else { return .fault(.writtenBehindItsEnd) }
    if let previous = header.previous { Self.changeHeader(of: previous) { $0.next = header.next } }
    if let next = header.next {
      Self.changeHeader(of: next) { $0.previous = header.previous }
    } else {
      newest = header.previous
    }
    liveCount -= 1
    Self.changeHeader(of: block) { $0.mark = Self.freedMark }
    block.initializeMemory(as: UInt8.self, repeating: Self.freedPattern, count: header.size)
    let evicted = keptCount == Self.keptCapacity ? takeOldest() : nil
    if let evicted, !Self.isAsFreed(evicted) { return .fault(.writtenAfterFree) }
    kept[(keptStart + keptCount) % Self.keptCapacity] = block
    keptCount += 1
    return .kept(evicted: evicted.flatMap(Self.giveUp))
  }

  /// The first mistake there is to be seen in any block; nil when all are whole.
  package func fault() -> Fault? {
    var block = newest
    while let live = block {
      let header = Self.header(of: live)
      // Where a header was overwritten it is not followed further.
      guard header.mark == Self.liveMark, Self.isGuardWhole(of: live, header) else { return .writtenBehindItsEnd }
      block = header.previous
    }
    for index in 0..<keptCount {
      if let freed = kept[(keptStart + index) % Self.keptCapacity], !Self.isAsFreed(freed) { return .writtenAfterFree }
    }
    return nil
  }

  private mutating func takeOldest() -> UnsafeMutableRawPointer? {
    let block = kept[keptStart]
    keptStart = (keptStart + 1) % Self.keptCapacity
    keptCount -= 1
    return block
  }

  /// A kept block as the allocator's again.
  private static func giveUp(_ block: UnsafeMutableRawPointer) -> Outer? {
    let header = header(of: block)
    changeHeader(of: block) { $0.mark = 0 }
    guard let inner = BlockLayout(size: header.size, alignment: header.alignment),
      let (layout, prefix) = outerLayout(of: inner)
    else { return nil }
    return Outer(start: block - prefix, layout: layout)
  }

  private static func isGuardWhole(of block: UnsafeMutableRawPointer, _ header: Header) -> Bool {
    isFilled(block + header.size, guardByteCount, with: guardPattern)
  }

  private static func isAsFreed(_ block: UnsafeMutableRawPointer) -> Bool {
    let header = header(of: block)
    return header.mark == freedMark && isFilled(block, header.size, with: freedPattern)
      && isGuardWhole(of: block, header)
  }

  private static func isFilled(_ start: UnsafeMutableRawPointer, _ count: Int, with pattern: UInt8) -> Bool {
    for offset in 0..<count where start.load(fromByteOffset: offset, as: UInt8.self) != pattern { return false }
    return true
  }

  private static func header(of block: UnsafeMutableRawPointer) -> Header {
    (block - headerByteCount).load(as: Header.self)
  }

  private static func setHeader(of block: UnsafeMutableRawPointer, _ header: Header) {
    (block - headerByteCount).storeBytes(of: header, as: Header.self)
  }

  private static func changeHeader(of block: UnsafeMutableRawPointer, _ change: (inout Header) -> Void) {
    var header = header(of: block)
    change(&header)
    setHeader(of: block, header)
  }
}

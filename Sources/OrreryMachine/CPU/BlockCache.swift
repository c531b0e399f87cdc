/// All decoded blocks: found by linear address through the jump cache, by physical address through buckets, by physical page for invalidation.
///
/// What maps linear addresses to blocks (the jump cache, and links between blocks of different pages) is forgotten by
/// `translationsChanged()`; the blocks themselves depend on physical addresses and stay. Contents never reach machine state.
struct BlockCache {
  /// Blocks 64 KB of random calls apart collide rarely, and the table stays in the second-level cache.
  static let jumpCacheCount = 4096
  private static let bucketCount = 8192
  private static let frameBucketCount = 2048
  private static let chunkSize = 256 << 10
  /// With 256 KiB chunks 16 MiB: when they are full all blocks are thrown away.
  private static let maximumChunkCount = 64

  /// The block that was last entered at an address with this hash, or `noBlock`; the block's tag says whether it is the one looked for.
  let jumpCache: UnsafeMutablePointer<UnsafeMutablePointer<Block>>
  /// A block that is never found: its tag is no address's.
  private let noBlock: UnsafeMutablePointer<Block>
  private let buckets: UnsafeMutablePointer<UnsafeMutablePointer<Block>?>
  private let frameBuckets: UnsafeMutablePointer<UnsafeMutablePointer<Block>?>
  private let secondFrameBuckets: UnsafeMutablePointer<UnsafeMutablePointer<Block>?>
  /// The jump cache entries in use.
  private var filledEntries: [Int32] = []
  /// The links that lead to another page, each a `taken` or `notTaken` of a block.
  private var crossingLinks: [UnsafeMutablePointer<UnsafeMutablePointer<Block>?>] = []
  private var chunks: [UnsafeMutableRawPointer] = []
  private var codeSegmentBase: UInt64 = 0
  private var codeSegmentLimit: UInt32 = 0
  /// The chunk being filled and how much of it is used, in bytes.
  private var chunkIndex = 0
  private var chunkUsed = 0
  /// Where the decoder writes operations before their number is known.
  let decodeBuffer: UnsafeMutablePointer<Operation>
  /// The bytes of an instruction that crosses pages.
  let window: UnsafeMutablePointer<UInt8>
  /// How often `removeAll` was called: pointers to blocks from before are worthless.
  private(set) var generation: UInt64 = 0
  static let decodeBufferCount = (Block.maximumInstructions + 1) * Block.maximumOperationsPerInstruction

  init() {
    jumpCache = .allocate(capacity: Self.jumpCacheCount)
    noBlock = .allocate(capacity: 1)
    noBlock.initialize(to: Block(count: 0, killsFlags: false, mode: 0, distance: 0, rip: 0, tag: Block.deadTag))
    jumpCache.initialize(repeating: noBlock, count: Self.jumpCacheCount)
    buckets = .allocate(capacity: Self.bucketCount)
    buckets.initialize(repeating: nil, count: Self.bucketCount)
    frameBuckets = .allocate(capacity: Self.frameBucketCount)
    frameBuckets.initialize(repeating: nil, count: Self.frameBucketCount)
    secondFrameBuckets = .allocate(capacity: Self.frameBucketCount)
    secondFrameBuckets.initialize(repeating: nil, count: Self.frameBucketCount)
    decodeBuffer = .allocate(capacity: Self.decodeBufferCount)
    window = .allocate(capacity: Decoder.maximumLength)
    window.initialize(repeating: 0, count: Decoder.maximumLength)
    decodeBuffer.initialize(repeating: Operation(code: .stale), count: Self.decodeBufferCount)
  }

  /// Frees everything; the cache cannot be used afterwards.
  func deallocate() {
    jumpCache.deallocate()
    noBlock.deallocate()
    buckets.deallocate()
    frameBuckets.deallocate()
    secondFrameBuckets.deallocate()
    decodeBuffer.deallocate()
    window.deallocate()
    for chunk in chunks { chunk.deallocate() }
  }

  // MARK: Finding

  /// Addresses that lie in a row, such as the branches of a switch, have entries of their own; and one that two share has a free one beside it.
  @inline(__always)
  static func jumpCacheIndex(_ linear: UInt64) -> Int {
    Int(truncatingIfNeeded: (linear ^ linear >> 12) & UInt64(jumpCacheCount - 1))
  }

  private static func bucketIndex(frame: UInt64, linear: UInt64, mode: UInt8) -> Int {
    let key = (frame << 12 | linear & 0xFFF) ^ UInt64(mode) << 7
    return Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 40 & UInt64(bucketCount - 1))
  }

  private static func frameIndex(_ frame: UInt64) -> Int {
    Int(truncatingIfNeeded: frame & UInt64(frameBucketCount - 1))
  }

  /// The first block in the bucket of a physical address; the caller compares what else matters and follows `nextInBucket`.
  func firstBlock(frame: UInt64, linear: UInt64, mode: UInt8) -> UnsafeMutablePointer<Block>? {
    buckets[Self.bucketIndex(frame: frame, linear: linear, mode: mode)]
  }

  /// Remembers that `linear`, where it begins, leads to `block`. The block whose place it takes moves to the entry beside it, if that is free.
  mutating func remember(_ block: UnsafeMutablePointer<Block>, linear: UInt64) {
    let index = Self.jumpCacheIndex(linear)
    let displaced = jumpCache[index]
    if displaced != block, displaced.pointee.tag != Block.deadTag, jumpCache[index ^ 1].pointee.tag == Block.deadTag {
      setJumpCache(index ^ 1, displaced)
    }
    setJumpCache(index, block)
  }

  /// The block that `linear` led to before another one took its place; from now on it is found first.
  mutating func displacedBlock(linear: UInt64, mode: UInt8) -> UnsafeMutablePointer<Block>? {
    let index = Self.jumpCacheIndex(linear)
    let block = jumpCache[index ^ 1]
    guard block.pointee.tag == BlockMode.tag(linear: linear, mode: mode) else { return nil }
    jumpCache[index ^ 1] = jumpCache[index]
    setJumpCache(index, block)
    return block
  }

  private mutating func setJumpCache(_ index: Int, _ block: UnsafeMutablePointer<Block>) {
    if jumpCache[index] == noBlock { filledEntries.append(Int32(truncatingIfNeeded: index)) }
    jumpCache[index] = block
  }

  /// Makes `source` lead on to `target` without a look-up.
  mutating func link(_ source: UnsafeMutablePointer<Block>, taken: Bool, to target: UnsafeMutablePointer<Block>) {
    let slot = source.linkSlot(taken: taken)
    let staysInPage =
      source.description.pointee.linear >> 12 == target.description.pointee.linear >> 12
      && source.description.pointee.frame == target.description.pointee.frame
      && target.description.pointee.secondFrame == target.description.pointee.frame
      && target.pointee.mode == source.pointee.mode
    if !staysInPage && slot.pointee == nil { crossingLinks.append(slot) }
    slot.pointee = target
  }

  // MARK: Filling

  /// Room for a block with `count` operations, uninitialised; when the arena is full all blocks are dropped first.
  mutating func allocate(operationCount count: Int) -> UnsafeMutablePointer<Block> {
    let size = MemoryLayout<Block>.stride + count * MemoryLayout<Operation>.stride
    // The description before it, and what aligning it may cost.
    let reserve = MemoryLayout<BlockDescription>.stride + Block.alignment
    if chunkUsed + reserve + size > Self.chunkSize || chunks.isEmpty {
      if chunks.isEmpty {
        chunkIndex = 0
      } else {
        chunkIndex += 1
        if chunkIndex == Self.maximumChunkCount { removeAll() }
      }
      if chunkIndex == chunks.count {
        chunks.append(.allocate(byteCount: Self.chunkSize, alignment: Block.alignment))
      }
      chunkUsed = 0
    }
    let start = (chunkUsed + reserve - 1) & ~(Block.alignment - 1)
    chunkUsed = start + size
    let block = chunks[chunkIndex] + start
    return block.bindMemory(to: Block.self, capacity: 1)
  }

  mutating func insert(_ block: UnsafeMutablePointer<Block>) {
    let bucket = Self.bucketIndex(
      frame: block.description.pointee.frame, linear: block.description.pointee.linear, mode: block.pointee.mode)
    block.description.pointee.nextInBucket = buckets[bucket]
    buckets[bucket] = block
    let frameBucket = Self.frameIndex(block.description.pointee.frame)
    block.description.pointee.nextInFrame = frameBuckets[frameBucket]
    frameBuckets[frameBucket] = block
    if block.description.pointee.secondFrame != block.description.pointee.frame {
      let secondBucket = Self.frameIndex(block.description.pointee.secondFrame)
      block.description.pointee.nextInSecondFrame = secondFrameBuckets[secondBucket]
      secondFrameBuckets[secondBucket] = block
    }
  }

  // MARK: Forgetting

  /// Forgets the blocks that have code in the given 64-byte granules (one bit each) of physical page `frame`.
  mutating func invalidate(frame: UInt64, granules: UInt64) {
    var slot = frameBuckets + Self.frameIndex(frame)
    while let block = slot.pointee {
      if block.description.pointee.frame == frame && block.description.pointee.granules & granules != 0 {
        slot.pointee = block.description.pointee.nextInFrame
        kill(block)
      } else {
        slot = block.description.nextInFrameLink
      }
    }
    slot = secondFrameBuckets + Self.frameIndex(frame)
    while let block = slot.pointee {
      if block.description.pointee.secondFrame == frame && block.description.pointee.secondGranules & granules != 0 {
        slot.pointee = block.description.pointee.nextInSecondFrame
        kill(block)
      } else {
        slot = block.description.nextInSecondFrameLink
      }
    }
  }

  /// Takes `block` out of the buckets and makes whoever still leads to it find its address anew. It may stay in a frame list, where it does no harm.
  private mutating func kill(_ block: UnsafeMutablePointer<Block>) {
    guard block.pointee.count != 0 else { return }
    var slot =
      buckets
      + Self.bucketIndex(
        frame: block.description.pointee.frame, linear: block.description.pointee.linear, mode: block.pointee.mode)
    while let other = slot.pointee, other != block { slot = other.description.nextInBucketLink }
    if slot.pointee == block { slot.pointee = block.description.pointee.nextInBucket }
    block.pointee.tag = Block.deadTag
    block.pointee.count = 0
    block.pointee.killsFlags = false
    block.operations.pointee.code = .stale
  }

  /// Forgets what maps linear addresses to blocks. Costs what was filled since the last call.
  mutating func translationsChanged() {
    for index in filledEntries { jumpCache[Int(index)] = noBlock }
    filledEntries.removeAll(keepingCapacity: true)
    for link in crossingLinks { link.pointee = nil }
    crossingLinks.removeAll(keepingCapacity: true)
  }

  /// Outside 64-bit mode the same linear address may be another offset in another code segment.
  mutating func codeSegmentIs(base: UInt64, limit: UInt32) {
    guard base != codeSegmentBase || limit != codeSegmentLimit else { return }
    codeSegmentBase = base
    codeSegmentLimit = limit
    translationsChanged()
  }

  /// Forgets all blocks. Memory of the block in execution stays readable until the next one is decoded.
  mutating func removeAll() {
    generation &+= 1
    filledEntries.removeAll(keepingCapacity: true)
    crossingLinks.removeAll(keepingCapacity: true)
    jumpCache.update(repeating: noBlock, count: Self.jumpCacheCount)
    buckets.update(repeating: nil, count: Self.bucketCount)
    frameBuckets.update(repeating: nil, count: Self.frameBucketCount)
    secondFrameBuckets.update(repeating: nil, count: Self.frameBucketCount)
    chunkIndex = 0
    chunkUsed = 0
  }
}

extension UnsafeMutablePointer<BlockDescription> {
  private func link(
    _ path: KeyPath<BlockDescription, UnsafeMutablePointer<Block>?>
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<Block>?> {
    guard let offset = MemoryLayout<BlockDescription>.offset(of: path) else {
      preconditionFailure("a stored property has an offset")
    }
    return (UnsafeMutableRawPointer(self) + offset).assumingMemoryBound(to: UnsafeMutablePointer<Block>?.self)
  }

  fileprivate var nextInBucketLink: UnsafeMutablePointer<UnsafeMutablePointer<Block>?> { link(\.nextInBucket) }
  fileprivate var nextInFrameLink: UnsafeMutablePointer<UnsafeMutablePointer<Block>?> { link(\.nextInFrame) }
  fileprivate var nextInSecondFrameLink: UnsafeMutablePointer<UnsafeMutablePointer<Block>?> {
    link(\.nextInSecondFrame)
  }
}

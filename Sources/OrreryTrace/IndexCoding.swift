package import OrreryBase

/// What the index says about a chunk or about a block of the index itself.
package struct IndexEntry: Equatable, Sendable {
  /// Where it is, in bytes from the end of the header.
  var offset: UInt64
  /// How many bytes it has.
  var length: UInt64
  /// The first event in it or below it.
  package var firstSequence: UInt64
  package var firstClock: Clock
  /// The content hash of the chunk, or the hash of the block, which stands for all chunks below it.
  package var hash: Hash128
  /// For each recorded lane, the hash of the chunk's block, zero when it has none; in a block's entry, the hash of the entries' lane hashes.
  package var laneHashes: [Hash128]
}

/// A node of the hash tree: up to 16 entries for chunks (level 1) or for blocks of the level below.
package struct IndexBlock: Sendable {
  package var level: UInt16
  var lanes: LaneSet
  package var entries: [IndexEntry]

  static func length(laneCount: Int, entryCount: Int) -> Int {
    TraceFormat.indexFixedSize + entryCount * (TraceFormat.indexEntryFixedSize + TraceFormat.hashSize * laneCount)
      + TraceFormat.hashSize
  }

  /// The block as it is written, and its hash.
  func encoded() -> (bytes: [UInt8], hash: Hash128) {
    var writer = ByteWriter()
    let laneCount = lanes.rawValue.nonzeroBitCount
    writer.append(fixed: TraceFormat.indexMagic)
    writer.append(fixed: UInt32(IndexBlock.length(laneCount: laneCount, entryCount: entries.count)))
    writer.append(fixed: level)
    writer.append(fixed: lanes.rawValue)
    writer.append(fixed: UInt32(entries.count))
    for entry in entries {
      writer.append(fixed: entry.offset)
      writer.append(fixed: entry.length)
      writer.append(fixed: entry.firstSequence)
      writer.append(fixed: entry.firstClock)
      writer.append(entry.hash)
      for hash in entry.laneHashes { writer.append(hash) }
    }
    let hash = Hash128(of: writer.bytes)
    writer.append(hash)
    return (writer.bytes, hash)
  }

  /// How long the block is whose first `indexFixedSize` bytes are given; nil when they start none.
  static func length(fromStart bytes: [UInt8]) -> Int? {
    var reader = ByteReader(bytes)
    guard (try? reader.fixed(UInt32.self)) == TraceFormat.indexMagic, let length = try? reader.fixed(UInt32.self),
      let level = try? reader.fixed(UInt16.self), let mask = try? reader.fixed(UInt16.self),
      let count = try? reader.fixed(UInt32.self), (1...UInt32(TraceFormat.indexFanOut)).contains(count),
      (1...UInt16(TraceFormat.indexLevelLimit)).contains(level), LaneSet.all.isSuperset(of: LaneSet(rawValue: mask)),
      Int(length) == IndexBlock.length(laneCount: mask.nonzeroBitCount, entryCount: Int(count))
    else { return nil }
    return Int(length)
  }
}

extension IndexBlock {
  /// Reads a complete block; nil when it is not what a writer wrote. The hash is `hash`.
  init?(_ bytes: [UInt8], hash: inout Hash128) {
    guard IndexBlock.length(fromStart: bytes) == bytes.count else { return nil }
    let hashed = bytes.count - TraceFormat.hashSize
    var reader = ByteReader(bytes)
    do {
      _ = try reader.take(8)
      level = try reader.fixed()
      lanes = LaneSet(rawValue: try reader.fixed())
      let count: UInt32 = try reader.fixed()
      entries = []
      for _ in 0..<count {
        var entry = IndexEntry(
          offset: try reader.fixed(), length: try reader.fixed(), firstSequence: try reader.fixed(),
          firstClock: try reader.fixed(), hash: try reader.hash(), laneHashes: [])
        for _ in lanes.lanes { entry.laneHashes.append(try reader.hash()) }
        entries.append(entry)
      }
      hash = try reader.hash()
      let actual = bytes.withUnsafeBytes { Hash128(of: UnsafeRawBufferPointer(rebasing: $0[..<hashed])) }
      guard hash == actual else { return nil }
    } catch {
      return nil
    }
  }
}

/// Makes the index while the chunks are written, in memory that grows with the logarithm of their number.
struct IndexBuilder {
  let lanes: LaneSet
  /// The entries that are not yet in a block, by level; level 0 is the chunks.
  private var pending: [[IndexEntry]] = [[]]

  init(lanes: LaneSet) { self.lanes = lanes }

  /// Takes a chunk that was just written and gives the blocks that are now full, to be written from `offset` (after the header) on.
  mutating func add(_ chunk: IndexEntry, offset: UInt64) -> [[UInt8]] {
    var blocks: [[UInt8]] = []
    var offset = offset
    pending[0].append(chunk)
    var level = 0
    while pending[level].count == TraceFormat.indexFanOut {
      blocks.append(close(level, offset: &offset))
      level += 1
    }
    return blocks
  }

  /// Closes what is left; the root is the entry of the last block, nil when there were no chunks.
  mutating func finish(offset: UInt64) -> (blocks: [[UInt8]], root: IndexEntry?) {
    var blocks: [[UInt8]] = []
    var offset = offset
    var level = 0
    while level < pending.count {
      if level > 0, level == pending.count - 1, pending[level].count == 1 { return (blocks, pending[level][0]) }
      if !pending[level].isEmpty { blocks.append(close(level, offset: &offset)) }
      level += 1
    }
    return (blocks, nil)
  }

  /// Makes a block of the entries of `level` and enters it in the level above.
  private mutating func close(_ level: Int, offset: inout UInt64) -> [UInt8] {
    let entries = pending[level]
    let (bytes, hash) = IndexBlock(level: UInt16(level + 1), lanes: lanes, entries: entries).encoded()
    let laneHashes = entries[0].laneHashes.indices.map { lane in
      var writer = ByteWriter()
      for entry in entries { writer.append(entry.laneHashes[lane]) }
      return Hash128(of: writer.bytes)
    }
    pending[level] = []
    if pending.count == level + 1 { pending.append([]) }
    pending[level + 1].append(
      IndexEntry(
        offset: offset, length: UInt64(bytes.count), firstSequence: entries[0].firstSequence,
        firstClock: entries[0].firstClock, hash: hash, laneHashes: laneHashes))
    offset += UInt64(bytes.count)
    return bytes
  }
}

extension IndexEntry {
  /// The entry of a chunk at `offset` in a trace that records `lanes`.
  init(_ chunk: ChunkHeader, offset: UInt64, lanes: LaneSet) {
    self.init(
      offset: offset, length: chunk.totalLength, firstSequence: chunk.firstSequence, firstClock: chunk.firstClock,
      hash: chunk.content,
      laneHashes: lanes.lanes.map { lane in chunk.blocks.first { $0.lane == lane }?.hash ?? .zero })
  }
}

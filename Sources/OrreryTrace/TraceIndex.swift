public import OrreryBase

/// The hash tree of a finished trace, read block by block from the root on.
package struct TraceIndex {
  private let source: any TraceSource
  private let start: UInt64
  private let end: UInt64
  /// The root's entry.
  package let root: IndexEntry

  /// Nil when the trace is not finished or has no events.
  package init?(_ reader: TraceReader) {
    guard let trailer = reader.trailer, trailer.chunkCount > 0 else { return nil }
    source = reader.source
    start = reader.blocksStart
    end = reader.blocksEnd
    root = IndexEntry(
      offset: trailer.rootOffset, length: trailer.rootLength, firstSequence: 0, firstClock: 0, hash: trailer.root,
      laneHashes: [])
  }

  /// The block that `entry` stands for; throws `.damaged` unless it has the hash that the entry says.
  package func block(_ entry: IndexEntry) throws(TraceError) -> IndexBlock {
    let largest = UInt64(IndexBlock.length(laneCount: 16, entryCount: TraceFormat.indexFanOut))
    if entry.length <= largest, entry.offset <= end - start, entry.length <= end - start - entry.offset {
      let bytes = try source.bytes(at: start + entry.offset, count: Int(entry.length))
      var hash = Hash128.zero
      if let block = IndexBlock(bytes, hash: &hash), hash == entry.hash { return block }
    }
    throw .damaged(
      TraceDamage(
        offset: start &+ entry.offset, what: "a block of the index does not agree with its hash",
        remedy: "the events are intact; reading them needs no index"))
  }

  /// What is thrown when blocks that have right hashes do not fit each other.
  package static var contradiction: TraceError {
    .damaged(
      TraceDamage(
        offset: 0, what: "the blocks of the index contradict each other", remedy: "reading the events needs no index"))
  }

  /// Where the chunk of `entry` starts in the trace; nil when the entry leads out of the trace.
  package func chunkOffset(_ entry: IndexEntry) -> UInt64? {
    entry.offset <= end - start ? start + entry.offset : nil
  }
}

extension TraceReader {
  /// The events from the last chunk on that starts at or before the point where `isBefore` becomes false; `isBefore` is asked for first events of
  /// chunks, as sequence and clock. Reads a logarithm of the index, or the chunks' headers where there is no index.
  package func events(
    fromLastChunkWhere isBefore: (UInt64, Clock) -> Bool, lanes: LaneSet = .all
  ) throws(TraceError) -> TraceEvents {
    if let index = TraceIndex(self) {
      do throws(TraceError) {
        var block = try index.block(index.root)
        while true {
          let entry = block.entries.last { isBefore($0.firstSequence, $0.firstClock) } ?? block.entries[0]
          if block.level == 1 { return events(fromBlock: index.chunkOffset(entry) ?? blocksStart, lanes: lanes) }
          let next = try index.block(entry)
          guard next.level < block.level else { break }
          block = next
        }
      } catch .damaged {
        // The chunks themselves say where they are.
      }
    }
    var walker = walker(from: blocksStart)
    var last = blocksStart
    while true {
      let offset = walker.offset
      do throws(TraceError) {
        guard let block = try walker.next() else { break }
        guard case .chunk(let header, _) = block else { continue }
        guard isBefore(header.firstSequence, header.firstClock) else { break }
        last = offset
      } catch .damaged {
        continue
      }
    }
    return events(fromBlock: last, lanes: lanes)
  }

  /// The events from number `sequence` on; damage before it in its chunk is thrown.
  package func events(fromSequence sequence: UInt64) throws(TraceError) -> TraceEvents {
    var events = try events(fromLastChunkWhere: { first, _ in first <= sequence })
    try events.skip(toSequence: sequence)
    return events
  }

  /// The events of `lanes` from the first at or after `clock` on, found through the index.
  public func events(fromClock clock: Clock, lanes: LaneSet = .all) throws(TraceError) -> TraceEvents {
    // Events of equal clocks may lie in two chunks, so the chunk must start strictly before.
    var events = try events(fromLastChunkWhere: { $1 < clock }, lanes: lanes)
    try events.skip { $0.clock < clock }
    return events
  }
}

extension TraceReader {
  /// The chunks' headers in order, read one by one without their events; the way to compare traces that have no index.
  package func chunks() -> ChunkHeaders {
    ChunkHeaders(walker(from: blocksStart))
  }
}

/// The headers of a trace's chunks in order.
package struct ChunkHeaders {
  private var walker: BlockWalker

  init(_ walker: BlockWalker) { self.walker = walker }

  /// The next header and where its chunk starts.
  package mutating func next() throws(TraceError) -> (header: ChunkHeader, offset: UInt64)? {
    while true {
      let offset = walker.offset
      guard let block = try walker.next() else { return nil }
      if case .chunk(let header, _) = block { return (header, offset) }
    }
  }
}

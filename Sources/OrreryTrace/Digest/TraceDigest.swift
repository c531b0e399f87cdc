public import OrreryBase

/// The hashes of a trace: with them another machine finds where its own trace differs, and neither trace has to travel.
///
/// ```swift
/// let mine = try TraceDigest(of: reader)
/// let theirs = try TraceDigest(parsing: bytes)
/// ```
/// The digest of a whole trace is read from its hash tree, which is less than a hundredth of it. Its text is `docs/TRACE_FORMAT.md`'s section on digests.
public struct TraceDigest: Hashable, Sendable {
  /// The hashes of a stretch of events.
  public struct Part: Hashable, Sendable {
    /// The number of the first event.
    public var firstSequence: UInt64
    public var eventCount: UInt64
    public var firstClock: Clock
    /// Stands for all of the events.
    public var hash: Hash128
    /// What the events of each lane say beside their clocks, in the order of the lanes' numbers; lanes without an event are left out.
    public var laneHashes: [LaneHash]

    /// The number after the last event's.
    public var endSequence: UInt64 { firstSequence + eventCount }
  }

  public struct LaneHash: Hashable, Sendable {
    public var lane: Lane
    public var hash: Hash128
  }

  /// A part of the trace's header.
  public struct HeaderPart: Hashable, Sendable {
    /// The part in one word, such as `machine-revision`.
    public var name: String
    public var hash: Hash128
  }

  /// How many events the digest is about.
  public var eventCount: UInt64 { events.upperBound - events.lowerBound }

  /// What the parts are.
  public enum Division: Hashable, Sendable {
    /// The chunks of the trace, all of them.
    case chunks
    /// Runs of so many events each; the last may have fewer.
    case runs(length: UInt64)
  }

  /// The most runs that events are divided into.
  public static let runLimit: UInt64 = 256

  /// The parts of the header that there are, in their order.
  public var headers: [HeaderPart]
  /// The lanes that were recorded.
  public var lanes: LaneSet
  /// The hash of the run's end, which binds all chunks; nil for a recording that was cut short.
  public var end: Hash128?
  /// The events that the digest is about. The parts leave out those that the trace does not have.
  public var events: Range<UInt64>
  public var division: Division
  /// Stretches that follow one another from the first of `events` on.
  public var parts: [Part]
}

extension TraceDigest {
  /// The digest of a whole trace, chunk by chunk.
  ///
  /// Throws `.damaged` when neither hash tree nor chunks say what there is.
  public init(of reader: TraceReader) throws(TraceError) {
    let parts = try reader.chunkParts()
    self.init(of: reader, lanes: try reader.recordedLanes(), events: 0..<(parts.last?.endSequence ?? 0), .chunks, parts)
  }

  /// The digest of some events in runs of equal length, at most `runLimit` of them. It reads and decodes these events, in memory for one chunk.
  public init(of reader: TraceReader, events: Range<UInt64>) throws(TraceError) {
    let count = events.upperBound - events.lowerBound
    let length = max(1, count / Self.runLimit + (count.isMultiple(of: Self.runLimit) ? 0 : 1))
    try self.init(of: reader, events: events, runLength: length)
  }

  /// The digest of `reader` that can be compared with `other`: divided as that is.
  public init(of reader: TraceReader, dividedAs other: TraceDigest) throws(TraceError) {
    switch other.division {
    case .chunks: try self.init(of: reader)
    case .runs(let length): try self.init(of: reader, events: other.events, runLength: length)
    }
  }

  private init(of reader: TraceReader, events: Range<UInt64>, runLength: UInt64) throws(TraceError) {
    let parts = try reader.runParts(events, length: runLength)
    self.init(of: reader, lanes: try reader.recordedLanes(), events: events, .runs(length: runLength), parts)
  }

  private init(
    of reader: TraceReader, lanes: LaneSet, events: Range<UInt64>, _ division: Division, _ parts: [Part]
  ) {
    headers = HeaderSection.allCases.compactMap { section in
      reader.hash(of: section).map { HeaderPart(name: section.word, hash: $0) }
    }
    self.lanes = lanes
    end = reader.trailer?.end
    self.events = events
    self.division = division
    self.parts = parts
  }
}

extension HeaderSection {
  /// The name as one word.
  var word: String { String(name.map { $0 == " " ? "-" : $0 }) }
}

extension TraceDigest.Part {
  fileprivate init(_ chunk: ChunkHeader) {
    self.init(
      firstSequence: chunk.firstSequence, eventCount: UInt64(chunk.eventCount), firstClock: chunk.firstClock,
      hash: chunk.content, laneHashes: chunk.blocks.map { TraceDigest.LaneHash(lane: $0.lane, hash: $0.hash) })
  }

  /// The count is still missing: the next entry's first event says it.
  fileprivate init(_ entry: IndexEntry, lanes: [Lane]) {
    let hashes = zip(lanes, entry.laneHashes).filter { $0.1 != .zero }
    self.init(
      firstSequence: entry.firstSequence, eventCount: 0, firstClock: entry.firstClock, hash: entry.hash,
      laneHashes: hashes.map { TraceDigest.LaneHash(lane: $0.0, hash: $0.1) })
  }
}

// MARK: - Chunks

extension TraceReader {
  fileprivate func chunkParts() throws(TraceError) -> [TraceDigest.Part] {
    do throws(TraceError) {
      if let index = TraceIndex(self) { return try index.chunkParts(eventCount: availableEventCount) }
    } catch .damaged {
      // The chunks' headers say the same.
    }
    var parts: [TraceDigest.Part] = []
    var chunks = chunks()
    while let (header, offset) = try chunks.next() {
      guard header.firstSequence == parts.last?.endSequence ?? 0 else {
        throw .damaged(
          TraceDamage(
            offset: offset, what: "chunk \(header.number) does not follow the chunk before it",
            remedy: "chunks were lost or put in from another trace"))
      }
      parts.append(TraceDigest.Part(header))
    }
    return parts
  }
}

extension TraceIndex {
  /// What the tree says of the chunks, in their order; the leaves of a tree are read, and no chunk.
  fileprivate func chunkParts(eventCount: UInt64) throws(TraceError) -> [TraceDigest.Part] {
    var leaves = Leaves(index: self)
    try leaves.append(try block(root))
    var parts = leaves.parts
    for index in parts.indices {
      let end = index + 1 < parts.count ? parts[index + 1].firstSequence : eventCount
      guard end > parts[index].firstSequence else { throw Self.contradiction }
      parts[index].eventCount = end - parts[index].firstSequence
    }
    guard parts.first?.firstSequence == 0 else { throw Self.contradiction }
    return parts
  }

  /// The entries for chunks below some blocks. Chunks lie one behind the other, so that no tree, whoever made it, leads anywhere twice.
  private struct Leaves {
    let index: TraceIndex
    private(set) var parts: [TraceDigest.Part] = []
    private var endOffset: UInt64 = 0

    init(index: TraceIndex) { self.index = index }

    mutating func append(_ block: IndexBlock) throws(TraceError) {
      for entry in block.entries {
        if block.level > 1 {
          let below = try index.block(entry)
          guard below.level == block.level - 1 else { throw TraceIndex.contradiction }
          try append(below)
          continue
        }
        let (end, overflow) = entry.offset.addingReportingOverflow(entry.length)
        guard !overflow, entry.length > 0, entry.offset >= endOffset else { throw TraceIndex.contradiction }
        endOffset = end
        parts.append(TraceDigest.Part(entry, lanes: block.lanes.lanes))
      }
    }
  }
}

// MARK: - Runs

extension TraceReader {
  fileprivate func runParts(_ range: Range<UInt64>, length: UInt64) throws(TraceError) -> [TraceDigest.Part] {
    guard !range.isEmpty, range.lowerBound < availableEventCount else { return [] }
    var events = try events(fromSequence: range.lowerBound)
    let sink = ChunkHeaderSink()
    let writer = try TraceWriter(header: TraceHeader(revision: ""), sink: sink)
    var parts: [TraceDigest.Part] = []
    func endRun() throws(TraceError) {
      try writer.flush()
      guard let part = TraceDigest.Part(sink.takeHeaders(), firstSequence: parts.last?.endSequence ?? range.lowerBound)
      else { return }
      parts.append(part)
    }
    var count: UInt64 = 0
    while let event = try events.next(), event.sequence < range.upperBound {
      try writer.append(event.payload, clock: event.clock)
      count += 1
      if count == length {
        try endRun()
        count = 0
      }
    }
    try endRun()
    return parts
  }
}

/// Keeps the headers of the chunks that a writer makes, and nothing of what is in them.
private final class ChunkHeaderSink: TraceSink {
  private var headers: [ChunkHeader] = []

  func write(_ bytes: UnsafeRawBufferPointer) {
    // A writer gives a chunk as a whole. What is none is the start of the trace or a block of its index.
    guard let length = ChunkHeader.length(fromStart: Array(bytes.prefix(TraceFormat.chunkFixedSize))),
      let header = ChunkHeader(Array(bytes.prefix(length)))
    else { return }
    headers.append(header)
  }

  /// Those since the last call.
  func takeHeaders() -> [ChunkHeader] {
    defer { headers.removeAll() }
    return headers
  }
}

extension TraceDigest.Part {
  /// A run of events that fills `chunks`; nil when there are none.
  fileprivate init?(_ chunks: [ChunkHeader], firstSequence: UInt64) {
    guard let first = chunks.first else { return nil }
    let count = chunks.reduce(0) { $0 + UInt64($1.eventCount) }
    func joined(_ hashes: [Hash128]) -> Hash128 {
      var writer = ByteWriter()
      for hash in hashes { writer.append(hash) }
      return Hash128(of: writer.bytes)
    }
    let lanes = LaneSet(chunks.flatMap { $0.blocks.map { LaneSet($0.lane) } }).lanes
    self.init(
      firstSequence: firstSequence, eventCount: count, firstClock: first.firstClock,
      hash: joined(chunks.map(\.content)),
      laneHashes: lanes.map { lane in
        let hashes = chunks.flatMap { $0.blocks.filter { $0.lane == lane }.map(\.hash) }
        return TraceDigest.LaneHash(lane: lane, hash: joined(hashes))
      })
  }
}

import OrreryBase

/// One of the pieces a trace consists of after its header.
enum TraceBlock {
  case chunk(ChunkHeader, payloadOffset: UInt64)
  case index(offset: UInt64, length: Int)
  case end(offset: UInt64, length: Int)
}

/// Goes through a trace block by block, reading the starts of blocks only.
///
/// After it threw `.damaged` it stands on the next intact block, or at the limit.
struct BlockWalker {
  let source: any TraceSource
  /// Where the next block starts.
  private(set) var offset: UInt64
  /// Where the blocks end: the end record of a finished trace, otherwise the end of the file.
  let limit: UInt64
  /// Whether the blocks are known to fill everything up to the limit: then one that is longer is damage, otherwise a recording that was cut short.
  let isFinished: Bool
  /// Whether the trace stops inside a block, as that of a killed recording does.
  private(set) var isCut = false

  init(source: any TraceSource, offset: UInt64, limit: UInt64, isFinished: Bool) {
    self.source = source
    self.offset = offset
    self.limit = limit
    self.isFinished = isFinished
  }

  /// The next block; nil at the limit, at a cut, and at what stands after an end record.
  mutating func next() throws(TraceError) -> TraceBlock? {
    guard offset < limit, !isCut else { return nil }
    let start = offset
    let remaining = limit - start
    let head = try source.bytes(at: start, count: Int(min(remaining, UInt64(TraceFormat.chunkFixedSize))))
    guard head.count >= 4 else { return try cut("a block starts but is not there") }
    switch BlockWalker.tag(head) {
    case TraceFormat.chunkMagic:
      guard head.count == TraceFormat.chunkFixedSize else { return try cut("a chunk ends inside its header") }
      guard let length = ChunkHeader.length(fromStart: head) else {
        throw try damaged("the header of a chunk makes no sense")
      }
      guard remaining >= UInt64(length) else { return try cut("a chunk ends inside its header") }
      guard let header = ChunkHeader(try source.bytes(at: start, count: length)) else {
        throw try damaged("the header of a chunk does not agree with its hash")
      }
      guard remaining >= header.totalLength else { return try cut("chunk \(header.number) is not complete") }
      offset += header.totalLength
      return .chunk(header, payloadOffset: start + UInt64(length))
    case TraceFormat.indexMagic:
      guard head.count >= TraceFormat.indexFixedSize else { return try cut("an index block is not complete") }
      guard let length = IndexBlock.length(fromStart: head) else {
        throw try damaged("the start of an index block makes no sense")
      }
      guard remaining >= UInt64(length) else { return try cut("an index block is not complete") }
      offset += UInt64(length)
      return .index(offset: start, length: length)
    case TraceFormat.endMagic where !isFinished:
      guard head.count >= 8 else { return try cut("the end record is not complete") }
      guard let length = EndRecord.length(fromStart: head) else {
        throw try damaged("the start of the end record makes no sense")
      }
      guard remaining >= UInt64(length) else { return try cut("the end record is not complete") }
      offset += UInt64(length)
      return .end(offset: start, length: length)
    default: throw try damaged("no chunk, index or end starts where one should")
    }
  }

  static func tag(_ bytes: [UInt8]) -> UInt32 {
    bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private mutating func cut(_ what: String) throws(TraceError) -> TraceBlock? {
    guard !isFinished else { throw try damaged(what) }
    isCut = true
    return nil
  }

  /// Moves to the next intact chunk or index block and says what lies before it.
  private mutating func damaged(_ what: String) throws(TraceError) -> TraceError {
    let start = offset
    offset = try BlockWalker.nextBlock(in: source, from: start + 1, limit: limit)
    let remedy =
      offset == limit
      ? "what follows is lost, what comes before is intact"
      : "\(offset - start) bytes are lost, reading goes on at offset \(offset)"
    return .damaged(TraceDamage(offset: start, what: what, remedy: remedy))
  }

  /// Where the next chunk or index block with a right hash starts; `limit` when there is none.
  static func nextBlock(in source: any TraceSource, from start: UInt64, limit: UInt64) throws(TraceError) -> UInt64 {
    let windowSize: UInt64 = 1 << 16
    var windowStart = start
    while windowStart < limit {
      let window = try source.bytes(at: windowStart, count: Int(min(windowSize, limit - windowStart)))
      // Three bytes of overlap find a tag that two windows share.
      for index in 0..<max(0, window.count - 3) where window[index] == UInt8(ascii: "O") {
        let candidate = windowStart + UInt64(index)
        let tag = BlockWalker.tag(Array(window[index..<index + 4]))
        if tag == TraceFormat.chunkMagic || tag == TraceFormat.indexMagic,
          try isIntactBlock(in: source, at: candidate, limit: limit)
        {
          return candidate
        }
      }
      guard window.count > 3, windowStart + UInt64(window.count) < limit else { break }
      windowStart += UInt64(window.count - 3)
    }
    return limit
  }

  private static func isIntactBlock(
    in source: any TraceSource, at offset: UInt64, limit: UInt64
  ) throws(TraceError) -> Bool {
    let remaining = limit - offset
    let head = try source.bytes(at: offset, count: Int(min(remaining, UInt64(TraceFormat.chunkFixedSize))))
    if let length = ChunkHeader.length(fromStart: head), remaining >= UInt64(length) {
      return ChunkHeader(try source.bytes(at: offset, count: length)) != nil
    }
    if let length = IndexBlock.length(fromStart: head), remaining >= UInt64(length) {
      var hash = Hash128.zero
      return IndexBlock(try source.bytes(at: offset, count: length), hash: &hash) != nil
    }
    return false
  }
}

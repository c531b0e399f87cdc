public import OrreryBase

/// Reads a trace: a finished one, one whose recording was cut short, or what is intact of a damaged one.
///
/// Opening reads the table of the header and the end; the events are read as they are asked for, in bounded memory.
/// ```swift
/// let reader = try TraceReader(source: MemoryTraceSource(bytes))
/// var events = reader.events()
/// while let event = try events.next() { print(event) }
/// ```
public final class TraceReader {
  let source: any TraceSource
  private let table: HeaderTable?
  let trailer: Trailer?
  /// Where the blocks start and end.
  let blocksStart: UInt64
  let blocksEnd: UInt64

  /// How the run ended; nil when the recording was cut short, or when the record of the end is damaged.
  public let end: RunEnd?
  /// Whether the trace was finished: its end and index are there.
  public let isComplete: Bool
  /// How many events there are to read: all of a finished trace, those of the complete chunks of one that was cut short.
  public let availableEventCount: UInt64
  /// What was found damaged on opening. `verify()` looks at every byte.
  public let damage: [TraceDamage]

  /// Opens the trace in `source`; throws when it is none, is of another version, or cannot be read from the host.
  public init(source: any TraceSource) throws(TraceError) {
    self.source = source
    var damage: [TraceDamage] = []
    do throws(TraceError) {
      table = try HeaderTable(readingFrom: source)
    } catch .damaged(let found) {
      damage.append(found)
      table = nil
    }

    let trailer = try TraceReader.trailer(of: source)
    self.trailer = trailer
    if let table {
      blocksStart = min(table.length, source.size)
      if table.length > source.size {
        throw .notATrace("it ends inside the header, at byte \(source.size) of \(table.length)")
      }
    } else if let trailer {
      blocksStart = trailer.headerLength
    } else {
      blocksStart = try BlockWalker.nextBlock(in: source, from: 1, limit: source.size)
    }

    if let trailer {
      isComplete = true
      availableEventCount = trailer.eventCount
      blocksEnd = trailer.endOffset
      if let table, table.length != trailer.headerLength || table.hash != trailer.header {
        damage.append(
          TraceDamage(offset: 0, what: "header and end are of different traces", remedy: "look at the events with care")
        )
      }
      let length = Int(source.size - trailer.endOffset) - TraceFormat.trailerSize
      var hash = Hash128.zero
      let record =
        length <= TraceFormat.endByteLimit
        ? EndRecord(try source.bytes(at: trailer.endOffset, count: length), hash: &hash) : nil
      if let record, hash == trailer.end, record.eventCount == trailer.eventCount,
        record.chunkCount == trailer.chunkCount
      {
        end = record.end
      } else {
        end = nil
        damage.append(
          TraceDamage(
            offset: trailer.endOffset, what: "the record of the run's end does not agree with its hash",
            remedy: "how the run ended is lost, the events are not"))
      }
    } else {
      let open = try OpenEnd(source: source, start: blocksStart)
      isComplete = false
      availableEventCount = open.eventCount
      blocksEnd = open.blocksEnd
      end = open.end
      damage += open.damage
    }
    self.damage = damage
  }

  /// The trailer, if the trace ends with one that fits it.
  private static func trailer(of source: any TraceSource) throws(TraceError) -> Trailer? {
    let size = UInt64(TraceFormat.trailerSize)
    guard source.size >= size + UInt64(TraceFormat.preambleSize),
      let trailer = Trailer(try source.bytes(at: source.size - size, count: TraceFormat.trailerSize)),
      trailer.headerLength <= trailer.endOffset, trailer.endOffset <= source.size - size,
      trailer.headerLength >= UInt64(TraceFormat.preambleSize)
    else { return nil }
    return trailer
  }

  /// The header with the image; throws `.damaged` when a part of it is not what was written.
  public func header() throws(TraceError) -> TraceHeader {
    let (header, damage) = try readHeader()
    if let first = damage.first { throw .damaged(first) }
    return header
  }

  /// The header as far as it is intact, and what is not.
  func readHeader() throws(TraceError) -> (header: TraceHeader, damage: [TraceDamage]) {
    var header = TraceHeader(revision: "")
    guard let table else { return (header, damage.filter { $0.offset == 0 }) }
    var damage: [TraceDamage] = []
    for section in HeaderSection.allCases {
      if section == .modules, table.section(section) == nil { continue }
      if let found = try read(section, table, into: &header) { damage.append(found) }
    }
    return (header, damage)
  }

  /// Reads one part of the header into `header`; gives the damage when it is not what was written.
  private func read(
    _ section: HeaderSection, _ table: HeaderTable, into header: inout TraceHeader
  ) throws(TraceError) -> TraceDamage? {
    if let place = table.section(section), let count = Int(exactly: place.length) {
      let bytes = try source.bytes(at: place.offset, count: count)
      if Hash128(of: bytes) == place.hash, (try? header.decode(section, bytes)) != nil { return nil }
    }
    return TraceDamage(
      offset: table.section(section)?.offset ?? 0,
      what: "the \(section.name) in the header does not agree with its hash",
      remedy: "the trace cannot be replayed, its events can be shown")
  }

  /// The header as far as `sections` go; of the others nothing is read.
  package func header(only sections: [HeaderSection]) throws(TraceError) -> TraceHeader {
    var header = TraceHeader(revision: "", lanes: [])
    guard let table else {
      if let first = damage.first { throw .damaged(first) }
      return header
    }
    for section in sections where section != .modules || table.section(section) != nil {
      if let found = try read(section, table, into: &header) { throw .damaged(found) }
    }
    return header
  }

  /// The lanes that were recorded, of which nothing but their own part of the header is read.
  package func recordedLanes() throws(TraceError) -> LaneSet {
    try header(only: [.recording]).lanes.intersection(.all)
  }

  /// The size of the image in bytes, as the header says it.
  public var imageSize: UInt64? { table?.section(.image)?.length }

  /// Some bytes of the image, which are not compared with its hash; nil when it has none there.
  public func imageBytes(_ range: Range<Int>) -> [UInt8]? {
    guard let image = table?.section(.image), range.lowerBound >= 0, UInt64(range.upperBound) <= image.length else {
      return nil
    }
    return try? source.bytes(at: image.offset + UInt64(range.lowerBound), count: range.count)
  }

  /// The hash of one part of the header, known without reading the part; nil when the header is damaged.
  package func hash(of section: HeaderSection) -> Hash128? { table?.section(section)?.hash }

  /// Whether both traces say that they are of the same image, which is not read for that.
  public func hasSameImage(as other: TraceReader) -> Bool {
    hash(of: .image) != nil && hash(of: .image) == other.hash(of: .image)
  }

  /// The events of `lanes` in order.
  public func events(lanes: LaneSet = .all) -> TraceEvents { events(fromBlock: blocksStart, lanes: lanes) }

  /// The events from the chunk or index block at `offset` on.
  package func events(fromBlock offset: UInt64, lanes: LaneSet = .all) -> TraceEvents {
    TraceEvents(walker(from: offset), lanes: lanes, isFromStart: offset == blocksStart)
  }

  func walker(from offset: UInt64) -> BlockWalker {
    BlockWalker(source: source, offset: offset, limit: blocksEnd, isFinished: isComplete)
  }

  /// The number of events, if the trace says so: it is finished.
  public var eventCount: UInt64? { trailer?.eventCount }

  /// The size of the trace in bytes.
  public var byteCount: UInt64 { source.size }
}

/// What is found at the end of a trace that has no trailer, by walking over all its blocks.
private struct OpenEnd {
  var blocksEnd: UInt64
  var eventCount: UInt64 = 0
  var end: RunEnd?
  var damage: [TraceDamage] = []

  init(source: any TraceSource, start: UInt64) throws(TraceError) {
    blocksEnd = source.size
    var walker = BlockWalker(source: source, offset: start, limit: source.size, isFinished: false)
    // Blocks that are damaged are found again, and told, by whoever reads the events.
    while true {
      do throws(TraceError) {
        guard let block = try walker.next() else { return }
        switch block {
        case .chunk(let header, _): eventCount = header.firstSequence &+ UInt64(header.eventCount)
        case .index: break
        case .end(let offset, let length):
          blocksEnd = offset
          try readEnd(source, offset: offset, length: length)
          return
        }
      } catch .damaged {
        continue
      }
    }
  }

  private mutating func readEnd(_ source: any TraceSource, offset: UInt64, length: Int) throws(TraceError) {
    var hash = Hash128.zero
    if let record = EndRecord(try source.bytes(at: offset, count: length), hash: &hash) {
      end = record.end
    } else {
      damage.append(
        TraceDamage(
          offset: offset, what: "the record of the run's end does not agree with its hash",
          remedy: "how the run ended is lost, the events are not"))
    }
    let after = offset + UInt64(length)
    if source.size - after >= UInt64(TraceFormat.trailerSize) {
      damage.append(
        TraceDamage(
          offset: after, what: "what follows the end of the run is not the trailer that belongs there",
          remedy: "the events and the end are intact; record or copy the trace again to have its index"))
    }
  }
}

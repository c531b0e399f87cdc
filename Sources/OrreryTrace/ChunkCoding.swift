package import OrreryBase

/// What stands before the events of a chunk.
package struct ChunkHeader: Sendable {
  /// The block of one lane in a chunk.
  package struct Block: Sendable {
    package var lane: Lane
    package var eventCount: UInt32
    package var length: UInt32
    package var hash: Hash128
    /// The hash of the lane's chain up to and with this block.
    package var chain: Hash128
  }

  package var number: UInt64
  package var firstSequence: UInt64
  package var eventCount: UInt32
  package var firstClock: Clock
  package var lastClock: Clock
  var timelineLength: UInt32
  var timelineHash: Hash128
  /// One for each lane that has events in the chunk, in the order of the lanes' numbers.
  package var blocks: [Block]
  /// The hash of the chunk before; zero for the first.
  package var previous: Hash128
  /// The hash of everything in the chunk but the chains: equal chunks in different traces have equal content hashes.
  package var content = Hash128.zero
  /// The hash of the whole header, and so of the chunk and of all before it.
  package var hash = Hash128.zero

  var length: Int { ChunkHeader.length(laneCount: blocks.count) }

  var payloadLength: Int { blocks.reduce(Int(timelineLength)) { $0 + Int($1.length) } }

  /// The bytes of the whole chunk.
  var totalLength: UInt64 { UInt64(length + payloadLength) }

  static func length(laneCount: Int) -> Int {
    TraceFormat.chunkFixedSize + (TraceFormat.chunkLaneSize + TraceFormat.hashSize) * laneCount
      + 2 * TraceFormat.hashSize
  }

  /// The header as it is written; sets `content` and `hash`.
  mutating func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(fixed: TraceFormat.chunkMagic)
    writer.append(fixed: UInt32(length))
    writer.append(fixed: UInt32(payloadLength))
    writer.append(fixed: eventCount)
    writer.append(fixed: LaneSet(blocks.map { LaneSet($0.lane) }).rawValue)
    writer.append(fixed: UInt16(0))
    writer.append(fixed: timelineLength)
    writer.append(fixed: number)
    writer.append(fixed: firstSequence)
    writer.append(fixed: firstClock)
    writer.append(fixed: lastClock)
    writer.append(timelineHash)
    for block in blocks {
      writer.append(fixed: block.eventCount)
      writer.append(fixed: block.length)
      writer.append(block.hash)
    }
    content = Hash128(of: writer.bytes)
    writer.append(previous)
    for block in blocks { writer.append(block.chain) }
    hash = Hash128(of: writer.bytes)
    writer.append(hash)
    return writer.bytes
  }

  /// How long the header is whose first `chunkFixedSize` bytes are given; nil when they start none.
  static func length(fromStart bytes: [UInt8]) -> Int? {
    var reader = ByteReader(bytes)
    guard bytes.count >= TraceFormat.chunkFixedSize, (try? reader.fixed(UInt32.self)) == TraceFormat.chunkMagic,
      let length = try? reader.fixed(UInt32.self), (try? reader.take(8)) != nil,
      let mask = try? reader.fixed(UInt16.self),
      LaneSet.all.isSuperset(of: LaneSet(rawValue: mask)),
      Int(length) == ChunkHeader.length(laneCount: mask.nonzeroBitCount)
    else { return nil }
    return Int(length)
  }
}

extension ChunkHeader {
  /// Reads a complete header; nil when it is not what a writer wrote.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= TraceFormat.chunkFixedSize, ChunkHeader.length(fromStart: bytes) == bytes.count else {
      return nil
    }
    let hashed = bytes.count - TraceFormat.hashSize
    var reader = ByteReader(bytes)
    do {
      _ = try reader.take(8)
      let payloadLength: UInt32 = try reader.fixed()
      eventCount = try reader.fixed()
      let lanes = LaneSet(rawValue: try reader.fixed())
      let zero: UInt16 = try reader.fixed()
      timelineLength = try reader.fixed()
      number = try reader.fixed()
      firstSequence = try reader.fixed()
      firstClock = try reader.fixed()
      lastClock = try reader.fixed()
      timelineHash = try reader.hash()
      blocks = []
      for lane in lanes.lanes {
        let count: UInt32 = try reader.fixed()
        let length: UInt32 = try reader.fixed()
        blocks.append(Block(lane: lane, eventCount: count, length: length, hash: try reader.hash(), chain: .zero))
      }
      let contentLength = reader.offset
      previous = try reader.hash()
      for index in blocks.indices { blocks[index].chain = try reader.hash() }
      hash = try reader.hash()
      content = bytes.withUnsafeBytes { Hash128(of: UnsafeRawBufferPointer(rebasing: $0[..<contentLength])) }
      let actual = bytes.withUnsafeBytes { Hash128(of: UnsafeRawBufferPointer(rebasing: $0[..<hashed])) }
      let events = blocks.reduce(0) { $0 + UInt64($1.eventCount) }
      // Every event takes a byte of the timeline and one of its lane's block, so this also bounds the counts by the length.
      guard hash == actual, zero == 0, !blocks.isEmpty, self.payloadLength == Int(payloadLength),
        payloadLength <= UInt32(TraceFormat.chunkByteLimit), events == UInt64(eventCount), eventCount <= timelineLength,
        blocks.allSatisfy({ $0.eventCount > 0 && $0.eventCount <= $0.length }),
        firstSequence <= UInt64.max - UInt64(eventCount), firstClock <= lastClock
      else { return nil }
    } catch {
      return nil
    }
  }
}

/// Reads the events of one chunk in order.
///
/// Memory is the chunk's own size and its shapes; every event is decoded when it is asked for.
package final class ChunkDecoder {
  /// How far the decoder has come.
  private struct Progress {
    var timeline: LaneDecoder
    var clock: Clock
    /// How many events the timeline has further, and how many of them are of the chosen lanes.
    var eventsLeft: UInt32
    var chosenLeft: UInt32
  }

  package let header: ChunkHeader
  private let storage: UnsafeMutableRawBufferPointer
  /// Behind a pointer, because an access to it then costs nothing but itself.
  private let progress: UnsafeMutablePointer<Progress>
  /// One a lane number; those of absent lanes are empty.
  private let lanes: UnsafeMutableBufferPointer<LaneDecoder>
  /// The lanes whose events are given; the blocks of others are not decoded.
  private let chosen: LaneSet
  private let readsTimeline: Bool

  /// Nil with the name of the part that does not agree with its hash.
  ///
  /// - Parameter readsTimeline: Whether the timeline is read to its end; otherwise what it has after the last event of `lanes` is not looked at.
  package static func make(
    _ header: ChunkHeader, payload: [UInt8], lanes: LaneSet = .all, readsTimeline: Bool = true
  ) -> (decoder: ChunkDecoder?, damagedPart: String?) {
    precondition(payload.count == header.payloadLength, "a chunk is decoded from all its bytes")
    var offset = Int(header.timelineLength)
    let damaged: String? = payload.withUnsafeBytes { bytes in
      guard Hash128(of: UnsafeRawBufferPointer(rebasing: bytes[..<offset])) == header.timelineHash else {
        return "timeline"
      }
      for block in header.blocks {
        let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(block.length)])
        guard Hash128(of: part) == block.hash else { return "\(block.lane.name) lane" }
        offset += Int(block.length)
      }
      return nil
    }
    if let damaged { return (nil, damaged) }
    return (ChunkDecoder(header, payload, lanes, readsTimeline: readsTimeline), nil)
  }

  private init(_ header: ChunkHeader, _ payload: [UInt8], _ chosen: LaneSet, readsTimeline: Bool) {
    self.header = header
    self.chosen = chosen
    self.readsTimeline = readsTimeline
    storage = .allocate(byteCount: payload.count, alignment: 1)
    storage.copyBytes(from: payload)
    var offset = Int(header.timelineLength)
    progress = .allocate(capacity: 1)
    progress.initialize(
      to: Progress(
        timeline: LaneDecoder(UnsafeRawBufferPointer(rebasing: storage[..<offset])), clock: header.firstClock,
        eventsLeft: header.eventCount,
        chosenLeft: header.blocks.reduce(0) { $0 + (chosen.contains($1.lane) ? $1.eventCount : 0) }))
    lanes = .allocate(capacity: 16)
    lanes.initialize(repeating: LaneDecoder(UnsafeRawBufferPointer(start: nil, count: 0)))
    for block in header.blocks {
      let part = UnsafeRawBufferPointer(rebasing: storage[offset..<offset + Int(block.length)])
      lanes[Int(block.lane.rawValue)] = LaneDecoder(part)
      offset += Int(block.length)
    }
  }

  deinit {
    progress.deinitialize(count: 1).deallocate()
    lanes.deinitialize()
    lanes.deallocate()
    storage.deallocate()
  }

  /// The next event of the chosen lanes; nil after the last.
  func next() throws(CodingFault) -> Event? {
    let progress = progress
    while progress.pointee.eventsLeft > 0, readsTimeline || progress.pointee.chosenLeft > 0 {
      let entry = try progress.pointee.timeline.varint()
      let (clock, overflow) = progress.pointee.clock.addingReportingOverflow(entry >> 4)
      guard !overflow, clock <= header.lastClock else {
        throw CodingFault("an event is later than the end of its chunk")
      }
      progress.pointee.clock = clock
      progress.pointee.eventsLeft &-= 1
      guard let lane = Lane(rawValue: UInt8(truncatingIfNeeded: entry & 15)) else {
        throw CodingFault("an event is of a lane that does not exist")
      }
      guard chosen.contains(lane) else { continue }
      // A faulty header may have promised fewer.
      if progress.pointee.chosenLeft > 0 { progress.pointee.chosenLeft &-= 1 }
      let payload = try payload(lane, lanes.baseAddress.unsafelyUnwrapped + Int(lane.rawValue))
      let position = UInt64(header.eventCount &- progress.pointee.eventsLeft &- 1)
      return Event(sequence: header.firstSequence + position, clock: clock, payload: payload)
    }
    let isPartlyRead = progress.pointee.eventsLeft > 0
    guard progress.pointee.chosenLeft == 0, chosen.lanes.allSatisfy({ lanes[Int($0.rawValue)].isAtEnd }),
      isPartlyRead || progress.pointee.timeline.isAtEnd && progress.pointee.clock == header.lastClock
    else {
      throw CodingFault("a chunk has more bytes than its events take")
    }
    return nil
  }

  @inline(__always)
  private func payload(_ lane: Lane, _ decoder: UnsafeMutablePointer<LaneDecoder>) throws(CodingFault) -> Payload {
    switch lane {
    case .input: try decoder.pointee.input()
    case .interrupt: try decoder.pointee.interrupt()
    case .exception: try decoder.pointee.exception()
    case .map: try decoder.pointee.map()
    case .heap: try decoder.pointee.heap()
    case .frame: try decoder.pointee.frame()
    case .output: try decoder.pointee.output()
    case .mark: try decoder.pointee.mark()
    case .state: try decoder.pointee.state()
    }
  }
}

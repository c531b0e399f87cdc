import OrreryBase

/// The events of a trace in order, decoded as they are asked for.
///
/// Memory is one chunk. Of lanes that are not asked for nothing is decoded, and of chunks without any that is nothing is read but the header.
/// A copy does not have a place of its own: use one value for one pass.
/// When `next()` throws `.damaged`, the next call goes on behind the damage.
public struct TraceEvents {
  private var walker: BlockWalker
  private let lanes: LaneSet
  private let readsEveryChunk: Bool
  private var decoder: ChunkDecoder?
  /// A chunk that was read but is given only after what is missing before it was told.
  private var held: ChunkDecoder?
  private var expectation: Expectation?
  /// An event that was read ahead.
  private var pending: Event?
  private var decoderOffset: UInt64 = 0

  /// What the next chunk must say if it follows the last.
  private struct Expectation {
    var number: UInt64
    var sequence: UInt64
    var clock: Clock
    var previous: Hash128
  }

  /// - Parameters:
  ///   - isFromStart: Whether `walker` stands before the first chunk of the trace.
  ///   - readsEveryChunk: Whether chunks without events of the lanes are read and checked too.
  init(_ walker: BlockWalker, lanes: LaneSet, isFromStart: Bool, readsEveryChunk: Bool = false) {
    self.walker = walker
    self.lanes = lanes
    self.readsEveryChunk = readsEveryChunk
    if isFromStart { expectation = Expectation(number: 0, sequence: 0, clock: 0, previous: .zero) }
  }

  /// The number of the event after the last chunk that was read.
  var nextSequence: UInt64 { expectation?.sequence ?? 0 }

  /// The next event; nil after the last.
  public mutating func next() throws(TraceError) -> Event? {
    if let event = pending {
      pending = nil
      return event
    }
    while true {
      if let decoder {
        do throws(CodingFault) {
          if let event = try decoder.next() { return event }
          self.decoder = nil
        } catch {
          self.decoder = nil
          throw .damaged(
            TraceDamage(
              offset: decoderOffset,
              what: "chunk \(decoder.header.number) has a right hash but cannot be decoded: \(error.reason)",
              remedy: "the rest of the chunk is lost; the program that wrote it is faulty"))
        }
      }
      if let held {
        decoder = held
        self.held = nil
      } else {
        guard try nextChunk() else { return nil }
      }
    }
  }

  /// The next intact event, whatever damage lies before it; the damage passed over is added to `damage`.
  public mutating func next(noting damage: inout [TraceDamage]) throws(TraceError) -> Event? {
    while true {
      do throws(TraceError) {
        return try next()
      } catch .damaged(let found) {
        damage.append(found)
      }
    }
  }

  /// Passes over events while `isBefore` says so; those that come to light on the way behind damage are passed over too.
  mutating func skip(while isBefore: (Event) -> Bool) throws(TraceError) {
    var passed: [TraceDamage] = []
    while let event = try next(noting: &passed) {
      if !isBefore(event) {
        pending = event
        return
      }
    }
  }

  /// Passes over the events before number `sequence`.
  mutating func skip(toSequence sequence: UInt64) throws(TraceError) {
    while let event = try next() {
      guard event.sequence >= sequence else { continue }
      pending = event
      return
    }
  }

  /// Reads the next chunk that has events of the lanes; false after the last.
  private mutating func nextChunk() throws(TraceError) -> Bool {
    while let block = try walkOn() {
      guard case .chunk(let header, let payloadOffset) = block else { continue }
      let expected = expectation
      expectation = Expectation(
        number: header.number &+ 1, sequence: header.firstSequence + UInt64(header.eventCount), clock: header.lastClock,
        previous: header.hash)
      var chunk: ChunkDecoder?
      if readsEveryChunk || header.blocks.contains(where: { lanes.contains($0.lane) }) {
        let payload = try walker.source.bytes(at: payloadOffset, count: header.payloadLength)
        let (intact, damagedPart) = ChunkDecoder.make(
          header, payload: payload, lanes: lanes, readsTimeline: readsEveryChunk)
        if let damagedPart {
          throw .damaged(
            TraceDamage(
              offset: payloadOffset, what: "the \(damagedPart) of chunk \(header.number) does not agree with its hash",
              remedy:
                "what was in it is lost (\(Words.count(UInt64(header.eventCount), "event"))), reading goes on with the next chunk"
            ))
        }
        chunk = intact
        decoderOffset = payloadOffset
      }
      if let expected,
        header.number != expected.number || header.firstSequence != expected.sequence
          || header.firstClock < expected.clock || header.previous != expected.previous
      {
        held = chunk
        throw .damaged(
          TraceDamage(
            offset: payloadOffset - UInt64(header.length),
            what: "chunk \(header.number) does not follow the chunk before it",
            remedy: "chunks were lost or put in from another trace; reading goes on"))
      }
      if let chunk {
        decoder = chunk
        return true
      }
    }
    return false
  }

  /// The walker's next block. After damage, the next chunk need not follow the last one read.
  private mutating func walkOn() throws(TraceError) -> TraceBlock? {
    do throws(TraceError) {
      return try walker.next()
    } catch {
      expectation = nil
      throw error
    }
  }
}

import OrreryBase
import Testing

@testable import OrreryTrace

@Suite struct DigestTests {
  /// A trace of events of every kind in chunks of at most `chunk` events.
  private func trace(_ count: Int, chunk: Int, seed: UInt64 = 1, end: RunEnd? = .sample) throws -> [UInt8] {
    var random = RandomEvents(seed: seed)
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: .sample, sink: sink)
    for (index, event) in random.next(count).enumerated() {
      try writer.append(event.payload, clock: event.clock)
      if (index + 1) % chunk == 0 { try writer.flush() }
    }
    if let end { try writer.finish(end) } else { try writer.flush() }
    return sink.bytes
  }

  private func reader(_ bytes: [UInt8]) throws -> TraceReader { try TraceReader(source: MemoryTraceSource(bytes)) }

  private func digest(_ bytes: [UInt8]) throws -> TraceDigest { try TraceDigest(of: reader(bytes)) }

  /// 300 chunks make a tree of three levels.
  @Test(arguments: [0, 1, 15, 16, 17, 255, 256, 257, 300])
  func theTreeSaysOfEachChunkWhatTheChunkSays(chunkCount: Int) throws {
    let bytes = try trace(chunkCount * 3, chunk: 3)
    let digest = try digest(bytes)
    var chunks = try reader(bytes).chunks()
    var number = 0
    while let (header, _) = try chunks.next() {
      try #require(number < digest.parts.count)
      let part = digest.parts[number]
      number += 1
      #expect(part.firstSequence == header.firstSequence && part.eventCount == UInt64(header.eventCount))
      #expect(part.firstClock == header.firstClock && part.hash == header.content)
      #expect(part.laneHashes.map(\.lane) == header.blocks.map(\.lane))
      #expect(part.laneHashes.map(\.hash) == header.blocks.map(\.hash))
    }
    #expect(number == digest.parts.count && number == chunkCount)
    #expect(digest.events == 0..<UInt64(chunkCount * 3))
    #expect(digest.headers.map(\.name) == HeaderSection.allCases.dropLast().map(\.word))
    #expect(digest.lanes == .all && digest.end != nil)
  }

  @Test func aRecordingCutShortHasTheDigestOfItsChunks() throws {
    let whole = try digest(trace(300, chunk: 3))
    let cut = try digest(trace(300, chunk: 3, end: nil))
    #expect(cut.parts == whole.parts && cut.end == nil && cut.headers == whole.headers)
  }

  @Test func aDamagedTreeIsNotNeeded() throws {
    let bytes = try trace(300, chunk: 3)
    var damaged = bytes
    for index in damaged.indices where damaged[index...].starts(with: Array("OIDX".utf8)) { damaged[index + 20] ^= 1 }
    #expect(try digest(damaged) == digest(bytes))
  }

  /// A tree of right hashes whose root has one block sixteen times: followed, it has sixteen times as many leaves a level.
  @Test func aTreeThatLeadsInCirclesIsNotFollowed() throws {
    let bytes = try trace(900, chunk: 3)
    let index = try #require(TraceIndex(reader(bytes)))
    var root = try index.block(index.root)
    #expect(root.level == 3)
    root.entries = Array(repeating: root.entries[0], count: 16)
    let (block, hash) = root.encoded()
    let reader = try reader(bytes)
    var trailer = try #require(reader.trailer)
    trailer.root = hash
    trailer.rootOffset = trailer.endOffset - trailer.headerLength
    trailer.rootLength = UInt64(block.count)
    trailer.endOffset += UInt64(block.count)
    let end = Int(reader.blocksEnd)
    let forged =
      bytes[..<end] + block + bytes[end..<bytes.count - TraceFormat.trailerSize] + trailer.encoded()
    #expect(try digest(Array(forged)).parts == digest(bytes).parts)
  }

  @Test func underOnePercentOfALargeTraceIsRead() throws {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: .sample, sink: sink)
    for index in 0..<5_000 {
      try writer.append(.serial(port: 0, bytes: [UInt8](repeating: 0x55, count: 4_096)), clock: Clock(index))
    }
    try writer.finish(.sample)
    let source = CountingTraceSource(sink.bytes)
    #expect(try TraceDigest(of: TraceReader(source: source)).parts.count > 290)
    #expect(source.bytesRead < source.size / 100, "\(source.bytesRead) of \(source.size)")
  }

  // MARK: - Runs

  @Test(arguments: [(1, 1), (256, 1), (257, 2), (512, 2), (513, 3), (2_000, 8)])
  func eventsAreInAtMost256RunsOfOneLength(count: Int, length: UInt64) throws {
    let reader = try reader(trace(2_000, chunk: 7))
    let digest = try TraceDigest(of: reader, events: 0..<UInt64(count))
    #expect(digest.division == .runs(length: length))
    #expect(digest.parts.dropLast().allSatisfy { $0.eventCount == length })
    #expect(digest.parts.last?.endSequence == UInt64(count))
  }

  @Test func runsHaveTheSameHashesHoweverTheTraceIsChunked() throws {
    let (one, other) = (try reader(trace(2_000, chunk: 7)), try reader(trace(2_000, chunk: 5_000)))
    for range in [0..<2_000, 5..<6, 100..<1_900, 1_999..<2_000] as [Range<UInt64>] {
      #expect(try TraceDigest(of: one, events: range).parts == TraceDigest(of: other, events: range).parts)
    }
  }

  @Test func eventsThatThereAreNotAreLeftOut() throws {
    let reader = try reader(trace(100, chunk: 7))
    #expect(try TraceDigest(of: reader, events: 90..<200).parts.map(\.firstSequence) == Array(90..<100))
    #expect(try TraceDigest(of: reader, events: 100..<200).parts.isEmpty)
    #expect(try TraceDigest(of: reader, events: UInt64.max - 1..<UInt64.max).parts.isEmpty)
  }

  // MARK: - Text

  private func digests() throws -> [TraceDigest] {
    let reader = try reader(trace(1_000, chunk: 3))
    return [
      try TraceDigest(of: reader), try TraceDigest(of: reader, events: 3..<600),
      try TraceDigest(of: reader, events: 900..<2_000), try TraceDigest(of: reader, events: 5_000..<6_000),
      try digest(trace(0, chunk: 1)), try digest(trace(50, chunk: 9, end: nil)),
    ]
  }

  @Test func theTextIsReadAsWhatWasWritten() throws {
    for digest in try digests() { #expect(try TraceDigest(parsing: Array(digest.text.utf8)) == digest) }
  }

  @Test func theTextIsWhatTheFormatSays() throws {
    let part = TraceDigest.Part(
      firstSequence: 0, eventCount: 2, firstClock: 9, hash: Hash128(high: 1, low: 2),
      laneHashes: [TraceDigest.LaneHash(lane: .map, hash: Hash128(high: 3, low: 4))])
    var digest = try digest(trace(0, chunk: 1))
    digest.headers = [TraceDigest.HeaderPart(name: "image", hash: .zero)]
    digest.lanes = [LaneSet(.input), LaneSet(.map)]
    digest.end = nil
    digest.events = 0..<2
    digest.parts = [part]
    let expected = """
      orrery digest 1
      header image 00000000000000000000000000000000
      lanes input map
      end cut
      events 0 2
      chunks 1
      part 0 2 9 00000000000000010000000000000002 map 00000000000000030000000000000004

      """
    #expect(digest.text == expected + "check \(Hash128(of: Array(expected.utf8)))\n")
  }

  @Test func everyChangedByteIsFound() throws {
    let text = Array(try TraceDigest(of: reader(trace(40, chunk: 9))).text.utf8)
    for index in text.indices {
      for change in [1, 0x20, 0x80] as [UInt8] {
        var changed = text
        changed[index] ^= change
        #expect(throws: DigestError.self, "byte \(index)") { try TraceDigest(parsing: changed) }
      }
      #expect(throws: DigestError.self) { try TraceDigest(parsing: Array(text[..<index])) }
    }
    #expect(throws: DigestError.self) { try TraceDigest(parsing: text + [0x0A]) }
  }

  /// A digest with right hash whose `old` is `new`, and where that is told.
  @Test(arguments: [
    ("orrery digest 1", "orrery trace 1", 1, 1), ("orrery digest 1", "orrery digest 2", 1, 15),
    ("header image", "header picture", 5, 8), ("header image", "header scenario", 6, 8),
    ("lanes input", "lanes state input", 8, 13), ("lanes input", "lanes Input", 8, 7),
    ("end cut", "end soon", 9, 5), ("events 0 9", "events 0 18446744073709551616", 10, 10),
    ("events 0 9", "events 18446744073709551615 9", 10, 29), ("events 0 9", "events 1 9", 11, 1),
    ("events 0 9", "events 00 9", 10, 8), ("events 0 9", "events 0 8", 14, 8), ("events 0 9", "events 0 10", 14, 8),
    ("chunks 3", "chunks 4", 15, 1), ("chunks 3", "chunks 2", 13, 8), ("chunks 3", "chunks  3", 11, 8),
    ("chunks 3", "runs 3 of 0", 11, 11), ("chunks 3", "runs 300 of 1", 11, 6), ("chunks 3", "runs 3 of 5", 12, 8),
    ("part 3 3 3", "part 4 3 3", 13, 6), ("part 3 3 3", "part 3 0 3", 13, 8), ("part 6 3 6", "part 6 3 2", 14, 10),
    ("part 3 3 3 ", "part 3 3 3 0", 13, 12), ("lanes input map", "lanes input heap", 12, 45),
    ("lanes input map", "lanes input", 12, 45),
  ])
  func aMistakeIsToldWithLineAndColumn(old: String, new: String, line: Int, column: Int) throws {
    let sink = MemoryTraceSink()
    let header = TraceHeader(revision: "pc-1", lanes: [LaneSet(.input), LaneSet(.map), LaneSet(.state)])
    let writer = try TraceWriter(header: header, sink: sink)
    for index in 0..<9 {
      try writer.append(.invalidatePage(LinearAddress(0x1000)), clock: Clock(index))
      if index % 3 == 2 { try writer.flush() }
    }
    let text = try digest(sink.bytes).text
    #expect(try TraceDigest(parsing: Array(text.utf8)).parts.count == 3)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let place = try #require(lines.firstIndex { $0.contains(old) })
    let change = try #require(lines[place].firstRange(of: old))
    lines[place].replaceSubrange(change, with: new)
    let body = lines.dropLast(2).joined(separator: "\n") + "\n"
    let changed = body + "check \(Hash128(of: Array(body.utf8)))\n"
    let error = #expect(throws: DigestError.self) { try TraceDigest(parsing: Array(changed.utf8)) }
    #expect(error?.line == line && error?.column == column, "\(error?.description ?? "") in \(changed)")
  }
}

/// A trace in memory that counts what is read of it.
final class CountingTraceSource: TraceSource {
  private let source: MemoryTraceSource
  private(set) var bytesRead: UInt64 = 0

  init(_ bytes: [UInt8]) { source = MemoryTraceSource(bytes) }

  var size: UInt64 { source.size }

  func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    bytesRead += UInt64(count)
    return try source.read(at: offset, count: count)
  }
}

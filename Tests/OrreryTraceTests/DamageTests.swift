import OrreryBase
import Testing

@testable import OrreryTrace

/// A small trace has every kind of block: header, chunks, index, end, trailer.
@Suite struct DamageTests {
  /// Three chunks, the third ended by the end of the run.
  private func smallTrace() throws -> (bytes: [UInt8], events: [Event]) {
    var random = RandomEvents(seed: 3)
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: .sample, sink: sink)
    for index in 0..<3 {
      for event in random.next(12) { try writer.append(event.payload, clock: event.clock) }
      if index < 2 { try writer.flush() }
    }
    try writer.finish(.sample)
    return (sink.bytes, try allEvents(sink.bytes))
  }

  /// What a careful reader gets of a trace: the events that are intact, and the damage told on the way.
  private func readOn(_ reader: TraceReader) throws -> (events: [Event], damage: [TraceDamage]) {
    var cursor = reader.events()
    var events: [Event] = []
    var damage: [TraceDamage] = []
    while let event = try cursor.next(noting: &damage) {
      events.append(event)
      try #require(damage.count < 100, "reading goes on for ever")
    }
    return (events, damage)
  }

  /// Nil when the bytes are refused as no trace.
  private func open(_ bytes: [UInt8]) throws -> TraceReader? {
    do throws(TraceError) {
      return try TraceReader(source: MemoryTraceSource(bytes))
    } catch {
      guard case .notATrace = error else { throw error }
      return nil
    }
  }

  @Test func intactTraceHasNoDamage() throws {
    let reader = try TraceReader(source: MemoryTraceSource(smallTrace().bytes))
    #expect(try reader.verify().isEmpty)
    #expect(reader.isComplete)
  }

  /// A trace of one chunk whose timeline a faulty writer made, and hashed.
  private func trace(withTimeline change: (inout [UInt8]) -> Void) throws -> TraceReader {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: .sample, sink: sink)
    let headerLength = sink.bytes.count
    for clock in [1, 2, 3] as [Clock] {
      try writer.append(.interruptReturn(vector: 32, rip: 0x1000, openAbove: 0), clock: clock)
      try writer.append(.mark(text: Array("now".utf8)), clock: clock)
    }
    try writer.flush()
    let chunk = Array(sink.bytes[headerLength...])
    let length = try #require(ChunkHeader.length(fromStart: chunk))
    var header = try #require(ChunkHeader(Array(chunk[..<length])))
    var timeline = Array(chunk[length..<length + Int(header.timelineLength)])
    let blocks = chunk[(length + timeline.count)...]
    change(&timeline)
    header.timelineLength = UInt32(timeline.count)
    header.timelineHash = Hash128(of: timeline)
    return try TraceReader(source: MemoryTraceSource(sink.bytes[..<headerLength] + header.encode() + timeline + blocks))
  }

  @Test func aTimelineThatMakesNoSenseIsDamageWhateverIsAskedFor() throws {
    #expect(try trace { _ in }.verify(decodes: false).isEmpty)
    let faults: [(what: String, change: (inout [UInt8]) -> Void)] = [
      ("a lane that does not exist", { $0[$0.count - 1] |= 0xF }),
      ("later than the end of its chunk", { $0[$0.count - 1] += 0x10 }),
      ("more bytes than its events take", { $0.append(0x01) }),
    ]
    for fault in faults {
      let reader = try trace(withTimeline: fault.change)
      for decodes in [false, true] {
        let damage = try reader.verify(decodes: decodes)
        #expect(damage.count == 1 && damage[0].what.contains(fault.what), "\(fault.what): \(damage)")
      }
    }
  }

  @Test func flipOfAnyByteIsFoundAndTheRestStaysReadable() throws {
    let (bytes, events) = try smallTrace()
    let numbered = Set(events)
    for offset in bytes.indices {
      for mask: UInt8 in [0x01, 0x80] {
        var damaged = bytes
        damaged[offset] ^= mask
        guard let reader = try open(damaged) else {
          #expect(offset < 8, "only the first eight bytes say that it is a trace (offset \(offset))")
          continue
        }
        let found = try reader.verify()
        #expect(!found.isEmpty, "offset \(offset) mask \(mask)")
        let intact = try readOn(reader).events
        #expect(numbered.isSuperset(of: intact), "offset \(offset): events that were never written")
        // At most one of the three chunks is lost.
        #expect(intact.count >= events.count - 12, "offset \(offset): \(intact.count) events")
      }
    }
  }

  @Test func cutAtAnyLengthIsAPrefixOrAClearError() throws {
    let (bytes, events) = try smallTrace()
    var longest = 0
    for length in bytes.indices {
      guard let reader = try open(Array(bytes[..<length])) else {
        #expect(longest == 0, "length \(length)")
        continue
      }
      #expect(!reader.isComplete)
      let (read, damage) = try readOn(reader)
      #expect(damage.isEmpty)
      #expect(read == Array(events[..<read.count]))
      #expect(read.count % 12 == 0)
      #expect(read.count >= longest)
      #expect(try reader.verify().isEmpty)
      longest = read.count
    }
    #expect(longest == events.count)
  }

  /// 40 chunks of one event: two full blocks of the index among the chunks, a rest and a root after them.
  private func indexedTrace() throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: .sample, sink: sink)
    for index in 0..<40 as Range<UInt32> {
      try writer.append(.exitValue(index), clock: Clock(index))
      try writer.flush()
    }
    try writer.finish(.sample)
    return sink.bytes
  }

  private func places(of tag: String, in bytes: [UInt8]) -> [Int] {
    bytes.indices.filter { bytes[$0...].starts(with: Array(tag.utf8)) }
  }

  @Test func cutAmongTheIndexIsNoDamage() throws {
    let bytes = try indexedTrace()
    let blocks = places(of: "OIDX", in: bytes)
    try #require(blocks.count == 4)
    for block in blocks + places(of: "OEND", in: bytes) + places(of: "OTRL", in: bytes) {
      for length in [block - 1, block, block + 1, block + 15, block + 16, block + 40] {
        let reader = try TraceReader(source: MemoryTraceSource(Array(bytes[..<length])))
        #expect(!reader.isComplete)
        #expect(try reader.verify().isEmpty, "length \(length)")
      }
    }
  }

  @Test func flipInTheIndexLosesNoEvent() throws {
    let bytes = try indexedTrace()
    for block in places(of: "OIDX", in: bytes) {
      for offset in stride(from: block, to: block + 200, by: 9) {
        var damaged = bytes
        damaged[offset] ^= 2
        let reader = try TraceReader(source: MemoryTraceSource(damaged))
        #expect(try !reader.verify().isEmpty, "offset \(offset)")
        let (events, _) = try readOn(reader)
        #expect(events.map(\.sequence) == Array(0..<40), "offset \(offset)")
        // Finding a place does without the index then.
        var later = try reader.events(fromClock: 30)
        var passed: [TraceDamage] = []
        #expect(try later.next(noting: &passed)?.sequence == 30)
      }
    }
  }

  @Test func bytesAddedAtTheEndAreFound() throws {
    let (bytes, events) = try smallTrace()
    for extra in [1, 119, 120, 121, 500] {
      let reader = try TraceReader(source: MemoryTraceSource(bytes + [UInt8](repeating: 0x20, count: extra)))
      #expect(try !reader.verify().isEmpty)
      #expect(try readOn(reader).events == events)
    }
  }

  @Test func chunkOfAnotherTraceIsFound() throws {
    // The second chunk of the one has the place of the other's: each hash is right, the chain is not.
    func trace(_ value: UInt32) throws -> [UInt8] {
      let sink = MemoryTraceSink()
      let writer = try TraceWriter(header: .sample, sink: sink)
      for index in 0..<2 as Range<UInt32> {
        try writer.append(.exitValue(value + index), clock: Clock(index))
        try writer.flush()
      }
      return sink.bytes
    }
    let first = try trace(1)
    let second = try trace(3)
    let chunk = try #require(first.indices.reversed().first { first[$0...].starts(with: Array("OCHK".utf8)) })
    let reader = try TraceReader(source: MemoryTraceSource(Array(first[..<chunk] + second[chunk...])))
    let damage = try reader.verify()
    #expect(damage.map(\.offset) == [UInt64(chunk)])
  }

  @Test func damageIsLocated() throws {
    let (bytes, events) = try smallTrace()
    let chunks = bytes.indices.filter { bytes[$0...].starts(with: Array("OCHK".utf8)) }
    // A byte of the second chunk's events.
    var damaged = bytes
    damaged[chunks[2] - 1] ^= 0x10
    let reader = try TraceReader(source: MemoryTraceSource(damaged))
    let found = try #require(try reader.verify().first)
    #expect(found.offset > UInt64(chunks[1]) && found.offset < UInt64(chunks[2]))
    #expect(found.what.contains("chunk 1"))
    #expect(try readOn(reader).events == Array(events[..<12] + events[24...]))
  }

  @Test func whatIsNoTraceIsNamed() throws {
    let cases: [(bytes: [UInt8], word: String)] = [
      ([], "empty"), (Array("#!/bin/sh\n".utf8), "does not start"), ([0x8F, 0x4F], "ends inside the header"),
      ([UInt8](repeating: 0, count: 4_096), "does not start"),
    ]
    for (bytes, word) in cases {
      let error = #expect(throws: TraceError.self) { try TraceReader(source: MemoryTraceSource(bytes)) }
      #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }
  }

  @Test(arguments: 0..<200)
  func hostileBytesNeverTrap(seed: Int) throws {
    // Several bytes at once changed, whole ranges doubled or taken away: whatever is read, it ends, with an error or without.
    let (bytes, _) = try smallTrace()
    var random = SeededGenerator(seed: UInt64(seed))
    var hostile = bytes
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let start = Int.random(in: 8..<hostile.count, using: &random)
      let end = Int.random(in: start...min(hostile.count, start + 300), using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: hostile.removeSubrange(start..<end)
      case 1: hostile.insert(contentsOf: hostile[start..<end], at: start)
      case 2: for index in start..<end { hostile[index] = 0xFF }
      default: hostile[start] = UInt8.random(in: 0...255, using: &random)
      }
    }
    do {
      let reader = try TraceReader(source: MemoryTraceSource(hostile))
      _ = try reader.verify()
    } catch {
      #expect(!error.description.isEmpty)
    }
  }
}

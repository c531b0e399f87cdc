import OrreryBase
import OrreryTrace
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: 0..<20)
  func everyEventReadsBack(seed: Int) throws {
    var random = RandomEvents(seed: UInt64(seed))
    let events = random.next(1_500)
    let read = try allEvents(traceBytes(events))
    try #require(read.count == events.count)
    for (index, (event, written)) in zip(read, events).enumerated() {
      #expect(event == Event(sequence: UInt64(index), clock: written.clock, payload: written.payload))
    }
  }

  @Test func headerAndEndReadBack() throws {
    let reader = try TraceReader(source: MemoryTraceSource(traceBytes([])))
    #expect(try reader.header() == .sample)
    #expect(reader.end == .sample)
    #expect(reader.isComplete)
    #expect(try reader.verify().isEmpty)
  }

  @Test func manyChunksReadBackInOrder() throws {
    var random = RandomEvents(seed: 77)
    let events = random.next(60_000)
    let bytes = try traceBytes(events)
    // Well over the 16 chunks of one block of the index.
    try #require(bytes.count > 17 * 65_536)
    let reader = try TraceReader(source: MemoryTraceSource(bytes))
    #expect(try reader.verify().isEmpty)
    #expect(reader.eventCount == 60_000)
    #expect(try allEvents(bytes).map(\.payload) == events.map(\.payload))
  }

  /// Where a chunk ends is a matter of the events alone, whoever looks when.
  @Test func completeChunkIsWrittenBeforeTheNextEventAndChangesNoByte() throws {
    let limit: Clock = 1 << 32
    let clocks: [Clock] = [0, limit / 2, limit, limit + 1, 3 * limit, 3 * limit, 9 * limit]
    func bytes(looking: Bool) throws -> [UInt8] {
      let sink = MemoryTraceSink()
      let writer = try TraceWriter(header: .sample, sink: sink)
      for (clock, next) in zip(clocks, clocks.dropFirst() + [clocks[clocks.count - 1]]) {
        try writer.append(.exitValue(1), clock: clock)
        guard looking else { continue }
        for later in [clock, clock + limit / 2, clock + limit, clock + limit + 1] where later <= next {
          try writer.writeCompleteChunk(at: later)
        }
      }
      try writer.finish(.sample)
      return sink.bytes
    }
    #expect(try bytes(looking: true) == bytes(looking: false))

    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: .sample, sink: sink)
    try writer.append(.exitValue(1), clock: 7)
    try writer.writeCompleteChunk(at: 7 + limit)
    #expect(writer.writtenSequence == 0, "an event at this clock belongs to the chunk")
    try writer.writeCompleteChunk(at: 8 + limit)
    #expect(writer.writtenSequence == 1)
    #expect(try TraceReader(source: MemoryTraceSource(sink.bytes)).availableEventCount == 1)
  }

  @Test func eventsOfOtherLanesAreDropped() throws {
    var random = RandomEvents(seed: 5)
    let events = random.next(500)
    var header = TraceHeader.sample
    header.lanes = [LaneSet(.heap), LaneSet(.state)]
    let read = try allEvents(traceBytes(events, header: header))
    let kept: [Payload] = events.map(\.payload).filter { $0.lane == .heap || $0.lane == .state }
    #expect(read.map(\.payload) == kept)
    #expect(read.map(\.sequence) == Array(0..<UInt64(read.count)))
  }

  @Test(arguments: Lane.allCases)
  func oneLaneIsReadAlone(lane: Lane) throws {
    var random = RandomEvents(seed: 6)
    let events = random.next(5_000)
    let reader = try TraceReader(source: MemoryTraceSource(traceBytes(events)))
    var cursor = reader.events(lanes: LaneSet(lane))
    var read: [Event] = []
    while let event = try cursor.next() { read.append(event) }
    let expected = events.enumerated().filter { $0.element.payload.lane == lane }.map { index, event in
      Event(sequence: UInt64(index), clock: event.clock, payload: event.payload)
    }
    #expect(read == expected)
  }

  @Test(arguments: [0, 1, 1_000_000, 500_000_000, 1_000_000_000, .max] as [Clock])
  func eventsFromAClockOnAreFound(clock: Clock) throws {
    var random = RandomEvents(seed: 8)
    let events = random.next(20_000)
    let reader = try TraceReader(source: MemoryTraceSource(traceBytes(events)))
    var cursor = try reader.events(fromClock: clock)
    var read: [Event] = []
    while let event = try cursor.next() { read.append(event) }
    #expect(read.map(\.payload) == events.filter { $0.clock >= clock }.map(\.payload))
  }

  @Test func sameEventsGiveTheSameBytes() throws {
    var first = RandomEvents(seed: 9)
    var second = RandomEvents(seed: 9)
    #expect(try traceBytes(first.next(5_000)) == traceBytes(second.next(5_000)))
  }

  @Test func chunkOfAnIdleMachineSpansABoundedTime() throws {
    // Two events further apart than 2^32 clocks are in two chunks, each with all it needs.
    let events: [(payload: Payload, clock: Clock)] = [
      (.exitValue(1), 0), (.exitValue(2), 1 << 32), (.exitValue(3), 1 << 32 + 1), (.exitValue(4), .max),
    ]
    let bytes = try traceBytes(events)
    #expect(try allEvents(bytes).map(\.clock) == events.map(\.clock))
    #expect(occurrences(of: Array("OCHK".utf8), in: bytes) == 3)
  }

  @Test func moreShapesThanABlockNumbersReadBack() throws {
    // 5,000 distinct callers, then the first again: those past 4,096 are described each time.
    let events = (0..<5_001).map { index -> (payload: Payload, clock: Clock) in
      let call = HeapCall(.allocate, pointer: 0x1000, size: 8, caller: UInt64(index % 5_000), allocator: "malloc")
      return (.heap(call), 0)
    }
    #expect(try allEvents(traceBytes(events)).map(\.payload) == events.map(\.payload))
  }

  @Test func longNamesAreCutAtACharacter() throws {
    let cause = String(repeating: "é", count: 600)
    let read = try allEvents(traceBytes([(.input(.nonMaskableInterrupt, point: .boundary, cause: cause), 3)]))
    // 1,024 bytes are 512 letters of two.
    let kept = Payload.input(.nonMaskableInterrupt, point: .boundary, cause: String(repeating: "é", count: 512))
    #expect(read.map(\.payload) == [kept])
  }
}

func occurrences(of pattern: [UInt8], in bytes: [UInt8]) -> Int {
  bytes.indices.count { bytes[$0...].starts(with: pattern) }
}

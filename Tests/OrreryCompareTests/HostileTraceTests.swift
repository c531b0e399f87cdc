import OrreryBase
import Testing

@testable import OrreryCompare
@testable import OrreryTrace

/// Traces whose every hash is right and whose events are not what any writer wrote: made by somebody who wants the reader to fail.
@Suite struct HostileTraceTests {
  /// A trace of one chunk whose timeline and blocks are `timeline` and `blocks`, with right hashes, lengths and counts.
  private func trace(timeline: [UInt8], blocks: [(lane: Lane, count: UInt32, bytes: [UInt8])]) -> [UInt8] {
    var header = ChunkHeader(
      number: 0, firstSequence: 0, eventCount: blocks.reduce(0) { $0 + $1.count }, firstClock: 0, lastClock: .max,
      timelineLength: UInt32(timeline.count), timelineHash: Hash128(of: timeline), blocks: [], previous: .zero)
    for block in blocks {
      let hash = Hash128(of: block.bytes)
      header.blocks.append(
        ChunkHeader.Block(
          lane: block.lane, eventCount: block.count, length: UInt32(block.bytes.count), hash: hash, chain: .zero))
    }
    return TraceHeader(revision: "pc-1").encoded() + header.encode() + timeline + blocks.flatMap(\.bytes)
  }

  /// Events as a kernel makes them.
  private static let ordinary: [Payload] = [
    .input(.key(Key(rawValue: 0x1E), isPressed: true), point: .boundary, cause: "at 5 ms"),
    .input(.vector(0x40), point: .instruction, cause: "on symbol kernelMain"), .inputLost(.keyboard, byte: 1),
    .interrupt(vector: 32, source: .line(0), rip: 0x20_0000),
    .interruptReturn(vector: 32, rip: 0x20_0000, openAbove: 0),
    .exception(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0x1000, rip: 0x20_0010)),
    .exceptionReturn(vector: 14, rip: 0x20_0010, openAbove: 0),
    .undelivered(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0x1000, rip: 0x20_0010)),
    .tripleFault(ExceptionDelivery(vector: 8, errorCode: 0, rip: 1)),
    .addressSpace(root: PhysicalAddress(0x1000), mode: .fourLevel),
    .map(MapChange(.mapped, start: LinearAddress(0x4000), physical: PhysicalAddress(0x40_0000), flags: .writable)),
    .map(
      MapChange(
        .remapped, start: LinearAddress(0x5000), pageCount: 9, physical: PhysicalAddress(0x41_0000), flags: .user,
        previousPhysical: PhysicalAddress(0x42_0000), previousFlags: .writable, aliases: [LinearAddress(0x9000)])),
    .invalidatePage(LinearAddress(0x5000)), .bulk(count: 3, hash: .zero),
    .recursive(RecursiveEntry(start: LinearAddress(0x8000), level: 4, table: PhysicalAddress(0x1000), isPresent: true)),
    .heap(HeapCall(.allocate, pointer: 0x4444_0010, size: 64, alignment: 16, caller: 0x20_0020, allocator: "malloc")),
    .heap(HeapCall(.free, pointer: 0x4444_0010, caller: 0x20_0030, allocator: "free")),
    .frame(FrameCall(.allocate, frame: PhysicalAddress(0x5000), caller: 0x20_0040, allocator: "take")),
    .frame(FrameCall(.allocate, frame: nil, caller: 0x20_0040, allocator: "take")),
    .frame(FrameCall(.free, frame: PhysicalAddress(0x5000), caller: 0x20_0050, allocator: "give")),
    .serial(port: 0, bytes: [0x41, 0x0A]), .debugConsole(bytes: [0x42]), .mark(text: [0x43]), .exitValue(16),
    .screen(row: 1, column: 2, cells: [0x41, 7, 0x42, 7, 0x43, 9]), .state(.zero, steps: 1 << 26),
  ]

  /// Events with the largest numbers there are.
  private static let extreme: [Payload] = {
    let most = UInt64.max
    let change = MapChange(
      .mapped, start: LinearAddress(most), pageCount: most, pageSize: .oneGiB, physical: PhysicalAddress(most),
      flags: PageFlags(rawValue: .max))
    return [
      .map(change), .map(change), .invalidatePage(LinearAddress(most)), .invalidatePage(LinearAddress(most)),
      .map(
        MapChange(.mapped, start: LinearAddress(most), pageCount: 4_096, physical: PhysicalAddress(most), flags: [])),
      .map(
        MapChange(
          .mapped, start: LinearAddress(most &+ 4_096 &* 4_096), pageCount: 4_096, physical: PhysicalAddress(9),
          flags: [])),
      .recursive(
        RecursiveEntry(start: LinearAddress(most), level: .max, table: PhysicalAddress(most), isPresent: true)),
      .bulk(count: most, hash: .zero), .interruptReturn(vector: 255, rip: most, openAbove: .max),
      .exceptionReturn(vector: 255, rip: most, openAbove: .max),
      .heap(HeapCall(.allocate, pointer: most, size: most, alignment: most, caller: most, allocator: "")),
      .heap(HeapCall(.reallocate, pointer: most, previousPointer: most, size: most, caller: most, allocator: "")),
      .heap(HeapCall(.free, pointer: most, caller: most, allocator: "")),
      .frame(FrameCall(.free, frame: PhysicalAddress(most), size: most, caller: most, allocator: "")),
      .frame(FrameCall(.allocateZeroed, frame: PhysicalAddress(most), size: most, caller: most, allocator: "")),
      .screen(row: 255, column: 255, cells: [UInt8](repeating: 255, count: Payload.byteLimit)),
      .mark(text: [UInt8](repeating: 255, count: Payload.byteLimit)),
      .serial(port: 255, bytes: []), .inputLost(InputQueue(rawValue: 255), byte: 255),
      .interrupt(vector: 255, source: InterruptSource(rawValue: most), rip: most), .state(.zero, steps: most),
      .exitValue(.max),
    ]
  }()

  /// Reads and tells everything; must come to an end.
  private func exercise(_ bytes: [UInt8]) throws -> Int {
    let reader = try TraceReader(source: MemoryTraceSource(bytes))
    let rendering = EventRendering()
    var builder = BehaviourBuilder(rendering: rendering)
    var events = reader.events()
    var damage: [TraceDamage] = []
    var count = 0
    while let event = try events.next(noting: &damage) {
      count += 1
      #expect(!rendering.line(event).isEmpty)
      #expect(!rendering.json(event).description.isEmpty)
      builder.append(event)
    }
    _ = builder.finish()
    _ = try reader.verify()
    #expect(try firstDifference(reader, reader) == nil || !damage.isEmpty)
    return count
  }

  private func randomBytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in
      Bool.random(using: &random) ? UInt8.random(in: 0...9, using: &random) : UInt8.random(in: 0...255, using: &random)
    }
  }

  /// The block of `lane` that a writer makes of `payloads`.
  private func block(_ lane: Lane, _ payloads: [Payload]) throws -> (count: UInt32, bytes: [UInt8]) {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1", lanes: LaneSet(lane)), sink: sink)
    let start = sink.bytes.count
    for payload in payloads { try writer.append(payload, clock: 0) }
    try writer.flush()
    let length = try #require(
      ChunkHeader.length(fromStart: Array(sink.bytes[start..<start + TraceFormat.chunkFixedSize])))
    let header = try #require(ChunkHeader(Array(sink.bytes[start..<start + length])))
    return (
      header.eventCount,
      Array(sink.bytes[(start + length + Int(header.timelineLength))...].prefix(Int(header.blocks[0].length)))
    )
  }

  @Test(arguments: Lane.allCases)
  func changedBlocksNeverTrap(lane: Lane) throws {
    var random = SeededGenerator(seed: UInt64(lane.rawValue))
    let (count, bytes) = try block(lane, Self.ordinary + Self.extreme + Self.ordinary)
    let timeline = [UInt8](repeating: lane.rawValue, count: Int(count))
    var decoded = 0
    for _ in 0..<150 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: changed.indices, using: &random)
        changed.replaceSubrange(place...place, with: randomBytes(Int.random(in: 0...2, using: &random), &random))
      }
      guard changed.count >= Int(count) else { continue }
      decoded += try exercise(trace(timeline: timeline, blocks: [(lane, count, changed)]))
    }
    // The blocks are not all refused at once: events that nobody wrote were decoded and told.
    #expect(decoded > 100)
  }

  @Test func randomTimelinesNeverTrap() throws {
    var random = SeededGenerator(seed: 99)
    for _ in 0..<500 {
      let timeline = randomBytes(Int.random(in: 1...40, using: &random), &random)
      let count = UInt32.random(in: 1...UInt32(timeline.count), using: &random)
      // Exit values, one shape described first.
      let block = [0, 3, 1] + [UInt8](repeating: 2, count: 2 * Int(count))
      _ = try exercise(trace(timeline: timeline, blocks: [(.output, count, block)]))
    }
  }

  @Test func largestNumbersNeverTrap() throws {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    for payload in Self.extreme { try writer.append(payload, clock: .max) }
    try writer.flush()
    #expect(try exercise(sink.bytes) == Self.extreme.count)
  }
}

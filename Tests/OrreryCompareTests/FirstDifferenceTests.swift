import OrreryBase
import OrreryCompare
import OrreryTrace
import Testing

/// A trace in memory that counts what is read of it.
private final class CountingSource: TraceSource {
  private let source: MemoryTraceSource
  private(set) var bytesRead: UInt64 = 0

  init(_ bytes: [UInt8]) { source = MemoryTraceSource(bytes) }

  var size: UInt64 { source.size }

  func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    bytesRead += UInt64(count)
    return try source.read(at: offset, count: count)
  }
}

@Suite struct FirstDifferenceTests {
  private static let end = RunEnd(reason: .debugExit, text: "exit", steps: 1, clock: 1, exitValue: 1)

  /// A trace whose event n has the exit value `values[n]`, in chunks of `chunk` events.
  private func trace(
    _ values: [UInt32], chunk: Int, end: RunEnd? = Self.end, image: [UInt8] = [1], scenario: String = ""
  ) throws -> [UInt8] {
    let sink = MemoryTraceSink()
    let header = TraceHeader(revision: "pc-1", image: image, scenario: scenario)
    let writer = try TraceWriter(header: header, sink: sink)
    for (index, value) in values.enumerated() {
      try writer.append(.exitValue(value), clock: Clock(index))
      if (index + 1) % chunk == 0 { try writer.flush() }
    }
    if let end { try writer.finish(end) }
    return sink.bytes
  }

  private func reader(_ bytes: [UInt8]) throws -> TraceReader { try TraceReader(source: MemoryTraceSource(bytes)) }

  @Test func equalTracesHaveNoDifference() throws {
    let bytes = try trace(Array(0..<500), chunk: 2)
    #expect(try compareTraces(reader(bytes), reader(bytes)).isEqual)
  }

  /// 250 chunks make a tree of two levels above the chunks; the place and length of the difference go all through it.
  @Test(arguments: [0, 1, 2, 3, 31, 32, 33, 63, 64, 255, 256, 257, 498, 499])
  func oneChangedEventIsFoundWherever(place: Int) throws {
    let values = Array(0..<500 as Range<UInt32>)
    var changed = values
    changed[place] = 1_000
    let difference = try #require(
      try firstDifference(reader(trace(values, chunk: 2)), reader(trace(changed, chunk: 2))))
    #expect(
      difference.left.first == Event(sequence: UInt64(place), clock: Clock(place), payload: .exitValue(UInt32(place))))
    #expect(difference.right.first == Event(sequence: UInt64(place), clock: Clock(place), payload: .exitValue(1_000)))
    // Context reaches into the chunk before where there is one, and no further than that chunk.
    #expect(difference.equal.map(\.sequence) == Array(UInt64(max(0, place - min(3, 2 + place % 2)))..<UInt64(place)))
    #expect(difference.left.count == min(4, 500 - place))
  }

  @Test(arguments: [0, 1, 30, 32, 33, 100, 480, 499])
  func shorterTraceEndsWhereTheLongerGoesOn(length: Int) throws {
    let values = Array(0..<500 as Range<UInt32>)
    let long = try reader(trace(values, chunk: 2))
    let short = try reader(trace(Array(values[..<length]), chunk: 2))
    for (left, right, isSwapped) in [(long, short, false), (short, long, true)] {
      let difference = try #require(try firstDifference(left, right))
      #expect((isSwapped ? difference.right : difference.left).first?.sequence == UInt64(length))
      #expect((isSwapped ? difference.left : difference.right).isEmpty)
      #expect(!difference.isLeftCut && !difference.isRightCut)
    }
  }

  @Test func chunksOfOtherSizesDoNotMatter() throws {
    let values = Array(0..<500 as Range<UInt32>)
    #expect(try compareTraces(reader(trace(values, chunk: 2)), reader(trace(values, chunk: 7))).isEqual)
  }

  @Test(arguments: [true, false], [true, false])
  func recordingsCutShortAreComparedByTheirChunks(isLeftCut: Bool, isRightCut: Bool) throws {
    let values = Array(0..<500 as Range<UInt32>)
    var changed = values
    changed[333] = 0
    let left = try reader(trace(values, chunk: 2, end: isLeftCut ? nil : Self.end))
    let right = try reader(trace(changed, chunk: 2, end: isRightCut ? nil : Self.end))
    #expect(try firstDifference(left, right)?.left.first?.sequence == 333)
  }

  /// What a guest writes before an interrupt has the interrupt's clock, and is no difference of its own when that moves.
  @Test func interruptThatMovedIsNamedAndNotTheOutputItCut() throws {
    func trace(_ text: String, cutAt clock: Clock, by vector: UInt8 = 33) throws -> TraceReader {
      let sink = MemoryTraceSink()
      let writer = try TraceWriter(header: TraceHeader(revision: "pc-1", image: [1], scenario: ""), sink: sink)
      try writer.append(.mark(text: Array("begins".utf8)), clock: 1)
      try writer.append(.serial(port: 0, bytes: Array(text.utf8)), clock: clock)
      try writer.append(.interrupt(vector: vector, source: .line(1), rip: 0x1000), clock: clock)
      try writer.finish(Self.end)
      return try reader(sink.bytes)
    }
    let difference = try #require(try firstDifference(trace("ready> ", cutAt: 10), trace("ready> ", cutAt: 11)))
    #expect(difference.left.first?.sequence == 2 && difference.right.first?.sequence == 2)
    #expect(difference.left.first?.payload.lane == .interrupt && difference.equal.map(\.sequence) == [0, 1])
    // Other bytes, and a line that ended by itself, differ by themselves.
    for (left, right) in [("ready> ", "ready) "), ("ready\n", "ready\n")] {
      let difference = try #require(try firstDifference(trace(left, cutAt: 10), trace(right, cutAt: 11)))
      #expect(difference.left.first?.sequence == 1)
    }
  }

  @Test func cutIsToldFromAnEnd() throws {
    let values = Array(0..<500 as Range<UInt32>)
    let cut = try reader(trace(Array(values[..<100]), chunk: 2, end: nil))
    let difference = try #require(try firstDifference(reader(trace(values, chunk: 2)), cut))
    #expect(difference.left.first?.sequence == 100)
    #expect(difference.right.isEmpty && difference.isRightCut && !difference.isLeftCut)
  }

  @Test func damagedIndexIsOnlyADetourLost() throws {
    let values = Array(0..<500 as Range<UInt32>)
    var changed = values
    changed[333] = 0
    var damaged = try trace(changed, chunk: 2)
    for index in damaged.indices where damaged[index...].starts(with: Array("OIDX".utf8)) { damaged[index + 20] ^= 1 }
    #expect(try firstDifference(reader(trace(values, chunk: 2)), reader(damaged))?.right.first?.sequence == 333)
  }

  @Test func headersAreToldApartFromEvents() throws {
    let left = try reader(trace([1, 2], chunk: 1, image: [1], scenario: "at 1 ms\n  key A\n"))
    let right = try reader(trace([1, 2], chunk: 1, image: [2], scenario: "at 1 ms\n  key B\n"))
    let comparison = try compareTraces(left, right)
    #expect(comparison.firstDifference == nil && !comparison.isEqual)
    #expect(comparison.headers.map(\.name) == ["image", "scenario line 2"])
    #expect(comparison.headers.last?.left == "  key A")
  }

  @Test func endsAreComparedWhenAllEventsAreEqual() throws {
    let other = RunEnd(reason: .limit, text: "steps", steps: 2, clock: 1)
    let comparison = try compareTraces(reader(trace([1], chunk: 1)), reader(trace([1], chunk: 1, end: other)))
    #expect(comparison.end?.left == Self.end && comparison.end?.right == other)
  }

  @Test func chosenLanesAreComparedAlone() throws {
    func trace(_ extra: Bool) throws -> TraceReader {
      let sink = MemoryTraceSink()
      let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
      if extra { try writer.append(.inputLost(.keyboard, byte: 1), clock: 0) }
      try writer.append(.exitValue(7), clock: 5)
      try writer.finish(Self.end)
      return try reader(sink.bytes)
    }
    #expect(try firstDifference(trace(true), trace(false)) != nil)
    #expect(try firstDifference(trace(true), trace(false), lanes: LaneSet(.output)) == nil)
    #expect(try firstDifference(trace(true), trace(false), lanes: LaneSet(.input)) != nil)
  }

  @Test func underOnePercentOfALargeTraceIsRead() throws {
    // 5,000 events of 4,096 bytes: 20 MB in 300 chunks.
    let block = [UInt8](repeating: 0x55, count: Payload.byteLimit)
    func trace(changed: Int?) throws -> CountingSource {
      let sink = MemoryTraceSink()
      let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
      for index in 0..<5_000 {
        let port: UInt8 = index == changed ? 1 : 0
        try writer.append(.serial(port: port, bytes: block), clock: Clock(index))
      }
      try writer.finish(Self.end)
      return CountingSource(sink.bytes)
    }
    for place in [4, 2_500, 4_999] {
      let left = try trace(changed: nil)
      let right = try trace(changed: place)
      let difference = try firstDifference(TraceReader(source: left), TraceReader(source: right))
      #expect(difference?.left.first?.sequence == UInt64(place))
      #expect(left.bytesRead < left.size / 100, "\(left.bytesRead) of \(left.size)")
      #expect(right.bytesRead < right.size / 100, "\(right.bytesRead) of \(right.size)")
    }
  }
}

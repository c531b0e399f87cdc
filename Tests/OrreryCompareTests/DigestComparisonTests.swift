import OrreryBase
import OrreryCompare
import OrreryTrace
import Testing

@Suite struct DigestComparisonTests {
  private static let end = RunEnd(reason: .debugExit, text: "exit", steps: 1, clock: 1, exitValue: 1)

  private func reader(
    _ values: [UInt32], lanes: LaneSet = .all, end: RunEnd? = Self.end, scenario: String = "", step: Clock = 1
  ) throws -> TraceReader {
    let sink = MemoryTraceSink()
    let header = TraceHeader(revision: "pc-1", lanes: lanes, scenario: scenario)
    let writer = try TraceWriter(header: header, sink: sink)
    for (index, value) in values.enumerated() {
      try writer.append(.exitValue(value), clock: Clock(index) * step)
      // As a full chunk would, at places that events alone decide.
      if value % 700 == 699 { try writer.flush() }
    }
    if let end { try writer.finish(end) } else { try writer.flush() }
    return try TraceReader(source: MemoryTraceSource(sink.bytes))
  }

  /// What arrives on the other machine.
  private func sent(_ digest: TraceDigest) throws -> TraceDigest { try TraceDigest(parsing: Array(digest.text.utf8)) }

  private func compare(_ left: TraceReader, _ right: TraceReader) throws -> DigestComparison {
    let digest = try sent(TraceDigest(of: right))
    return try compareDigests(TraceDigest(of: left, dividedAs: digest), digest)
  }

  /// Finds the first different event as two machines would, which exchange the texts of digests; gives its number and how many were sent.
  private func firstDifference(_ left: TraceReader, _ right: TraceReader) throws -> (event: UInt64, rounds: Int)? {
    guard var difference = try compare(left, right).firstDifference else { return nil }
    var rounds = 1
    while difference.events.upperBound - difference.events.lowerBound > 1 {
      let digest = try sent(TraceDigest(of: right, events: difference.events))
      let comparison = try compareDigests(TraceDigest(of: left, dividedAs: digest), digest)
      difference = try #require(comparison.firstDifference)
      rounds += 1
    }
    return (difference.events.lowerBound, rounds)
  }

  private static let values = (0..<20_000 as Range<UInt32>).map { $0 % 5_000 }

  @Test(arguments: [0, 1, 698, 699, 700, 701, 4_999, 5_000, 10_500, 19_999])
  func twoMachinesFindOneChangedEventByHashesOnly(place: Int) throws {
    var changed = Self.values
    changed[place] = 100_000
    let found = try #require(try firstDifference(reader(Self.values), reader(changed)))
    #expect(found.event == UInt64(place))
    #expect(found.rounds <= 4)
  }

  @Test(arguments: [0, 1, 699, 700, 701, 19_999])
  func twoMachinesFindWhereOneTraceGoesOn(length: Int) throws {
    let (long, short) = (try reader(Self.values), try reader(Array(Self.values[..<length])))
    #expect(try firstDifference(long, short)?.event == UInt64(length))
    #expect(try firstDifference(short, long)?.event == UInt64(length))
  }

  @Test func aMissingEventIsFoundToo() throws {
    var changed = Self.values
    changed.remove(at: 12_345)
    #expect(try firstDifference(reader(Self.values), reader(changed))?.event == 12_345)
  }

  @Test func equalTracesAreEqual() throws {
    let comparison = try compare(reader(Self.values), reader(Self.values))
    #expect(comparison.isEqual && comparison.sameEventCount == 20_000)
  }

  @Test func theLaneAndTheClocksOfADifferenceAreSaid() throws {
    var changed = Self.values
    changed[10_500] = 100_000
    let difference = try #require(try compare(reader(Self.values), reader(changed)).firstDifference)
    #expect(difference.lanes == LaneSet(.output))
    // Chunks end behind events 699, 1_399, … 4_899 of each 5,000.
    #expect(difference.events == 9_900..<10_700)
    #expect(difference.firstClock == 9_900 && difference.endClock == 10_700)
  }

  @Test func clocksAloneAreADifferenceOfNoLane() throws {
    let difference = try #require(
      try compare(reader(Self.values), reader(Self.values, step: 2)).firstDifference)
    #expect(difference.lanes.isEmpty && difference.events.lowerBound == 0)
    #expect(try firstDifference(reader(Self.values), reader(Self.values, step: 2))?.event == 1)
  }

  @Test func headersAndEndsAreToldApart() throws {
    let other = RunEnd(reason: .limit, text: "steps", steps: 2, clock: 1)
    let left = try reader([1, 2], scenario: "at 1 ms\n  key A\n")
    let comparison = try compare(left, reader([1, 2], end: other))
    #expect(comparison.headers.map(\.name) == ["scenario"] && comparison.hasOtherEnd)
    #expect(comparison.firstDifference == nil && !comparison.isEqual)
    #expect(try compare(left, reader([1, 2], end: nil, scenario: "at 1 ms\n  key A\n")).hasOtherEnd)
  }

  @Test func otherLanesCannotBeCompared() throws {
    let comparison = try compare(reader([1, 2]), reader([1, 2], lanes: [LaneSet(.output)]))
    #expect(comparison.hasOtherLanes && comparison.firstDifference == nil && !comparison.isEqual)
    #expect(comparison.headers.map(\.name) == ["recorded-lanes"])
  }

  @Test func digestsOfOtherEventsAreRefused() throws {
    let trace = try reader(Self.values)
    let digests = [
      try TraceDigest(of: trace), try TraceDigest(of: trace, events: 0..<100),
      try TraceDigest(of: trace, events: 1..<100), try TraceDigest(of: trace, events: 0..<1_000),
    ]
    for (index, left) in digests.enumerated() {
      for right in digests[(index + 1)...] {
        #expect(throws: DigestMismatch.self) { try compareDigests(left, right) }
      }
    }
  }
}

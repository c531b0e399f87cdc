public import OrreryBase
public import OrreryTrace

/// What is different between two digests, and so between the traces they were made of.
public struct DigestComparison: Hashable, Sendable {
  /// The parts of the headers that differ.
  public var headers: [HeaderPair]
  /// How many events from the first of the digests on are the same.
  public var sameEventCount: UInt64
  /// The first events of which the hashes differ; nil when none do, and when `hasOtherLanes`.
  public var firstDifference: Difference?
  /// Whether other lanes were recorded: then no events can be compared, for chunks hold those of all lanes.
  public var hasOtherLanes: Bool
  /// Whether the ends of the runs differ, all events being the same; always false for digests of some of the events.
  public var hasOtherEnd: Bool

  /// Whether all that the digests are about is the same.
  public var isEqual: Bool { headers.isEmpty && firstDifference == nil && !hasOtherLanes && !hasOtherEnd }

  /// A part of the header; a hash is nil where the header has no such part.
  public struct HeaderPair: Hashable, Sendable {
    public var name: String
    public var left: Hash128?
    public var right: Hash128?
  }

  /// The stretch of events in which the first difference is.
  public struct Difference: Hashable, Sendable {
    /// What each side has there; nil when it has no further event.
    public var left: TraceDigest.Part?
    public var right: TraceDigest.Part?
    /// The numbers that the first different event may have.
    public var events: Range<UInt64>
    /// From the clock of the first of these events to that of the first after them; no end when there is none after them.
    public var firstClock: Clock
    public var endClock: Clock?
    /// The lanes that do not say the same; none when only the clocks or the order of events differ.
    public var lanes: LaneSet
  }
}

/// Why two digests say nothing of each other.
public enum DigestMismatch: Error, Hashable, Sendable, CustomStringConvertible {
  /// They are about other events, or divide them otherwise.
  case otherParts(left: String, right: String)

  public var description: String {
    switch self {
    case .otherParts(let left, let right):
      "one digest is about \(left), the other about \(right); make both with the same --events"
    }
  }
}

/// Compares two digests; finds the first of their parts that differs.
public func compareDigests(
  _ left: TraceDigest, _ right: TraceDigest
) throws(DigestMismatch) -> DigestComparison {
  let isWhole = left.division == .chunks
  guard left.division == right.division, isWhole || left.events == right.events else {
    throw .otherParts(left: describe(left), right: describe(right))
  }
  var comparison = DigestComparison(
    headers: comparedHeaders(left, right), sameEventCount: 0, hasOtherLanes: left.lanes != right.lanes,
    hasOtherEnd: false)
  guard !comparison.hasOtherLanes else { return comparison }
  let common = min(left.parts.count, right.parts.count)
  let index = (0..<common).first { left.parts[$0].hash != right.parts[$0].hash } ?? common
  comparison.sameEventCount = left.parts[..<index].reduce(0) { $0 + $1.eventCount }
  guard index < max(left.parts.count, right.parts.count) else {
    comparison.hasOtherEnd = isWhole && left.end != right.end
    return comparison
  }
  comparison.firstDifference = DigestComparison.Difference(
    left: left.parts, right: right.parts, index: index,
    firstSequence: left.events.lowerBound + comparison.sameEventCount)
  return comparison
}

private func describe(_ digest: TraceDigest) -> String {
  switch digest.division {
  case .chunks: "all events"
  case .runs(let length):
    "events \(digest.events.lowerBound) to \(digest.events.upperBound) in runs of \(length)"
  }
}

private func comparedHeaders(_ left: TraceDigest, _ right: TraceDigest) -> [DigestComparison.HeaderPair] {
  var names = left.headers.map(\.name)
  for header in right.headers where !names.contains(header.name) { names.append(header.name) }
  return names.compactMap { name in
    let pair = DigestComparison.HeaderPair(
      name: name, left: left.headers.first { $0.name == name }?.hash,
      right: right.headers.first { $0.name == name }?.hash)
    return pair.left == pair.right ? nil : pair
  }
}

extension DigestComparison.Difference {
  fileprivate init(
    left: [TraceDigest.Part], right: [TraceDigest.Part], index: Int, firstSequence: UInt64
  ) {
    func part(_ parts: [TraceDigest.Part], _ index: Int) -> TraceDigest.Part? {
      index < parts.count ? parts[index] : nil
    }
    self.left = part(left, index)
    self.right = part(right, index)
    let here = [self.left, self.right].compactMap(\.self)
    // Where one side is the beginning of the other, they part behind the shorter.
    events = firstSequence..<(here.map(\.endSequence).max() ?? firstSequence)
    firstClock = here.map(\.firstClock).min() ?? 0
    let next = [part(left, index + 1), part(right, index + 1)].compactMap(\.self)
    endClock = next.count == here.count ? next.map(\.firstClock).max() : nil
    let (leftHashes, rightHashes) = (self.left?.laneHashes ?? [], self.right?.laneHashes ?? [])
    lanes = LaneSet(
      Lane.allCases.filter { lane in
        leftHashes.first { $0.lane == lane }?.hash != rightHashes.first { $0.lane == lane }?.hash
      }.map { LaneSet($0) })
  }
}

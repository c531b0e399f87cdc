public import OrreryBase
import OrreryTrace

/// An input that one of two runs had and the other had not: what their states may differ from.
public struct InputDifference: Hashable, Sendable {
  public var input: InputEvent
  /// What the trace names as its cause; empty for live input.
  public var cause: String
  /// Whether it is the second run that had it.
  public var isInSecond: Bool
}

/// The inputs that one of two traces has and the other has not.
struct InputDifferences {
  /// In the order of their clocks; of a great many only the first.
  private(set) var list: [InputDifference] = []
  /// How many there are in all.
  private(set) var count: UInt64 = 0

  /// Of wholly different runs only the beginning is looked at one by one.
  static let limit = 1024

  init(_ first: TraceReader, _ second: TraceReader) throws(TraceError) {
    var left = InputGroups(first)
    var right = InputGroups(second)
    var (ours, theirs) = (try left.next(), try right.next())
    while !ours.isEmpty || !theirs.isEmpty {
      let clock = min(ours.first?.clock ?? .max, theirs.first?.clock ?? .max)
      var (mine, yours): ([InputGroups.Entry], [InputGroups.Entry]) = ([], [])
      if ours.first?.clock == clock { (mine, ours) = (ours, try left.next()) }
      if theirs.first?.clock == clock { (yours, theirs) = (theirs, try right.next()) }
      add(mine, yours)
    }
  }

  /// Adds what is not in both groups of one clock, beside their equal beginnings and ends.
  private mutating func add(_ first: [InputGroups.Entry], _ second: [InputGroups.Entry]) {
    var (ours, theirs) = (first[...], second[...])
    while let left = ours.first, let right = theirs.first, left.isSame(as: right) {
      ours.removeFirst()
      theirs.removeFirst()
    }
    while let left = ours.last, let right = theirs.last, left.isSame(as: right) {
      ours.removeLast()
      theirs.removeLast()
    }
    count += UInt64(ours.count + theirs.count)
    for (entries, isInSecond) in [(ours, false), (theirs, true)] {
      for entry in entries where list.count < Self.limit {
        list.append(
          InputDifference(
            input: InputEvent(clock: entry.clock, point: entry.point, action: entry.action), cause: entry.cause,
            isInSecond: isInSecond))
      }
    }
  }
}

/// The inputs of a trace, those of one clock together.
private struct InputGroups {
  struct Entry {
    var clock: Clock
    var point: InputPoint
    var action: InputAction
    var cause: String

    func isSame(as other: Entry) -> Bool { (point, action) == (other.point, other.action) }
  }

  private var events: TraceEvents
  private var ahead: Entry?
  /// The most of one clock taken together; a hostile trace may have all of its inputs at one.
  private static let sizeLimit = 4096

  init(_ reader: TraceReader) { events = reader.events(lanes: LaneSet(.input)) }

  /// Those of the next clock; none after the last.
  mutating func next() throws(TraceError) -> [Entry] {
    var group = ahead.map { [$0] } ?? []
    ahead = nil
    while let event = try events.next() {
      guard case .input(let action, let point, let cause) = event.payload else { continue }
      let entry = Entry(clock: event.clock, point: point, action: action, cause: cause)
      if let first = group.first, first.clock != entry.clock || group.count == Self.sizeLimit {
        ahead = entry
        return group
      }
      group.append(entry)
    }
    return group
  }
}

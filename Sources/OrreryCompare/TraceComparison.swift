import OrreryBase
public import OrreryTrace

/// What is different between two traces.
public struct TraceComparison: Hashable, Sendable {
  /// Parts of the headers that differ, such as image or scenario: what the runs were given, not what they did.
  public var headers: [HeaderDifference]
  /// The first event that differs; nil when all are equal.
  public var firstDifference: EventDifference?
  /// How the runs ended, when all events are equal and the ends are not.
  public var end: EndDifference?

  /// Whether the traces say the same, in header, events and end.
  public var isEqual: Bool { headers.isEmpty && firstDifference == nil && end == nil }
}

/// A part of the header that is not the same in both traces.
public struct HeaderDifference: Hashable, Sendable {
  /// The part, such as `image`, or the key of a setting.
  public var name: String
  /// What the left trace has, in words; nil when it lacks the setting.
  public var left: String?
  public var right: String?
}

/// The first place at which the events of two traces differ.
public struct EventDifference: Hashable, Sendable {
  /// The last events that are equal, in order.
  public var equal: [Event]
  /// The left trace's event there and the ones that follow it; empty when its events end there.
  public var left: [Event]
  public var right: [Event]
  /// The two sides one beside the other, up to where they have agreed again for as many events as are shown before the difference; when they do not
  /// soon, a few of each.
  public var lines: [EventLine]
  /// Whether a side that has no event there was cut short rather than finished.
  public var isLeftCut: Bool
  public var isRightCut: Bool
}

/// One event of a difference.
public enum EventLine: Hashable, Sendable {
  /// An event of both sides, at one clock, as the left trace numbers it.
  case both(Event)
  case left(Event)
  case right(Event)
}

/// How two runs ended; nil for a recording that was cut short.
public struct EndDifference: Hashable, Sendable {
  public var left: RunEnd?
  public var right: RunEnd?
}

/// Compares two traces exactly.
///
/// The equal part before the first difference is not read: the hash trees of both lead to the first chunk that differs. Without an index, as in a
/// recording that was cut short, the chunks' headers do. Only that chunk and what follows the difference is decoded.
///
/// - Parameters:
///   - lanes: The lanes whose events are compared; sequence numbers count only when it is all of them.
///   - context: How many equal events before, and how many events after the difference the result holds; four times as many are looked at.
public func compareTraces(
  _ left: TraceReader, _ right: TraceReader, lanes: LaneSet = .all, context: Int = 3
) throws(TraceError) -> TraceComparison {
  var comparison = TraceComparison(headers: try compareHeaders(left, right, lanes: lanes))
  comparison.firstDifference = try firstDifference(left, right, lanes: lanes, context: context)
  if comparison.firstDifference == nil, left.end != right.end {
    comparison.end = EndDifference(left: left.end, right: right.end)
  }
  return comparison
}

/// The first event in which two traces differ; see `compareTraces`.
///
/// Bytes of a port are gathered into one event until something cuts it, and the event has the clock of that. Where the same bytes were cut at another
/// clock, what cut them is the difference, and is given as the first.
public func firstDifference(
  _ left: TraceReader, _ right: TraceReader, lanes: LaneSet = .all, context: Int = 3
) throws(TraceError) -> EventDifference? {
  let start = try FirstDifferentChunk(left, right)
  var leftEvents = EventStream(start.left.map { left.events(fromBlock: $0, lanes: lanes) })
  var rightEvents = EventStream(start.right.map { right.events(fromBlock: $0, lanes: lanes) })
  var equal = RecentEvents(limit: context)
  while true {
    var leftEvent = try leftEvents.next()
    var rightEvent = try rightEvents.next()
    if let leftEvent, let rightEvent, EventStream.areEqual(leftEvent, rightEvent, lanes) {
      equal.append(leftEvent)
      continue
    }
    guard leftEvent != nil || rightEvent != nil else { return nil }
    var (leftAhead, rightAhead) = (leftEvents, rightEvents)
    if let output = leftEvent, let other = rightEvent, output.isSameOutput(as: other),
      let leftCut = try leftAhead.next(), leftCut.clock == output.clock,
      let rightCut = try rightAhead.next(), rightCut.clock == other.clock
    {
      equal.append(output)
      (leftEvent, rightEvent) = (leftCut, rightCut)
      (leftEvents, rightEvents) = (leftAhead, rightAhead)
    }
    if equal.events.count < context, let before = start.leftBefore {
      let next = equal.events.first ?? leftEvent ?? rightEvent
      try equal.prepend(from: left.events(fromBlock: before, lanes: lanes), upTo: next)
    }
    let window = AlignedEvents.reach * (context + 1)
    let leftWindow = try leftEvents.take(leftEvent, window)
    let rightWindow = try rightEvents.take(rightEvent, window)
    return EventDifference(
      equal: equal.events, left: Array(leftWindow.prefix(context + 1)), right: Array(rightWindow.prefix(context + 1)),
      lines: AlignedEvents(
        leftWindow, rightWindow, context: context, areLast: max(leftWindow.count, rightWindow.count) < window
      ).lines,
      isLeftCut: leftEvent == nil && !left.isComplete, isRightCut: rightEvent == nil && !right.isComplete)
  }
}

extension Event {
  /// Whether both are the same bytes of a port, whose clock is that of the event that cut them: neither a new line nor their number did.
  fileprivate func isSameOutput(as other: Event) -> Bool {
    switch payload {
    case .serial(_, let bytes), .debugConsole(let bytes):
      payload == other.payload && bytes.last != UInt8(ascii: "\n") && bytes.count < 256
    default: false
    }
  }
}

/// The events of a trace from some chunk on; none when there is no such chunk.
private struct EventStream {
  private var events: TraceEvents?

  init(_ events: TraceEvents?) { self.events = events }

  mutating func next() throws(TraceError) -> Event? { try events?.next() }

  /// `first` and those that follow it, up to `count` events.
  mutating func take(_ first: Event?, _ count: Int) throws(TraceError) -> [Event] {
    guard let first else { return [] }
    var taken = [first]
    while taken.count < count, let event = try next() { taken.append(event) }
    return taken
  }

  static func areEqual(_ left: Event, _ right: Event, _ lanes: LaneSet) -> Bool {
    left.clock == right.clock && left.payload == right.payload && (lanes != .all || left.sequence == right.sequence)
  }
}

/// The last events of those appended.
private struct RecentEvents {
  let limit: Int
  private(set) var events: [Event] = []

  init(limit: Int) { self.limit = limit }

  mutating func append(_ event: Event) {
    events.append(event)
    if events.count > limit { events.removeFirst() }
  }

  /// Fills up with the events before `next`, which `source` leads up to.
  mutating func prepend(from source: TraceEvents, upTo next: Event?) throws(TraceError) {
    var earlier = RecentEvents(limit: limit - events.count)
    var source = source
    while let event = try source.next(), event.sequence < next?.sequence ?? .max { earlier.append(event) }
    events = earlier.events + events
  }
}

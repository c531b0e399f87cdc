internal import OrreryBase

/// The inputs that are scheduled and not yet applied, by clock, then point, then the order in which they were scheduled.
struct InputQueue {
  private var events: [InputEvent] = []
  /// The index of the first event that is not yet applied.
  private var head = 0

  var count: Int { events.count - head }
  /// The clock of the next input; `.max` for none.
  var nextClock: Clock { head < events.count ? events[head].clock : .max }
  /// The inputs in their order.
  var pending: ArraySlice<InputEvent> { events[head...] }

  init() {}

  init(_ pending: some Sequence<InputEvent>) { events = Array(pending) }

  mutating func insert(_ event: InputEvent) {
    if head == events.count {
      events.removeAll(keepingCapacity: true)
      head = 0
    }
    let position = events[head...].partitioningIndex {
      ($0.clock, $0.point.rawValue) > (event.clock, event.point.rawValue)
    }
    events.insert(event, at: position)
  }

  /// Takes the next input when it is due at `clock` with a point not after `point`.
  mutating func next(dueAt clock: Clock, upTo point: InputPoint) -> InputEvent? {
    guard head < events.count, events[head].clock <= clock, events[head].point.rawValue <= point.rawValue else {
      return nil
    }
    defer {
      head += 1
      if head > 1024 && head * 2 > events.count {
        events.removeFirst(head)
        head = 0
      }
    }
    return events[head]
  }
}

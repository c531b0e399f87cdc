import OrreryBase
import OrreryTrace

/// Takes the events that observers make, in trace order: straight into a trace's writer, or, without one, into a list for whoever looks at them.
struct ObservedEvents {
  struct Entry: Sendable {
    var clock: Clock
    var payload: Payload
  }

  /// Where the events go; nil for `entries`. Its owner, the recorder or replayer, outlives this, so that no event has to count references.
  private var writer: Unmanaged<TraceWriter>?
  /// A second trace that gets every event, too, wherever they go besides; its owner outlives this as well.
  private var expansion: Unmanaged<TraceWriter>?
  /// Events that nobody has taken yet; none where there is a writer.
  var entries: [Entry] = []
  /// The states among the events since `removeAll()`, wherever they went.
  private(set) var states: [Entry] = []
  /// How many events came since `removeAll()`.
  private(set) var count = 0
  /// Why the writer failed, if it did: it gets nothing more.
  private(set) var failure: TraceError?

  /// From now on events go to `writer`, or, without one, to `entries`.
  mutating func write(to writer: TraceWriter?) { self.writer = writer.map(Unmanaged.passUnretained) }

  /// From now on `writer` gets every event, too.
  mutating func expand(into writer: TraceWriter) { expansion = Unmanaged.passUnretained(writer) }

  mutating func append(_ payload: Payload, clock: Clock) {
    count += 1
    if case .state = payload { states.append(Entry(clock: clock, payload: payload)) }
    if let expansion {
      write(with: expansion) { writer throws(TraceError) in try writer.append(payload, clock: clock) }
    }
    guard let writer else { return entries.append(Entry(clock: clock, payload: payload)) }
    write(with: writer) { writer throws(TraceError) in try writer.append(payload, clock: clock) }
  }

  // The commonest events have ways of their own, without what making and taking apart a payload costs.

  /// As `append(.map(…), …)`.
  @inline(__always)
  mutating func append(_ change: PageChange, clock: Clock) {
    guard let writer = countForWriter() else { return append(.map(MapChange(change, aliases: [])), clock: clock) }
    write(with: writer) { writer throws(TraceError) in try writer.append(change, clock: clock) }
  }

  /// As `append(.invalidatePage(…), …)`.
  @inline(__always)
  mutating func append(invalidation address: LinearAddress, clock: Clock) {
    guard let writer = countForWriter() else { return append(.invalidatePage(address), clock: clock) }
    write(with: writer) { writer throws(TraceError) in try writer.append(invalidation: address, clock: clock) }
  }

  /// As `append(.interrupt(…), …)`.
  @inline(__always)
  mutating func append(interrupt vector: UInt8, source: InterruptSource, rip: UInt64, clock: Clock) {
    guard let writer = countForWriter() else {
      return append(.interrupt(vector: vector, source: source, rip: rip), clock: clock)
    }
    write(with: writer) { writer throws(TraceError) in
      try writer.append(interrupt: vector, source: source, rip: rip, clock: clock)
    }
  }

  /// As `append(.interruptReturn(…), …)`.
  @inline(__always)
  mutating func append(interruptReturn vector: UInt8, rip: UInt64, openAbove: UInt32, clock: Clock) {
    guard let writer = countForWriter() else {
      return append(.interruptReturn(vector: vector, rip: rip, openAbove: openAbove), clock: clock)
    }
    write(with: writer) { writer throws(TraceError) in
      try writer.append(interruptReturn: vector, rip: rip, openAbove: openAbove, clock: clock)
    }
  }

  /// Counts an event for the writer, when it goes nowhere else.
  @inline(__always)
  private mutating func countForWriter() -> Unmanaged<TraceWriter>? {
    guard let writer, expansion == nil else { return nil }
    count &+= 1
    return writer
  }

  @inline(__always)
  private mutating func write(
    with writer: Unmanaged<TraceWriter>, _ body: (TraceWriter) throws(TraceError) -> Void
  ) {
    if case .some = failure { return }
    writer._withUnsafeGuaranteedRef { writer in
      do throws(TraceError) { try body(writer) } catch { failure = error }
    }
  }

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    states.removeAll(keepingCapacity: true)
    count = 0
  }
}

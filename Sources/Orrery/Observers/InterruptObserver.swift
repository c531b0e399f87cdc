import OrreryBase
import OrreryTrace

/// Turns deliveries of interrupts, and the `iret`s that end them, into events of the `interrupt` lane.
struct InterruptObserver: Sendable {
  @inline(__always)
  func observeDelivery(_ record: ProbeRecord, handlers: inout OpenHandlers, into events: inout ObservedEvents) {
    let vector = UInt8(truncatingIfNeeded: record.detail)
    handlers.open(
      OpenHandlers.Handler(
        vector: vector, isException: false, hasErrorCode: false, rip: record.rip, stackPointerBefore: record.value1,
        stackPointerAfter: record.value2))
    events.append(
      interrupt: vector, source: InterruptSource(rawValue: record.value0), rip: record.rip, clock: record.clock)
  }

  @inline(__always)
  func observeReturn(
    of closed: OpenHandlers.Closed, _ record: ProbeRecord, into events: inout ObservedEvents
  ) {
    events.append(
      interruptReturn: closed.handler.vector, rip: record.value0, openAbove: closed.openAbove, clock: record.clock)
  }
}

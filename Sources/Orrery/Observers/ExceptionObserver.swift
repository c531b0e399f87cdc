import OrreryBase
import OrreryTrace

/// Turns deliveries of exceptions, and how each ended, into events of the `exception` lane.
struct ExceptionObserver: Sendable {
  /// The vector of a page fault, the only exception that sets CR2.
  private static let pageFault: UInt8 = 14

  func observeDelivery(_ record: ProbeRecord, handlers: inout OpenHandlers, into events: inout ObservedEvents) {
    let vector = UInt8(truncatingIfNeeded: record.detail)
    let hasErrorCode = record.value2 == 1
    handlers.open(
      OpenHandlers.Handler(
        vector: vector, isException: true, hasErrorCode: hasErrorCode, rip: record.rip,
        stackPointerBefore: record.value3, stackPointerAfter: record.value4))
    events.append(
      .exception(delivery(record, hasErrorCode: hasErrorCode, isSoftware: record.value5 == 1)), clock: record.clock)
  }

  func observeReturn(
    of closed: OpenHandlers.Closed, _ record: ProbeRecord, into events: inout ObservedEvents
  ) {
    events.append(
      .exceptionReturn(vector: closed.handler.vector, rip: record.value0, openAbove: closed.openAbove),
      clock: record.clock)
  }

  func observeUndelivered(_ record: ProbeRecord, into events: inout ObservedEvents) {
    events.append(.undelivered(delivery(record, hasErrorCode: record.value2 == 1)), clock: record.clock)
  }

  func observeTripleFault(_ record: ProbeRecord, into events: inout ObservedEvents) {
    events.append(.tripleFault(delivery(record, hasErrorCode: true)), clock: record.clock)
  }

  /// What the records of all three say in the same fields.
  private func delivery(_ record: ProbeRecord, hasErrorCode: Bool, isSoftware: Bool = false) -> ExceptionDelivery {
    let vector = UInt8(truncatingIfNeeded: record.detail)
    return ExceptionDelivery(
      vector: vector, errorCode: hasErrorCode ? UInt32(truncatingIfNeeded: record.value0) : nil,
      cr2: vector == Self.pageFault ? record.value1 : nil, rip: record.rip, isSoftware: isSoftware)
  }
}

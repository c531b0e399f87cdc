import OrreryBase
import OrreryTrace
import Testing

@testable import Orrery

@Suite struct HandlerObserverTests {
  /// What `records` become, with every lane.
  private func events(_ records: [ProbeRecord]) -> [Payload] {
    var observers = Observers(lanes: .all, allocators: [])
    var events = ObservedEvents()
    records.withUnsafeBufferPointer { observers.observe($0, bytes: [], endsStep: true, into: &events) }
    return events.entries.map(\.payload)
  }

  private func interrupt(
    _ vector: UInt32, rip: UInt64, from before: UInt64, to after: UInt64, clock: Clock = 0
  ) -> ProbeRecord {
    ProbeRecord(.interrupt, detail: vector, clock: clock, rip: rip, 0, before, after)
  }

  private func exception(
    _ vector: UInt32, errorCode: UInt64? = nil, cr2: UInt64 = 0, rip: UInt64, from before: UInt64, to after: UInt64,
    isSoftware: Bool = false
  ) -> ProbeRecord {
    ProbeRecord(
      .exception, detail: vector, clock: 0, rip: rip, errorCode ?? 0, cr2, errorCode == nil ? 0 : 1, before, after,
      isSoftware ? 1 : 0)
  }

  private func interruptReturn(to rip: UInt64, from before: UInt64, to after: UInt64) -> ProbeRecord {
    ProbeRecord(.interruptReturn, clock: 0, rip: 0x999, rip, after, before)
  }

  @Test func theIretOfADeliveryEndsIt() {
    #expect(
      events([
        interrupt(32, rip: 0x100, from: 0x8000, to: 0x7FD8), interruptReturn(to: 0x100, from: 0x7FD8, to: 0x8000),
      ]) == [
        .interrupt(vector: 32, source: .line(0), rip: 0x100), .interruptReturn(vector: 32, rip: 0x100, openAbove: 0),
      ])
  }

  @Test func nestedHandlersReturnInnermostFirst() {
    #expect(
      events([
        interrupt(33, rip: 0x100, from: 0x8000, to: 0x7FD8), interrupt(32, rip: 0x200, from: 0x7F00, to: 0x7ED8),
        interruptReturn(to: 0x200, from: 0x7ED8, to: 0x7F00), interruptReturn(to: 0x100, from: 0x7FD8, to: 0x8000),
      ]).suffix(2) == [
        .interruptReturn(vector: 32, rip: 0x200, openAbove: 0), .interruptReturn(vector: 33, rip: 0x100, openAbove: 0),
      ])
  }

  @Test func aThreadSwitchInAHandlerReturnsToTheOlderFrame() {
    // Two threads, each interrupted on its own stack; the second handler returns to the first thread.
    #expect(
      events([
        interrupt(32, rip: 0x100, from: 0x8000, to: 0x7FD8), interrupt(32, rip: 0x200, from: 0xA000, to: 0x9FD8),
        interruptReturn(to: 0x100, from: 0x7FD8, to: 0x8000), interruptReturn(to: 0x200, from: 0x9FD8, to: 0xA000),
      ]).suffix(2) == [
        .interruptReturn(vector: 32, rip: 0x100, openAbove: 1), .interruptReturn(vector: 32, rip: 0x200, openAbove: 0),
      ])
  }

  @Test func aFrameThatWasOverwrittenIsNotReturnedThrough() {
    #expect(
      events([
        interrupt(32, rip: 0x100, from: 0x8000, to: 0x7FD8), interrupt(33, rip: 0x300, from: 0x8000, to: 0x7FD8),
        interruptReturn(to: 0x300, from: 0x7FD8, to: 0x8000), interruptReturn(to: 0x100, from: 0x7FD8, to: 0x8000),
      ]).suffix(1) == [.interruptReturn(vector: 33, rip: 0x300, openAbove: 0)])
  }

  @Test func aFrameCopiedElsewhereIsKnownByWhereItReturns() {
    #expect(
      events([
        interrupt(32, rip: 0x100, from: 0x8000, to: 0x7FD8), interruptReturn(to: 0x100, from: 0x5000, to: 0x8000),
      ]).last == .interruptReturn(vector: 32, rip: 0x100, openAbove: 0))
  }

  @Test func anIretThatEndsNothingIsNoEvent() {
    #expect(events([interruptReturn(to: 0x40_0000, from: 0x7FD8, to: 0x8000)]) == [])
  }

  @Test func aHandledPageFaultHasErrorCodeAndAddress() {
    // The error code is one quadword below the frame, and the handler has dropped it before the iret.
    #expect(
      events([
        exception(14, errorCode: 2, cr2: 0xDEAD_0000, rip: 0x100, from: 0x8000, to: 0x7FD0),
        interruptReturn(to: 0x100, from: 0x7FD8, to: 0x8000),
      ]) == [
        .exception(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0xDEAD_0000, rip: 0x100)),
        .exceptionReturn(vector: 14, rip: 0x100, openAbove: 0),
      ])
  }

  @Test func aBreakpointHasNeitherErrorCodeNorAddress() {
    #expect(
      events([exception(3, cr2: 0x1234, rip: 0x101, from: 0x8000, to: 0x7FD8, isSoftware: true)]) == [
        .exception(ExceptionDelivery(vector: 3, rip: 0x101, isSoftware: true))
      ])
  }

  @Test func aHandlerMaySkipTheInstruction() {
    #expect(
      events([
        exception(6, rip: 0x100, from: 0x8000, to: 0x7FD8), interruptReturn(to: 0x102, from: 0x7FD8, to: 0x8000),
      ]).last == .exceptionReturn(vector: 6, rip: 0x102, openAbove: 0))
  }

  @Test func aTripleFaultNamesTheLastFault() {
    #expect(
      events([ProbeRecord(.tripleFault, detail: 14, clock: 9, rip: 0x100, 2, 0xFFF8)]) == [
        .tripleFault(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0xFFF8, rip: 0x100))
      ])
  }

  @Test func aFaultThatIsNotDeliveredOpensNoHandler() {
    #expect(
      events([
        ProbeRecord(.undelivered, detail: 14, clock: 0, rip: 0x100, 2, 0xFFF8, 1),
        exception(8, errorCode: 0, cr2: 0xFFF0, rip: 0x100, from: 0x8000, to: 0x7FD0),
        interruptReturn(to: 0x100, from: 0x7FD8, to: 0x8000),
      ]) == [
        .undelivered(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0xFFF8, rip: 0x100)),
        .exception(ExceptionDelivery(vector: 8, errorCode: 0, rip: 0x100)),
        .exceptionReturn(vector: 8, rip: 0x100, openAbove: 0),
      ])
  }

  @Test func handlersThatNeverReturnAreForgottenOldestFirst() {
    var handlers = OpenHandlers()
    for index in 0..<UInt64(OpenHandlers.limit + 1) {
      handlers.open(
        OpenHandlers.Handler(
          vector: 32, isException: false, hasErrorCode: false, rip: index, stackPointerBefore: 0x1000 * index,
          stackPointerAfter: 0x1000 * index + 0x10_0000))
    }
    #expect(handlers.handlers.count == OpenHandlers.limit)
    #expect(handlers.handlers.first?.rip == 1)
  }
}

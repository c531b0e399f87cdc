import OrreryBase
import OrreryMachine
import OrreryTrace

/// All observers together: probe records in, events of the chosen lanes out, in the order of the machine's steps.
///
/// A value: a copy is a checkpoint of everything the observers remember. What comes out is a function of the records alone, however they are cut
/// into batches.
struct Observers: Sendable {
  private let lanes: LaneSet
  private var input = InputObserver()
  private var handlers = OpenHandlers()
  private let interrupts = InterruptObserver()
  private let exceptions = ExceptionObserver()
  private var pageTables = PageTableObserver()
  private var allocators: AllocatorObserver
  private var output = OutputObserver()
  private var marks = MarkObserver()

  init(lanes: LaneSet, allocators: [WatchedAllocator]) {
    self.lanes = lanes
    self.allocators = AllocatorObserver(allocators: allocators)
  }

  /// What the machine has to write down for `lanes`. Inputs, interrupts, exceptions and output are always wanted: they cut output into events,
  /// which must not depend on the lanes, and scenarios wait for them.
  static func probes(for lanes: LaneSet) -> ProbeSet {
    var probes: ProbeSet = [.input, .interrupts, .exceptions, .output, .screen]
    if lanes.contains(.map) { probes.insert(.pageTables) }
    if lanes.contains(.heap) || lanes.contains(.frame) { probes.insert(.calls) }
    if lanes.contains(.mark) { probes.insert(.marks) }
    return probes
  }

  /// The next input that is applied has this cause.
  mutating func announceInput(cause: String) { input.announce(cause: cause) }

  /// Observes records. `bytes` is what they refer to; `endsStep` says that no more records of the last one's step will come.
  mutating func observe(
    _ records: UnsafeBufferPointer<ProbeRecord>, bytes: [UInt8], endsStep: Bool, into events: inout ObservedEvents
  ) {
    // Not by indices: a record is large, and most of it is not looked at.
    if var record = records.baseAddress {
      let end = record + records.count
      while record < end {
        observe(record.pointee, bytes: bytes, into: &events)
        record += 1
      }
    }
    if endsStep { pageTables.finishStep(into: &events) }
  }

  /// Ends what is still being gathered, at the end of the run.
  mutating func finish(clock: Clock, into events: inout ObservedEvents) {
    pageTables.finishStep(into: &events)
    output.cut(clock: clock, into: &events)
    marks.finish(clock: clock, into: &events)
  }

  @inline(__always)
  private mutating func observe(_ record: ProbeRecord, bytes: [UInt8], into events: inout ObservedEvents) {
    switch record.kind {
    case .tablePage:
      pageTables.observeTablePage(record, into: &events)
      return
    case .tableEntry:
      pageTables.observeTableEntry(record, into: &events)
      return
    case .addressSpace:
      pageTables.observeAddressSpace(record, into: &events)
      return
    default: pageTables.finishStep(into: &events)
    }
    switch record.kind {
    case .tablePage, .tableEntry, .addressSpace: break
    case .invalidatePage: if lanes.contains(.map) { pageTables.observeInvalidation(record, into: &events) }
    case .input:
      // A fault is nothing that a guest is told: what it says stays as it would be without.
      if !InputAction.isFault(encoded: record.value0) { output.cut(clock: record.clock, into: &events) }
      input.observeInput(record, into: &events)
    case .inputLost: input.observeLoss(record, into: &events)
    case .interrupt:
      output.cut(clock: record.clock, into: &events)
      interrupts.observeDelivery(record, handlers: &handlers, into: &events)
    case .exception:
      output.cut(clock: record.clock, into: &events)
      exceptions.observeDelivery(record, handlers: &handlers, into: &events)
    case .undelivered: exceptions.observeUndelivered(record, into: &events)
    case .tripleFault: exceptions.observeTripleFault(record, into: &events)
    case .interruptReturn: observeReturn(record, into: &events)
    case .call: allocators.observeCall(record)
    case .callReturn: allocators.observeReturn(record, into: &events)
    case .serialOutput: output.observeSerial(record, into: &events)
    case .debugConsole: output.observeDebugConsole(record, into: &events)
    case .debugExit: output.observeExit(record, into: &events)
    case .mark: marks.observe(record, into: &events)
    case .screenRow: output.observeScreenRow(record, cells: bytes, into: &events)
    }
  }

  private mutating func observeReturn(_ record: ProbeRecord, into events: inout ObservedEvents) {
    guard
      let closed = handlers.close(
        rip: record.value0, stackPointerBefore: record.value2, stackPointerAfter: record.value1)
    else { return }
    if closed.handler.isException {
      exceptions.observeReturn(of: closed, record, into: &events)
    } else {
      interrupts.observeReturn(of: closed, record, into: &events)
    }
  }
}

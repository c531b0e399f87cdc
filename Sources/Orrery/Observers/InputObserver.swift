import OrreryBase
import OrreryTrace

/// Turns applied inputs into events of the `input` lane, each with the anchor that caused it.
///
/// Whoever applies an input announces its cause first; the machine writes its records in the same order, so the two queues meet.
struct InputObserver: Sendable {
  /// Those before `next` have met their records; all are dropped when the last one has.
  private var causes: [String] = []
  private var next = 0

  /// The next input the machine writes down was caused by `cause`; empty for live input.
  mutating func announce(cause: String) { causes.append(cause) }

  mutating func observeInput(_ record: ProbeRecord, into events: inout ObservedEvents) {
    precondition(next < causes.count, "every input is announced before it is applied")
    let cause = causes[next]
    next += 1
    if next == causes.count {
      causes.removeAll(keepingCapacity: true)
      next = 0
    }
    guard let action = InputAction(encoded: record.value0), let point = InputPoint(rawValue: UInt8(record.detail))
    else {
      preconditionFailure("the machine writes inputs down as it got them")
    }
    events.append(.input(action, point: point, cause: cause), clock: record.clock)
  }

  func observeLoss(_ record: ProbeRecord, into events: inout ObservedEvents) {
    events.append(
      .inputLost(
        InputQueue(rawValue: UInt8(truncatingIfNeeded: record.detail)), byte: UInt8(truncatingIfNeeded: record.value0)),
      clock: record.clock)
  }
}

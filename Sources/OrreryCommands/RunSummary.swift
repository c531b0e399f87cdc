import OrreryBase
import OrreryTrace

/// The end of a run in words and as JSON.
struct RunSummary {
  var end: RunEnd
  var hertz: UInt64
  var eventCount: UInt64?
  var traceByteCount: UInt64?

  /// `debug exit with value 16 after 1_234_567 steps and 0.001 234 567 s`.
  var ending: String {
    "\(end.text) after \(Words.count(end.steps, "step")), \(Self.seconds(end.clock, hertz: hertz)) of its own time"
  }

  /// A clock in seconds, to the nanosecond.
  static func seconds(_ clock: Clock, hertz: UInt64) -> String {
    let (whole, rest) = clock.quotientAndRemainder(dividingBy: max(1, hertz))
    let nanoseconds = rest.multipliedFullWidth(by: 1_000_000_000)
    let fraction = max(1, hertz).dividingFullWidth(nanoseconds).quotient
    let digits = String(fraction)
    var text = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while text.last == "0", text.count > 1 { text.removeLast() }
    return "\(whole).\(text) s"
  }

  func json() -> JSONObject {
    var object = JSONObject()
    object.add("reason", end.reason.identifier)
    object.add("text", end.text)
    object.add("steps", end.steps)
    object.add("clock", end.clock)
    if let value = end.exitValue { object.add("exitValue", UInt64(value)) }
    if let eventCount { object.add("events", eventCount) }
    if let traceByteCount { object.add("bytes", traceByteCount) }
    object.add("reports", end.reports)
    return object
  }
}

extension RunEnd.Reason {
  /// The reason's name in JSON.
  var identifier: String {
    switch self {
    case .powerOff: "powerOff"
    case .debugExit: "debugExit"
    case .tripleFault: "tripleFault"
    case .limit: "limit"
    case .idle: "idle"
    case .unmodelled: "unmodelled"
    case .stopCondition: "stopCondition"
    case .interrupted: "interrupted"
    case .reset: "reset"
    }
  }

  /// The exit code of `orrery run`, which is even for every end but the guest's own exit value (QEMU's isa-debug-exit).
  func exitCode(exitValue: UInt32?) -> Int32 {
    switch self {
    case .debugExit: Int32(truncatingIfNeeded: ((exitValue ?? 0) << 1 | 1) & 0xFF)
    case .powerOff, .stopCondition: 0
    case .interrupted: 2
    case .tripleFault: 4
    case .limit: 6
    case .idle: 8
    case .unmodelled: 10
    case .reset: 12
    }
  }
}

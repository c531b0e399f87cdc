import OrreryCompare
import OrreryTrace

/// The end of a run for a person and for a program.
enum RunEndText {
  /// One line for the end, then one for each report.
  static func lines(_ end: RunEnd?) -> [String] {
    guard let end else { return ["end: the recording was cut short"] }
    var line = "end: \(end.reason.words)"
    if let value = end.exitValue { line += ", exit value \(value)" }
    line += ", after \(Words.count(end.steps, "step")), at clock \(Words.number(end.clock))"
    return [end.text.isEmpty ? line : line + ": \(end.text)"] + end.reports.map { "report: \($0)" }
  }

  /// What to tell at once of a run's reports; the trace has more of them than a person reads.
  static func warnings(_ end: RunEnd, of path: String?) -> [String] {
    let place = path.map { "\($0): " } ?? ""
    let shown = end.reports.prefix(reportLimit).map { "\(place)warning: \($0)" }
    let rest = end.reports.count - shown.count
    return rest == 0 ? shown : shown + ["\(place)warning: and \(Words.number(UInt64(rest))) more"]
  }

  private static let reportLimit = 20

  static func json(_ end: RunEnd) -> JSONObject {
    var object = JSONObject()
    object.add("reason", end.reason.words)
    object.add("text", end.text)
    object.add("steps", end.steps)
    object.add("clock", end.clock)
    object.add("exitValue", end.exitValue.map { UInt64($0) })
    object.add("reports", end.reports)
    return object
  }
}

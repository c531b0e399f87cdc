import OrreryGolden
import OrreryTrace

/// How `orrery test` tells its results.
protocol GoldenReport {
  var beginning: String { get }
  mutating func text(of checked: GoldenRun.Checked) -> String
  func ending(_ tally: GoldenTally) -> String
}

/// For a person: what is not the same, with the commands that repeat and accept it, and a summary.
struct TextReport: GoldenReport {
  let caseCount: Int
  let isVerbose: Bool
  let isColoured: Bool

  /// A change that breaks many cases should not hide them in the lines of the first; a case that is asked for alone is shown in full.
  private static let lineLimit = 40

  var beginning: String { "" }

  func text(of checked: GoldenRun.Checked) -> String {
    let result = checked.result
    guard !result.isSame else { return isVerbose ? "same: \(result.goldenCase.folder)\n" : "" }
    var text = "\(result.word): \(result.goldenCase.folder)\n"
    if isColoured { text = DiffColours.bold(text) }
    let limit = caseCount == 1 ? .max : Self.lineLimit
    for line in DiffColours.beginning(of: result.detail, limit: limit, isColoured: isColoured) { text += line + "\n" }
    text += "reproduce: \(result.reproduction)\n"
    if let acceptance = result.acceptance { text += "accept:    \(acceptance)\n" }
    return text + "\n"
  }

  func ending(_ tally: GoldenTally) -> String { tally.description + "\n" }
}

/// TAP version 14.
struct TAPReport: GoldenReport {
  let caseCount: Int
  private var number = 0

  init(caseCount: Int) { self.caseCount = caseCount }

  var beginning: String { "TAP version 14\n1..\(caseCount)\n" }

  mutating func text(of checked: GoldenRun.Checked) -> String {
    let result = checked.result
    number += 1
    let name = Self.escaped(result.goldenCase.folder)
    guard !result.isSame else { return "ok \(number) - \(name)\n" }
    var lines = ["not ok \(number) - \(name)", "  ---", "  severity: \(result.isFailure ? "fail" : "error")"]
    lines.append("  result: \(result.word)")
    lines.append("  reproduce: \(JSONObject.quoted(result.reproduction))")
    lines.append("  message: |2")
    lines += result.detail.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { "    " + $0 }
    lines.append("  ...")
    return lines.joined(separator: "\n") + "\n"
  }

  func ending(_ tally: GoldenTally) -> String { "# \(tally.description)\n" }

  /// A hash sign would begin a directive.
  private static func escaped(_ name: String) -> String {
    var text = ""
    for character in name {
      if character == "\\" || character == "#" { text.append("\\") }
      text.append(character)
    }
    return text
  }
}

/// One object a line: the cases, then the summary.
struct JSONReport: GoldenReport {
  var beginning: String { "" }

  func text(of checked: GoldenRun.Checked) -> String {
    let result = checked.result
    var object = JSONObject()
    object.add("case", result.goldenCase.folder)
    object.add("result", result.word)
    switch result.outcome {
    case .same, .cancelled: break
    case .different(let comparison, _):
      object.add("changes", result.diff(comparison).changeObjects())
    case .withoutGolden(let text, _), .undecided(let text), .trouble(let text): object.add("message", text)
    }
    if !result.isSame { object.add("reproduce", result.reproduction) }
    if let acceptance = result.acceptance { object.add("accept", acceptance) }
    return object.description + "\n"
  }

  func ending(_ tally: GoldenTally) -> String {
    var counts = JSONObject()
    counts.add("cases", UInt64(tally.total))
    for (key, word) in [
      ("same", "same"), ("different", "different"), ("withoutGolden", "no golden"), ("undecided", "undecided"),
      ("trouble", "trouble"),
    ] { counts.add(key, UInt64(tally.count(word))) }
    var object = JSONObject()
    object.add("summary", counts)
    return object.description + "\n"
  }
}

extension GoldenResult {
  /// Whether the kernel is to blame, rather than the case.
  var isFailure: Bool {
    switch outcome {
    case .different, .withoutGolden: true
    default: false
    }
  }
}

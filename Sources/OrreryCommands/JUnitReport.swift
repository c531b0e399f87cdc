import OrreryGolden

/// The XML that JUnit writes, as the many programs that show it read it: a suite for each folder, a test case for each case.
struct JUnitReport {
  private var suites: [(name: String, cases: [GoldenRun.Checked])] = []

  mutating func add(_ checked: GoldenRun.Checked) {
    let folder = checked.result.goldenCase.folder
    let name = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? "."
    let index = suites.firstIndex { $0.name == name } ?? suites.count
    if index == suites.count { suites.append((name, [])) }
    suites[index].cases.append(checked)
  }

  func text(_ tally: GoldenTally) -> String {
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
    lines.append("<testsuites name=\"orrery test\"\(Self.counts(suites.flatMap(\.cases)))>")
    for suite in suites {
      lines.append("  <testsuite name=\(Self.quoted(suite.name))\(Self.counts(suite.cases))>")
      for checked in suite.cases { lines += Self.lines(checked, suite.name) }
      lines.append("  </testsuite>")
    }
    lines.append("</testsuites>")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func counts(_ cases: [GoldenRun.Checked]) -> String {
    let failures = cases.count { $0.result.isFailure }
    let errors = cases.count { !$0.result.isSame && !$0.result.isFailure }
    let time = seconds(cases.reduce(0) { $0 + $1.nanoseconds })
    return " tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" time=\"\(time)\""
  }

  private static func lines(_ checked: GoldenRun.Checked, _ suite: String) -> [String] {
    let result = checked.result
    let attributes =
      "classname=\(quoted(suite)) name=\(quoted(result.goldenCase.name)) time=\"\(seconds(checked.nanoseconds))\""
    if result.isSame { return ["    <testcase \(attributes)/>"] }
    // A case that cannot be told is an error and not skipped: skipped ones look as if they passed.
    let element = result.isFailure ? "failure" : "error"
    let text = escaped(result.detail + "reproduce: \(result.reproduction)\n")
    return [
      "    <testcase \(attributes)>",
      "      <\(element) type=\(quoted(result.word)) message=\(quoted(result.headline))>\(text)</\(element)>",
      "    </testcase>",
    ]
  }

  /// Seconds with three decimals.
  private static func seconds(_ nanoseconds: UInt64) -> String {
    let milliseconds = (nanoseconds + 500_000) / 1_000_000
    let rest = String(milliseconds % 1_000)
    return "\(milliseconds / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  private static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

  /// `text` as XML 1.0 allows it (section 2.2): control characters other than tab and line ends are in no document, escaped or not.
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "\t", "\n": result.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

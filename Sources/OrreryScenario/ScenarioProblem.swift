/// One thing that is wrong with a scenario, or probably not meant.
public struct ScenarioProblem: Hashable, Sendable {
  public enum Severity: String, Hashable, Sendable {
    case error, warning
  }

  public var severity: Severity
  /// The name of the file, as it was given; empty for a scenario built in code.
  public var file: String
  /// The line, counted from 1; 0 when no place in the text is at fault.
  public var line: Int
  /// The column in Unicode scalars, counted from 1.
  public var column: Int
  /// How many Unicode scalars the caret underlines.
  public var length: Int
  /// What was expected and what was found.
  public var message: String
  /// What to do about it; empty when the message says it.
  public var remedy: String
  /// The line of the scenario, or the part of a long one around the place, every scalar in one visible column.
  public var excerpt: String?
  /// The column of the excerpt, counted from 0, at which the place begins.
  public var excerptColumn: Int

  init(
    _ severity: Severity, _ message: String, remedy: String = "", at location: SourceLocation,
    in source: ScenarioSource
  ) {
    self.severity = severity
    self.message = message
    self.remedy = remedy
    file = source.file
    (line, column, length) = (location.line, location.column, location.length)
    (excerpt, excerptColumn) = (nil, 0)
    guard
      let (text, start, isWhole) = source.excerpt(
        ofLine: location.line, around: column, width: Self.excerptWidth)
    else { return }
    var shown = String.UnicodeScalarView()
    if start > 1 { shown.append("…") }
    for scalar in text.unicodeScalars {
      // What a terminal would act on becomes a visible column.
      shown.append(
        scalar == "\t" ? " " : scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
    }
    if !isWhole { shown.append("…") }
    excerpt = String(shown)
    excerptColumn = max(0, column - start) + (start > 1 ? 1 : 0)
  }

  /// The widest excerpt, in columns.
  private static let excerptWidth = 100
}

extension ScenarioProblem: CustomStringConvertible {
  /// The place and the message, then the line with a caret under the place, then the remedy.
  public var description: String {
    let place = line > 0 ? "\(file):\(line):\(column): " : file.isEmpty ? "" : "\(file): "
    var text = "\(place)\(severity.rawValue): \(message)"
    if let excerpt {
      let width = max(1, min(length, excerpt.unicodeScalars.count - excerptColumn))
      text += "\n  \(excerpt)"
      text +=
        "\n  \(String(repeating: " ", count: excerptColumn))^\(String(repeating: "~", count: width - 1))"
    }
    return remedy.isEmpty ? text : text + "\n  \(remedy)"
  }
}

/// Everything that is wrong with a scenario, in the order of the text.
public struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
  /// At least one.
  public var problems: [ScenarioProblem]

  /// More problems than this are counted rather than described.
  static let describedCount = 20

  /// More problems than this are not looked for.
  static let limit = 50

  init(_ problems: [ScenarioProblem]) {
    precondition(!problems.isEmpty, "an error says at least one thing")
    self.problems = problems
  }

  public var description: String {
    var text = problems.prefix(Self.describedCount).map(\.description).joined(separator: "\n")
    if problems.count > Self.describedCount {
      text += "\nand \(problems.count - Self.describedCount) more errors"
    }
    return text
  }
}

extension Scenario {
  /// A mistake that shows only where the scenario meets its kernel, told as those in the text are.
  public func problem(_ message: String, at location: SourceLocation) -> ScenarioProblem {
    ScenarioProblem(.error, message, at: location, in: source)
  }
}

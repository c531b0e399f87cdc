import OrreryCompare
import OrreryTrace

/// Two behaviours compared, as `orrery diff --behaviour` and `orrery test` show it.
struct BehaviourDiff {
  let left: String
  let right: String
  let comparison: BehaviourComparison
  /// Which lanes were not compared, in words; nil when all were.
  let leftOut: String?
  private let changes: [BehaviourChange]

  /// The source line of a change.
  typealias Line = (BehaviourChange) -> String?
  private let line: Line

  init(
    left: String, right: String, comparison: BehaviourComparison, leftOut: String? = nil,
    line: @escaping Line = { _ in nil }
  ) {
    self.leftOut = leftOut
    self.line = line
    self.left = left
    self.right = right
    self.comparison = comparison
    changes = comparison.changes()
  }

  /// What is shown of a difference.
  enum Form {
    /// A summary, then each change in words.
    case words
    /// How many changes of each kind each section has.
    case stat
    case json
    /// The lines themselves, with this many around them, as `diff -u` shows them.
    case unified(context: Int)
  }

  func result(_ form: Form, isColoured: Bool = false) -> CommandResult {
    var result = CommandResult(notes: leftOut.map { [$0] } ?? [], code: comparison.isEqual ? 0 : 1)
    if case .json = form {
      result.output = json().description + "\n"
    } else if !comparison.isEqual {
      let text =
        switch form {
        case .stat: stat()
        case .unified(let context): unified(context: context)
        default: names + words()
        }
      result.output = isColoured ? DiffColours.painted(text: text) : text
    }
    return result
  }

  /// How many changes of each kind the lanes have, in one line.
  var headline: String { BehaviourComparison.summary(of: changes) }

  /// So many changes of a section are told in words.
  private static let sectionLimit = 60

  /// The headline, and each change in the words of the domain, as many of each section as a person reads.
  func words() -> String {
    var lines = [headline]
    var section: String?
    var told = 0
    var leftOut = 0
    func endSection() {
      if leftOut > 0 {
        lines.append("… \(leftOut) more in `\(section ?? "")`: -U 0 shows every line, --json every change")
      }
      told = 0
      leftOut = 0
    }
    for change in changes {
      if change.section != section {
        endSection()
        section = change.section
      }
      if told < BehaviourDiff.sectionLimit {
        lines.append(text(change))
        told += 1
      } else {
        leftOut += 1
      }
    }
    endSection()
    return lines.map { $0 + "\n" }.joined()
  }

  private func text(_ change: BehaviourChange) -> String {
    change.description + (line(change).map { " (\($0))" } ?? "")
  }

  /// Gives the lines of changes between two sides; no debugging information is read before there is a change.
  ///
  /// - Parameter wish: whether lines are wished; nil, as it comes.
  static func line(_ left: BehaviourSource, _ right: BehaviourSource, _ wish: Bool?) -> Line {
    guard wish != false else { return { _ in nil } }
    lazy var renderings = (left.rendering(lines: wish), right.rendering(lines: wish))
    return { change in
      guard let origin = change.origin, let address = origin.address else { return nil }
      let rendering = change.kind == .removed ? renderings.0 : renderings.1
      return rendering?.line(of: address, isReturn: origin.isReturn)
    }
  }

  /// The lines themselves, as `diff -u` shows them.
  func unified(context: Int = 3) -> String { names + comparison.unified(context: context) }

  private var names: String { "--- \(left)\n+++ \(right)\n" }

  /// One line a section that has changes.
  private func stat() -> String {
    BehaviourComparison.sectionCounts(of: changes).map { $0 + "\n" }.joined()
  }

  private func json() -> JSONObject {
    var object = JSONObject()
    object.add("equal", comparison.isEqual)
    object.add("left", left)
    object.add("right", right)
    object.add("changes", changeObjects())
    return object
  }

  /// Every change as an object.
  func changeObjects() -> [JSONObject] {
    changes.map { change in
      var object = JSONObject()
      object.add("kind", change.kind.name)
      object.add("section", change.section)
      if let old = change.old { object.add("old", old) }
      if let new = change.new { object.add("new", new) }
      object.add("count", UInt64(change.count))
      object.add("words", change.words)
      if let origin = change.origin {
        object.add("event", origin.sequence)
        object.add("clock", origin.clock)
        if let function = origin.function { object.add("function", function) }
        if let line = line(change) { object.add("line", line) }
      }
      return object
    }
  }
}

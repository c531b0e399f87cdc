/// A line of a behaviour while it is made: text in which blocks, frames and address spaces are names that depend on their order of appearance.
struct BehaviourLine {
  /// The line as a reader sees it.
  var text: String
  /// The line with every name replaced by how many of its kind came since: lines that do the same again are equal in this form.
  var relative: String

  init(_ text: String) {
    self.text = text
    relative = text
  }

  init(text: String, relative: String) {
    self.text = text
    self.relative = relative
  }

  static func + (left: BehaviourLine, right: BehaviourLine) -> BehaviourLine {
    BehaviourLine(text: left.text + right.text, relative: left.relative + right.relative)
  }

  static func + (left: BehaviourLine, right: String) -> BehaviourLine { left + BehaviourLine(right) }

  static func + (left: String, right: BehaviourLine) -> BehaviourLine { BehaviourLine(left) + right }
}

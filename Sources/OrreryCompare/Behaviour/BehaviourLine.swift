/// A line of a behaviour while it is made: text in which blocks, frames and address spaces are names that depend on their order of appearance.
struct BehaviourLine {
  /// The line as a reader sees it.
  var text: String
  /// The line with every name replaced by how many of its kind came since: equal in lines that do the same to what is equally new.
  var byAge: String
  /// The line with every name replaced by how far it is from the name before: equal in lines that go through things in order.
  var byStep: String
  /// The line with every name replaced by its kind.
  var byKind: String
  /// The event it tells, or the first of them.
  var origin: BehaviourOrigin?

  init(_ text: String) { self.init(text: text, byAge: text, byStep: text, byKind: text) }

  private init(text: String, byAge: String, byStep: String, byKind: String, origin: BehaviourOrigin? = nil) {
    self.text = text
    self.byAge = byAge
    self.byStep = byStep
    self.byKind = byKind
    self.origin = origin
  }

  /// The name of number `number` of `count` with `prefix`; `last` is the number named before.
  init(prefix: String, number: UInt64, count: UInt64, last: UInt64) {
    let step = Int64(bitPattern: number &- last)
    self.init(
      text: "#\(prefix)\(number)", byAge: "#\(prefix)-\(count - number)",
      byStep: "#\(prefix)\(step < 0 ? "" : "+")\(step)",
      byKind: "#\(prefix)")
  }

  static func + (left: BehaviourLine, right: BehaviourLine) -> BehaviourLine {
    BehaviourLine(
      text: left.text + right.text, byAge: left.byAge + right.byAge, byStep: left.byStep + right.byStep,
      byKind: left.byKind + right.byKind, origin: left.origin ?? right.origin)
  }

  static func + (left: BehaviourLine, right: String) -> BehaviourLine { left + BehaviourLine(right) }

  static func + (left: String, right: BehaviourLine) -> BehaviourLine { BehaviourLine(left) + right }
}

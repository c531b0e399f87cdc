/// What caused an input, as the trace names it.
public struct Anchor: Hashable, Sendable {
  /// Its place in `BoundScenario.anchors`.
  public var index: Int
  /// The trigger in the scenario's own words, such as `after serial "ready> " + 3 steps`; a second one in the same words ends in ` (2)`.
  ///
  /// It has no line number, and parameters by name, so that it survives edits elsewhere and is the same for every value.
  public var name: String
  /// The line of the scenario, counted from 1; 0 for what was built in code.
  public var line: Int

  public init(index: Int, name: String, line: Int) {
    self.index = index
    self.name = name
    self.line = line
  }
}

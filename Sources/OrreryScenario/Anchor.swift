/// What caused an input, as the trace names it.
public struct Anchor: Hashable, Sendable {
  /// Its place in `BoundScenario.anchors`.
  public var index: Int
  /// The trigger in the scenario's own words, such as `after serial "ready> " + 3 steps`; a second one in the same words ends in ` (2)`.
  ///
  /// It has no line number, and parameters by name, so that it survives edits elsewhere and is the same for every value.
  public var name: String
  /// The name for a message: of one that is as long as a text may be only the beginning, and its length.
  public var shortName: String {
    let length = name.utf8.count
    guard length > Self.shortLength else { return name }
    return "\(String(String.UnicodeScalarView(name.unicodeScalars.prefix(Self.shortLength / 2))))… (\(length) bytes)"
  }

  /// The longest name that is given whole in a message, in bytes.
  private static let shortLength = 240

  /// Where the scenario names what is waited for; `none` for what was built in code.
  public var location: SourceLocation

  /// The line of the scenario, counted from 1; 0 for what was built in code.
  public var line: Int { location.line }

  public init(index: Int, name: String, location: SourceLocation) {
    self.index = index
    self.name = name
    self.location = location
  }
}

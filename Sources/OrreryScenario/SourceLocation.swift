/// Where a part of a scenario was written.
///
/// It says nothing about what the part means, so any two locations are equal: a scenario built in code equals the parsed one.
public struct SourceLocation: Hashable, Sendable {
  /// The line, counted from 1; 0 for what was built in code.
  public var line: Int
  /// The column in Unicode scalars, counted from 1.
  public var column: Int
  /// How many Unicode scalars of the line the part covers.
  public var length: Int

  /// The location of everything that was built in code.
  public static let none = SourceLocation(line: 0, column: 0, length: 0)

  public init(line: Int, column: Int, length: Int) {
    self.line = line
    self.column = column
    self.length = length
  }

  public static func == (left: Self, right: Self) -> Bool { true }
  public func hash(into hasher: inout Hasher) {}
}

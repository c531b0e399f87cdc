internal import OrreryBase

/// Why bytes are not a kernel image that can be booted.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The offset in the file, in bytes, of the field that is wrong.
  public var offset: UInt64
  /// What is wrong.
  public var problem: String
  /// What to do about it.
  public var remedy: String

  public init(offset: UInt64, problem: String, remedy: String) {
    self.offset = offset
    self.problem = problem
    self.remedy = remedy
  }

  public var description: String { "offset \(hexadecimal(offset)): \(problem); \(remedy)" }
}

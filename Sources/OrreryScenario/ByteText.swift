/// Bytes written as a text: UTF-8, with escapes for the rest.
public struct ByteText: Hashable, Sendable, ExpressibleByStringLiteral {
  public var bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }
  public init(_ text: String) { bytes = Array(text.utf8) }
  public init(stringLiteral text: String) { self.init(text) }
}

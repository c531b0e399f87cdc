/// An address after segmentation and before paging (Intel SDM volume 3, 3.1).
@frozen
public struct LinearAddress: RawRepresentable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64

  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension LinearAddress: CustomStringConvertible {
  public var description: String { hexadecimal(rawValue) }
}

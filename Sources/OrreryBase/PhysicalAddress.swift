/// An address on the machine's memory bus, after paging.
@frozen
public struct PhysicalAddress: RawRepresentable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64

  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension PhysicalAddress: CustomStringConvertible {
  public var description: String { hexadecimal(rawValue) }
}

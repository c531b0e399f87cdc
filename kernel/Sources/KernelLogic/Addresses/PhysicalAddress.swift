/// An address on the memory bus: what a page-table entry holds.
package struct PhysicalAddress: Equatable, Comparable {
  package var rawValue: UInt64

  package init(_ rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  package static func + (address: Self, offset: UInt64) -> Self { Self(address.rawValue + offset) }
}

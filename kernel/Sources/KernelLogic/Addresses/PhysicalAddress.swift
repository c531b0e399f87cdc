/// An address on the memory bus: what a page-table entry holds (Intel SDM vol. 3A, 4.1.4: of at most 52 bits).
package struct PhysicalAddress: Equatable, Comparable {
  package var rawValue: UInt64

  package init(_ rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  package static func + (address: Self, offset: UInt64) -> Self { Self(address.rawValue + offset) }
}

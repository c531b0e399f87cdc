/// A physical page frame: 4 KiB of physical memory on a 4 KiB boundary (Intel SDM vol. 3A, 4.2 "page frame").
package struct Frame: Equatable {
  package static let byteCount: UInt64 = 4096

  /// The frame's first address. Page tables hold it, so a walk has nothing to compute.
  package let start: PhysicalAddress

  package init(number: UInt64) { start = PhysicalAddress(number * Self.byteCount) }
  package init(containing address: PhysicalAddress) {
    start = PhysicalAddress(address.rawValue & ~(Self.byteCount - 1))
  }

  /// The first address divided by 4096.
  package var number: UInt64 { start.rawValue / Self.byteCount }
}

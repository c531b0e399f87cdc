/// A physical page frame: 4 KiB of physical memory on a 4 KiB boundary (Intel SDM vol. 3A, 4.2 "page frame").
package struct Frame: Equatable {
  package static let byteCount: UInt64 = 4096

  /// The frame's first address divided by 4096.
  package var number: UInt64

  package init(number: UInt64) { self.number = number }
  package init(containing address: PhysicalAddress) { number = address.rawValue / Self.byteCount }

  package var start: PhysicalAddress { PhysicalAddress(number * Self.byteCount) }
}

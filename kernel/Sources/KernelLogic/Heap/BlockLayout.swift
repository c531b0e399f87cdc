/// What a caller asks of an allocator.
package struct BlockLayout: Equatable {
  /// Most designs hand out memory in multiples of this many bytes, and aligned to it.
  package static let unit = 16

  /// In bytes.
  package var size: Int
  /// A power of two, in bytes.
  package var alignment: Int

  /// Nil when the alignment is not a power of two, or size and alignment together cannot be an address range.
  package init?(size: Int, alignment: Int) {
    guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 30 else { return nil }
    guard size >= 0, size <= 1 << 46 else { return nil }
    self.size = size
    self.alignment = alignment
  }

  /// The size in whole units: at least one, so that no two blocks have the same address.
  package var sizeInUnits: Int { (max(size, 1) + Self.unit - 1) & ~(Self.unit - 1) }

  /// The exponent of the smallest power of two that holds the size at the alignment.
  package var powerOfTwo: Int { Int.bitWidth - (max(size, alignment, 1) - 1).leadingZeroBitCount }
}

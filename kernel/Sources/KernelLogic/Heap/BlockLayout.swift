/// What a caller asks of an allocator.
package struct BlockLayout: Equatable {
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
}

/// Where page tables are seen when one entry of the root table leads back to the root (Intel SDM vol. 3A, 4.5.4; the manual allows it, for a
/// table is a page like any other). Each time a walk passes that entry it comes one level less far: so the tables themselves, instead
/// of what they map, lie in the half tebibyte of linear addresses that the entry covers.
package struct RecursiveTable {
  /// The entry of the root that leads back to it, 0 to 511.
  package let index: UInt64

  package init(index: UInt64) { self.index = index }

  /// The entry for `address` in its table at `level`: 4 is the root.
  package func entryAddress(level: Int, of address: LinearAddress) -> LinearAddress {
    let level = UInt64(level)
    // As many times through the recursive entry as there are levels from here down to 1 …
    var result: UInt64 = 0
    for step in 0..<level { result |= index << (39 - 9 * step) }
    // … and then the indices that the walk to this table used, moved down by as many places.
    let indexBits = 9 * (5 - level)
    result |= (address.rawValue >> (12 + 9 * (level - 1)) & ((1 << indexBits) - 1)) << 3
    // Bits 63 to 48 repeat bit 47.
    return LinearAddress(UInt64(bitPattern: Int64(bitPattern: result << 16) >> 16))
  }

  /// The table at `level` that a walk to `address` passes.
  package func tableAddress(level: Int, of address: LinearAddress) -> LinearAddress {
    LinearAddress(entryAddress(level: level, of: address).rawValue & ~(Frame.byteCount - 1))
  }
}

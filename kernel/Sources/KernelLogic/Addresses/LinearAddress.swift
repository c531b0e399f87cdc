/// An address as a program uses it, before paging translates it (Intel SDM vol. 3A, 4.5 "4-Level Paging").
package struct LinearAddress: Equatable, Comparable {
  package var rawValue: UInt64

  package init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Bits 63 to 48 repeat bit 47 (SDM vol. 1, 3.3.7.1 "Canonical Addressing"); any other address faults when used.
  package var isCanonical: Bool { UInt64(bitPattern: (Int64(bitPattern: rawValue) << 16) >> 16) == rawValue }

  /// The index of this address' entry in its table at `level`: 4 is the root, 1 holds the 4 KiB pages.
  ///
  /// Each step of each walk comes here, and no level can make the sum overflow or the shift reach 64: so neither is checked for.
  package func tableIndex(level: Int) -> Int {
    precondition(level > 0 && level <= 4)
    return Int(truncatingIfNeeded: rawValue &>> UInt64(truncatingIfNeeded: 3 &+ 9 &* level)) & 511
  }

  package func isAligned(to size: UInt64) -> Bool { rawValue & (size - 1) == 0 }

  /// Wraps round at the top of the address space instead of trapping: a typed-in address may be any number.
  package static func + (address: Self, offset: UInt64) -> Self { Self(address.rawValue &+ offset) }
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

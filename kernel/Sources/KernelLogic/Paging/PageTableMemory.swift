/// How page tables are reached. Physical memory mapped at an offset finds a table by its frame; a recursive table
/// finds it by the address and the level: so both are passed (Intel SDM vol. 3A, 4.5.4).
package protocol PageTableMemory {
  func entry(level: Int, of address: LinearAddress, table: Frame) -> PageTableEntry
  func setEntry(_ entry: PageTableEntry, level: Int, of address: LinearAddress, table: Frame)
  /// Makes all 512 entries empty of the table at `level` (3, 2 or 1) which now is the one for `address`.
  func clearTable(level: Int, of address: LinearAddress, table: Frame)
  /// Makes the processor forget its translation of the page (`INVLPG`).
  func flush(_ address: LinearAddress)
}

/// Where frames come from and go back to.
package protocol FrameSource {
  mutating func allocate() -> Frame?
}

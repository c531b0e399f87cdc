import KernelLogic

/// The two ways to reach page tables, chosen at boot: `paging=offset` or `paging=recursive` (Intel SDM vol. 3A, 4.5).
package enum PageTables: PageTableMemory, Sendable {
  /// All physical memory is mapped, so that a table is found by its frame.
  case atOffset
  /// The root table leads back to itself, so that a table is found by what it maps.
  case recursive

  package func entry(level: Int, of address: LinearAddress, table: Frame) -> PageTableEntry {
    switch self {
    case .atOffset: OffsetPageTables().entry(level: level, of: address, table: table)
    case .recursive: RecursivePageTables().entry(level: level, of: address, table: table)
    }
  }

  package func setEntry(_ entry: PageTableEntry, level: Int, of address: LinearAddress, table: Frame) {
    switch self {
    case .atOffset: OffsetPageTables().setEntry(entry, level: level, of: address, table: table)
    case .recursive: RecursivePageTables().setEntry(entry, level: level, of: address, table: table)
    }
  }

  package func clearTable(level: Int, of address: LinearAddress, table: Frame) {
    switch self {
    case .atOffset: OffsetPageTables().clearTable(level: level, of: address, table: table)
    case .recursive: RecursivePageTables().clearTable(level: level, of: address, table: table)
    }
  }

  package func flush(_ address: LinearAddress) {
    switch self {
    case .atOffset: OffsetPageTables().flush(address)
    case .recursive: RecursivePageTables().flush(address)
    }
  }
}

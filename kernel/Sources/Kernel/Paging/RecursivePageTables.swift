import Intrinsics
import KernelLogic

/// The active page tables, reached through the last entry of the root table (Intel SDM vol. 3A, 4.5.4). Only the active ones: a tree that is
/// still to be loaded is built in another way.
package struct RecursivePageTables: PageTableMemory {
  static let table = RecursiveTable(index: 511)

  package init() {}

  package func entry(level: Int, of address: LinearAddress, table: Frame) -> PageTableEntry {
    PageTableEntry(rawValue: loadVolatile64(Self.table.entryAddress(level: level, of: address).rawValue))
  }

  package func setEntry(_ entry: PageTableEntry, level: Int, of address: LinearAddress, table: Frame) {
    storeVolatile64(Self.table.entryAddress(level: level, of: address).rawValue, entry.rawValue)
  }

  package func clearTable(level: Int, of address: LinearAddress, table: Frame) {
    let start = Self.table.tableAddress(level: level, of: address).rawValue
    for index in 0..<512 as Range<UInt64> { storeVolatile64(start + index * 8, 0) }
  }

  package func flush(_ address: LinearAddress) { invalidatePage(address.rawValue) }
}

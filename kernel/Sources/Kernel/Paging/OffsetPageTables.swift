import Intrinsics
import KernelLogic

/// Page tables reached through physical memory mapped at an offset (Intel SDM vol. 3A, 4.5; 4.10.4.1 for what flushes).
package struct OffsetPageTables: PageTableMemory {
  package init() {}

  package func entry(level: Int, of address: LinearAddress, table: Frame) -> PageTableEntry {
    PageTableEntry(rawValue: loadVolatile64(slot(level, address, table)))
  }

  package func setEntry(_ entry: PageTableEntry, level: Int, of address: LinearAddress, table: Frame) {
    storeVolatile64(slot(level, address, table), entry.rawValue)
  }

  package func clearTable(level: Int, of address: LinearAddress, table: Frame) {
    let start = PhysicalMemory.linearAddress(of: table.start).rawValue
    for index in 0..<512 as Range<UInt64> { storeVolatile64(start + index * 8, 0) }
  }

  package func flush(_ address: LinearAddress) { invalidatePage(address.rawValue) }

  private func slot(_ level: Int, _ address: LinearAddress, _ table: Frame) -> UInt64 {
    PhysicalMemory.linearAddress(of: table.start).rawValue + UInt64(address.tableIndex(level: level)) * 8
  }
}

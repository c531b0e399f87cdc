import KernelLogic

/// Page tables in ordinary memory, found by their frame; it records what is flushed.
final class SimulatedPageTables: PageTableMemory {
  private(set) var tables: [UInt64: [PageTableEntry]] = [0: [PageTableEntry](repeating: .empty, count: 512)]
  private(set) var flushed: [LinearAddress] = []

  func entry(level: Int, of address: LinearAddress, table: Frame) -> PageTableEntry {
    tables[table.number]![address.tableIndex(level: level)]
  }
  func setEntry(_ entry: PageTableEntry, level: Int, of address: LinearAddress, table: Frame) {
    tables[table.number]![address.tableIndex(level: level)] = entry
  }
  func clearTable(level: Int, of address: LinearAddress, table: Frame) {
    tables[table.number] = [PageTableEntry](repeating: .empty, count: 512)
  }
  func flush(_ address: LinearAddress) { flushed.append(address) }
}

struct CountedFrames: FrameSource {
  var next: UInt64 = 1
  var limit: UInt64 = 1000
  mutating func allocate() -> Frame? {
    guard next < limit else { return nil }
    defer { next += 1 }
    return Frame(number: next)
  }
}

/// Changes and reads one tree of page tables (Intel SDM vol. 3A, 4.5.4 "Linear-Address Translation with 4-Level Paging").
package struct Mapper<Memory: PageTableMemory> {
  package struct Translation: Equatable {
    package var address: PhysicalAddress
    package var flags: PageTableEntry.Flags
    package var pageSize: PageSize
  }

  package let root: Frame
  private let memory: Memory

  package init(root: Frame, memory: Memory) {
    self.root = root
    self.memory = memory
  }

  /// Maps one page. Missing tables are made from `frames`; their entries allow everything, the page's own entry decides.
  package func map(
    _ page: LinearAddress, to target: PhysicalAddress, size: PageSize = .small, _ flags: PageTableEntry.Flags,
    frames: inout some FrameSource
  ) throws(PagingError) {
    guard page.isCanonical else { throw .nonCanonicalAddress }
    guard page.isAligned(to: size.byteCount), target.rawValue & (size.byteCount - 1) == 0 else {
      throw .misalignedAddress
    }
    var table = root
    var level = 4
    while level > size.level {
      let entry = memory.entry(level: level, of: page, table: table)
      if entry.isLargePage { throw .insideLargePage }
      if entry.isPresent {
        table = entry.frame
      } else {
        guard let fresh = frames.allocate() else { throw .outOfFrames }
        var tableFlags = PageTableEntry.Flags.table
        if flags.contains(.userAccessible) { tableFlags.insert(.userAccessible) }
        memory.setEntry(PageTableEntry(fresh.start, tableFlags), level: level, of: page, table: table)
        memory.clearTable(level: level - 1, of: page, table: fresh)
        table = fresh
      }
      level -= 1
    }
    guard !memory.entry(level: level, of: page, table: table).isPresent else { throw .alreadyMapped }
    var pageFlags = flags.union(.present)
    if size != .small { pageFlags.insert(.largePage) }
    memory.setEntry(PageTableEntry(target, pageFlags), level: level, of: page, table: table)
  }

  /// Unmaps the page that starts at `page`, whatever its size, and returns what it was mapped to.
  /// The tables stay: the next `map` nearby needs them again.
  @discardableResult
  package func unmap(_ page: LinearAddress) throws(PagingError) -> PhysicalAddress {
    let slot = try slot(of: page)
    memory.setEntry(.empty, level: slot.size.level, of: page, table: slot.table)
    memory.flush(page)
    return slot.entry.address
  }

  /// Gives the page that starts at `page` other rights.
  package func updateFlags(_ page: LinearAddress, _ flags: PageTableEntry.Flags) throws(PagingError) {
    let slot = try slot(of: page)
    var pageFlags = flags.union(.present)
    if slot.size != .small { pageFlags.insert(.largePage) }
    let entry = PageTableEntry(slot.entry.address, pageFlags)
    memory.setEntry(entry, level: slot.size.level, of: page, table: slot.table)
    memory.flush(page)
  }

  /// Where `address` leads, or nil when it is not mapped.
  package func translate(_ address: LinearAddress) -> Translation? {
    guard let slot = walk(address) else { return nil }
    let offset = address.rawValue & (slot.size.byteCount - 1)
    return Translation(address: slot.entry.address + offset, flags: slot.entry.flags, pageSize: slot.size)
  }

  /// Shows each entry on the way to `address`, from the root down to the page, or to the first that is not present.
  package func walk(_ address: LinearAddress, _ visit: (_ level: Int, _ entry: PageTableEntry) -> Void) {
    var table = root
    var level = 4
    while level > 0 {
      let entry = memory.entry(level: level, of: address, table: table)
      visit(level, entry)
      guard entry.isPresent, !entry.isLargePage else { return }
      table = entry.frame
      level -= 1
    }
  }

  private typealias Slot = (entry: PageTableEntry, table: Frame, size: PageSize)

  private func slot(of page: LinearAddress) throws(PagingError) -> Slot {
    guard page.isCanonical else { throw .nonCanonicalAddress }
    guard let slot = walk(page) else { throw .notMapped }
    guard page.isAligned(to: slot.size.byteCount) else { throw .misalignedAddress }
    return slot
  }

  /// Walks from the root to the entry that maps `address`.
  private func walk(_ address: LinearAddress) -> Slot? {
    guard address.isCanonical else { return nil }
    var table = root
    var level = 4
    while true {
      let entry = memory.entry(level: level, of: address, table: table)
      guard entry.isPresent else { return nil }
      if level == 1 || (level < 4 && entry.isLargePage) {
        return (entry, table, PageSize(rawValue: level)!)
      }
      table = entry.frame
      level -= 1
    }
  }
}

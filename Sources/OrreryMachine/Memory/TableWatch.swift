internal import OrreryBase

/// The page tables of the tree under CR3, as the probes were told of them.
///
/// A table is *active* while the present root reaches it: its page is watched, and every change of an entry is recorded. A table that is no longer
/// reached keeps its shadow for a while, so that a switch back to its root costs a comparison and not a new listing. Nothing of this can be
/// observed by the guest.
struct TableWatch {
  /// How many tables that are not active keep their shadow: 1 MiB, a few dozen small address spaces. The longest inactive goes first.
  static let maximumInactiveCount = 256

  struct Table {
    /// 4…1.
    var level: UInt8
    /// Offset of the first entry in its page: not zero only for the four entries of PAE paging's root.
    var offset: UInt64
    /// The binary logarithm of the size of an entry in bytes.
    var entrySizeLog2: UInt64
    /// The entries as last reported; of an active table of pages only when it became active, for memory has them.
    var shadow: [UInt64]
    /// Whether entries changed that `shadow` has not.
    var isShadowStale = false
    var isActive = true
    /// Whether every entry is one of 8 bytes that leads to no table.
    var mapsPagesByQuadwords: Bool { level == 1 && entrySizeLog2 == 3 }
    /// The walk of the tree that last reached it.
    var epoch: UInt64
    /// How many entries, or CR3, lead to it.
    var references = 1
  }

  /// Every table with a shadow, at the place that `places` names; what is no table any more waits in `unusedPlaces`.
  private var tables: [Table] = []
  private var places: [UInt64: Int] = [:]
  private var unusedPlaces: [Int] = []
  /// The frame looked up last, and its place: stores to one table come in rows.
  private var latest: (frame: UInt64, place: Int) = (.max, 0)
  /// The active table of pages that changed last, whose shadow is stale.
  private var latestPages: UInt64 = .max
  /// Frames of active tables, in the order in which they became active.
  private(set) var active: [UInt64] = []
  /// Frames of tables with a shadow that are not active, the longest inactive first.
  private var inactive: [UInt64] = []
  private var epoch: UInt64 = 0
  /// Tables that the tree leads to and that are still to be visited; the next one last.
  private var pending: [(address: UInt64, level: UInt8)] = []
  private var mustSweep = false
  /// The root whose tree is active.
  private var root: (address: UInt64, mode: PagingMode, hasLargePages: Bool) = (0, .off, false)
  /// The step that made the tables pending: all its records carry its clock and rip, whenever the tables are visited.
  fileprivate var cause: (clock: Clock, rip: UInt64) = (0, 0)

  /// Whether tables are still to be visited. The run loop does so before anything else happens.
  var isPending: Bool { !pending.isEmpty || mustSweep }

  private mutating func place(of frame: UInt64) -> Int? {
    if latest.frame == frame { return latest.place }
    guard let place = places[frame] else { return nil }
    latest = (frame, place)
    return place
  }

  private mutating func insert(_ table: Table, frame: UInt64) {
    if latestPages == frame { latestPages = .max }
    if let place = place(of: frame) {
      tables[place] = table
    } else if let place = unusedPlaces.popLast() {
      tables[place] = table
      places[frame] = place
    } else {
      places[frame] = tables.count
      tables.append(table)
    }
  }

  private mutating func forget(_ frame: UInt64) {
    guard let place = places.removeValue(forKey: frame) else { return }
    tables[place].shadow = []
    unusedPlaces.append(place)
    latest.frame = .max
  }
}

extension CPU {
  /// CR3 was loaded, or paging went on or off: reports it and begins to visit the tree.
  func addressSpaceChanged() {
    let mode = pagingMode
    let mask: UInt64 =
      switch mode {
      case .fourLevel: PageEntry.address
      case .threeLevel: 0xFFFF_FFE0
      case .twoLevel, .off: 0xFFFF_F000
      }
    let root = pointee.cr3 & mask
    record(.addressSpace, in: .pageTables, root, mode.rawValue)
    guard pointee.system.pointee.recorded.contains(.pageTables) else { return }
    pointee.system.pointee.tables.begin(
      root: root, mode: mode, hasLargePages: pointee.cr4 & ControlRegister.pse != 0)
    pointee.system.pointee.tables.cause = (pointee.clock, pointee.rip)
    visitPendingTables()
    pointee.leavesBlock = true
  }

  /// Visits tables that became part of the tree until all are visited or the probe buffer wants draining.
  @inline(never)
  func visitPendingTables() {
    let system = pointee.system
    let probes = system.pointee.probes
    while system.pointee.tables.isPending && !probes.isFull {
      system.pointee.tables.visitNext(
        memory: pointee.memory, mode: pagingMode, hasLargePages: pointee.cr4 & ControlRegister.pse != 0,
        clock: system.pointee.tables.cause.clock, rip: system.pointee.tables.cause.rip, probes: probes)
    }
  }

  /// A store changed an aligned word of a watched page.
  @inline(__always)
  func watchedWordChanged(frame: UInt64, offset: UInt64, old: UInt64, new: UInt64) {
    let system = pointee.system
    if system.pointee.tables.notesPage(in: frame) {
      // By far the most: one entry, which leads to no table.
      if (old ^ new) & ~TableWatch.ignoredBits != 0 {
        system.pointee.probes.append(
          ProbeRecord(.tableEntry, clock: pointee.clock, rip: pointee.rip, frame << 12 + offset, old, new))
        // A loop that only writes tables must still come back to drain its records.
        if system.pointee.probes.isFull { pointee.leavesBlock = true }
      }
      return
    }
    watchedEntryChanged(frame: frame, offset: offset, old: old, new: new)
  }

  /// The same when it is not just one entry that maps a page.
  @inline(never)
  private func watchedEntryChanged(frame: UInt64, offset: UInt64, old: UInt64, new: UInt64) {
    let system = pointee.system
    system.pointee.tables.wordChanged(
      frame: frame, offset: offset, old: old, new: new, memory: pointee.memory, mode: pagingMode,
      hasLargePages: pointee.cr4 & ControlRegister.pse != 0, clock: pointee.clock, rip: pointee.rip,
      probes: system.pointee.probes)
    if system.pointee.probes.isFull { pointee.leavesBlock = true }
    if system.pointee.tables.isPending {
      system.pointee.tables.cause = (pointee.clock, pointee.rip)
      visitPendingTables()
      pointee.leavesBlock = true
    }
  }
}

extension TableWatch {
  /// The processor sets these itself: no change of the map.
  fileprivate static let ignoredBits = PageEntry.accessed | PageEntry.dirty

  fileprivate mutating func begin(root: UInt64, mode: PagingMode, hasLargePages: Bool) {
    // A load of the same root changes nothing: the changes of its tree have been reported as they happened.
    if self.root == (root, mode, hasLargePages) && !isPending { return }
    self.root = (root, mode, hasLargePages)
    epoch += 1
    pending.removeAll()
    mustSweep = true
    switch mode {
    case .off: break
    case .twoLevel: pending = [(root, 2)]
    case .threeLevel: pending = [(root, 3)]
    case .fourLevel: pending = [(root, 4)]
    }
  }

  /// The table that an entry leads to; nil for an entry that maps a page or nothing.
  private static func child(of entry: UInt64, level: UInt8, mode: PagingMode, hasLargePages: Bool) -> UInt64? {
    guard entry & PageEntry.present != 0, level > 1 else { return nil }
    let canBeLarge =
      switch mode {
      case .fourLevel: level < 4
      case .threeLevel: level == 2
      case .twoLevel: hasLargePages
      case .off: false
      }
    if canBeLarge && entry & PageEntry.pageSize != 0 { return nil }
    return mode == .twoLevel ? entry & 0xFFFF_F000 : entry & PageEntry.address
  }

  private static func load(_ address: UInt64, size: UInt64, from memory: UnsafeMutablePointer<PhysicalMemory>) -> UInt64
  {
    if size == 8 { return memory.pointee.load(address) ?? 0 }
    return UInt64(memory.pointee.load(address, as: UInt32.self) ?? 0)
  }

  /// Visits one pending table, or sweeps when there is none left.
  fileprivate mutating func visitNext(
    memory: UnsafeMutablePointer<PhysicalMemory>, mode: PagingMode, hasLargePages: Bool, clock: Clock, rip: UInt64,
    probes: ProbeWriter
  ) {
    guard let (address, level) = pending.popLast() else { return sweep(memory) }
    let frame = address >> 12
    guard memory.pointee.isRAM(frame) else { return }
    let known = place(of: frame)
    let isSame = known.map { tables[$0].level == level && tables[$0].offset == address & 0xFFF } ?? false
    let wasActive = known.map { tables[$0].isActive } ?? false
    if let known, wasActive, tables[known].epoch == epoch {
      // Reached twice: shared when on the same level; otherwise an entry to a table on the path, which is not descended.
      if isSame { tables[known].references += 1 }
      return
    }
    if !wasActive {
      active.append(frame)
      if known != nil { inactive.removeAll { $0 == frame } }
    }
    if let known, isSame {
      tables[known].epoch = epoch
      tables[known].references = 1
      tables[known].isActive = true
      if !wasActive { reportDifferences(known, frame, memory: memory, clock: clock, rip: rip, probes: probes) }
    } else {
      list(address, level: level, mode: mode, memory: memory, clock: clock, rip: rip, probes: probes)
    }
    memory.pointee.mark(frame, .watched)
    guard level > 1, let place = place(of: frame) else { return }
    for entry in tables[place].shadow.reversed() {
      if let child = Self.child(of: entry, level: level, mode: mode, hasLargePages: hasLargePages) {
        pending.append((child, level - 1))
      }
    }
  }

  private mutating func list(
    _ address: UInt64, level: UInt8, mode: PagingMode, memory: UnsafeMutablePointer<PhysicalMemory>, clock: Clock,
    rip: UInt64, probes: ProbeWriter
  ) {
    let size: UInt64 = mode == .twoLevel ? 4 : 8
    let count: UInt64 = mode == .threeLevel && level == 3 ? 4 : 4096 / size
    let offset = level == 3 && mode == .threeLevel ? address & 0xFFF : 0
    let base = address & ~0xFFF | offset
    var shadow = [UInt64](repeating: 0, count: Int(count))
    probes.append(ProbeRecord(.tablePage, detail: UInt32(level), clock: clock, rip: rip, base))
    for index in 0..<count {
      let entry = Self.load(base + index * size, size: size, from: memory)
      guard entry != 0 else { continue }
      shadow[Int(index)] = entry
      probes.append(ProbeRecord(.tableEntry, detail: 1, clock: clock, rip: rip, base + index * size, 0, entry))
    }
    insert(
      Table(level: level, offset: offset, entrySizeLog2: size == 8 ? 3 : 2, shadow: shadow, epoch: epoch),
      frame: address >> 12)
  }

  /// What changed in a table while it was not active.
  private mutating func reportDifferences(
    _ place: Int, _ frame: UInt64, memory: UnsafeMutablePointer<PhysicalMemory>, clock: Clock, rip: UInt64,
    probes: ProbeWriter
  ) {
    for index in tables[place].shadow.indices {
      let address = frame << 12 + tables[place].offset + UInt64(index) << tables[place].entrySizeLog2
      let entry = Self.load(address, size: 1 << tables[place].entrySizeLog2, from: memory)
      let old = tables[place].shadow[index]
      guard (entry ^ old) & ~Self.ignoredBits != 0 else { continue }
      tables[place].shadow[index] = entry
      probes.append(ProbeRecord(.tableEntry, clock: clock, rip: rip, address, old, entry))
    }
  }

  /// Whether the table at `frame` only maps pages, by entries of 8 bytes; then notes that one of them changes.
  @inline(__always)
  fileprivate mutating func notesPage(in frame: UInt64) -> Bool { latestPages == frame || notesOtherPage(in: frame) }

  @inline(never)
  private mutating func notesOtherPage(in frame: UInt64) -> Bool {
    guard let found = place(of: frame), tables[found].mapsPagesByQuadwords else { return false }
    tables[found].isShadowStale = true
    latestPages = frame
    return true
  }

  fileprivate mutating func wordChanged(
    frame: UInt64, offset: UInt64, old: UInt64, new: UInt64, memory: UnsafeMutablePointer<PhysicalMemory>,
    mode: PagingMode, hasLargePages: Bool, clock: Clock, rip: UInt64, probes: ProbeWriter
  ) {
    guard let found = place(of: frame) else { return }
    let sizeLog2 = tables[found].entrySizeLog2
    let mask: UInt64 = sizeLog2 == 3 ? .max : 0xFFFF_FFFF
    for part in 0..<8 &>> sizeLog2 {
      let place = offset &+ part &<< sizeLog2
      // An address before the table's first entry wraps to an index beyond its last.
      let index = (place &- tables[found].offset) &>> sizeLog2
      let oldEntry = old &>> (part &<< 5) & mask
      let newEntry = new &>> (part &<< 5) & mask
      guard index < tables[found].shadow.count, (oldEntry ^ newEntry) & ~Self.ignoredBits != 0 else { continue }
      tables[found].shadow[Int(index)] = newEntry
      probes.append(ProbeRecord(.tableEntry, clock: clock, rip: rip, frame << 12 + place, oldEntry, newEntry))
      let level = tables[found].level
      if level == 1 { continue }
      let oldChild = Self.child(of: oldEntry, level: level, mode: mode, hasLargePages: hasLargePages)
      let newChild = Self.child(of: newEntry, level: level, mode: mode, hasLargePages: hasLargePages)
      guard oldChild != newChild else { continue }
      if let newChild { pending.append((newChild, level - 1)) }
      if let oldChild {
        release(oldChild, level: level - 1, mode: mode, hasLargePages: hasLargePages, memory: memory)
      }
    }
  }

  /// One entry less leads to a table; without any it and what only it led to leave the tree.
  private mutating func release(
    _ address: UInt64, level: UInt8, mode: PagingMode, hasLargePages: Bool, memory: UnsafeMutablePointer<PhysicalMemory>
  ) {
    var released = [(address >> 12, level)]
    while let (frame, level) = released.popLast() {
      guard let place = place(of: frame), tables[place].isActive, tables[place].level == level else { continue }
      tables[place].references -= 1
      guard tables[place].references <= 0 else { continue }
      let shadow = tables[place].shadow
      deactivate(frame, memory)
      active.removeAll { $0 == frame }
      for entry in shadow.reversed() {
        if let child = Self.child(of: entry, level: level, mode: mode, hasLargePages: hasLargePages) {
          released.append((child >> 12, level - 1))
        }
      }
    }
  }

  private mutating func deactivate(_ frame: UInt64, _ memory: UnsafeMutablePointer<PhysicalMemory>) {
    if let place = place(of: frame) {
      tables[place].isActive = false
      if tables[place].isShadowStale { refreshShadow(place, frame, memory) }
    }
    memory.pointee.unmark(frame, .watched)
    inactive.append(frame)
    if inactive.count > Self.maximumInactiveCount { forget(inactive.removeFirst()) }
  }

  private mutating func refreshShadow(
    _ place: Int, _ frame: UInt64, _ memory: UnsafeMutablePointer<PhysicalMemory>
  ) {
    for index in tables[place].shadow.indices {
      tables[place].shadow[index] = Self.load(frame << 12 + UInt64(index) << 3, size: 8, from: memory)
    }
    tables[place].isShadowStale = false
    if latestPages == frame { latestPages = .max }
  }

  /// After the whole tree was visited: what it no longer reaches is not active any more.
  private mutating func sweep(_ memory: UnsafeMutablePointer<PhysicalMemory>) {
    mustSweep = false
    var kept: [UInt64] = []
    for frame in active {
      if let place = place(of: frame), tables[place].epoch == epoch {
        kept.append(frame)
      } else {
        deactivate(frame, memory)
      }
    }
    active = kept
  }
}

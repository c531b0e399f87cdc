import OrreryBase
import OrreryTrace

/// Turns what happens to the live page tables into events of the `map` lane: the tree under the current CR3 while 4-level paging is on.
///
/// It keeps a shadow of the table pages. All records of one step make one change: a single entry that maps a page is compared by itself; when tables are linked,
/// unlinked or a root is loaded, the two trees are (`TreeDifference`). A root that was loaded before is compared with what it was when it was left.
struct PageTableObserver: Sendable {
  /// The most roots whose last shadow is kept; the one left longest ago is forgotten, and is reported whole when it is loaded again.
  static let rootLimit = 16
  /// The most table pages kept for roots that are not loaded: at 4 KiB each, 64 MiB.
  static let keptTableLimit = 16_384

  /// The tree that is loaded; nil while paging is off.
  private var live: TableTree?
  /// Of `live`; nil when a table was linked or unlinked since they were found.
  private var livePlacements: TablePlacements?
  /// Roots that were left, the latest last.
  private var kept: [TableTree] = []
  /// Contents of table pages, live or not, as last seen.
  private var nextVersion: UInt64 = 1

  /// The step whose records are being gathered.
  private var stepClock: Clock = 0
  /// What the step's change is measured from, once it is more than changes of single pages.
  private var before: TableTree?
  private var beforePlacements: TablePlacements?
  /// Contents of tables that the step lists again, to find those that have not changed. Looked up, never iterated.
  private var contentsBeforeListing: [UInt64: TableTree.Table] = [:]
  private var listedFrames: [UInt64] = []

  mutating func observeAddressSpace(_ record: ProbeRecord, into events: inout ObservedEvents) {
    finishStep(into: &events)
    guard let mode = PagingMode(rawValue: record.value1) else {
      preconditionFailure("the machine names paging modes that exist")
    }
    let root = record.value0 & 0x000F_FFFF_FFFF_F000
    events.append(.addressSpace(root: PhysicalAddress(root), mode: mode), clock: record.clock)
    stepClock = record.clock
    guard mode == .fourLevel else {
      leave()
      return
    }
    // The same root again only flushes translations; its shadow is up to date.
    if live?.root == root { return }
    let known = live?.tables ?? kept.last?.tables ?? [:]
    leave()
    if let index = kept.firstIndex(where: { $0.root == root }) {
      before = kept.remove(at: index)
    } else {
      before = TableTree(root: root)
    }
    beforePlacements = nil
    live = TableTree(root: root, tables: known)
    livePlacements = nil
  }

  mutating func observeTablePage(_ record: ProbeRecord, into events: inout ObservedEvents) {
    startStep(clock: record.clock, into: &events)
    guard live != nil else { return }
    measureFromHere()
    let frame = record.value0
    if contentsBeforeListing[frame] == nil {
      contentsBeforeListing[frame] = live?.tables[frame]
      listedFrames.append(frame)
    }
    let version = takeVersion()
    live?.tables[frame] = TableTree.Table(
      entries: [UInt64](repeating: 0, count: TableGeometry.entryCount), version: version)
    livePlacements = nil
  }

  mutating func observeTableEntry(_ record: ProbeRecord, into events: inout ObservedEvents) {
    startStep(clock: record.clock, into: &events)
    guard live != nil else { return }
    let frame = record.value0 & ~0xFFF
    let index = Int(record.value0 & 0xFFF) / 8
    if record.detail == 0, before == nil, reportSinglePage(record, frame: frame, index: index, into: &events) {
      store(record.value2, frame: frame, index: index)
      return
    }
    measureFromHere()
    store(record.value2, frame: frame, index: index)
    livePlacements = nil
  }

  func observeInvalidation(_ record: ProbeRecord, into events: inout ObservedEvents) {
    events.append(.invalidatePage(LinearAddress(record.value0)), clock: record.clock)
  }

  /// Reports the change of the step whose records have all been seen. To be called before an event of another kind, and after the last record of a batch: no step spans two.
  mutating func finishStep(into events: inout ObservedEvents) {
    guard let old = before else { return }
    restoreVersionsOfUnchangedTables()
    guard let new = live else { preconditionFailure("a difference is measured while a tree is live") }
    let oldPlacements = beforePlacements ?? TablePlacements(of: old)
    let newPlacements = livePlacements ?? TablePlacements(of: new)
    var difference = TreeDifference(
      old: old, oldPlacements: oldPlacements, new: new, newPlacements: newPlacements)
    difference.report(clock: stepClock, into: &events)
    livePlacements = newPlacements
    before = nil
    beforePlacements = nil
    forgetUnreachableTables(newPlacements)
  }

  private mutating func startStep(clock: Clock, into events: inout ObservedEvents) {
    guard clock != stepClock else { return }
    finishStep(into: &events)
    stepClock = clock
  }

  /// From now on the step's change is the difference of whole trees.
  private mutating func measureFromHere() {
    guard before == nil else { return }
    before = live
    beforePlacements = livePlacements
  }

  /// Reports a change of an entry that maps, or mapped, a page and leads to no table; false when that is not all there is to it.
  private mutating func reportSinglePage(
    _ record: ProbeRecord, frame: UInt64, index: Int, into events: inout ObservedEvents
  ) -> Bool {
    if livePlacements == nil, let live { livePlacements = TablePlacements(of: live) }
    guard let placement = livePlacements?.onlyPlacement(of: frame) else { return false }
    let level = placement.use.level
    func page(_ entry: TableEntry) -> (physical: UInt64, flags: PageFlags)? {
      guard entry.isPresent else { return nil }
      return (entry.page(level: level), entry.pageFlags(level: level, inherited: placement.use.rights))
    }
    let old = TableEntry(live?.tables[frame]?.entries[index] ?? 0)
    let new = TableEntry(record.value2)
    if (old.isPresent && !old.isPage(level: level)) || (new.isPresent && !new.isPage(level: level)) { return false }
    let address = TableGeometry.base(of: index, level: level, in: placement.base)
    let change = MapChange(
      level: level, at: address, old: page(old), new: page(new),
      aliases: placement.aliases.map { LinearAddress(TableGeometry.base(of: index, level: level, in: $0)) })
    if let change { events.append(.map(change), clock: record.clock) }
    return true
  }

  private mutating func store(_ entry: UInt64, frame: UInt64, index: Int) {
    let version = takeVersion()
    if live?.tables[frame] == nil {
      live?.tables[frame] = TableTree.Table(
        entries: [UInt64](repeating: 0, count: TableGeometry.entryCount), version: version)
    }
    live?.tables[frame]?.entries[index] = entry
    live?.tables[frame]?.version = version
  }

  private mutating func takeVersion() -> UInt64 {
    defer { nextVersion += 1 }
    return nextVersion
  }

  /// A table that is listed again because it became live again may well be what it was: then it keeps its version, and is not compared.
  private mutating func restoreVersionsOfUnchangedTables() {
    for frame in listedFrames {
      if let earlier = contentsBeforeListing[frame], earlier.entries == live?.tables[frame]?.entries {
        live?.tables[frame] = earlier
      }
    }
    listedFrames.removeAll(keepingCapacity: true)
    contentsBeforeListing.removeAll(keepingCapacity: true)
  }

  /// Puts the live tree, if there is one, with those that were left.
  private mutating func leave() {
    guard let left = live else { return }
    live = nil
    livePlacements = nil
    kept.append(left)
    var tableCount = kept.reduce(0) { $0 + $1.tables.count }
    while kept.count > Self.rootLimit || (tableCount > Self.keptTableLimit && kept.count > 1) {
      tableCount -= kept.removeFirst().tables.count
    }
  }

  /// Keeps the shadow from growing with every table page there ever was. Done rarely, so that its cost vanishes in that of linking the tables.
  private mutating func forgetUnreachableTables(_ placements: TablePlacements) {
    guard let tree = live, tree.tables.count > 2 * placements.placements.count + 64 else { return }
    var reachable: [UInt64: TableTree.Table] = [:]
    for placement in placements.placements {
      reachable[placement.use.frame] = tree.tables[placement.use.frame]
    }
    live?.tables = reachable
  }
}

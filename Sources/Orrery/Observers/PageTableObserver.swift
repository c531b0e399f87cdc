import OrreryBase
import OrreryTrace

/// Turns what happens to the live page tables into events of the `map` lane: the tree under the current CR3 while 4-level paging is on.
///
/// It keeps a shadow of the table pages. All records of one clock make one change: a single entry that maps a page is compared by itself; when tables are linked,
/// unlinked or a root is loaded, the two trees are (`TreeDifference`). A root that was loaded before is compared with what it was when it was left.
struct PageTableObserver: Sendable {
  /// The most roots whose last shadow is kept; the one left longest ago is forgotten, and is reported whole when it is loaded again.
  static let rootLimit = 16
  /// The most table pages kept for roots that are not loaded: at 4 KiB each, 64 MiB.
  static let keptTableLimit = 16_384

  /// The contents of every table page the machine has named, as last seen: it may return to one and name only what has changed. One a frame, so
  /// never more than the guest has memory.
  private var contents = TableStore()
  /// The root that is loaded; nil while paging is off.
  private var liveRoot: UInt64?
  /// Of the live tree; nil when a table was linked or unlinked since they were found.
  private var livePlacements: TablePlacements?
  /// Roots that were left, the latest last.
  private var kept: [TableTree] = []
  private var nextVersion: UInt64 = 1

  /// The live table whose entry changed last, when it is in one place only: most changes follow another of the same table.
  private var recent: PlacedTable?

  /// The clock whose records are being gathered.
  private var stepClock: Clock = 0
  /// What the step's change is measured from, once it is more than changes of single pages.
  private var before: TableTree?
  private var beforePlacements: TablePlacements?
  /// Contents of tables that the step lists again, to find those that have not changed. Looked up, never iterated.
  private var contentsBeforeListing: [UInt64: TableStore.Table] = [:]
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
    if liveRoot == root { return }
    leave()
    if let index = kept.firstIndex(where: { $0.root == root }) {
      before = kept.remove(at: index)
    } else {
      before = TableTree(root: root)
    }
    liveRoot = root
  }

  mutating func observeTablePage(_ record: ProbeRecord, into events: inout ObservedEvents) {
    startStep(clock: record.clock, into: &events)
    measureFromHere()
    let frame = record.value0 & ~0xFFF
    if contentsBeforeListing[frame] == nil {
      contentsBeforeListing[frame] = contents[frame]
      listedFrames.append(frame)
    }
    contents[frame] = TableStore.Table(
      entries: [UInt64](repeating: 0, count: TableGeometry.entryCount), version: takeVersion())
    livePlacements = nil
    recent = nil
  }

  @inline(__always)
  mutating func observeTableEntry(_ record: ProbeRecord, into events: inout ObservedEvents) {
    startStep(clock: record.clock, into: &events)
    let frame = record.value0 & ~0xFFF
    let index = Int(truncatingIfNeeded: record.value0 & 0xFFF) &>> 3
    if record.detail == 0, before == nil, reportInRecentTable(record, frame: frame, index: index, into: &events) {
      return
    }
    observeOtherTableEntry(record, frame: frame, index: index, into: &events)
  }

  @inline(never)
  private mutating func observeOtherTableEntry(
    _ record: ProbeRecord, frame: UInt64, index: Int, into events: inout ObservedEvents
  ) {
    if record.detail == 0, before == nil, reportSinglePage(record, frame: frame, index: index, into: &events) {
      return
    }
    measureFromHere()
    store(record.value2, frame: frame, index: index)
    livePlacements = nil
    recent = nil
  }

  @inline(__always)
  func observeInvalidation(_ record: ProbeRecord, into events: inout ObservedEvents) {
    events.append(invalidation: LinearAddress(record.value0), clock: record.clock)
  }

  /// Reports the change of the step whose records have all been seen. To be called before an event of another kind.
  @inline(__always)
  mutating func finishStep(into events: inout ObservedEvents) {
    if let before { reportDifference(from: before, into: &events) }
  }

  @inline(never)
  private mutating func reportDifference(from old: TableTree, into events: inout ObservedEvents) {
    restoreVersionsOfUnchangedTables()
    if let liveRoot {
      let new = TableTree(root: liveRoot, tables: contents)
      let oldPlacements = beforePlacements ?? TablePlacements(of: old)
      let newPlacements = livePlacements ?? TablePlacements(of: new)
      var difference = TreeDifference(
        old: old, oldPlacements: oldPlacements, new: new, newPlacements: newPlacements)
      difference.report(clock: stepClock, into: &events)
      livePlacements = newPlacements
    }
    before = nil
    beforePlacements = nil
  }

  @inline(__always)
  private mutating func startStep(clock: Clock, into events: inout ObservedEvents) {
    guard clock != stepClock else { return }
    finishStep(into: &events)
    stepClock = clock
  }

  /// From now on the step's change is the difference of whole trees.
  private mutating func measureFromHere() {
    guard before == nil, let liveRoot else { return }
    before = TableTree(root: liveRoot, tables: contents)
    beforePlacements = livePlacements
  }

  /// Reports and stores a change of an entry that maps, or mapped, a page and leads to no table; false when that is not all there is to it.
  private mutating func reportSinglePage(
    _ record: ProbeRecord, frame: UInt64, index: Int, into events: inout ObservedEvents
  ) -> Bool {
    guard let liveRoot else { return false }
    if livePlacements == nil { livePlacements = TablePlacements(of: TableTree(root: liveRoot, tables: contents)) }
    guard let placement = livePlacements?.onlyPlacement(of: frame) else { return false }
    let table = PlacedTable(placement, place: contents.placeMade(for: frame))
    if placement.aliases.isEmpty {
      recent = table
      return reportInRecentTable(record, frame: frame, index: index, into: &events)
    }
    guard !table.entries.isTable(record.value1), !table.entries.isTable(record.value2) else { return false }
    if let change = table.change(of: index, from: record.value1, to: record.value2) {
      let level = placement.use.level
      let aliases = placement.aliases.map { LinearAddress(TableGeometry.base(of: index, level: level, in: $0)) }
      events.append(.map(MapChange(change, aliases: aliases)), clock: record.clock)
    }
    contents.update(table.place, index, to: record.value2, version: takeVersion())
    return true
  }

  /// The same for the table that changed last; false when it is another one.
  @inline(__always)
  private mutating func reportInRecentTable(
    _ record: ProbeRecord, frame: UInt64, index: Int, into events: inout ObservedEvents
  ) -> Bool {
    guard let recent, recent.frame == frame else { return false }
    guard !recent.entries.isTable(record.value1), !recent.entries.isTable(record.value2) else { return false }
    if let change = recent.change(of: index, from: record.value1, to: record.value2) {
      events.append(change, clock: record.clock)
    }
    contents.update(recent.place, index, to: record.value2, version: takeVersion())
    return true
  }

  private mutating func store(_ entry: UInt64, frame: UInt64, index: Int) {
    contents.update(contents.placeMade(for: frame), index, to: entry, version: takeVersion())
  }

  private mutating func takeVersion() -> UInt64 {
    defer { nextVersion &+= 1 }
    return nextVersion
  }

  /// A table that is listed again because it became live again may well be what it was: then it keeps its version, and is not compared.
  private mutating func restoreVersionsOfUnchangedTables() {
    for frame in listedFrames {
      if let earlier = contentsBeforeListing[frame], earlier.entries == contents[frame]?.entries {
        contents[frame] = earlier
      }
    }
    listedFrames.removeAll(keepingCapacity: true)
    contentsBeforeListing.removeAll(keepingCapacity: true)
  }

  /// Puts the live tree, if there is one, with those that were left.
  private mutating func leave() {
    guard let left = liveRoot else { return }
    // Only the tables that the root reaches: the shadow of a table that it has lost is of no use to it.
    let placements = livePlacements ?? TablePlacements(of: TableTree(root: left, tables: contents))
    var tree = TableTree(root: left)
    for placement in placements.placements {
      if let table = contents[placement.use.frame] { tree.tables[placement.use.frame] = table }
    }
    kept.append(tree)
    liveRoot = nil
    livePlacements = nil
    recent = nil
    var tableCount = kept.reduce(0) { $0 + $1.tables.count }
    while kept.count > Self.rootLimit || (tableCount > Self.keptTableLimit && kept.count > 1) {
      tableCount -= kept.removeFirst().tables.count
    }
  }
}

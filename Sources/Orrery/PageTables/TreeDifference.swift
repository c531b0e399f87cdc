import OrreryBase
import OrreryTrace

/// The difference of two trees of page tables, position by position, in ascending linear addresses.
///
/// A table that is reached as before, and from which no way leads to one that has changed, is not read again. A table that is shared in several places
/// is walked at its first place; the others are its aliases. So the work is bounded by the entries of the tables in both trees, whatever a guest makes
/// them point at, and mostly by those of the few that have changed.
struct TreeDifference {
  private let old: TableTree
  private let new: TableTree
  private let oldPlacements: TablePlacements
  private let newPlacements: TablePlacements
  /// Uses that were walked at a place which is only an alias; each is walked there once. Looked up, never iterated.
  private var oldAliasesWalked: Set<TablePlacements.Use> = []
  private var newAliasesWalked: Set<TablePlacements.Use> = []
  private var changes = MapChanges()
  /// The tables that have changed, and those on the first way to each; nil when every table is to be read.
  private let affected: Set<UInt64>?

  /// - Parameter readsUnaffected: whether tables are read again that cannot make a difference.
  init(
    old: TableTree, oldPlacements: TablePlacements, new: TableTree, newPlacements: TablePlacements,
    readsUnaffected: Bool = false
  ) {
    affected =
      readsUnaffected ? nil : Self.affected(old: old, oldPlacements, new: new, newPlacements)
    self.old = old
    self.new = new
    self.oldPlacements = oldPlacements
    self.newPlacements = newPlacements
  }

  private static func affected(
    old: TableTree, _ oldPlacements: TablePlacements, new: TableTree, _ newPlacements: TablePlacements
  ) -> Set<UInt64> {
    var affected: Set<UInt64> = []
    for placement in [oldPlacements.placements, newPlacements.placements].joined() {
      let frame = placement.use.frame
      guard old.tables[frame]?.version != new.tables[frame]?.version else { continue }
      affected.insert(frame)
      affected.formUnion(placement.path)
    }
    return affected
  }

  /// Finds the difference and hands its events over.
  mutating func report(clock: Clock, into events: inout ObservedEvents) {
    let level = TableGeometry.topLevel
    compare(
      level: level, base: 0, path: [], old: TablePlacements.Use(frame: old.root, level: level, rights: .all),
      new: TablePlacements.Use(frame: new.root, level: level, rights: .all), isSamePath: true)
    changes.finish(clock: clock, into: &events)
  }

  /// What one entry of a table stands for.
  private enum Item: Hashable {
    case nothing
    case page(physical: PhysicalAddress, flags: PageFlags)
    case table(TablePlacements.Use)
    case recursive(table: UInt64)

    /// What a page leads to; nil for everything else.
    var page: PageTarget? {
      guard case .page(let physical, let flags) = self else { return nil }
      return (physical, flags)
    }
  }

  private func item(_ rawEntry: UInt64, in use: TablePlacements.Use, path: [UInt64]) -> Item {
    let entry = TableEntry(rawEntry)
    guard entry.isPresent else { return .nothing }
    if entry.isPage(level: use.level),
      let target = PageEntries(level: use.level, inherited: use.rights).target(rawEntry)
    {
      return .page(physical: target.physical, flags: target.flags)
    }
    if entry.table == use.frame || path.contains(entry.table) { return .recursive(table: entry.table) }
    return .table(
      TablePlacements.Use(frame: entry.table, level: use.level - 1, rights: entry.rights.intersection(use.rights)))
  }

  /// Compares what two tables, either of which may be missing, make of the addresses from `base`. `path` holds the frames above, of each tree, and
  /// `isSamePath` says that these are the same, and used alike.
  private mutating func compare(
    level: UInt8, base: UInt64, path: [(old: UInt64, new: UInt64)], old oldUse: TablePlacements.Use?,
    new newUse: TablePlacements.Use?, isSamePath: Bool
  ) {
    let (oldUse, newUse) = walked(base: base, old: oldUse, new: newUse)
    if oldUse == nil, newUse == nil { return }
    if let use = oldUse, use == newUse, level == 1, version(of: use.frame, in: old) == version(of: use.frame, in: new) {
      return
    }
    let oldEntries = oldUse.map { old.entries(of: $0.frame) } ?? []
    let newEntries = newUse.map { new.entries(of: $0.frame) } ?? []
    let aliases = aliases(base: base, old: oldUse, new: newUse)
    let oldPath = path.map(\.old)
    let newPath = path.map(\.new)
    let isSame = isSamePath && oldUse == newUse
    for index in 0..<max(oldEntries.count, newEntries.count) {
      let oldEntry = index < oldEntries.count ? oldEntries[index] : 0
      let newEntry = index < newEntries.count ? newEntries[index] : 0
      guard (oldEntry | newEntry) & 1 != 0 else { continue }
      if isSame, oldEntry == newEntry, !mayDiffer(below: oldEntry, level: level) { continue }
      let oldItem = oldUse.map { item(oldEntry, in: $0, path: oldPath) } ?? .nothing
      let newItem = newUse.map { item(newEntry, in: $0, path: newPath) } ?? .nothing
      let address = TableGeometry.base(of: index, level: level, in: base)
      reportPages(level: level, at: address, offset: address &- base, aliases: aliases, old: oldItem, new: newItem)
      reportRecursion(level: level, at: address, old: oldItem, new: newItem)
      var oldTable: TablePlacements.Use?
      var newTable: TablePlacements.Use?
      if case .table(let use) = oldItem { oldTable = use }
      if case .table(let use) = newItem { newTable = use }
      guard oldTable != nil || newTable != nil else { continue }
      // A missing table's place on the path is filled with an address no table can have.
      let step = (old: oldUse?.frame ?? .max, new: newUse?.frame ?? .max)
      compare(
        level: level - 1, base: address, path: path + [step], old: oldTable, new: newTable, isSamePath: isSame)
    }
  }

  /// Whether an entry of a table of `level` that is the same in both trees leads to what is not.
  private func mayDiffer(below rawEntry: UInt64, level: UInt8) -> Bool {
    guard let affected else { return true }
    let entry = TableEntry(rawEntry)
    return !entry.isPage(level: level) && affected.contains(entry.table)
  }

  /// The tables to be walked at `base`: without those that are reported elsewhere.
  private mutating func walked(
    base: UInt64, old oldUse: TablePlacements.Use?, new newUse: TablePlacements.Use?
  ) -> (old: TablePlacements.Use?, new: TablePlacements.Use?) {
    let oldPlacement = oldUse.flatMap { oldPlacements.placement(of: $0) }
    let newPlacement = newUse.flatMap { newPlacements.placement(of: $0) }
    let isOldAlias = oldPlacement.map { $0.base != base } ?? false
    let isNewAlias = newPlacement.map { $0.base != base } ?? false
    // The same table, an alias before and after: its changes are reported at its first place.
    if let oldUse, oldUse == newUse, isOldAlias, isNewAlias { return (nil, nil) }
    var result = (old: oldUse, new: newUse)
    if isOldAlias, let oldUse, oldUse != newUse {
      let firstPlaceIsGone = newPlacements.placement(of: oldUse)?.base != oldPlacement?.base
      if firstPlaceIsGone || !oldAliasesWalked.insert(oldUse).inserted { result.old = nil }
    }
    if isNewAlias, let newUse, newUse != oldUse {
      let firstPlaceIsNew = oldPlacements.placement(of: newUse)?.base != newPlacement?.base
      if firstPlaceIsNew || !newAliasesWalked.insert(newUse).inserted { result.new = nil }
    }
    return result
  }

  /// Where else the difference at `base` is visible.
  private func aliases(
    base: UInt64, old oldUse: TablePlacements.Use?, new newUse: TablePlacements.Use?
  ) -> [UInt64] {
    func places(_ use: TablePlacements.Use?, in placements: TablePlacements) -> [UInt64] {
      guard let placement = use.flatMap({ placements.placement(of: $0) }), placement.base == base else { return [] }
      return placement.aliases
    }
    if let newUse {
      let present = places(newUse, in: newPlacements)
      guard newUse != oldUse, let before = oldPlacements.placement(of: newUse) else { return present }
      return present.filter { $0 != before.base && !before.aliases.contains($0) }
    }
    let gone = places(oldUse, in: oldPlacements)
    guard let oldUse, let after = newPlacements.placement(of: oldUse) else { return gone }
    return gone.filter { $0 != after.base && !after.aliases.contains($0) }
  }

  private func version(of frame: UInt64, in tree: TableTree) -> UInt64? { tree.tables[frame]?.version }

  private mutating func reportPages(
    level: UInt8, at address: UInt64, offset: UInt64, aliases: [UInt64], old oldItem: Item, new newItem: Item
  ) {
    if oldItem == newItem { return }
    let change = PageChange(
      at: LinearAddress(address), size: TableGeometry.pageSize(level: level), old: oldItem.page, new: newItem.page)
    guard let change else { return }
    changes.add(MapChange(change, aliases: aliases.map { LinearAddress($0 &+ offset) }))
  }

  private mutating func reportRecursion(level: UInt8, at address: UInt64, old oldItem: Item, new newItem: Item) {
    if oldItem == newItem { return }
    if case .recursive(let table) = oldItem {
      changes.add(
        RecursiveEntry(start: LinearAddress(address), level: level, table: PhysicalAddress(table), isPresent: false))
    }
    if case .recursive(let table) = newItem {
      changes.add(
        RecursiveEntry(start: LinearAddress(address), level: level, table: PhysicalAddress(table), isPresent: true))
    }
  }
}

import OrreryBase
import OrreryTrace

/// A live table at its first place, with all that its entries have in common: so that a change of one is told from the two words.
struct PlacedTable: Sendable {
  let frame: UInt64
  /// Where its contents are in the observer's `TableStore`.
  let place: Int
  let entries: PageEntries
  /// The first address that the table maps, canonical, and the binary logarithm of what each entry does.
  private let base: UInt64
  private let entrySpanLog2: UInt64
  private let pageSize: PageSize

  init(_ placement: TablePlacements.Placement, place: Int) {
    let level = placement.use.level
    frame = placement.use.frame
    self.place = place
    entries = PageEntries(level: level, inherited: placement.use.rights)
    base = placement.base
    entrySpanLog2 = TableGeometry.spanLog2(ofEntryAt: level)
    pageSize = TableGeometry.pageSize(level: level)
  }

  /// The change of what entry `index` maps, neither word of which leads to a table; nil when there is none.
  @inline(__always)
  func change(of index: Int, from old: UInt64, to new: UInt64) -> PageChange? {
    // An entry of the root maps no page, so below it addresses are canonical as they are.
    PageChange(
      at: LinearAddress(base | UInt64(truncatingIfNeeded: index) &<< entrySpanLog2), size: pageSize,
      old: entries.target(old), new: entries.target(new))
  }
}

import OrreryBase
import OrreryTrace

/// Where a page leads to, and what it permits.
typealias PageTarget = (physical: PhysicalAddress, flags: PageFlags)

/// What the entries of one table have in common, worked out once: how to tell the page that an entry maps.
struct PageEntries: Sendable {
  /// The bits of an entry that are the page's address.
  private let addressMask: UInt64
  /// Where PAT is: bit 7 of a 4 KiB entry, where larger pages have their size bit, and bit 12 of those.
  private let pageAttributeShift: UInt64
  private let inherited: UInt64
  private let pageBit: UInt64

  /// The entries of a table of `level` below tables that allow `inherited`.
  init(level: UInt8, inherited: TableRights) {
    addressMask = 0x000F_FFFF_FFFF_F000 & ~(TableGeometry.span(ofEntryAt: level) - 1)
    pageAttributeShift = level == 1 ? 7 : 12
    pageBit = TableGeometry.pageBit(level: level)
    self.inherited = UInt64(inherited.rawValue)
  }

  /// Whether `entry` is present and leads to another table.
  @inline(__always)
  func isTable(_ entry: UInt64) -> Bool { entry & 1 != 0 && entry & pageBit == 0 }

  /// The page that `entry`, which leads to no table, maps; nil when it is not present.
  @inline(__always)
  func target(_ entry: UInt64) -> PageTarget? {
    guard entry & 1 != 0 else { return nil }
    // No branch a flag: R/W, U/S, PWT and PCD lie side by side in both.
    let noExecute = entry &>> 63 | ~inherited &>> 2 & 1
    let flags =
      entry &>> 1 & (inherited & 3 | 0xC) | (entry &>> 8 & 1) &<< 4 | noExecute &<< 5
      | (entry &>> pageAttributeShift & 1) &<< 6
    return (PhysicalAddress(entry & addressMask), PageFlags(rawValue: UInt16(truncatingIfNeeded: flags)))
  }
}

extension PageChange {
  /// The change of the page at `start` from `old` to `new`, each nil where it is not present; nil when there is none.
  @inline(__always)
  init?(at start: LinearAddress, size: PageSize, old: PageTarget?, new: PageTarget?) {
    guard let present = new ?? old else { return nil }
    let previous = old ?? present
    let kind: MapChange.Kind
    if old == nil {
      kind = .mapped
    } else if new == nil {
      kind = .unmapped
    } else {
      guard previous != present else { return nil }
      kind = previous.physical == present.physical ? .permission : .remapped
    }
    self.init(
      kind, start: start, size: size, physical: present.physical, flags: present.flags,
      previousPhysical: previous.physical, previousFlags: previous.flags)
  }
}

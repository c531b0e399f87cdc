import OrreryBase
import OrreryTrace

/// One entry of a 4-level page table, as the processor reads it (Intel SDM volume 3, 4.5).
struct TableEntry: Hashable, Sendable {
  var rawValue: UInt64

  init(_ rawValue: UInt64) { self.rawValue = rawValue }

  var isPresent: Bool { rawValue & 1 != 0 }

  /// Whether the entry, present in a table of `level`, maps a page rather than leading to another table.
  func isPage(level: UInt8) -> Bool { rawValue & TableGeometry.pageBit(level: level) != 0 }

  /// The table the entry leads to.
  var table: UInt64 { rawValue & 0x000F_FFFF_FFFF_F000 }

  /// What the entry lets through to what is below it: the bits that all levels combine.
  var rights: TableRights {
    var rights = TableRights()
    if rawValue & 1 << 1 != 0 { rights.insert(.writable) }
    if rawValue & 1 << 2 != 0 { rights.insert(.user) }
    if rawValue >> 63 == 0 { rights.insert(.executable) }
    return rights
  }
}

/// The permissions that every level of a translation must grant. Written so that the combination of levels is an intersection.
struct TableRights: OptionSet, Hashable, Sendable {
  var rawValue: UInt8

  static let writable = TableRights(rawValue: 1)
  static let user = TableRights(rawValue: 2)
  static let executable = TableRights(rawValue: 4)
  static let all: TableRights = [.writable, .user, .executable]
}

/// The shape of 4-level paging.
enum TableGeometry {
  static let topLevel: UInt8 = 4
  static let entryCount = 512

  /// The bytes of linear address space that one entry of a table of `level` covers.
  static func span(ofEntryAt level: UInt8) -> UInt64 { 1 << spanLog2(ofEntryAt: level) }

  /// The bit that tells a page from a table in a present entry of a table of `level`: the present bit itself where all are pages, none where none is.
  static func pageBit(level: UInt8) -> UInt64 { level == 1 ? 1 << 0 : level <= 3 ? 1 << 7 : 0 }

  /// The binary logarithm of `span(ofEntryAt:)`.
  static func spanLog2(ofEntryAt level: UInt8) -> UInt64 { 12 + 9 * (UInt64(level) - 1) }

  /// The first linear address that entry `index` covers in a table of `level` whose own first address is `base`; canonical (SDM volume 1, 3.3.7.1).
  static func base(of index: Int, level: UInt8, in base: UInt64) -> UInt64 {
    let address = base | UInt64(index) << spanLog2(ofEntryAt: level)
    return address >> 47 & 1 == 1 ? address | 0xFFFF_0000_0000_0000 : address
  }

  static func pageSize(level: UInt8) -> PageSize {
    switch level {
    case 1: .fourKiB
    case 2: .twoMiB
    default: .oneGiB
    }
  }
}

public import OrreryBase

/// How a range of linear addresses is mapped differently from before: a run of pages that are adjacent in linear and in physical addresses.
public struct MapChange: Hashable, Sendable {
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case mapped = 0
    case unmapped = 1
    /// The pages lead to other frames than before (their permissions may differ too).
    case remapped = 2
    /// The same frames, with other permissions.
    case permission = 3
  }

  public var kind: Kind
  public var start: LinearAddress
  /// How many pages of `pageSize`.
  public var pageCount: UInt64
  public var pageSize: PageSize
  /// The frame of the first page; for `unmapped`, the one it had.
  public var physical: PhysicalAddress
  /// The permissions; for `unmapped`, those it had.
  public var flags: PageFlags
  /// For `remapped`, the frame the first page had before; otherwise equal to `physical`.
  public var previousPhysical: PhysicalAddress
  /// For `remapped` and `permission`, the permissions before; otherwise equal to `flags`.
  public var previousFlags: PageFlags
  /// Other linear addresses at which the same table, and so the same change, is visible; ascending.
  public var aliases: [LinearAddress]

  public init(
    _ kind: Kind, start: LinearAddress, pageCount: UInt64 = 1, pageSize: PageSize = .fourKiB,
    physical: PhysicalAddress, flags: PageFlags, previousPhysical: PhysicalAddress? = nil,
    previousFlags: PageFlags? = nil, aliases: [LinearAddress] = []
  ) {
    self.kind = kind
    self.start = start
    self.pageCount = pageCount
    self.pageSize = pageSize
    self.physical = physical
    self.flags = flags
    self.previousPhysical = previousPhysical ?? physical
    self.previousFlags = previousFlags ?? flags
    self.aliases = aliases
  }

  /// The length of the range in bytes; a range that would exceed the address space counts as the largest number.
  public var length: UInt64 {
    let (length, overflow) = pageCount.multipliedReportingOverflow(by: pageSize.bytes)
    return overflow ? .max : length
  }
}

/// The sizes of pages; the raw value is the base-2 logarithm of the bytes.
public enum PageSize: UInt8, Hashable, Sendable, CaseIterable {
  case fourKiB = 12
  case twoMiB = 21
  /// A large page of 32-bit paging.
  case fourMiB = 22
  case oneGiB = 30

  @inline(__always)
  public var bytes: UInt64 { 1 &<< UInt64(rawValue) }
}

/// What a translation permits: the bits of all levels on the path combined, as the processor combines them.
public struct PageFlags: OptionSet, Hashable, Sendable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Every level has R/W set.
  public static let writable = PageFlags(rawValue: 1 << 0)
  /// Every level has U/S set.
  public static let user = PageFlags(rawValue: 1 << 1)
  /// PWT of the entry that maps the page.
  public static let writeThrough = PageFlags(rawValue: 1 << 2)
  /// PCD of the entry that maps the page.
  public static let cacheDisable = PageFlags(rawValue: 1 << 3)
  /// G of the entry that maps the page.
  public static let global = PageFlags(rawValue: 1 << 4)
  /// Some level has XD set.
  public static let noExecute = PageFlags(rawValue: 1 << 5)
  /// PAT of the entry that maps the page.
  public static let pageAttribute = PageFlags(rawValue: 1 << 6)
}

/// An entry of a live table that points back at a table on the path to it, as a recursive mapping does. What is below it is not described again.
public struct RecursiveEntry: Hashable, Sendable {
  /// The first linear address the entry covers.
  public var start: LinearAddress
  /// The level of the table the entry is in, 1…4.
  public var level: UInt8
  /// The table it points at.
  public var table: PhysicalAddress
  /// Whether the entry was made; false when it was taken away.
  public var isPresent: Bool

  public init(start: LinearAddress, level: UInt8, table: PhysicalAddress, isPresent: Bool) {
    self.start = start
    self.level = level
    self.table = table
    self.isPresent = isPresent
  }
}

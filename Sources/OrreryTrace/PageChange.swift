public import OrreryBase

/// How one page is mapped differently from before, at the one address where it is visible: the commonest `MapChange`, which costs nothing but its words
/// to pass on.
@frozen
public struct PageChange: Hashable, Sendable {
  public var kind: MapChange.Kind
  public var size: PageSize
  /// The permissions; for `unmapped`, those it had.
  public var flags: PageFlags
  /// For `remapped` and `permission`, the permissions before; otherwise equal to `flags`.
  public var previousFlags: PageFlags
  public var start: LinearAddress
  /// The frame of the page; for `unmapped`, the one it had.
  public var physical: PhysicalAddress
  /// For `remapped`, the frame the page had before; otherwise equal to `physical`.
  public var previousPhysical: PhysicalAddress

  @inlinable
  public init(
    _ kind: MapChange.Kind, start: LinearAddress, size: PageSize, physical: PhysicalAddress, flags: PageFlags,
    previousPhysical: PhysicalAddress, previousFlags: PageFlags
  ) {
    self.kind = kind
    self.size = size
    self.flags = flags
    self.previousFlags = previousFlags
    self.start = start
    self.physical = physical
    self.previousPhysical = previousPhysical
  }
}

extension MapChange {
  /// The change of `page`, which is visible at `aliases` too.
  public init(_ page: PageChange, aliases: [LinearAddress]) {
    self.init(
      page.kind, start: page.start, pageSize: page.size, physical: page.physical, flags: page.flags,
      previousPhysical: page.previousPhysical, previousFlags: page.previousFlags, aliases: aliases)
  }
}

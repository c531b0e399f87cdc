public import OrreryBase

/// A loadable segment (`PT_LOAD` of an ELF file, or what a Multiboot header's addresses name): bytes of the file, then zeros, to one place in memory.
public struct Segment: Hashable, Sendable {
  /// Where it is loaded (`p_paddr`).
  public var physicalAddress: PhysicalAddress
  /// Where the kernel's own page tables will show it (`p_vaddr`); symbols are in these terms.
  public var linearAddress: LinearAddress
  /// The bytes of the file that are loaded.
  public var fileRange: Range<Int>
  /// The size in memory, in bytes, at least that in the file.
  public var memorySize: UInt64
  /// The offset in the file of the field that says `physicalAddress`, for messages.
  var addressField: UInt64
}

extension Segment {
  /// Whether `address` is in the part that comes from the file.
  func holdsLoaded(_ address: UInt64) -> Bool {
    address >= physicalAddress.rawValue && address - physicalAddress.rawValue < UInt64(fileRange.count)
  }
}

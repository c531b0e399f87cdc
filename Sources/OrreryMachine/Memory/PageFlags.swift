/// What the machine has to remember about one page of RAM. A page takes plain stores, without a look at each, only when both dirty flags are set
/// and nobody depends on its contents.
struct PageFlags: OptionSet {
  var rawValue: UInt8

  /// Stored to since the last checkpoint was taken or restored.
  static let dirty = PageFlags(rawValue: 1 << 0)
  /// Stored to since its hash was last computed.
  static let unhashed = PageFlags(rawValue: 1 << 1)
  /// The block cache holds code decoded from it.
  static let code = PageFlags(rawValue: 1 << 2)
  /// The page walker read an entry from it for a translation that may still be cached.
  static let translating = PageFlags(rawValue: 1 << 3)
  /// A table of the live tree, reported to the probes.
  static let watched = PageFlags(rawValue: 1 << 4)
  /// Some TLB entry may have a write tag for it.
  static let writeTagged = PageFlags(rawValue: 1 << 5)

  /// Somebody wants to know of every change of it.
  static let inspected = PageFlags(rawValue: 1 << 6)

  /// Whether somebody must be told which words of it change.
  @inline(__always)
  var followsWords: Bool { rawValue & 0b101_1000 != 0 }
  /// Whether a store needs no bookkeeping.
  @inline(__always)
  var takesPlainStores: Bool { rawValue & 0b101_1111 == 0b000_0011 }
}

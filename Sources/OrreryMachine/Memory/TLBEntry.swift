/// One cached translation of a 4 KiB page, in the form the engine's inline path needs.
///
/// An access of `size` bytes at `linear` hits when the entry at `(linear >> 12) & 255` has a tag equal to `(linear + size - 1) & ~0xFFF`: an access
/// that crosses into the next page never matches, for neighbouring pages have neighbouring entries. `writeTag` is left invalid for a page
/// whose first store must be seen (not yet dirty, holds decoded code, is a live page table, is clean text-mode memory).
struct TLBEntry {
  /// No page has this tag: its low bits are set.
  static let invalidTag: UInt64 = 1
  static let count = 256

  var readTag: UInt64 = invalidTag
  var writeTag: UInt64 = invalidTag
  /// Host address of the page minus its linear address: added to a linear address, wrapping, it gives the host address.
  var addend: UInt64 = 0
  var physicalPage: UInt64 = 0

  /// The host address of the byte at `linear`, for an entry that hits.
  @inline(__always)
  func host(of linear: UInt64) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: addend &+ linear))
  }
}

/// One cached translation of a 4 KiB page, in the form the engine's inline path needs.
///
/// An access of `size` bytes at `linear` hits when the entry at `slot(of: linear)` has a tag equal to `(linear + size - 1) & ~0xFFF`: an access
/// that crosses into the next page never matches, for neighbouring pages have different entries. `writeTag` is left invalid for a page
/// whose first store must be seen (not yet dirty, holds decoded code, is a live page table, is clean text-mode memory).
struct TLBEntry {
  /// No page has this tag: its low bits are set.
  static let invalidTag: UInt64 = 1
  static let count = 256

  /// Which of the `count` entries is for the page of `linear`.
  ///
  /// Mixing in higher bits keeps buffers that lie 1, 2, 4 or 8 MiB apart out of each other's way. Only seven of them: were all eight bits of the result to
  /// change together when a carry runs through the page number, two neighbouring pages would share an entry.
  @inline(__always)
  static func slot(of linear: UInt64) -> Int {
    Int(truncatingIfNeeded: (linear >> 12 ^ linear >> 20 & 0x7F) & UInt64(count - 1))
  }

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

/// One entry of the boot memory map: `hvm_memmap_table_entry` of the PVH boot protocol (Xen public/arch-x86/hvm/start_info.h).
package struct MemoryRegion: Equatable {
  package var start: PhysicalAddress
  package var byteCount: UInt64
  package var isUsable: Bool

  package init(start: PhysicalAddress, byteCount: UInt64, isUsable: Bool) {
    self.start = start
    self.byteCount = byteCount
    self.isUsable = isUsable
  }

  /// The whole frames inside the region: its start rounded up, its end rounded down.
  package var wholeFrames: Range<UInt64> {
    let (end, overflow) = start.rawValue.addingReportingOverflow(byteCount)
    let last = (overflow ? UInt64.max : end) / Frame.byteCount
    let first = start.rawValue / Frame.byteCount + (start.rawValue % Frame.byteCount == 0 ? 0 : 1)
    return first..<max(first, last)
  }
}

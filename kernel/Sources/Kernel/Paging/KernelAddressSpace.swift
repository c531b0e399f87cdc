import Intrinsics
import KernelLogic

/// The kernel's own page tables: the kernel where it was loaded, its code readable and executable, its constants readable, its
/// data writable, nothing both writable and executable, no guard page; and all of physical memory at its offset.
package enum KernelAddressSpace {
  nonisolated(unsafe) private static var root = Frame(number: 0)

  /// The active tables.
  package static var mapper: Mapper<OffsetPageTables> { Mapper(root: root, memory: OffsetPageTables()) }

  static func start() {
    guard let fresh = Frames.allocate() else { panic("no memory for the first page table") }
    OffsetPageTables().clearTable(level: 4, of: LinearAddress(0), table: fresh)
    root = fresh
    do throws(PagingError) {
      try mapPhysicalMemory()
      try mapKernel(kernelTextStartAddress()..<kernelTextEndAddress(), [])
      try mapKernel(kernelReadOnlyStartAddress()..<kernelReadOnlyEndAddress(), .noExecute)
      try mapKernel(kernelDataStartAddress()..<kernelDataEndAddress(), .data)
    } catch {
      panic("the kernel's page tables cannot be built: \(error.reason)")
    }
    writeCR3(root.start.rawValue)
  }

  /// Maps `page` to a fresh frame of zeros.
  package static func mapFresh(_ page: LinearAddress, _ flags: PageTableEntry.Flags) throws(PagingError) {
    guard let frame = Frames.allocate() else { throw .outOfFrames }
    do throws(PagingError) {
      repeatStore(PhysicalMemory.pointer(to: frame.start), 0, Frame.byteCount)
      var frames = KernelFrames()
      try mapper.map(page, to: frame.start, flags, frames: &frames)
    } catch {
      Frames.deallocate(frame)
      throw error
    }
  }

  /// Unmaps a page of `mapFresh` and gives its frame back.
  package static func unmapFresh(_ page: LinearAddress) throws(PagingError) {
    Frames.deallocate(Frame(containing: try mapper.unmap(page)))
  }

  /// In 2 MiB pages, up to the end of usable memory; the first of them also holds video memory.
  private static func mapPhysicalMemory() throws(PagingError) {
    var frames = KernelFrames()
    let end = Frames.frameCount * Frame.byteCount
    var address = PhysicalAddress(0)
    while address.rawValue < end {
      try mapper.map(
        PhysicalMemory.linearAddress(of: address), to: address, size: .large, .data, frames: &frames)
      address = address + PageSize.large.byteCount
    }
  }

  private static func mapKernel(_ range: Range<UInt64>, _ flags: PageTableEntry.Flags) throws(PagingError) {
    var frames = KernelFrames()
    var page = LinearAddress(range.lowerBound)
    while page.rawValue < range.upperBound {
      if GuardPage.name(at: page) == nil {
        try mapper.map(page, to: PhysicalAddress(page.rawValue), flags, frames: &frames)
      }
      page = page + Frame.byteCount
    }
  }
}

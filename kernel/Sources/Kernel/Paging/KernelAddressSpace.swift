import Intrinsics
import KernelLogic

/// The kernel's own page tables: the kernel where it was loaded, its code readable and executable, its constants readable, its
/// data writable, nothing both writable and executable, no guard page; and physical memory at its offset
/// (Intel SDM vol. 3A, 4.6 "Access Rights").
package enum KernelAddressSpace {
  nonisolated(unsafe) private static var root = Frame(number: 0)
  /// Where a kernel with a recursive table sees which frames are free.
  private static let frameBits = LinearAddress(0x2000_0000_0000)
  /// While the first tree is built it is not active, and `Entry.S` has mapped what it takes at the offset.
  nonisolated(unsafe) package private(set) static var tables = PageTables.atOffset

  /// The active tables.
  package static var mapper: Mapper<PageTables> { Mapper(root: root, memory: tables) }

  static func start(_ way: PageTables) {
    guard let fresh = Frames.allocate() else { panic("no memory for the first page table") }
    tables.clearTable(level: 4, of: LinearAddress(0), table: fresh)
    root = fresh
    do throws(PagingError) {
      switch way {
      case .atOffset: try mapPhysicalMemory()
      case .recursive:
        try mapWhatIsUsedByItsPhysicalAddress()
        let last = LinearAddress(UInt64.max)
        tables.setEntry(PageTableEntry(root.start, .table), level: 4, of: last, table: root)
      }
      try mapKernel(kernelTextStartAddress()..<kernelTextEndAddress(), [])
      try mapKernel(kernelReadOnlyStartAddress()..<kernelReadOnlyEndAddress(), .noExecute)
      try mapKernel(kernelDataStartAddress()..<kernelDataEndAddress(), .data)
    } catch {
      panic("the kernel's page tables cannot be built: \(error.reason)")
    }
    writeCR3(root.start.rawValue)
    tables = way
    if way == .recursive { Frames.moveStorage(to: frameBits) }
  }

  /// Maps `page` to a fresh frame of zeros, which `flags` must allow to write.
  package static func mapFresh(_ page: LinearAddress, _ flags: PageTableEntry.Flags) throws(PagingError) {
    guard let frame = Frames.allocate() else { throw .outOfFrames }
    do throws(PagingError) {
      var frames = KernelFrames()
      try mapper.map(page, to: frame.start, flags, frames: &frames)
    } catch {
      Frames.deallocate(frame)
      throw error
    }
    repeatStore(UnsafeMutableRawPointer(bitPattern: UInt(page.rawValue)), 0, Frame.byteCount)
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

  /// The little that even a kernel with a recursive table knows by its physical address: the screen, and which frames are free.
  private static func mapWhatIsUsedByItsPhysicalAddress() throws(PagingError) {
    var frames = KernelFrames()
    let screen = TextModeMemory.start
    try mapper.map(PhysicalMemory.linearAddress(of: screen), to: screen, .data, frames: &frames)
    var page = frameBits
    for number in Frames.storage {
      try mapper.map(page, to: Frame(number: number).start, .data, frames: &frames)
      page = page + Frame.byteCount
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

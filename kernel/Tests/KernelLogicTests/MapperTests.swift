import KernelLogic
import Testing

struct MapperTests {
  let tables = SimulatedPageTables()
  let page = LinearAddress(0x4444_4444_0000)
  var mapper: Mapper<SimulatedPageTables> { Mapper(root: Frame(number: 0), memory: tables) }

  @Test(arguments: [(.small, 3), (.large, 2), (.huge, 1)] as [(PageSize, UInt64)])
  func mappingMakesOneTableForEachLevelAbove(_ size: PageSize, _ tableCount: UInt64) throws {
    var frames = CountedFrames()
    let page = LinearAddress(0x4000_0000_0000)
    let target = PhysicalAddress(0x8000_0000)
    try mapper.map(page, to: target, size: size, [.writable, .noExecute], frames: &frames)
    #expect(frames.next == 1 + tableCount)
    let inside = try #require(mapper.translate(page + (size.byteCount - 1)))
    #expect(inside.address == target + (size.byteCount - 1))
    #expect(inside.pageSize == size)
    #expect(inside.flags.isSuperset(of: [.present, .writable, .noExecute]))
    #expect(mapper.translate(page + size.byteCount) == nil)
  }

  @Test func aNeighbourNeedsNoTable() throws {
    var frames = CountedFrames()
    try mapper.map(page, to: PhysicalAddress(0x1000), .writable, frames: &frames)
    let used = frames.next
    try mapper.map(page + 4096, to: PhysicalAddress(0x9000), .writable, frames: &frames)
    #expect(frames.next == used)
  }

  @Test func aMappedPageIsNotMappedAgain() throws {
    var frames = CountedFrames()
    try mapper.map(page, to: PhysicalAddress(0x1000), .writable, frames: &frames)
    #expect(throws: PagingError.alreadyMapped) {
      try mapper.map(page, to: PhysicalAddress(0x2000), .writable, frames: &frames)
    }
    #expect(mapper.translate(page)?.address == PhysicalAddress(0x1000))
  }

  @Test func unmappingReturnsTheTargetAndFlushes() throws {
    var frames = CountedFrames()
    try mapper.map(page, to: PhysicalAddress(0x1000), .writable, frames: &frames)
    #expect(tables.flushed.isEmpty)
    #expect(try mapper.unmap(page) == PhysicalAddress(0x1000))
    #expect(tables.flushed == [page])
    #expect(mapper.translate(page) == nil)
    #expect(throws: PagingError.notMapped) { try mapper.unmap(page) }
  }

  @Test func updatingFlagsKeepsTheTarget() throws {
    var frames = CountedFrames()
    try mapper.map(page, to: PhysicalAddress(0x1000), .writable, frames: &frames)
    try mapper.updateFlags(page, .noExecute)
    let translation = try #require(mapper.translate(page))
    #expect(translation.address == PhysicalAddress(0x1000))
    #expect(translation.flags == [.present, .noExecute])
    #expect(tables.flushed == [page])
  }

  @Test func aSmallPageCannotLieInsideALargeOne() throws {
    var frames = CountedFrames()
    let large = LinearAddress(0x4000_0000_0000)
    try mapper.map(large, to: PhysicalAddress(0x20_0000), size: .large, .writable, frames: &frames)
    #expect(throws: PagingError.insideLargePage) {
      try mapper.map(large + 4096, to: PhysicalAddress(0x1000), .writable, frames: &frames)
    }
    #expect(throws: PagingError.misalignedAddress) { try mapper.unmap(large + 4096) }
  }

  @Test func badAddressesAreRefused() {
    var frames = CountedFrames()
    #expect(throws: PagingError.misalignedAddress) {
      try mapper.map(page + 1, to: PhysicalAddress(0), .writable, frames: &frames)
    }
    #expect(throws: PagingError.misalignedAddress) {
      try mapper.map(LinearAddress(0), to: PhysicalAddress(4096), size: .large, .writable, frames: &frames)
    }
    #expect(throws: PagingError.nonCanonicalAddress) {
      try mapper.map(LinearAddress(0x8000_0000_0000), to: PhysicalAddress(0), .writable, frames: &frames)
    }
    #expect(frames.next == 1)
  }

  @Test func runningOutOfFramesIsAnError() {
    var frames = CountedFrames(limit: 3)
    #expect(throws: PagingError.outOfFrames) {
      try mapper.map(page, to: PhysicalAddress(0), .writable, frames: &frames)
    }
  }
}

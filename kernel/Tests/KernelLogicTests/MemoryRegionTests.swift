import KernelLogic
import Testing

struct MemoryRegionTests {
  @Test(
    arguments: [
      (0, 0x9fc00, 0..<0x9f), (0x1001, 0x1fff, 2..<3), (0x1001, 0x1ffe, 2..<2), (0x1, 0xffe, 1..<1),
      (0x1000, UInt64.max, 1..<UInt64.max / 4096),
    ] as [(UInt64, UInt64, Range<UInt64>)])
  func onlyWholeFramesCount(_ start: UInt64, _ byteCount: UInt64, _ frames: Range<UInt64>) {
    let region = MemoryRegion(start: PhysicalAddress(start), byteCount: byteCount, isUsable: true)
    #expect(region.wholeFrames == frames)
  }
}

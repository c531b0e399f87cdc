import KernelLogic
import Testing

struct BlockHeaderTests {
  let region = TestRegion()

  @Test(arguments: [(1, 8, 16), (100, 16, 16), (10, 64, 64), (4096, 4096, 4096)])
  func theHeaderFitsBeforeAnAlignedBlock(_ size: Int, _ alignment: Int, _ prefix: Int) throws {
    let inner = try #require(BlockLayout(size: size, alignment: alignment))
    let outer = try #require(BlockHeader.outerLayout(of: inner))
    #expect(outer.prefix == prefix)
    #expect(outer.layout.size == size + prefix)
    #expect(outer.layout.alignment == prefix)
  }

  @Test func aBlockIsFoundOnceThenKnownAsFreed() {
    let block = region.start + 64
    BlockHeader.write(before: block, BlockLayout(size: 100, alignment: 64)!)
    #expect(BlockHeader.inspect(before: block, release: false) == .block(size: 100, alignment: 64))
    #expect(BlockHeader.inspect(before: block, release: true) == .block(size: 100, alignment: 64))
    #expect(BlockHeader.inspect(before: block, release: true) == .alreadyFreed)
  }

  @Test func anythingElseIsNoBlock() {
    UnsafeMutableRawBufferPointer(region.memory).initializeMemory(as: UInt8.self, repeating: 0)
    #expect(BlockHeader.inspect(before: region.start + 64, release: true) == .notABlock)
    #expect(BlockHeader.inspect(before: region.start + 65, release: true) == .notABlock)
  }

  @Test(arguments: [(0, 0), (1, 3), (-1, 16), (Int.max, 16), (1, Int.min), (1 << 46, 1 << 31)])
  func impossibleLayoutsAreRefused(_ size: Int, _ alignment: Int) {
    #expect(BlockLayout(size: size, alignment: alignment) == nil)
  }
}

/// A region of memory for an allocator, on a boundary of 64 KiB.
final class TestRegion {
  let memory: UnsafeMutableRawBufferPointer
  var start: UnsafeMutableRawPointer { memory.baseAddress! }

  init(byteCount: Int = 0x1_0000) { memory = .allocate(byteCount: byteCount, alignment: 0x1_0000) }
  deinit { memory.deallocate() }

  func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[range])
  }
}

import KernelLogic
import Testing

/// Random calls to an allocator, beside a model that knows which bytes are taken. Each block is filled with a mark of its own, which must
/// be there when it is given back.
struct Workload<Design: Allocator> {
  struct Block {
    var address: UnsafeMutableRawPointer
    var layout: BlockLayout
    var mark: UInt8
    var range: Range<UInt> { UInt(bitPattern: address)..<UInt(bitPattern: address) + UInt(max(layout.size, 1)) }
  }

  var allocator: Design
  let memory: Range<UInt>
  private(set) var held: [Block] = []
  private var state: UInt64
  private var marks: UInt8 = 0

  init(_ allocator: Design, in region: UnsafeMutableRawBufferPointer, seed: UInt64) {
    self.allocator = allocator
    let start = UInt(bitPattern: region.baseAddress!)
    memory = start..<start + UInt(region.count)
    state = seed &* 0x9e37_79b9_7f4a_7c15
  }

  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }

  /// One call: as many blocks are asked for as are given back, and one in eight changes its size.
  mutating func step(largest: Int) {
    switch next(below: 8) {
    case 0 where !held.isEmpty: resize(next(below: held.count), to: next(below: largest))
    case 1...4 where !held.isEmpty: release(next(below: held.count))
    default: take(BlockLayout(size: next(below: largest), alignment: 1 << next(below: 10))!)
    }
  }

  mutating func take(_ layout: BlockLayout) {
    let zeroed = next(below: 4) == 0
    guard let address = zeroed ? allocator.allocateZeroed(layout) : allocator.allocate(layout) else { return }
    if zeroed { #expect(UnsafeRawBufferPointer(start: address, count: layout.size).allSatisfy { $0 == 0 }) }
    add(address, layout)
  }

  mutating func release(_ index: Int) {
    let block = held.remove(at: index)
    expectMark(block, count: block.layout.size)
    #expect(allocator.deallocate(block.address, block.layout) == true)
  }

  mutating func releaseAll() { while !held.isEmpty { release(held.count - 1) } }

  private mutating func resize(_ index: Int, to size: Int) {
    let block = held[index]
    guard let moved = allocator.reallocate(block.address, block.layout, newSize: size) else { return }
    held.remove(at: index)
    var kept = block
    kept.address = moved
    expectMark(kept, count: min(size, block.layout.size))
    add(moved, BlockLayout(size: size, alignment: block.layout.alignment)!)
  }

  private mutating func add(_ address: UnsafeMutableRawPointer, _ layout: BlockLayout) {
    marks &+= 1
    let block = Block(address: address, layout: layout, mark: marks)
    #expect(Int(bitPattern: address) % layout.alignment == 0)
    #expect(memory.contains(block.range.lowerBound) && block.range.upperBound <= memory.upperBound)
    #expect(!held.contains { $0.range.overlaps(block.range) })
    #expect(allocator.grantedByteCount(for: layout) >= layout.size)
    UnsafeMutableRawBufferPointer(start: address, count: layout.size).initializeMemory(
      as: UInt8.self, repeating: marks)
    held.append(block)
  }

  private func expectMark(_ block: Block, count: Int) {
    #expect(UnsafeRawBufferPointer(start: block.address, count: count).allSatisfy { $0 == block.mark })
  }

  /// Free blocks lie in the region, and overlap neither each other nor a block that is held.
  func expectFreeBlocksAreFree() {
    var ranges = held.map(\.range)
    allocator.forEachFreeBlock { start, count in
      let range = UInt(bitPattern: start)..<UInt(bitPattern: start) + UInt(count)
      #expect(memory.contains(range.lowerBound) && range.upperBound <= memory.upperBound)
      ranges.append(range)
    }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    for (lower, upper) in zip(ranges, ranges.dropFirst()) { #expect(lower.upperBound <= upper.lowerBound) }
  }
}

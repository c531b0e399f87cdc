import OrreryBase
import OrreryTrace

/// Where the first chunk starts, in each of two traces, that is not the same in both.
struct FirstDifferentChunk {
  /// Where it starts in the left trace; nil when that has no further chunk, and nil in both when all chunks are equal.
  private(set) var left: UInt64?
  private(set) var right: UInt64?
  /// Where the chunk before it starts in the left trace.
  private(set) var leftBefore: UInt64?

  init(_ left: TraceReader, _ right: TraceReader) throws(TraceError) {
    do throws(TraceError) {
      if let leftIndex = TraceIndex(left), let rightIndex = TraceIndex(right) {
        try descend(leftIndex, rightIndex)
        return
      }
    } catch .damaged {
      // A damaged index is only a detour lost: the chunks say the same.
      self.left = nil
      self.right = nil
      leftBefore = nil
    }
    try walk(left, right)
  }

  /// Compares chunk by chunk, reading the headers only.
  private mutating func walk(_ left: TraceReader, _ right: TraceReader) throws(TraceError) {
    var leftChunks = left.chunks()
    var rightChunks = right.chunks()
    while true {
      let leftChunk = try leftChunks.next()
      let rightChunk = try rightChunks.next()
      if let leftChunk, let rightChunk, leftChunk.header.content == rightChunk.header.content {
        leftBefore = leftChunk.offset
        continue
      }
      self.left = leftChunk?.offset
      self.right = rightChunk?.offset
      return
    }
  }

  /// Goes down both trees along the first entries that differ.
  private mutating func descend(_ left: TraceIndex, _ right: TraceIndex) throws(TraceError) {
    let leftRoot = try left.block(left.root)
    let rightRoot = try right.block(right.root)
    let height = max(leftRoot.level, rightRoot.level)
    // The lower tree stands for the first subtree of one as high as the other.
    var leftEntries = leftRoot.level == height ? leftRoot.entries : [left.root]
    var rightEntries = rightRoot.level == height ? rightRoot.entries : [right.root]
    var before: (entry: IndexEntry, level: UInt16)?
    var level = height
    while true {
      let common = min(leftEntries.count, rightEntries.count)
      guard
        let index = (0..<common).first(where: { leftEntries[$0].hash != rightEntries[$0].hash })
          ?? (leftEntries.count == rightEntries.count ? nil : common)
      else {
        guard level == height else { throw TraceIndex.contradiction }
        return
      }
      if index > 0, index <= leftEntries.count { before = (leftEntries[index - 1], level) }
      let leftEntry = index < leftEntries.count ? leftEntries[index] : nil
      let rightEntry = index < rightEntries.count ? rightEntries[index] : nil
      if level == 1 {
        self.left = leftEntry.flatMap { left.chunkOffset($0) }
        self.right = rightEntry.flatMap { right.chunkOffset($0) }
        break
      }
      level -= 1
      leftEntries = try left.entries(below: leftEntry, level: level, lifted: leftRoot.level < level)
      rightEntries = try right.entries(below: rightEntry, level: level, lifted: rightRoot.level < level)
    }
    guard var (entry, entryLevel) = before else { return }
    while entryLevel > 1 {
      entryLevel -= 1
      guard let last = try left.entries(below: entry, level: entryLevel, lifted: leftRoot.level < entryLevel).last
      else {
        throw TraceIndex.contradiction
      }
      entry = last
    }
    leftBefore = left.chunkOffset(entry)
  }
}

extension TraceIndex {
  /// The entries of the block that `entry` stands for, which is of `level`; `entry` itself while the tree is lower than that.
  fileprivate func entries(below entry: IndexEntry?, level: UInt16, lifted: Bool) throws(TraceError) -> [IndexEntry] {
    guard let entry else { return [] }
    if lifted { return [entry] }
    let block = try block(entry)
    guard block.level == level else { throw TraceIndex.contradiction }
    return block.entries
  }
}

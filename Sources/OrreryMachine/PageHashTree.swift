internal import OrreryBase

/// The hash of all RAM: a hash for each page, over them one for each MiB, over these the root. Only what was stored to is computed again.
///
/// A page that no one has touched counts as zeros, so whether a page exists on the host makes no difference.
struct PageHashTree {
  private static let groupSize = 256

  private let pageCount: UInt64
  /// Page hashes of each group; nil for a group of zeros.
  private var leaves: [[Hash128]?]
  private var groups: [Hash128]
  private let zeroPage: Hash128

  init(pageCount: UInt64) {
    self.pageCount = pageCount
    zeroPage = Hash128(of: [UInt8](repeating: 0, count: PhysicalMemory.pageSize))
    let groupCount = (Int(pageCount) + Self.groupSize - 1) / Self.groupSize
    leaves = Array(repeating: nil, count: groupCount)
    let zeroLeaves = [Hash128](repeating: zeroPage, count: Self.groupSize)
    groups = Array(repeating: Self.hash(zeroLeaves), count: groupCount)
    let lastCount = Int(pageCount) - (groupCount - 1) * Self.groupSize
    groups[groupCount - 1] = Self.hash([Hash128](repeating: zeroPage, count: lastCount))
  }

  /// The root, after hashing the pages in `memory.unhashedFrames` again.
  mutating func root(of memory: UnsafeMutablePointer<PhysicalMemory>) -> Hash128 {
    var changed: [Int] = []
    for frame in memory.pointee.unhashedFrames.map(UInt64.init).sorted() {
      let group = Int(frame) / Self.groupSize
      if changed.last != group { changed.append(group) }
      if leaves[group] == nil {
        let count = min(Self.groupSize, Int(pageCount) - group * Self.groupSize)
        leaves[group] = Array(repeating: zeroPage, count: count)
      }
      if let page = memory.pointee.existingBytes(ofFrame: frame) {
        leaves[group]?[Int(frame) % Self.groupSize] = Hash128(
          of: UnsafeRawBufferPointer(start: page, count: PhysicalMemory.pageSize))
      }
    }
    for group in changed {
      if let leaves = leaves[group] { groups[group] = Self.hash(leaves) }
    }
    memory.pointee.clearUnhashed()
    return Self.hash(groups)
  }

  private static func hash(_ hashes: [Hash128]) -> Hash128 {
    var writer = ByteWriter()
    writer.bytes.reserveCapacity(hashes.count * 16)
    for hash in hashes { writer.append(hash) }
    return Hash128(of: writer.bytes)
  }
}

/// The contents of one page at the time of a checkpoint; never changes.
final class PageImage {
  let bytes: UnsafeMutableRawPointer

  init(copying source: UnsafeRawPointer) {
    bytes = .allocate(byteCount: PhysicalMemory.pageSize, alignment: 64)
    bytes.copyMemory(from: source, byteCount: PhysicalMemory.pageSize)
  }

  deinit { bytes.deallocate() }
}

/// The contents of all RAM at the time of a checkpoint. Checkpoints share what did not change between them: pages, and groups of pages.
struct PageStore {
  static let groupSize = 64

  /// Pages of one group; nil stands for a page of zeros. Changed only while a single store refers to it.
  private final class Group {
    var pages: [PageImage?]

    init(pages: [PageImage?]) { self.pages = pages }
  }

  /// nil stands for a group of zeros.
  private var groups: [Group?] = []

  subscript(frame: UInt64) -> PageImage? {
    get {
      let index = Int(frame) / Self.groupSize
      guard index < groups.count, let group = groups[index] else { return nil }
      return group.pages[Int(frame) % Self.groupSize]
    }
    set {
      let index = Int(frame) / Self.groupSize
      if index >= groups.count {
        if newValue == nil { return }
        groups += repeatElement(nil, count: index + 1 - groups.count)
      }
      if groups[index] == nil {
        if newValue == nil { return }
        groups[index] = Group(pages: Array(repeating: nil, count: Self.groupSize))
      } else if !isKnownUniquelyReferenced(&groups[index]) {
        groups[index] = groups[index].map { Group(pages: $0.pages) }
      }
      groups[index]?.pages[Int(frame) % Self.groupSize] = newValue
    }
  }

  /// Calls `body` with each frame whose page image differs from that in `other`, in ascending order.
  func forEachDifference(from other: PageStore, _ body: (UInt64, PageImage?) -> Void) {
    for index in 0..<max(groups.count, other.groups.count) {
      let ours = index < groups.count ? groups[index] : nil
      let theirs = index < other.groups.count ? other.groups[index] : nil
      guard ours !== theirs else { continue }
      for position in 0..<Self.groupSize {
        let page = ours?.pages[position]
        if page !== theirs?.pages[position] { body(UInt64(index * Self.groupSize + position), page) }
      }
    }
  }
}

/// The designs to choose from at boot, `allocator=NAME` on the command line.
package enum AllocatorDesign: CaseIterable, Sendable {
  case dummy, bump, linkedList, fixedBlocks, buddy, slabOverBuddy, slabOverFixedBlocks

  package var name: StaticString {
    switch self {
    case .dummy: "dummy"
    case .bump: "bump"
    case .linkedList: "list"
    case .fixedBlocks: "fixed"
    case .buddy: "buddy"
    case .slabOverBuddy: "slab"
    case .slabOverFixedBlocks: "slab-fixed"
    }
  }

  /// Without the heap, which does not exist yet: so not from `allCases`, an array.
  package init?(named name: BootText) {
    let designs: InlineArray<_, AllocatorDesign> = [
      .dummy, .bump, .linkedList, .fixedBlocks, .buddy, .slabOverBuddy, .slabOverFixedBlocks,
    ]
    for index in 0..<designs.count where name.equals(designs[index].name) {
      self = designs[index]
      return
    }
    return nil
  }
}

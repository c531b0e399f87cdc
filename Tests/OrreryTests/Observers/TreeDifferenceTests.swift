import OrreryBase
import OrreryTrace
import Testing

@testable import Orrery

/// Trees of a few tables that share and contain one another in every way, changed at random.
@Suite struct TreeDifferenceTests {
  private static let frames: [UInt64] = (1...9).map { $0 << 12 }

  /// Nothing, a page or another table, with any rights, in one of a few entries: so that places, tables and rights meet often.
  private func change(_ tree: inout TableTree, version: UInt64, using random: inout SeededGenerator) {
    let frame = Self.frames.randomElement(using: &random)!
    let index = [0, 1, 2, 255, 511].randomElement(using: &random)!
    let target =
      Int.random(in: 0..<3, using: &random) == 0 ? 0x10_0000 : Self.frames.randomElement(using: &random)!
    let rights = UInt64.random(in: 0..<4, using: &random) << 1 | (Bool.random(using: &random) ? 1 << 63 : 0)
    let size: UInt64 = Int.random(in: 0..<4, using: &random) == 0 ? 1 << 7 : 0
    let entry = Int.random(in: 0..<4, using: &random) == 0 ? 0 : target | rights | size | 1
    tree.tables.update(tree.tables.placeMade(for: frame), index, to: entry, version: version)
  }

  private func difference(_ old: TableTree, _ new: TableTree, readsUnaffected: Bool) -> [Payload] {
    var events = ObservedEvents()
    var difference = TreeDifference(
      old: old, oldPlacements: TablePlacements(of: old), new: new, newPlacements: TablePlacements(of: new),
      readsUnaffected: readsUnaffected)
    difference.report(clock: 1, into: &events)
    return events.entries.map(\.payload)
  }

  /// What is left unread changes nothing of what is reported.
  @Test(arguments: 0..<200) func tablesThatCannotDifferNeedNotBeRead(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var tree = TableTree(root: 0x1000)
    var version: UInt64 = 1
    for _ in 0..<20 {
      change(&tree, version: version, using: &random)
      version += 1
    }
    for _ in 0..<20 {
      var next = tree
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        change(&next, version: version, using: &random)
        version += 1
      }
      #expect(difference(tree, next, readsUnaffected: false) == difference(tree, next, readsUnaffected: true))
      tree = next
    }
  }

  /// The comparison can tell: of random changes, most are reported.
  @Test func randomChangesAreReported() {
    var random = SeededGenerator(seed: 1)
    var tree = TableTree(root: 0x1000)
    var reported = 0
    for version in 1...200 as ClosedRange<UInt64> {
      var next = tree
      change(&next, version: version, using: &random)
      if !difference(tree, next, readsUnaffected: true).isEmpty { reported += 1 }
      tree = next
    }
    #expect(reported > 50)
  }
}

import OrreryBase

/// When rules fire next: the earliest first, and of those at one clock the rule that stands first in the scenario.
///
/// A binary heap. A rule is in it once at most, so it needs no more memory than the scenario has rules.
struct FiringQueue: Hashable, Sendable {
  /// The next firing of the rule with this index.
  struct Firing: Hashable, Sendable {
    var clock: Clock
    var rule: Int

    static func < (left: Self, right: Self) -> Bool { (left.clock, left.rule) < (right.clock, right.rule) }
  }

  /// No firing comes before its parent's, which is at half its index.
  private var heap: [Firing] = []

  var first: Firing? { heap.first }

  mutating func insert(_ firing: Firing) {
    heap.append(firing)
    var index = heap.count - 1
    while index > 0, heap[index] < heap[(index - 1) / 2] {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the first firing when it is due at `clock` or before.
  mutating func popFirst(dueAt clock: Clock) -> Firing? {
    guard let first = heap.first, first.clock <= clock else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      guard least != index else { return first }
      heap.swapAt(index, least)
      index = least
    }
  }
}

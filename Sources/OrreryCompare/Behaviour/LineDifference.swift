/// One step from an old sequence to a new one.
enum LineEdit: Equatable {
  /// Old index, new index.
  case keep(Int, Int)
  case remove(Int)
  case insert(Int)
}

/// A short way from `old` to `new`: Myers' algorithm in linear space (An O(ND) Difference Algorithm and Its Variations, 1986, section 4b).
///
/// It is the shortest where two equal parts are at most `costLimit` changes apart. Where they are further, the search goes on from the place it got
/// furthest to, so that time grows with the length times `costLimit` and what is equal nearby is found however much is not.
func lineDifference<Element: Equatable>(_ old: [Element], _ new: [Element], costLimit: Int = 400) -> [LineEdit] {
  var difference = MyersDifference(old: old, new: new, costLimit: max(1, costLimit))
  difference.compare(0..<old.count, 0..<new.count)
  return difference.edits
}

private struct MyersDifference<Element: Equatable> {
  let old: [Element]
  let new: [Element]
  let costLimit: Int
  var edits: [LineEdit] = []

  init(old: [Element], new: [Element], costLimit: Int) {
    self.old = old
    self.new = new
    self.costLimit = costLimit
  }

  /// Goes through the ranges from their starts; parts that wait are on a stack of their own, for they may be many.
  mutating func compare(_ oldRange: Range<Int>, _ newRange: Range<Int>) {
    var waiting = [(old: oldRange, new: newRange)]
    while let part = waiting.popLast() {
      var oldRange = part.old
      var newRange = part.new
      while !oldRange.isEmpty, !newRange.isEmpty, old[oldRange.lowerBound] == new[newRange.lowerBound] {
        edits.append(.keep(oldRange.lowerBound, newRange.lowerBound))
        oldRange = oldRange.lowerBound + 1..<oldRange.upperBound
        newRange = newRange.lowerBound + 1..<newRange.upperBound
      }
      var suffix = 0
      while suffix < min(oldRange.count, newRange.count),
        old[oldRange.upperBound - 1 - suffix] == new[newRange.upperBound - 1 - suffix]
      {
        suffix += 1
      }
      if suffix > 0 {
        // Equal, so that it takes one step when its turn comes.
        waiting.append((oldRange.suffix(suffix), newRange.suffix(suffix)))
        oldRange = oldRange.dropLast(suffix)
        newRange = newRange.dropLast(suffix)
      }
      if !oldRange.isEmpty, !newRange.isEmpty, let middle = middle(oldRange, newRange) {
        waiting.append((middle.old..<oldRange.upperBound, middle.new..<newRange.upperBound))
        waiting.append((oldRange.lowerBound..<middle.old, newRange.lowerBound..<middle.new))
      } else {
        edits += oldRange.map { .remove($0) } + newRange.map { .insert($0) }
      }
    }
  }

  /// A point on a shortest path that parts the problem in two smaller ones, or on a long one if it is too far; nil when there is none.
  ///
  /// Searches from both ends at once; `forward[k]` and `backward[k]` are the furthest points reached on diagonal k.
  private func middle(_ oldRange: Range<Int>, _ newRange: Range<Int>) -> (old: Int, new: Int)? {
    let n = oldRange.count
    let m = newRange.count
    let delta = n - m
    let limit = min((n + m + 1) / 2, costLimit)
    let origin = limit + 1
    var forward = [Int](repeating: Self.unreachable, count: 2 * limit + 3)
    var backward = forward
    for cost in 0...limit {
      for k in stride(from: -cost, through: cost, by: 2) {
        let isDown = k == -cost || (k != cost && forward[origin + k - 1] < forward[origin + k + 1])
        var x = isDown ? forward[origin + k + 1] : forward[origin + k - 1] + 1
        if cost == 0 { x = 0 }
        guard (0...n).contains(x), (0...m).contains(x - k) else {
          forward[origin + k] = Self.unreachable
          continue
        }
        let start = x
        while x < n, x - k < m, old[oldRange.lowerBound + x] == new[newRange.lowerBound + x - k] { x += 1 }
        forward[origin + k] = x
        // An odd delta meets the backward paths of one step less.
        let reverse = delta - k
        if delta % 2 != 0, abs(reverse) < cost, x + backward[origin + reverse] >= n {
          return point(start, start - k, oldRange, newRange)
        }
      }
      for k in stride(from: -cost, through: cost, by: 2) {
        let isDown = k == -cost || (k != cost && backward[origin + k - 1] < backward[origin + k + 1])
        var x = isDown ? backward[origin + k + 1] : backward[origin + k - 1] + 1
        if cost == 0 { x = 0 }
        guard (0...n).contains(x), (0...m).contains(x - k) else {
          backward[origin + k] = Self.unreachable
          continue
        }
        while x < n, x - k < m, old[oldRange.upperBound - 1 - x] == new[newRange.upperBound - 1 - (x - k)] { x += 1 }
        backward[origin + k] = x
        let reverse = delta - k
        if delta % 2 == 0, abs(reverse) <= cost, x + forward[origin + reverse] >= n {
          return point(n - x, m - (x - k), oldRange, newRange)
        }
      }
    }
    return furthest(forward, origin: origin, cost: limit, oldRange, newRange)
  }

  /// The point of the paths from the start that is furthest from it.
  private func furthest(
    _ forward: [Int], origin: Int, cost: Int, _ oldRange: Range<Int>, _ newRange: Range<Int>
  ) -> (old: Int, new: Int)? {
    var best = (x: 0, y: 0)
    for k in stride(from: -cost, through: cost, by: 2) where forward[origin + k] >= 0 {
      let x = forward[origin + k]
      if x + x - k > best.x + best.y { best = (x, x - k) }
    }
    return point(best.x, best.y, oldRange, newRange)
  }

  /// Where a diagonal leads out of the sequences: less than any point, and than any sum with one.
  private static var unreachable: Int { Int.min / 4 }

  /// The point, if it makes both parts smaller than the whole.
  private func point(_ x: Int, _ y: Int, _ oldRange: Range<Int>, _ newRange: Range<Int>) -> (old: Int, new: Int)? {
    guard (0...oldRange.count).contains(x), (0...newRange.count).contains(y), x + y > 0,
      x + y < oldRange.count + newRange.count
    else { return nil }
    return (oldRange.lowerBound + x, newRange.lowerBound + y)
  }
}

/// One step from an old sequence to a new one.
enum LineEdit: Equatable {
  /// Old index, new index.
  case keep(Int, Int)
  case remove(Int)
  case insert(Int)
}

/// The shortest way from `old` to `new`: Myers' algorithm in linear space (An O(ND) Difference Algorithm and Its Variations, 1986, section 4b).
///
/// Where more than `costLimit` changes are needed between two equal parts, what lies between is taken as replaced as a whole, so that sequences
/// that have nothing in common take no quadratic time.
func lineDifference<Element: Equatable>(_ old: [Element], _ new: [Element], costLimit: Int = 2_000) -> [LineEdit] {
  var difference = MyersDifference(old: old, new: new, costLimit: costLimit)
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

  mutating func compare(_ oldRange: Range<Int>, _ newRange: Range<Int>) {
    var oldRange = oldRange
    var newRange = newRange
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
    oldRange = oldRange.lowerBound..<oldRange.upperBound - suffix
    newRange = newRange.lowerBound..<newRange.upperBound - suffix

    if !oldRange.isEmpty, !newRange.isEmpty, let middle = middle(oldRange, newRange) {
      compare(oldRange.lowerBound..<middle.old, newRange.lowerBound..<middle.new)
      compare(middle.old..<oldRange.upperBound, middle.new..<newRange.upperBound)
    } else {
      edits += oldRange.map { .remove($0) } + newRange.map { .insert($0) }
    }
    for index in 0..<suffix { edits.append(.keep(oldRange.upperBound + index, newRange.upperBound + index)) }
  }

  /// A point on a shortest path that parts the problem in two smaller ones; nil when there is none, or it is too far.
  ///
  /// Searches from both ends at once; `forward[k]` and `backward[k]` are the furthest points reached on diagonal k.
  private func middle(_ oldRange: Range<Int>, _ newRange: Range<Int>) -> (old: Int, new: Int)? {
    let n = oldRange.count
    let m = newRange.count
    let delta = n - m
    let limit = min((n + m + 1) / 2, costLimit)
    let origin = limit + 1
    var forward = [Int](repeating: 0, count: 2 * limit + 3)
    var backward = [Int](repeating: 0, count: 2 * limit + 3)
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
    return nil
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

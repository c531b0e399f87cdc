import OrreryBase
import OrreryTrace

/// The events of two traces from their first difference on, those that both have beside each other.
///
/// An event is the same on both sides when it happens at the same clock; the numbers of all that follow an event which only one side has are shifted, and
/// say nothing.
struct AlignedEvents {
  /// How many times more events are looked at than are shown, to find where the sides agree again.
  static let reach = 4

  private(set) var lines: [EventLine] = []

  /// What is at a clock.
  private struct Moment: Equatable {
    var clock: Clock
    var payload: Payload
  }

  /// - Parameters:
  ///   - context: how many events in a row must be the same for the difference to be over, and are shown of it then.
  ///   - areLast: whether no further event follows on either side.
  init(_ left: [Event], _ right: [Event], context: Int, areLast: Bool) {
    func moments(_ events: [Event]) -> [Moment] { events.map { Moment(clock: $0.clock, payload: $0.payload) } }
    let edits = lineDifference(moments(left), moments(right))
    var sameCount = 0
    for edit in edits {
      switch edit {
      case .keep(let index, _):
        sameCount += 1
        // Without context the first that is the same is not shown.
        if sameCount > context { return }
        lines.append(.both(left[index]))
        if sameCount == context { return }
      case .remove(let index):
        sameCount = 0
        lines.append(.left(left[index]))
      case .insert(let index):
        sameCount = 0
        lines.append(.right(right[index]))
      }
    }
    // They do not agree again as far as was looked: a few of each say enough.
    if !areLast { keepFirst(context + 1) }
  }

  /// Keeps the lines that hold the first `count` events of each side.
  private mutating func keepFirst(_ count: Int) {
    var (leftCount, rightCount) = (0, 0)
    lines = lines.filter { line in
      switch line {
      case .both:
        leftCount += 1
        rightCount += 1
        return leftCount <= count || rightCount <= count
      case .left:
        leftCount += 1
        return leftCount <= count
      case .right:
        rightCount += 1
        return rightCount <= count
      }
    }
  }
}

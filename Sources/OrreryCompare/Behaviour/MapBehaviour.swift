import OrreryBase
import OrreryTrace

/// Says changes of the memory map without the addresses that a rebuild moves: frames by identity, the image as such, pages mapped one by one as one range.
struct MapBehaviour {
  private let isImage: (UInt64) -> Bool
  private var frames = Identities(prefix: "f")
  private var spaces = Identities(prefix: "a")
  /// When CR3 was loaded last. Changes that are found then are older.
  private var switchClock: Clock?
  /// The number of the frame that the `frame` lane named last.
  private var lastHandedOver: UInt64 = 0
  /// What may still be continued by the next event, at most one for each context.
  private var pending: [(context: BehaviourContext, run: Run)] = []

  /// Below it are the PC's fixed places (the text screen, tables of the firmware), which keep their addresses.
  private static let fixedEnd: UInt64 = 1 << 20
  /// From here to 4 GiB are devices.
  private static let devices: Swift.Range<UInt64> = 0xC000_0000..<0x1_0000_0000
  /// A range of more pages is told by its address: an allocator does not hand it out.
  private static let rangeLimit: UInt64 = 4_096
  /// More frames than this get no names.
  private static let framesLimit: UInt64 = 1 << 20

  init(isImage: @escaping (UInt64) -> Bool) { self.isImage = isImage }

  private enum Run {
    case change(Range)
    /// `invlpg` of adjacent pages of 4 KiB.
    case invalidation(start: UInt64, count: UInt64)
  }

  /// Changes of adjacent pages that do the same.
  private struct Range {
    var change: MapChange
    var frames: [UInt64]
    /// How many events are in it.
    var count = 1
    var last: MapChange
    /// Whether `invlpg` of its page followed right after each change but the last, and after the last.
    var isFlushed = false
    var isLastFlushed = false
    /// Whether a translation of before may be in a TLB: not of what was not mapped, and no longer when CR3 is loaded.
    var wantsFlush: Bool
    /// The first of the events.
    var origin: BehaviourOrigin
  }

  /// Takes an event of the lane and gives the lines that are now complete.
  mutating func append(_ payload: Payload, origin: BehaviourOrigin, in context: BehaviourContext) -> [BehaviourLine] {
    let clock = origin.clock
    switch payload {
    case .map(let change):
      let wantsFlush = change.kind != .mapped && change.pageCount == 1 && clock != switchClock
      return append(change, wantsFlush: wantsFlush, origin: origin, in: context)
    case .invalidatePage(let address): return invalidate(address.rawValue, in: context)
    case .addressSpace(let root, let mode):
      switchClock = clock
      noteSwitch()
      let lines = flush(context)
      if mode == .off { return lines + [BehaviourLine("paging off")] }
      let number = spaces.number(root.rawValue)
      return lines + ["address space " + spaces.line(number) + ", \(Words.paging(mode)) paging"]
    case .recursive(let entry):
      let start = Words.address(entry.start.rawValue)
      let verb = entry.isPresent ? "made" : "removed"
      return flush(context) + [BehaviourLine("recursive entry \(verb) at \(start), level \(entry.level)")]
    case .bulk(let count, _): return flush(context) + [BehaviourLine("bulk change of \(Words.number(count)) ranges")]
    default: return []
    }
  }

  /// Loading CR3 flushes all that was changed before.
  private mutating func noteSwitch() {
    for index in pending.indices {
      guard case .change(var range) = pending[index].run else { continue }
      range.wantsFlush = false
      pending[index].run = .change(range)
    }
  }

  /// The lines of what may still be continued, which now may not.
  mutating func flush(_ context: BehaviourContext) -> [BehaviourLine] {
    guard let index = pending.firstIndex(where: { $0.context == context }) else { return [] }
    return lines(pending.remove(at: index).run)
  }

  /// The same for every context.
  mutating func flushAll() -> [(context: BehaviourContext, line: BehaviourLine)] {
    var result: [(context: BehaviourContext, line: BehaviourLine)] = []
    for entry in pending { result += lines(entry.run).map { (entry.context, $0) } }
    pending = []
    return result
  }

  private mutating func lines(_ run: Run) -> [BehaviourLine] {
    switch run {
    case .invalidation(let start, let count):
      return [BehaviourLine("invlpg \(place(start))" + (count > 1 ? " +\(Words.size(count &* 4_096))" : ""))]
    case .change(var range):
      guard range.count > 1, range.isFlushed != range.isLastFlushed else {
        return [line(range, isFlushed: range.isLastFlushed)]
      }
      // Only the last change differs from those before it: it is told apart.
      var rest = range
      rest.change = range.last
      rest.frames = range.frames.isEmpty ? [] : Array(range.frames.suffix(Int(range.last.pageCount)))
      range.change.pageCount &-= range.last.pageCount
      range.frames.removeLast(rest.frames.count)
      return [line(range, isFlushed: range.isFlushed), line(rest, isFlushed: range.isLastFlushed)]
    }
  }

  private mutating func invalidate(_ address: UInt64, in context: BehaviourContext) -> [BehaviourLine] {
    if let index = pending.firstIndex(where: { $0.context == context }) {
      switch pending[index].run {
      case .change(var range):
        let start = range.last.start.rawValue
        if range.last.pageCount == 1, !range.isLastFlushed, address >= start, address - start < range.last.length {
          range.isLastFlushed = true
          pending[index].run = .change(range)
          return []
        }
      case .invalidation(let start, let count):
        if start &+ count &* 4_096 == address, !isImage(address) {
          pending[index].run = .invalidation(start: start, count: count + 1)
          return []
        }
      }
    }
    let lines = flush(context)
    pending.append((context, .invalidation(start: address, count: 1)))
    return lines
  }

  private mutating func append(
    _ change: MapChange, wantsFlush: Bool, origin: BehaviourOrigin, in context: BehaviourContext
  ) -> [BehaviourLine] {
    let frames = identified(change)
    if let index = pending.firstIndex(where: { $0.context == context }), case .change(var range) = pending[index].run,
      range.wantsFlush == wantsFlush, continues(range, change)
    {
      range.isFlushed = range.isLastFlushed
      range.change.pageCount &+= change.pageCount
      range.frames += frames
      range.count += 1
      range.last = change
      range.isLastFlushed = false
      pending[index].run = .change(range)
      return []
    }
    let lines = flush(context)
    let range = Range(change: change, frames: frames, last: change, wantsFlush: wantsFlush, origin: origin)
    pending.append((context, .change(range)))
    return lines
  }

  /// Whether `change` does the same to what follows the range, and the pages of the range were all flushed or all not.
  private func continues(_ range: Range, _ change: MapChange) -> Bool {
    let whole = range.change
    guard whole.kind == change.kind, whole.flags == change.flags, whole.previousFlags == change.previousFlags,
      whole.pageSize == change.pageSize, whole.aliases.isEmpty, change.aliases.isEmpty,
      range.count == 1 || range.isFlushed == range.isLastFlushed
    else { return false }
    // How many pages the image has depends on the build.
    if isImage(change.start.rawValue) || isImage(whole.start.rawValue) {
      return isImage(change.start.rawValue) && isImage(whole.start.rawValue)
    }
    let isAdjacent = whole.start.rawValue &+ whole.length == change.start.rawValue
    let isFramewiseAdjacent = whole.physical.rawValue &+ whole.length == change.physical.rawValue
    return isAdjacent && target(whole) == target(change) && (target(change) == .frames || isFramewiseAdjacent)
      && range.frames.count + Int(min(change.pageCount, MapBehaviour.rangeLimit)) <= Int(MapBehaviour.rangeLimit)
  }

  /// How the frames of a change are told.
  private enum Target {
    /// The frames are at the linear addresses themselves.
    case identity
    /// Where the frames are is fixed: a device, a large page, the memory as a whole.
    case address
    /// The frames were handed out by the kernel.
    case frames
  }

  private func target(_ change: MapChange) -> Target {
    let physical = change.physical.rawValue
    if physical == change.start.rawValue { return .identity }
    if change.pageSize != .fourKiB || physical < MapBehaviour.fixedEnd || MapBehaviour.devices.contains(physical)
      || change.pageCount > MapBehaviour.rangeLimit
    {
      return .address
    }
    return .frames
  }

  /// The name of the frame at `address` for the `frame` lane: the one it has in the map.
  mutating func frame(_ address: UInt64) -> BehaviourLine {
    guard frames.count < MapBehaviour.framesLimit else { return BehaviourLine("of many") }
    let number = frames.number(address & ~4_095)
    defer { lastHandedOver = number }
    return frames.line(number, after: lastHandedOver)
  }

  private mutating func identified(_ change: MapChange) -> [UInt64] {
    guard target(change) == .frames, !isImage(change.start.rawValue),
      frames.count <= MapBehaviour.framesLimit - change.pageCount
    else { return [] }
    return (0..<change.pageCount).map { frames.number(change.physical.rawValue &+ $0 &* 4_096) }
  }

  private mutating func line(_ range: Range, isFlushed: Bool) -> BehaviourLine {
    let change = range.change
    let start = change.start.rawValue
    var line = BehaviourLine("\(MapBehaviour.verbs[Int(change.kind.rawValue)]) ")
    line =
      line
      + (isImage(start)
        ? "pages of the image"
        : "\(Words.address(start)) +\(Words.size(change.length)) \(Words.pageSize(change.pageSize))")
    line = line + " \(Words.flags(change.flags))"
    if change.kind == .permission || change.kind == .remapped {
      line = line + ", was \(Words.flags(change.previousFlags))"
    }
    if !isImage(start) {
      switch target(change) {
      case .identity: line = line + ", identity"
      case .address: line = line + ", frame \(Words.address(change.physical.rawValue))"
      case .frames: line = line + ", " + frameList(range.frames)
      }
    }
    if !change.aliases.isEmpty {
      line = line + ", also at " + change.aliases.map { place($0.rawValue) }.joined(separator: " ")
    }
    line = isFlushed ? line + ", flushed" : range.wantsFlush ? line + ", not flushed" : line
    line.origin = range.origin
    return line
  }

  private static let verbs = ["map", "unmap", "remap", "permission"]

  /// Frames as runs of numbers: `frames #f1…#f25`.
  private mutating func frameList(_ numbers: [UInt64]) -> BehaviourLine {
    var line = BehaviourLine(numbers.count == 1 ? "frame" : "frames")
    var index = 0
    var runs = 0
    while index < numbers.count {
      var end = index
      while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
      if runs == 16 { return line + " and \(numbers.count - index) more" }
      line = line + " " + frames.line(numbers[index])
      if end > index { line = line + "…" + frames.line(numbers[end]) }
      runs += 1
      index = end + 1
    }
    return line
  }

  private func place(_ address: UInt64) -> String { isImage(address) ? "in the image" : Words.address(address) }
}

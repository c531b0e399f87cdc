import OrreryBase
import OrreryTrace

/// The changes of the memory map that one step made: ranges, merged as they come, up to a budget; beyond it only their number and hash.
struct MapChanges {
  /// The most events listed for one step. A page table holds 512 entries, so two of them rewritten without any order still fit.
  static let budget = 1024

  private var listed: [Payload] = []
  private var open: MapChange?
  private var count: UInt64 = 0
  private var hashed = ByteWriter()
  private var chainedHash = Hash128.zero

  /// Adds a change of one page, or extends the range before it.
  mutating func add(_ change: MapChange) {
    if let extended = open.flatMap({ $0.extended(by: change) }) {
      open = extended
    } else {
      closeRange()
      open = change
    }
  }

  mutating func add(_ entry: RecursiveEntry) {
    closeRange()
    list(.recursive(entry))
  }

  /// Hands the events over, in order of their discovery.
  mutating func finish(clock: Clock, into events: inout ObservedEvents) {
    closeRange()
    guard count > UInt64(Self.budget) else {
      for payload in listed { events.append(payload, clock: clock) }
      return
    }
    foldHash()
    events.append(.bulk(count: count, hash: chainedHash), clock: clock)
  }

  private mutating func closeRange() {
    if let open { list(.map(open)) }
    open = nil
  }

  private mutating func list(_ payload: Payload) {
    count += 1
    if count <= UInt64(Self.budget) {
      listed.append(payload)
      return
    }
    // The first event beyond the budget turns the list into a hash.
    for earlier in listed { hash(earlier) }
    listed = []
    hash(payload)
  }

  private mutating func hash(_ payload: Payload) {
    switch payload {
    case .map(let change):
      hashed.append(change.kind.rawValue)
      hashed.append(change.pageSize.rawValue)
      hashed.append(fixed: change.start.rawValue)
      hashed.append(fixed: change.pageCount)
      hashed.append(fixed: change.physical.rawValue)
      hashed.append(fixed: change.flags.rawValue)
      hashed.append(fixed: change.previousPhysical.rawValue)
      hashed.append(fixed: change.previousFlags.rawValue)
      hashed.append(varint: UInt64(change.aliases.count))
      for alias in change.aliases { hashed.append(fixed: alias.rawValue) }
    case .recursive(let entry):
      hashed.append(UInt8(0xFF))
      hashed.append(entry.level)
      hashed.append(fixed: entry.start.rawValue)
      hashed.append(fixed: entry.table.rawValue)
      hashed.append(entry.isPresent)
    default: preconditionFailure("a bulk event stands for ranges and recursive entries")
    }
    if hashed.bytes.count >= 1 << 16 { foldHash() }
  }

  private mutating func foldHash() {
    hashed.append(chainedHash)
    chainedHash = Hash128(of: hashed.bytes)
    hashed.bytes.removeAll(keepingCapacity: true)
  }
}

extension MapChange {
  /// The range together with `next`, when that continues it in every respect.
  fileprivate func extended(by next: MapChange) -> MapChange? {
    guard
      kind == next.kind, pageSize == next.pageSize, flags == next.flags, previousFlags == next.previousFlags,
      aliases.count == next.aliases.count,
      start.rawValue &+ length == next.start.rawValue, physical.rawValue &+ length == next.physical.rawValue,
      previousPhysical.rawValue &+ length == next.previousPhysical.rawValue
    else { return nil }
    for (alias, nextAlias) in zip(aliases, next.aliases) where alias.rawValue &+ length != nextAlias.rawValue {
      return nil
    }
    var extended = self
    extended.pageCount += next.pageCount
    return extended
  }
}

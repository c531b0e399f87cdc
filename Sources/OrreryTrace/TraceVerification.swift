import OrreryBase

extension TraceReader {
  /// The most places of damage that `verify()` lists.
  public static let damageLimit = 100

  /// Reads the whole trace and checks every byte of it against a hash; gives the damage found, in the order of the trace, at most `damageLimit`.
  ///
  /// A trace whose recording was cut short is not damaged for that. Memory is one chunk, whatever the size.
  public func verify() throws(TraceError) -> [TraceDamage] {
    var found = try readHeader().damage
    found += damage.filter { !found.contains($0) }
    try verifyChunks(&found)
    try verifyIndex(&found)
    found.sort { $0.offset < $1.offset }
    return Array(found.prefix(TraceReader.damageLimit))
  }

  private func verifyChunks(_ found: inout [TraceDamage]) throws(TraceError) {
    var events = events()
    var count: UInt64 = 0
    var next: UInt64 = 0
    while found.count < TraceReader.damageLimit {
      do throws(TraceError) {
        guard let event = try events.next() else { break }
        if count == 0, event.sequence != 0, found.isEmpty {
          found.append(
            TraceDamage(
              offset: blocksStart, what: "the first event is number \(event.sequence)",
              remedy: "the chunks before it are lost"))
        }
        count += 1
        next = event.sequence + 1
      } catch .damaged(let damage) {
        found.append(damage)
      }
    }
    if let expected = trailer?.eventCount, found.isEmpty, expected != count {
      found.append(
        TraceDamage(
          offset: blocksEnd, what: "the trace has \(count) events and claims \(expected)",
          remedy: "the last chunks are lost; event \(next) is the first missing"))
    }
  }

  /// Makes the index again from the chunks and compares it with the one that is there.
  private func verifyIndex(_ found: inout [TraceDamage]) throws(TraceError) {
    // With chunks missing the index cannot be made again, and each of its blocks has only its own hash to agree with.
    var builder = found.isEmpty ? IndexBuilder(lanes: try readHeader().header.lanes.intersection(.all)) : nil
    var expected: [[UInt8]] = []
    var walker = BlockWalker(source: source, offset: blocksStart, limit: blocksEnd, isFinished: isComplete)
    var finished: (blocks: [[UInt8]], root: IndexEntry?)?
    while found.count < TraceReader.damageLimit {
      let block: TraceBlock?
      do throws(TraceError) {
        block = try walker.next()
      } catch .damaged {
        // Told by the events already.
        continue
      }
      guard let block else { break }
      switch block {
      case .end: break
      case .chunk(let header, let payloadOffset):
        guard let lanes = builder?.lanes else { continue }
        let offset = payloadOffset - UInt64(header.length) - blocksStart
        expected +=
          builder?.add(IndexEntry(header, offset: offset, lanes: lanes), offset: walker.offset - blocksStart) ?? []
      case .index(let offset, let length):
        if builder != nil, expected.isEmpty, finished == nil {
          finished = builder?.finish(offset: offset - blocksStart)
          expected = finished?.blocks ?? []
        }
        let bytes = try source.bytes(at: offset, count: length)
        var hash = Hash128.zero
        let isRight = builder == nil ? IndexBlock(bytes, hash: &hash) != nil : bytes == expected.first
        if !expected.isEmpty { expected.removeFirst() }
        if !isRight {
          found.append(
            TraceDamage(
              offset: offset, what: "a block of the index does not agree with the chunks",
              remedy: "the events are intact, finding places in them is slower"))
          builder = nil
        }
      }
    }
    guard builder != nil, let trailer else { return }
    if finished == nil { finished = builder?.finish(offset: blocksEnd - blocksStart) }
    let root = finished?.root
    if trailer.root != root?.hash ?? .zero || trailer.rootOffset != root?.offset ?? 0
      || trailer.rootLength != root?.length ?? 0 || !expected.isEmpty
    {
      found.append(
        TraceDamage(
          offset: blocksEnd, what: "the index is not complete",
          remedy: "the events are intact, finding places in them is slower"))
    }
  }
}

import OrreryBase

extension TraceReader {
  /// The most places of damage that `verify()` lists.
  public static let damageLimit = 100

  /// Reads the whole trace and checks every byte of it against a hash; gives the damage found, in the order of the trace, at most `damageLimit`.
  ///
  /// A trace whose recording was cut short is not damaged for that. Memory is one chunk, whatever the size.
  ///
  /// - Parameter decodes: Whether each event is decoded too, and not only its lane and clock. Hashes alone find all that happens to a file; a faulty
  ///   writer is found by decoding.
  public func verify(decodes: Bool = true) throws(TraceError) -> [TraceDamage] {
    var found = try readHeader().damage
    found += damage.filter { !found.contains($0) }
    try verifyChunks(decodes: decodes, &found)
    try verifyIndex(&found)
    found.sort { $0.offset < $1.offset }
    return Array(found.prefix(TraceReader.damageLimit))
  }

  private func verifyChunks(decodes: Bool, _ found: inout [TraceDamage]) throws(TraceError) {
    var events = TraceEvents(
      walker(from: blocksStart), lanes: decodes ? .all : [], isFromStart: true, readsEveryChunk: true)
    while found.count < TraceReader.damageLimit {
      do throws(TraceError) {
        guard try events.next() != nil else { break }
      } catch .damaged(let damage) {
        found.append(damage)
      }
    }
    if let expected = trailer?.eventCount, found.isEmpty, expected != events.nextSequence {
      found.append(
        TraceDamage(
          offset: blocksEnd, what: "the trace has \(events.nextSequence) events and claims \(expected)",
          remedy: "the last chunks are lost"))
    }
  }

  /// Makes the index again from the chunks and compares it with the one that is there.
  private func verifyIndex(_ found: inout [TraceDamage]) throws(TraceError) {
    // With chunks missing the index cannot be made again, and each of its blocks has only its own hash to agree with.
    var builder = found.isEmpty ? IndexBuilder(lanes: try readHeader().header.lanes.intersection(.all)) : nil
    var expected: [[UInt8]] = []
    var walker = walker(from: blocksStart)
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

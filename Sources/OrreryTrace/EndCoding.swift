import OrreryBase

/// The record of the run's end: what `RunEnd` says, bound to the chunks before it.
struct EndRecord {
  var end: RunEnd
  var eventCount: UInt64
  var chunkCount: UInt64
  /// The hash of the last chunk.
  var lastChunk: Hash128

  /// The record as it is written, and its hash.
  func encoded() -> (bytes: [UInt8], hash: Hash128) {
    var body = ByteWriter()
    body.append(fixed: eventCount)
    body.append(fixed: chunkCount)
    body.append(lastChunk)
    body.append(end.reason.rawValue)
    body.append(end.text)
    body.append(varint: end.steps)
    body.append(varint: end.clock)
    body.append(end.exitValue != nil)
    if let value = end.exitValue { body.append(varint: UInt64(value)) }
    body.append(varint: UInt64(end.reports.count))
    for report in end.reports { body.append(report) }
    var writer = ByteWriter()
    writer.append(fixed: TraceFormat.endMagic)
    writer.append(fixed: UInt32(8 + body.bytes.count + TraceFormat.hashSize))
    writer.bytes += body.bytes
    let hash = Hash128(of: writer.bytes)
    writer.append(hash)
    return (writer.bytes, hash)
  }

  init(end: RunEnd, eventCount: UInt64, chunkCount: UInt64, lastChunk: Hash128) {
    self.end = end
    self.eventCount = eventCount
    self.chunkCount = chunkCount
    self.lastChunk = lastChunk
  }

  /// How long the record is whose first eight bytes are given; nil when they start none.
  static func length(fromStart bytes: [UInt8]) -> Int? {
    var reader = ByteReader(bytes)
    guard (try? reader.fixed(UInt32.self)) == TraceFormat.endMagic, let length = try? reader.fixed(UInt32.self),
      length >= 8 + UInt32(TraceFormat.hashSize), length <= UInt32(TraceFormat.endByteLimit)
    else { return nil }
    return Int(length)
  }

  /// Reads a complete record; nil when it is not what a writer wrote.
  init?(_ bytes: [UInt8], hash: inout Hash128) {
    guard EndRecord.length(fromStart: bytes) == bytes.count else { return nil }
    let hashed = bytes.count - TraceFormat.hashSize
    var reader = ByteReader(bytes)
    do {
      _ = try reader.take(8)
      eventCount = try reader.fixed()
      chunkCount = try reader.fixed()
      lastChunk = try reader.hash()
      guard let reason = RunEnd.Reason(rawValue: try reader.byte()) else { return nil }
      end = RunEnd(reason: reason, text: try reader.text(), steps: try reader.varint(), clock: try reader.varint())
      if try reader.flag() {
        guard let value = UInt32(exactly: try reader.varint()) else { return nil }
        end.exitValue = value
      }
      // Every report takes at least one byte, so a wrong count soon meets the end of the record.
      for _ in 0..<(try reader.varint()) { end.reports.append(try reader.text()) }
      guard reader.offset == hashed else { return nil }
      hash = try reader.hash()
      let actual = bytes.withUnsafeBytes { Hash128(of: UnsafeRawBufferPointer(rebasing: $0[..<hashed])) }
      guard hash == actual else { return nil }
    } catch {
      return nil
    }
  }
}

/// The last bytes of a finished trace: where everything is, and the hashes that stand for it.
struct Trailer: Equatable {
  var headerLength: UInt64
  /// Where the end record starts, in bytes from the start of the trace.
  var endOffset: UInt64
  /// The root of the index, offset from the end of the header; zero when there are no chunks.
  var rootOffset: UInt64
  var rootLength: UInt64
  var chunkCount: UInt64
  var eventCount: UInt64
  var header: Hash128
  var root: Hash128
  var end: Hash128

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(fixed: TraceFormat.trailerMagic)
    writer.append(fixed: UInt32(TraceFormat.trailerSize))
    for value in [headerLength, endOffset, rootOffset, rootLength, chunkCount, eventCount] {
      writer.append(fixed: value)
    }
    writer.append(header)
    writer.append(root)
    writer.append(end)
    writer.append(Hash128(of: writer.bytes))
    return writer.bytes
  }

  init(
    headerLength: UInt64, endOffset: UInt64, root: IndexEntry?, chunkCount: UInt64, eventCount: UInt64, header: Hash128,
    end: Hash128
  ) {
    self.headerLength = headerLength
    self.endOffset = endOffset
    self.rootOffset = root?.offset ?? 0
    self.rootLength = root?.length ?? 0
    self.chunkCount = chunkCount
    self.eventCount = eventCount
    self.header = header
    self.root = root?.hash ?? .zero
    self.end = end
  }

  /// Reads a trailer; nil when `bytes` are none.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == TraceFormat.trailerSize else { return nil }
    var reader = ByteReader(bytes)
    do {
      guard try reader.fixed(UInt32.self) == TraceFormat.trailerMagic,
        try reader.fixed(UInt32.self) == UInt32(TraceFormat.trailerSize)
      else { return nil }
      headerLength = try reader.fixed()
      endOffset = try reader.fixed()
      rootOffset = try reader.fixed()
      rootLength = try reader.fixed()
      chunkCount = try reader.fixed()
      eventCount = try reader.fixed()
      header = try reader.hash()
      root = try reader.hash()
      end = try reader.hash()
      let hashed = reader.offset
      let actual = bytes.withUnsafeBytes { Hash128(of: UnsafeRawBufferPointer(rebasing: $0[..<hashed])) }
      guard try reader.hash() == actual else { return nil }
    } catch {
      return nil
    }
  }
}

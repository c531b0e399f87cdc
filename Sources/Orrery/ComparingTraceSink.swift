import OrreryBase

/// A sink that compares what it is given with a recorded trace, and keeps only what comes from the first write on that differs.
final class ComparingTraceSink: TraceSink {
  private let recorded: any TraceSource
  /// How many bytes were the same, in whole writes.
  private(set) var sameByteCount: UInt64 = 0
  private(set) var isSame = true
  /// What was written after the bytes that were the same.
  private var rest: [UInt8] = []

  init(_ recorded: any TraceSource) { self.recorded = recorded }

  /// Whether all bytes of the trace were given, and nothing else.
  var isComplete: Bool { isSame && sameByteCount == recorded.size }

  /// All that was written so far, as a trace to read: the recorded one as far as it is the same, and the rest.
  var written: any TraceSource { WrittenTraceSource(recorded, sameByteCount: sameByteCount, rest: rest) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(TraceStorageError) {
    if isSame, UInt64(bytes.count) <= recorded.size - sameByteCount {
      let expected = try recorded.read(at: sameByteCount, count: bytes.count)
      if expected.withUnsafeBytes({ areEqual($0, bytes) }) {
        sameByteCount += UInt64(bytes.count)
        return
      }
    }
    isSame = false
    rest += bytes
  }
}

/// Whether two buffers of one length hold the same; eight bytes at a time, for a replay compares a whole trace with this.
private func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  precondition(left.count == right.count)
  var offset = 0
  while offset + 8 <= left.count {
    if left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    {
      return false
    }
    offset += 8
  }
  return left[offset...].elementsEqual(right[offset...])
}

/// A trace that begins as a recorded one and goes on with bytes of its own.
private final class WrittenTraceSource: TraceSource {
  private let recorded: any TraceSource
  private let sameByteCount: UInt64
  private let rest: [UInt8]

  init(_ recorded: any TraceSource, sameByteCount: UInt64, rest: [UInt8]) {
    self.recorded = recorded
    self.sameByteCount = sameByteCount
    self.rest = rest
  }

  var size: UInt64 { sameByteCount + UInt64(rest.count) }

  func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    let end = offset + UInt64(count)
    var bytes: [UInt8] = []
    if offset < sameByteCount {
      bytes = try recorded.read(at: offset, count: Int(min(end, sameByteCount) - offset))
    }
    if end > sameByteCount {
      bytes += rest[Int(max(offset, sameByteCount) - sameByteCount)..<Int(end - sameByteCount)]
    }
    return bytes
  }
}

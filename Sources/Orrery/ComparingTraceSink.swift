import OrreryBase

/// A sink that compares what it is given with a recorded trace instead of keeping it.
final class ComparingTraceSink: TraceSink {
  private let recorded: any TraceSource
  /// How many bytes were the same.
  private(set) var sameByteCount: UInt64 = 0
  private(set) var isSame = true

  init(_ recorded: any TraceSource) { self.recorded = recorded }

  /// Whether all bytes of the trace were given, and nothing else.
  var isComplete: Bool { isSame && sameByteCount == recorded.size }

  func write(_ bytes: UnsafeRawBufferPointer) throws(TraceStorageError) {
    guard isSame else { return }
    guard UInt64(bytes.count) <= recorded.size - sameByteCount else {
      isSame = false
      return
    }
    let expected = try recorded.read(at: sameByteCount, count: bytes.count)
    isSame = expected.withUnsafeBytes { $0.elementsEqual(bytes) }
    sameByteCount += UInt64(bytes.count)
  }
}

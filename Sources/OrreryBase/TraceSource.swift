/// Where a trace is read from, at any offset.
public protocol TraceSource: AnyObject {
  /// The size in bytes, fixed while the source is open.
  var size: UInt64 { get }

  /// The `count` bytes from `offset` on. The caller asks only for bytes inside `size`; a source that got shorter meanwhile throws.
  func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8]
}

/// A trace in memory.
public final class MemoryTraceSource: TraceSource {
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public var size: UInt64 { UInt64(bytes.count) }

  public func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    guard count >= 0, offset <= size, UInt64(count) <= size - offset else {
      throw TraceStorageError("cannot read \(count) bytes at offset \(offset) of a trace of \(size) bytes")
    }
    return Array(bytes[Int(offset)..<Int(offset) + count])
  }
}

/// Why bytes of a trace could not be read or written: what the host said, in words for a person.
public struct TraceStorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was attempted and what went wrong, for example `cannot write run.trace: no space left on device`.
  public var description: String

  public init(_ description: String) { self.description = description }
}

/// Where a trace is written to, in order and without going back.
///
/// `MemoryTraceSink` keeps the bytes in memory; the host's file sink writes a file. A sink is called once a chunk, not once an event.
public protocol TraceSink: AnyObject {
  /// Appends all of `bytes`. After it returns, a killed process loses none of them.
  func write(_ bytes: UnsafeRawBufferPointer) throws(TraceStorageError)
}

/// A trace that is only in memory.
public final class MemoryTraceSink: TraceSink {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

public import OrreryBase

/// A trace being written to a file, which gets its name when the trace is complete.
///
/// Until then it is `NAME.partial`. A recording that is killed leaves that file, and every command that reads traces reads it, up to its last
/// complete chunk.
public final class FileTraceSink: TraceSink {
  private let file: AtomicFile

  public init(path: String) throws(HostError) { file = try AtomicFile(path: path, keepsPartial: true) }

  public var path: String { file.path }
  public var partialPath: String { file.partialPath }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(TraceStorageError) {
    do throws(HostError) { try file.write(bytes) } catch { throw TraceStorageError(error.description) }
  }

  /// Gives the trace its name.
  public func commit() throws(HostError) { try file.commit() }
}

/// A trace in a file.
public final class FileTraceSource: TraceSource {
  private let file: InputFile

  public init(path: String) throws(HostError) { file = try InputFile(path: path) }

  public var size: UInt64 { file.size }

  public func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(HostError) { bytes = try file.read(offset: offset, count: count) } catch {
      throw TraceStorageError(error.description)
    }
    guard bytes.count == count else {
      throw TraceStorageError("\(file.path): it got shorter while it was read; try again when nothing writes to it")
    }
    return bytes
  }
}

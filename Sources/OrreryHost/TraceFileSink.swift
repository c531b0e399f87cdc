public import OrreryBase

/// A trace being written to a file, which gets its name when the trace is complete.
///
/// Until then it is `NAME.partial`. A recording that is killed leaves that file, and every command that reads traces reads it, up to its last
/// complete chunk.
public final class TraceFileSink: TraceSink {
  private let file: AtomicFile

  /// - Parameter sources: what the recording reads; none of it may be the trace's file.
  public init(path: String, sparing sources: [InputFile] = []) throws(HostError) {
    file = try AtomicFile(path: path, keepsPartial: true, sparing: sources)
  }

  public var path: String { file.path }
  public var partialPath: String { file.partialPath }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(TraceStorageError) {
    do throws(HostError) { try file.write(bytes) } catch { throw TraceStorageError(error.description) }
  }

  /// Gives up and removes what was written: a trace without its whole header cannot be read.
  public func discard() { file.discard() }

  /// Gives the trace its name.
  public func commit() throws(HostError) { try file.commit() }
}

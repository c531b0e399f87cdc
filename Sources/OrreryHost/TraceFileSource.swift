public import OrreryBase

/// A trace in a file.
public final class TraceFileSource: TraceSource {
  /// The file, open for as long as this is.
  public let file: InputFile

  public init(path: String) throws(HostError) { file = try InputFile(path: path) }

  public var size: UInt64 { file.size }

  public func read(at offset: UInt64, count: Int) throws(TraceStorageError) -> [UInt8] {
    do throws(HostError) {
      let bytes = try file.read(offset: offset, count: count)
      guard bytes.count == count else {
        throw HostError(
          path: file.path, problem: "it became shorter while it was read",
          remedy: "wait until it is written, then try again")
      }
      return bytes
    } catch {
      throw TraceStorageError(error.description)
    }
  }
}

internal import Glibc
internal import OrreryBase

/// A regular file opened for reading at any offset.
///
/// Reading never allocates more than is really there, whatever count is asked for.
public final class InputFile: @unchecked Sendable {
  public let path: String
  /// The size in bytes when the file was opened.
  public let size: UInt64
  /// Which file it is; stays so while this value exists.
  public let identity: FileIdentity
  private let descriptor: Int32

  public init(path: String) throws(HostError) {
    self.path = path
    guard !path.isEmpty else {
      throw HostError(path: path, problem: "an empty name names no file", remedy: "name the file to read")
    }
    // A pipe without a writer would be waited for, only to be refused.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw HostError(path: path, errno: errno, activity: "opening it for reading") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw HostError(path: path, errno: code, activity: "asking for its size")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw HostError(
        path: path, problem: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file",
        remedy: "name a file")
    }
    self.descriptor = descriptor
    size = UInt64(max(0, status.st_size))
    identity = FileIdentity(status)
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes from `offset`; fewer only at the end of the file.
  public func read(offset: UInt64, count: Int) throws(HostError) -> [UInt8] {
    guard offset < size, count > 0 else { return [] }
    let wanted = Int(min(UInt64(count), size - offset))
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initializedCount in
      while initializedCount < wanted {
        let result = pread(
          descriptor, buffer.baseAddress! + initializedCount, wanted - initializedCount,
          off_t(offset) + off_t(initializedCount))
        if result > 0 {
          initializedCount += result
        } else if result < 0, errno == EINTR {
          continue
        } else {
          failure = result < 0 ? errno : 0
          break
        }
      }
    }
    guard failure == 0 else { throw HostError(path: path, errno: failure, activity: "reading it") }
    return bytes
  }

  /// All bytes; refused when there are more than `limit`.
  public func contents(limit: UInt64) throws(HostError) -> [UInt8] {
    guard size <= limit else {
      throw HostError(
        path: path, problem: "it has \(size) bytes, more than the \(limit) that are read",
        remedy: "check that this is the file you meant")
    }
    return try read(offset: 0, count: Int(size))
  }

  /// All of the file at `path`; refused when there are more than `limit` bytes.
  public static func contents(of path: String, limit: UInt64) throws(HostError) -> [UInt8] {
    try InputFile(path: path).contents(limit: limit)
  }

  /// The file at `path` as UTF-8 text.
  public static func text(of path: String, limit: UInt64) throws(HostError) -> String {
    try InputFile(path: path).text(limit: limit)
  }

  /// All of it as UTF-8 text.
  public func text(limit: UInt64) throws(HostError) -> String {
    let bytes = try contents(limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw HostError(path: path, problem: "it is not valid UTF-8 text", remedy: "save it as UTF-8")
    }
    return text
  }
}

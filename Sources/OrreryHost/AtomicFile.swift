internal import Glibc
internal import OrreryBase

/// A file that appears under its name only when it is complete.
///
/// Bytes go to `NAME.partial` beside it, and `commit()` renames that to `NAME`; so a program that is killed, or a disk that fills up, never
/// leaves half a file under the final name, and an older file of that name stays whole until then. A link is followed, not replaced; a device such
/// as `/dev/null` is written directly; a pipe is refused, for nobody could look at what was written.
public final class AtomicFile: @unchecked Sendable {
  public let path: String
  /// The file that `path` leads to.
  private let target: String
  /// Where the bytes are until `commit()`.
  public let partialPath: String
  /// How many bytes were written.
  public private(set) var count: UInt64 = 0

  /// Whether an uncommitted file stays as `partialPath` (a trace, whose beginning is readable) or is removed.
  private let keepsPartial: Bool
  private var descriptor: Int32
  private let isDevice: Bool

  /// Creates `path.partial`; throws when `path` is a folder, when its folder is missing or closed to us, or when another process is writing it.
  ///
  /// - Parameter sources: files being read, which must not be replaced, whatever names lead to them.
  public init(path: String, keepsPartial: Bool, sparing sources: [InputFile] = []) throws(HostError) {
    self.path = path
    self.keepsPartial = keepsPartial
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT == S_IFDIR {
      let separator = path.utf8.last == UInt8(ascii: "/") ? "" : "/"
      throw HostError(
        path: path, problem: "it is a folder", remedy: "name the file to write, such as \(path)\(separator)trace.orrery"
      )
    }
    guard !path.isEmpty, path.utf8.last != UInt8(ascii: "/") else {
      throw HostError(path: path, problem: "it names no file", remedy: "name the file to write")
    }
    if exists { try AtomicFile.refuse(path, FileIdentity(status), among: sources) }
    let kind = status.st_mode & S_IFMT
    guard !exists || kind == S_IFREG || kind == S_IFCHR || kind == S_IFBLK else {
      throw HostError(
        path: path, problem: kind == S_IFIFO ? "it is a pipe" : "it is not a regular file",
        remedy: "name a file to write, and pass it on when it is complete")
    }
    isDevice = exists && kind != S_IFREG
    target = try AtomicFile.target(of: path, exists: exists)
    partialPath = isDevice ? path : target + ".partial"
    // A file that cannot be replaced is refused now, not after an hour of recording.
    if exists, !isDevice, access(path, W_OK) != 0 {
      throw HostError(path: path, errno: errno, activity: "opening it for writing")
    }
    descriptor = open(partialPath, (isDevice ? O_WRONLY : O_WRONLY | O_CREAT) | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw HostError(path: path, errno: errno, activity: "opening it for writing") }
    guard !isDevice else { return }
    // The partial file may be there already, under a name that leads to a source.
    if fstat(descriptor, &status) == 0 {
      do throws(HostError) { try AtomicFile.refuse(partialPath, FileIdentity(status), among: sources) } catch {
        close(descriptor)
        descriptor = -1
        throw error
      }
    }
    // Locked before it is emptied: a second writer must not destroy what the first has written.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, ftruncate(descriptor, 0) == 0 else {
      let code = errno
      close(descriptor)
      descriptor = -1
      if code == EWOULDBLOCK {
        throw HostError(
          path: path, problem: "another process is writing \(partialPath)",
          remedy: "wait for it, or choose another name")
      }
      throw HostError(path: path, errno: code, activity: "opening it for writing")
    }
  }

  /// Where the links at `path`, if any, lead to.
  private static func target(of path: String, exists: Bool) throws(HostError) -> String {
    var link = stat()
    guard lstat(path, &link) == 0, link.st_mode & S_IFMT == S_IFLNK else { return path }
    guard exists, let resolved = realpath(path, nil) else {
      throw HostError(path: path, problem: "it is a link to a file that is not there", remedy: "name the file itself")
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func refuse(
    _ path: String, _ identity: FileIdentity, among sources: [InputFile]
  ) throws(HostError) {
    guard let source = sources.first(where: { $0.identity == identity }) else { return }
    throw HostError(
      path: path,
      problem: source.path == path ? "it is being read" : "it is the same file as \(source.path), which is being read",
      remedy: "give the output another name")
  }

  deinit { abandon() }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(HostError) {
    precondition(descriptor >= 0, "a file is written to only before it is committed or abandoned")
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let written = Glibc.write(descriptor, start, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw HostError(path: path, errno: errno, activity: "writing it")
      }
      count += UInt64(written)
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  public func write(_ bytes: [UInt8]) throws(HostError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(HostError) in try write(buffer) }
    }
    try result.get()
  }

  /// Gives the file its final name.
  public func commit() throws(HostError) {
    precondition(descriptor >= 0, "a file is committed once")
    // Network and quota file systems report a full disk only now.
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw HostError(path: path, errno: errno, activity: "closing it") }
    guard isDevice || rename(partialPath, target) == 0 else {
      throw HostError(path: path, errno: errno, activity: "renaming \(partialPath) to it")
    }
  }

  /// Gives up: the partial file is kept or removed, as was chosen at the start. Nothing happens after `commit()`.
  public func abandon() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    // Nothing was said yet in an empty one.
    if !keepsPartial || count == 0, !isDevice { unlink(partialPath) }
  }

  /// Gives up and removes the partial file, of which nothing can be read yet.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    if !isDevice { unlink(partialPath) }
  }

  /// Writes `bytes` as the whole file at `path`.
  public static func write(_ bytes: [UInt8], to path: String) throws(HostError) {
    let file = try AtomicFile(path: path, keepsPartial: false)
    try file.write(bytes)
    try file.commit()
  }
}

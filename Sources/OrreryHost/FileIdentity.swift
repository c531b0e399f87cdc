internal import Glibc

/// Which file it is, whatever names lead to it: a hard link or a symbolic link has the identity of its file.
///
/// Two identities can be compared only while the files exist; an open file does.
public struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let node: UInt64

  /// Of the file at `path`, also through a link; nil when there is none.
  public init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    node = UInt64(status.st_ino)
  }
}

internal import Glibc

/// Which file it is, whatever names lead to it: a hard link or a symbolic link has the identity of its file.
///
/// Two identities can be compared only while the files exist; an open file does.
public struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let node: UInt64

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    node = UInt64(status.st_ino)
  }
}

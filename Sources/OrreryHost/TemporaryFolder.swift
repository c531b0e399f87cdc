internal import Glibc
internal import OrreryBase

/// A fresh folder below `TMPDIR`, closed to others.
public struct TemporaryFolder: Sendable {
  public let path: String

  /// A folder that has the same path each time it is made for `key`, unless it is there at the moment: what a compiler writes of paths is the same then.
  public init(name: String, for key: String) throws(HostError) {
    let number = String(Hash128(of: Array(key.utf8)).description.prefix(8))
    let parent = Self.parent
    let path = Folder.path("\(name)-\(number)", in: parent)
    guard mkdir(path, 0o700) == 0 else {
      try self.init(name: name)
      return
    }
    self.init(path: Folder.resolved(path))
  }

  private init(path: String) { self.path = path }

  /// Where what is only needed for a while is put.
  static var parent: String { Environment.value("TMPDIR") ?? "/tmp" }

  /// - Parameter name: what the folder's name begins with.
  public init(name: String) throws(HostError) {
    let parent = Self.parent
    var template = Array(Folder.path("\(name)-XXXXXX", in: parent).utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!).map { String(cString: $0) } }
    guard let made else { throw HostError(path: parent, errno: errno, activity: "making a folder in it") }
    path = Folder.resolved(made)
  }

  /// Removes the folder with all that is in it.
  public func remove() {
    // Nothing depends on it: what is left is below a folder that the host empties itself.
    _ = try? ChildProgram("/bin/rm", ["-rf", "--", path], in: "/").run()
  }
}

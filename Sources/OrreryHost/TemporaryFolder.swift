internal import Glibc

/// A fresh folder below `TMPDIR`, closed to others.
public struct TemporaryFolder: Sendable {
  public let path: String

  /// - Parameter name: what the folder's name begins with.
  public init(name: String) throws(HostError) {
    let parent = Environment.value("TMPDIR") ?? "/tmp"
    var template = Array(Folder.path("\(name)-XXXXXX", in: parent).utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!).map { String(cString: $0) } }
    guard let made else { throw HostError(path: parent, errno: errno, activity: "making a folder in it") }
    // Where the links lead: programs that are run in the folder call it so.
    let resolved = realpath(made, nil)
    defer { free(resolved) }
    path = resolved.map { String(cString: $0) } ?? made
  }

  /// Removes the folder with all that is in it.
  public func remove() {
    // Nothing depends on it: what is left is below a folder that the host empties itself.
    _ = try? ChildProgram("/bin/rm", ["-rf", "--", path], in: "/").run()
  }
}

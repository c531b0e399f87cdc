internal import Glibc

/// Why the host could not do what was asked of a file or the terminal: where, what was wrong, and what to do about it.
public struct HostError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path or device concerned, as the user gave it.
  public var path: String
  public var problem: String
  public var remedy: String

  public init(path: String, problem: String, remedy: String) {
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }

  /// The error behind `errno` after a call on `path` failed while `activity` (such as "opening it for reading").
  init(path: String, errno code: Int32, activity: String) {
    self.init(
      path: path, problem: "\(activity) failed: \(String(cString: strerror(code)))", remedy: Self.remedy(for: code))
  }

  public var description: String { "\(path.isEmpty ? "''" : path): \(problem); \(remedy)" }

  private static func remedy(for code: Int32) -> String {
    switch code {
    case ENOENT, ENOTDIR: "check the path; every folder in it must exist"
    case EACCES, EPERM: "check the permissions of the file and its folder"
    case EROFS: "the file system is read-only: choose another folder"
    case EISDIR: "name a file, not a folder"
    case ENOSPC, EDQUOT: "free some space, or choose a folder on another disk"
    case EFBIG:
      "the file system or a limit of the shell refuses files of this size: choose another folder or raise the limit"
    case EBADF: "it is closed: leave it open, or send it to /dev/null"
    case EMFILE, ENFILE: "too many files are open: close some programs and try again"
    case ENAMETOOLONG: "choose a shorter name"
    default: "check the disk and try again"
    }
  }
}

internal import Glibc

/// Standard output or error, written at once and whole; what a command says to its caller.
public struct StandardStream: Sendable {
  private let descriptor: Int32
  /// What messages call it.
  private let name: String

  public static let output = StandardStream(descriptor: STDOUT_FILENO, name: "standard output")
  public static let error = StandardStream(descriptor: STDERR_FILENO, name: "standard error")

  private init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Whether a person is looking: only then are colour and progress shown.
  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Whether the person wishes no colour anywhere: `NO_COLOR` is set to something.
  public static var refusesColour: Bool { getenv("NO_COLOR").map { $0.pointee != 0 } ?? false }

  /// Whether what is written goes through git to its pager (git(1), GIT_PAGER_IN_USE).
  public static var isGitPager: Bool { getenv("GIT_PAGER_IN_USE").map { String(cString: $0) == "true" } ?? false }

  /// Writes `bytes` unchanged. A reader that went away (a closed pipe) has what it wanted, and is no failure.
  public func write(_ bytes: [UInt8]) throws(HostError) {
    var failure: Int32 = 0
    bytes.withUnsafeBytes { buffer in
      var rest = buffer
      while let start = rest.baseAddress, rest.count > 0 {
        let written = Glibc.write(descriptor, start, rest.count)
        if written < 0 {
          if errno == EINTR { continue }
          failure = errno
          return
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }
    guard failure == 0 || failure == EPIPE else {
      throw HostError(path: name, errno: failure, activity: "writing to it")
    }
  }
}

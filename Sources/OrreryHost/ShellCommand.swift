internal import Glibc

/// A command for the POSIX shell, run to its end in a folder of its own.
public struct ShellCommand: Hashable, Sendable {
  /// What the shell is given.
  public var text: String
  /// The folder it is run in.
  public var folder: String

  public init(_ text: String, in folder: String) {
    self.text = text
    self.folder = folder
  }

  /// How a command ended.
  public struct Result: Hashable, Sendable {
    /// The exit code; 128 and the signal's number when a signal ended it, as shells say it.
    public var code: Int32
    /// The last bytes of what it wrote, standard output and error as they came.
    public var output: [UInt8]
  }

  /// What is kept of a command's output; of a build that fails the end says why.
  private static let outputLimit = 64 << 10

  /// Runs the command with nothing to read, and waits for it.
  public func run() throws(HostError) -> Result {
    guard Folder.isFolder(folder) else {
      throw HostError(path: folder, problem: "there is no such folder", remedy: "check the path")
    }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw HostError(path: text, errno: errno, activity: "starting it") }
    // A child must not hold an end it does not know of: the output would never be over.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let started = spawn(output: ends[1])
    close(ends[1])
    defer { close(ends[0]) }
    guard started.code == 0 else { throw HostError(path: text, errno: started.code, activity: "starting it") }
    let output = Self.lastBytes(from: ends[0])
    var status: Int32 = 0
    while waitpid(started.id, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return Result(code: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, output: output)
  }

  private func spawn(output: Int32) -> (id: pid_t, code: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    let launcher = "cd -- \"$1\" && exec /bin/sh -c \"$2\""
    let arguments = ["/bin/sh", "-c", launcher, "sh", folder.isEmpty ? "." : folder, text]
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { (word: String) in strdup(word) } + [nil]
    defer { for word in words { free(word) } }
    var id: pid_t = 0
    let code = posix_spawn(&id, "/bin/sh", &actions, nil, &words, environ)
    return (id, code)
  }

  /// Everything up to the end, of which the last part is kept.
  private static func lastBytes(from descriptor: Int32) -> [UInt8] {
    var kept: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      kept += buffer[..<count]
      if kept.count > 2 * outputLimit { kept.removeFirst(kept.count - outputLimit) }
    }
    return Array(kept.suffix(outputLimit))
  }
}

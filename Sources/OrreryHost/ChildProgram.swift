internal import Glibc

/// Another program, run to its end with nothing to read.
public struct ChildProgram: Sendable {
  /// A path, or a name that is looked for in `PATH`.
  public var program: String
  public var arguments: [String]
  /// The folder it is run in.
  public var folder: String
  /// What is set, or with nil taken away, in the environment that it inherits.
  public var environment: [(name: String, value: String?)] = []
  /// Whether what it writes to standard error is told among its output, as it comes.
  public var joinsError = false
  /// Whether it has a process group of its own: the terminal's signals then reach this program alone, which decides what becomes of the child and of all
  /// that it started.
  public var isGroup = false

  public init(_ program: String, _ arguments: [String], in folder: String) {
    self.program = program
    self.arguments = arguments
    self.folder = folder
  }

  /// How a program ended.
  public struct Result: Hashable, Sendable {
    /// The exit code; 128 and the signal's number when a signal ended it, as shells say it. 127 when there is no such program.
    public var code: Int32
    /// The last bytes of what it wrote.
    public var output: [UInt8]
    public var error: [UInt8]
  }

  /// What is kept of each stream unless the caller needs more; of a build that fails the end says why.
  public static let outputLimit = 64 << 10

  /// Runs the program and waits for it.
  ///
  /// - Parameters:
  ///   - outputLimit: how many bytes of each stream are kept, the last ones.
  ///   - isCancelled: asked ten times a second; when it says so, the program is ended, and with a group all that it started.
  public func run(
    outputLimit: Int = ChildProgram.outputLimit, isCancelled: () -> Bool = { false }
  ) throws(HostError) -> Result {
    guard folder.isEmpty || Folder.isFolder(folder) else {
      throw HostError(path: folder, problem: "there is no such folder", remedy: "check the path")
    }
    var output = try Pipe(for: program)
    defer { output.close() }
    var error = joinsError ? output : try Pipe(for: program)
    defer { if !joinsError { error.close() } }
    let started = spawn(output: output.writeEnd, error: error.writeEnd)
    output.closeWriteEnd()
    if !joinsError { error.closeWriteEnd() }
    guard started.code == 0 else { throw HostError(path: program, errno: started.code, activity: "starting it") }
    var kept = [Tail(limit: outputLimit), Tail(limit: outputLimit)]
    var descriptors = [output.readEnd, joinsError ? -1 : error.readEnd]
    var ending = Ending(id: isGroup ? -started.id : started.id)
    var status: Int32 = 0
    var hasEnded = false
    // What outlives the program, such as a build server, may hold the pipes for ever.
    while !hasEnded || Self.hasBytes(descriptors) {
      Self.wait(for: descriptors, milliseconds: hasEnded ? 0 : 100)
      for index in descriptors.indices where descriptors[index] >= 0 {
        if !kept[index].read(from: descriptors[index]) { descriptors[index] = -1 }
      }
      if !hasEnded {
        let waited = waitpid(started.id, &status, WNOHANG)
        // Where children are not to be waited for, how it ended is unknown.
        hasEnded = waited == started.id || (waited < 0 && errno == ECHILD)
      }
      if !hasEnded, isCancelled() { ending.insist() }
    }
    if ending.isBegun, isGroup { kill(-started.id, SIGKILL) }
    let signal = status & 0x7F
    return Result(
      code: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, output: kept[0].bytes, error: kept[1].bytes)
  }

  private func spawn(output: Int32, error: Int32) -> (id: pid_t, code: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO)
    // The shell goes to the folder, looks the program up and becomes it, so that the process keeps its number.
    let launcher = "cd -- \"$1\" && shift && exec \"$@\""
    return Self.spawn(
      ["/bin/sh", "-c", launcher, "sh", folder.isEmpty ? "." : folder, program] + arguments, environment, &actions,
      isGroup: isGroup)
  }

  /// Starts the program whose path is the first of `words`.
  static func spawn(
    _ words: [String], _ changes: [(name: String, value: String?)], _ actions: inout posix_spawn_file_actions_t,
    isGroup: Bool
  ) -> (id: pid_t, code: Int32) {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this program ignores for its own reasons is nothing to the child.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGXFSZ)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | (isGroup ? POSIX_SPAWN_SETPGROUP : 0)))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      environmentLines(changes).map { (line: String) in strdup(line) } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var id: pid_t = 0
    let code = posix_spawn(&id, words[0], &actions, &attributes, &arguments, &variables)
    return (id, code)
  }

  private static func environmentLines(_ changes: [(name: String, value: String?)]) -> [String] {
    var lines: [String] = []
    var place = environ
    while let line = place.pointee {
      let text = String(cString: line)
      if !changes.contains(where: { text.hasPrefix($0.name + "=") }) { lines.append(text) }
      place += 1
    }
    return lines + changes.compactMap { change in change.value.map { "\(change.name)=\($0)" } }
  }

  private static func wait(for descriptors: [Int32], milliseconds: Int32) {
    // A negative descriptor is passed over.
    var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let isOver = descriptors.allSatisfy { $0 < 0 }
    _ = poll(&requests, nfds_t(requests.count), isOver ? min(milliseconds, 5) : milliseconds)
  }

  private static func hasBytes(_ descriptors: [Int32]) -> Bool {
    var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    return poll(&requests, nfds_t(requests.count), 0) > 0 && requests.contains { $0.revents & Int16(POLLIN) != 0 }
  }
}

/// The last bytes of a stream.
private struct Tail {
  let limit: Int
  private var kept: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  var bytes: [UInt8] { Array(kept.suffix(limit)) }

  /// Takes what is there to be read; false at the end of the stream.
  mutating func read(from descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 0) > 0 else { return true }
    let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
      count = max(0, Glibc.read(descriptor, buffer.baseAddress!, 1 << 14))
    }
    kept += chunk
    if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
    return !chunk.isEmpty
  }
}

/// The ending of a program: it is asked first, and made to end when it takes longer than two seconds.
private struct Ending {
  /// The process, or minus the group.
  let id: pid_t
  private var begun: UInt64?

  init(id: pid_t) { self.id = id }

  var isBegun: Bool { begun != nil }

  mutating func insist() {
    guard let begun else {
      begun = WallClock.nanoseconds
      kill(id, SIGTERM)
      return
    }
    if WallClock.nanoseconds - begun > 2_000_000_000 { kill(id, SIGKILL) }
  }
}

/// A pipe whose ends no other child inherits.
struct Pipe {
  private(set) var readEnd: Int32 = -1
  private(set) var writeEnd: Int32 = -1

  init(for path: String) throws(HostError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw HostError(path: path, errno: errno, activity: "starting it") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  mutating func closeWriteEnd() {
    if writeEnd >= 0 { Glibc.close(writeEnd) }
    writeEnd = -1
  }

  mutating func close() {
    closeWriteEnd()
    if readEnd >= 0 { Glibc.close(readEnd) }
    readEnd = -1
  }
}

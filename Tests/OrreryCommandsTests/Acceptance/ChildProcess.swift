import Glibc
import Testing

/// How a child process ended.
struct ChildEnd {
  /// The exit code; nil when a signal ended it.
  var code: Int32?
  /// The signal that ended it.
  var signal: Int32?
}

/// A process of its own: its standard input is empty, its output and errors go to files, its environment is what it is given.
final class ChildProcess {
  let id: pid_t
  /// The most memory it had resident, in KiB, as far as was seen while it was waited for.
  private(set) var peakResidentKibibytes = 0

  /// Far more than any child here takes; a child that hangs is ended, and fails its test.
  private static let limitMilliseconds = 120_000

  init(
    _ program: String, _ arguments: [String], environment: [String] = [], directory: String, output: String,
    error: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    // The threads of a test suite block signals, and a child would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // So would it that they are ignored, when the suite itself runs in the background.
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    // env(1) goes to the folder and then becomes the program, so that the process keeps its id.
    let launcher = "/usr/bin/env"
    let words = [launcher, "-C", directory, program] + arguments
    var argumentPointers = words.map { strdup($0) } + [nil]
    var environmentPointers = environment.map { strdup($0) } + [nil]
    defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
    var id: pid_t = 0
    let result = posix_spawn(&id, launcher, &actions, &attributes, &argumentPointers, &environmentPointers)
    try #require(result == 0, "\(program) cannot be started: \(String(cString: strerror(result)))")
    self.id = id
  }

  /// Waits for the end; `watch` is called about every millisecond until then.
  func wait(watch: () -> Void = {}) async throws -> ChildEnd {
    var status: Int32 = 0
    for _ in 0..<Self.limitMilliseconds {
      notePeak()
      let result = waitpid(id, &status, WNOHANG)
      if result == id {
        return status & 0x7F == 0
          ? ChildEnd(code: (status >> 8) & 0xFF, signal: nil) : ChildEnd(code: nil, signal: status & 0x7F)
      }
      watch()
      try await Task.sleep(for: .milliseconds(1))
    }
    kill(id, SIGKILL)
    waitpid(id, &status, 0)
    Issue.record("process did not end within \(Self.limitMilliseconds) ms and was killed")
    return ChildEnd(code: nil, signal: SIGKILL)
  }

  /// `VmHWM`, see proc_pid_status(5). Unlike the figure of wait4(2), it counts nothing that the parent had before exec.
  private func notePeak() {
    let file = open("/proc/\(id)/status", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &buffer, buffer.count)
    guard count > 0 else { return }
    for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmHWM:")
    {
      peakResidentKibibytes = max(peakResidentKibibytes, Int(line.split(whereSeparator: { !$0.isNumber })[0]) ?? 0)
    }
  }
}

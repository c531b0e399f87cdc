import Glibc
import Testing

/// A shell in a terminal of its own, of 80 columns and 25 rows, with job control: what a person has who starts the tool by hand.
final class PseudoTerminal {
  private let master: Int32
  private let id: pid_t
  /// All that was written to the terminal so far.
  private(set) var output: [UInt8] = []

  /// TIOCGPTN and TIOCSPTLCK, ioctl_tty(2); POSIX_SPAWN_SETSID, spawn.h.
  private static let getNumber: UInt = 0x8004_5430
  private static let setLock: UInt = 0x4004_5431
  private static let newSession: Int16 = 0x80

  /// Far more than anything here takes.
  private static let limitMilliseconds = 60_000

  /// Runs `script` in `directory`; `$0` in it is `program`.
  init(script: String, program: String, directory: String) throws {
    // As in pts(4); the functions of the library for it are not to be had in Swift.
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    var (number, isLocked): (Int32, Int32) = (0, 0)
    try #require(
      master >= 0 && ioctl(master, Self.getNumber, &number) == 0 && ioctl(master, Self.setLock, &isLocked) == 0)
    let slave = "/dev/pts/\(number)"
    var size = winsize(ws_row: 25, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(master, UInt(TIOCSWINSZ), &size) == 0)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The first terminal that the leader of a session opens is its controlling terminal.
    posix_spawn_file_actions_addopen(&actions, 0, slave, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // As in `ChildProcess`: nothing of the suite's signals is inherited.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigemptyset(&all)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU] { sigaddset(&all, number) }
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Self.newSession)
    let words = ["/usr/bin/env", "-C", directory, "/bin/sh", "-c", "set -m; " + script, program]
    var arguments = words.map { strdup($0) } + [nil]
    defer { for pointer in arguments { free(pointer) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), strdup("TERM=xterm"), nil]
    defer { for pointer in environment { free(pointer) } }
    var id: pid_t = 0
    let result = posix_spawn(&id, "/usr/bin/env", &actions, &attributes, &arguments, &environment)
    try #require(result == 0, "the shell cannot be started: \(String(cString: strerror(result)))")
    self.id = id
  }

  deinit {
    kill(id, SIGKILL)
    var status: Int32 = 0
    waitpid(id, &status, 0)
    close(master)
  }

  /// Types `bytes`.
  func type(_ bytes: [UInt8]) { _ = write(master, bytes, bytes.count) }

  /// Whether what is typed is handed over at once, key by key, and no key is a signal.
  var isRaw: Bool {
    var attributes = termios()
    return tcgetattr(master, &attributes) == 0 && attributes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
  }

  /// Reads on until `condition` holds.
  func wait(_ what: Comment, until condition: () -> Bool) async throws {
    var buffer = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<Self.limitMilliseconds {
      while true {
        let count = read(master, &buffer, buffer.count)
        guard count > 0 else { break }
        output += buffer[..<count]
      }
      if condition() { return }
      try await Task.sleep(for: .milliseconds(1))
    }
    Issue.record("\(what) was waited for in vain: \(String(decoding: output, as: UTF8.self))")
  }

  /// Reads on until `text` was written after the first `start` bytes; gives where it ends.
  @discardableResult
  func wait(for text: String, after start: Int = 0) async throws -> Int {
    let wanted = Array(text.utf8)
    var end = start
    try await wait("\(text.debugDescription)") {
      guard output.count >= start + wanted.count else { return false }
      guard
        let index = (start...output.count - wanted.count).first(where: { output[$0...].starts(with: wanted) })
      else { return false }
      end = index + wanted.count
      return true
    }
    return end
  }
}

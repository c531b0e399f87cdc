internal import Glibc

/// A running llvm-symbolizer or addr2line, which is given addresses of one image and answers each with source lines.
final class SymbolizerProcess {
  private let id: pid_t
  /// One end of a pair of sockets whose other end is the process's input and output. Unlike a pipe it can be written to without a signal when the
  /// process is gone.
  private let socket: Int32
  private var unread: [UInt8] = []

  /// An address that no image has code at. Its answer says that the one before is complete, which has as many lines as functions were inlined.
  private static let mark: UInt64 = 0xFFFF_FFFF_FFFF_FFF0
  /// A large kernel's debugging information takes seconds to read the first time.
  private static let patienceMilliseconds: Int32 = 20_000
  private static let answerLimit = 1 << 16
  private static let frameLimit = 64
  private static let lineLimit = 4096

  /// The program that is used, the first of these in `PATH`, and its arguments but for the image; both answer in the form of GNU's.
  static let command: (path: String, arguments: [String])? = {
    let programs: [(name: String, arguments: [String])] = [
      (
        "llvm-symbolizer",
        ["--output-style=GNU", "--functions=none", "--inlines", "--addresses", "--relativenames", "--obj=/dev/fd/3"]
      ),
      ("llvm-addr2line", ["--addresses", "--inlines", "--relativenames", "--exe=/dev/fd/3"]),
      ("addr2line", ["--addresses", "--inlines", "--exe=/dev/fd/3"]),
    ]
    // What execvp(3) does without PATH.
    let folders = (Environment.value("PATH") ?? "/bin:/usr/bin").split(separator: ":").filter { $0.hasPrefix("/") }
    for program in programs {
      for folder in folders {
        let path = Folder.path(program.name, in: String(folder))
        if access(path, X_OK) == 0, Folder.isFile(path) { return (path, program.arguments) }
      }
    }
    return nil
  }()

  /// nil when there is no such program, or it cannot be started.
  init?(image: [UInt8]) {
    guard let command = Self.command, let file = Self.file(of: image) else { return nil }
    defer { close(file) }
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Numbers that are free of the four that the process gets, whatever the host gave us.
    let (far, copy) = (fcntl(ends[1], F_DUPFD_CLOEXEC, 10), fcntl(file, F_DUPFD_CLOEXEC, 10))
    defer {
      close(far)
      close(copy)
    }
    posix_spawn_file_actions_adddup2(&actions, far, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, far, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, copy, 3)
    // A group of its own: Ctrl+C is for us, and we end the process by closing its input.
    let changes = [(name: "LC_ALL", value: "C" as String?)]
    let started = ChildProgram.spawn([command.path] + command.arguments, changes, &actions, isGroup: true)
    guard started.code == 0 else {
      close(ends[0])
      return nil
    }
    id = started.id
    socket = ends[0]
  }

  deinit {
    close(socket)
    kill(id, SIGTERM)
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
  }

  /// The image in a file that has no name, which goes with the last process that has it open.
  private static func file(of image: [UInt8]) -> Int32? {
    var template = Array(Folder.path("orrery-image-XXXXXX", in: TemporaryFolder.parent).utf8CString)
    let file = template.withUnsafeMutableBufferPointer { path -> Int32 in
      let file = mkstemp(path.baseAddress!)
      if file >= 0 { unlink(path.baseAddress!) }
      return file
    }
    guard file >= 0 else { return nil }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    var offset = 0
    while offset < image.count {
      let written = image.withUnsafeBytes {
        pwrite(file, $0.baseAddress! + offset, image.count - offset, off_t(offset))
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        close(file)
        return nil
      }
      offset += written
    }
    return file
  }

  /// Where the instruction at `address` comes from, innermost first; nil when the process failed.
  func frames(at address: UInt64) -> [String]? {
    guard address != Self.mark, send("\(hexadecimal(address))\n\(hexadecimal(Self.mark))\n") else { return nil }
    var isAnswer = false
    var frames: [String] = []
    // Of a program that talks without end no more is heard than an answer can have.
    for _ in 0..<Self.lineLimit {
      guard let line = nextLine() else { return nil }
      if line.hasPrefix("0x"), let echoed = UInt64(line.dropFirst(2), radix: 16) {
        if echoed == address { isAnswer = true }
        if isAnswer, echoed == Self.mark { return frames }
      } else if isAnswer, let frame = Self.frame(line), frames.last != frame, frames.count < Self.frameLimit {
        frames.append(frame)
      }
    }
    return nil
  }

  private func hexadecimal(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }

  /// `kernel.c:42 (discriminator 3)` as `kernel.c:42`; nil when it says that nothing is known, or of code that the compiler made without a line.
  static func frame(_ text: String) -> String? {
    let text = text.split(separator: " (discriminator", maxSplits: 1).first.map(String.init) ?? text
    guard let colon = text.lastIndex(of: ":"), let line = UInt64(text[text.index(after: colon)...]), line > 0 else {
      return nil
    }
    let file = shortened(String(text[..<colon]))
    return file.isEmpty || file.hasPrefix("?") || file.contains("<") ? nil : "\(file):\(line)"
  }

  /// A path as one would type it here. A worktree of a search over commits is gone by now; what was in it is called as in the repository.
  static func shortened(_ path: String) -> String {
    var path = path[...]
    let parts = path.split(separator: "/")
    if let place = parts.indices.dropFirst().first(where: { isWorktree(parts[$0 - 1], parts[$0]) }) {
      path = parts[(place + 1)...].joined(separator: "/")[...]
    }
    if let current = getcwd(nil, 0) {
      defer { free(current) }
      let folder = String(cString: current) + "/"
      if path.hasPrefix(folder) { path = path.dropFirst(folder.utf8.count) }
    }
    while path.hasPrefix("./") { path = path.dropFirst(2) }
    return String(path)
  }

  private static func isWorktree(_ folder: Substring, _ name: Substring) -> Bool {
    folder.hasPrefix("orrery-bisect-") && name == "tree"
  }

  private func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// The next line of the process's answers; nil when it has ended, or takes too long.
  private func nextLine() -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeFirst(end + 1)
        return line
      }
      guard unread.count < Self.answerLimit else { return nil }
      var request = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, Self.patienceMilliseconds)
      if ready < 0, errno == EINTR, !Interruption.isRequested { continue }
      guard ready > 0 else { return nil }
      let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = max(0, recv(socket, buffer.baseAddress!, 4096, 0))
      }
      guard !chunk.isEmpty else { return nil }
      unread += chunk
    }
  }
}

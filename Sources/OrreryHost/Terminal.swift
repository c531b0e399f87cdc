internal import Glibc

/// The terminal of a live run: raw keyboard input and a screen of its own, given back as it was on every way out.
///
/// The way out may be `leave()`, the end of the program, a fatal signal, or a trap of our own: each restores the mode and the screen. So does a stop
/// (SIGTSTP), after which `resume()` takes both again.
public enum Terminal {
  /// Whether both standard input and output are a terminal, as a live run needs.
  public static var isAvailable: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

  /// The size in character cells, or nil when the terminal does not say.
  public static var size: (columns: Int, rows: Int)? {
    var window = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else { return nil }
    return (Int(window.ws_col), Int(window.ws_row))
  }

  /// Switches to raw input and to the alternate screen.
  public static func enter() throws(HostError) {
    guard isAvailable else {
      throw HostError(
        path: "terminal", problem: "standard input or output is not a terminal",
        remedy: "start it from a terminal, or leave out --live")
    }
    var attributes = termios()
    guard tcgetattr(STDIN_FILENO, &attributes) == 0 else {
      throw HostError(path: "terminal", errno: errno, activity: "reading its mode")
    }
    restoration.pointee.attributes = attributes
    _ = restoringHandlersAreInstalled
    try takeOver()
  }

  /// Takes the terminal again when the program was stopped and goes on, whoever stopped it; false when it was not. Everything is to be drawn anew then.
  public static func resume() throws(HostError) -> Bool {
    guard restoration.pointee.wasStopped else { return false }
    restoration.pointee.wasStopped = false
    try takeOver()
    return true
  }

  /// Sets raw mode, whatever the mode is now: a shell may have changed it, and so may whoever had the terminal meanwhile.
  private static func takeOver() throws(HostError) {
    var attributes = restoration.pointee.attributes
    cfmakeraw(&attributes)
    restoration.pointee.isActive = true
    // In the background this stops the program until it is brought to the foreground.
    while tcsetattr(STDIN_FILENO, TCSAFLUSH, &attributes) != 0 {
      guard errno == EINTR else {
        restoration.pointee.isActive = false
        throw HostError(path: "terminal", errno: errno, activity: "setting raw mode")
      }
    }
    try StandardStream.output.write(Array(enterSequence.utf8))
  }

  /// Gives the terminal back; nothing happens when it was not entered.
  public static func leave() { restoreTerminal() }

  /// Bytes typed since the last call, waiting at most `timeoutMilliseconds` for the first.
  public static func typedBytes(timeoutMilliseconds: Int32) -> [UInt8] {
    var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, timeoutMilliseconds) > 0, request.revents & Int16(POLLIN) != 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: 256) { buffer, initializedCount in
      initializedCount = max(0, read(STDIN_FILENO, buffer.baseAddress!, 256))
    }
  }
}

/// The alternate screen, cleared, with the cursor at home.
private let enterSequence = "\u{1B}[?1049h\u{1B}[2J\u{1B}[H"

/// What a signal handler needs to give the terminal back: memory that exists before the handler does, and nothing that allocates.
private struct Restoration {
  var attributes = termios()
  var isActive = false
  /// Whether the program was stopped since the terminal was last taken.
  var wasStopped = false
  /// Colours off, cursor shown, line wrap on, main screen.
  let sequence: UnsafeMutableRawBufferPointer = {
    let text: StaticString = "\u{1B}[0m\u{1B}[?25h\u{1B}[?7h\u{1B}[?1049l"
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8CodeUnitCount, alignment: 1)
    copy.copyMemory(from: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    return copy
  }()
}

nonisolated(unsafe) private let restoration: UnsafeMutablePointer<Restoration> = {
  let state = UnsafeMutablePointer<Restoration>.allocate(capacity: 1)
  state.initialize(to: Restoration())
  return state
}()

/// Only calls that POSIX allows in a signal handler.
private func restoreTerminal() {
  guard restoration.pointee.isActive else { return }
  restoration.pointee.isActive = false
  _ = write(STDOUT_FILENO, restoration.pointee.sequence.baseAddress, restoration.pointee.sequence.count)
  _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &restoration.pointee.attributes)
}

/// Evaluated once, when the terminal is first entered.
private let restoringHandlersAreInstalled: Bool = {
  atexit { restoreTerminal() }
  for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] {
    signal(number) { caught in
      restoreTerminal()
      signal(caught, SIG_DFL)
      raise(caught)
    }
  }
  if !isIgnored(signal: SIGTSTP) { signal(SIGTSTP, stop) }
  // A stop that cannot be caught (SIGSTOP) is noticed when it is over.
  signal(SIGCONT) { _ in restoration.pointee.wasStopped = true }
  return true
}()

/// Gives the terminal back, then stops the program as the signal would have done.
private func stop(_ number: Int32) {
  let code = errno
  let wasActive = restoration.pointee.isActive
  restoreTerminal()
  signal(SIGTSTP, SIG_DFL)
  raise(SIGTSTP)
  // It waits until this handler is left, unless it is let through.
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGTSTP)
  sigprocmask(SIG_UNBLOCK, &signals, nil)
  // Here the program goes on. Where nobody could continue it, it was not stopped at all, and no SIGCONT came.
  signal(SIGTSTP, stop)
  if wasActive { restoration.pointee.wasStopped = true }
  errno = code
}

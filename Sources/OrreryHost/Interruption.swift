internal import Glibc

/// Notes that the user asked the program to stop (SIGINT, SIGTERM or SIGHUP), so that a recording can end its trace in good order.
///
/// A second signal does what it did before: it ends the program at once. A signal that the program was started to ignore, as by `nohup`, stays ignored.
public enum Interruption {
  /// Starts to catch the signals, the first time.
  public static func catchSignals() { _ = handlersAreInstalled }

  /// From here on a reader of the output that went away (SIGPIPE) asks the program to stop, too, instead of ending it at once: for commands that have something
  /// to put away.
  public static func catchClosedPipes() { _ = pipeHandlerIsInstalled }

  /// Whether such a signal has come.
  public static var isRequested: Bool { pendingSignal.pointee != 0 }

  /// The name of the signal that came.
  public static var signalName: String? {
    switch pendingSignal.pointee {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGHUP: "SIGHUP"
    case SIGPIPE: "SIGPIPE"
    default: nil
    }
  }
}

/// Written by the handler, which may touch nothing else; a word behind a pointer that is made before any handler is installed.
nonisolated(unsafe) private let pendingSignal: UnsafeMutablePointer<Int32> = {
  let word = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  word.initialize(to: 0)
  return word
}()

/// What each signal did before it was caught, by its number.
nonisolated(unsafe) private let previousActions: UnsafeMutablePointer<sigaction> = {
  let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 64)
  actions.initialize(repeating: sigaction(), count: 64)
  return actions
}()

/// Evaluated once: the handlers of before would otherwise be lost.
private let handlersAreInstalled: Bool = {
  for number in [SIGINT, SIGTERM, SIGHUP] {
    var action = sigaction()
    guard !isIgnored(signal: number), sigaction(number, nil, &action) == 0 else { continue }
    previousActions[Int(number)] = action
    signal(number) { caught in
      pendingSignal.pointee = caught
      sigaction(caught, previousActions + Int(caught), nil)
    }
  }
  return true
}()

/// What is written after the first such signal, to whoever, comes to nothing.
private let pipeHandlerIsInstalled: Bool = {
  if !isIgnored(signal: SIGPIPE) {
    signal(SIGPIPE) { caught in
      pendingSignal.pointee = caught
      signal(SIGPIPE, SIG_IGN)
    }
  }
  return true
}()

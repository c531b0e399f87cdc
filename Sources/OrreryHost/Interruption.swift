internal import Glibc

/// Notes that the user asked the program to stop (SIGINT, SIGTERM or SIGHUP), so that a recording can end its trace in good order.
///
/// A second signal ends the program at once, as usual.
public enum Interruption {
  /// Starts to catch the signals.
  public static func catchSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { caught in
        pendingSignal.pointee = caught
        signal(caught, SIG_DFL)
      }
    }
  }

  /// Whether such a signal has come.
  public static var isRequested: Bool { pendingSignal.pointee != 0 }

  /// The name of the signal that came.
  public static var signalName: String? {
    switch pendingSignal.pointee {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGHUP: "SIGHUP"
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

internal import Glibc

/// Lines that a person types, or that another program writes.
public enum StandardInput {
  /// A longer line is given in parts.
  private static let lineLimit = 4_096

  /// The next line without its end; nil when there is none any more, or a signal asked the program to stop.
  ///
  /// - Parameter onContinue: is called when the program goes on after it was stopped (SIGTSTP, then SIGCONT): what it asked has gone from sight.
  public static func line(onContinue: () -> Void = {}) -> String? {
    _ = continuationIsCaught
    var bytes: [UInt8] = []
    while bytes.count < lineLimit {
      // Unlike a read, a poll is not begun again after a signal.
      var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      if poll(&request, 1, -1) < 0 {
        guard errno == EINTR, !Interruption.isRequested else { return nil }
        onContinue()
        continue
      }
      var byte: UInt8 = 0
      guard read(STDIN_FILENO, &byte, 1) == 1 else {
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\n") { break }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Caught, so that waiting for input is interrupted; the program goes on by itself.
private let continuationIsCaught: Bool = {
  signal(SIGCONT) { _ in }
  return true
}()

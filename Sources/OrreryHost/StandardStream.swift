internal import Glibc

/// Standard output or error, written at once and whole; what a command says to its caller.
public struct StandardStream: TextOutputStream, Sendable {
  private let descriptor: Int32

  public static let output = StandardStream(descriptor: STDOUT_FILENO)
  public static let error = StandardStream(descriptor: STDERR_FILENO)

  private init(descriptor: Int32) { self.descriptor = descriptor }

  /// Whether a person is looking: only then are colour and progress shown.
  public var isTerminal: Bool { isatty(descriptor) == 1 }

  public mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { write(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// Writes `bytes` unchanged. A reader that went away (a closed pipe) is not our failure and is ignored.
  public func write(bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let written = Glibc.write(descriptor, start, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  public func write(bytes: [UInt8]) { bytes.withUnsafeBytes { write(bytes: $0) } }

  public func writeLine(_ text: String) {
    var stream = self
    stream.write(text + "\n")
  }
}

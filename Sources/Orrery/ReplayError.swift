public import OrreryImage
public import OrreryTrace

/// Why a trace cannot be replayed at all.
public enum ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
  case trace(TraceError)
  /// The trace was recorded by another revision of the machine.
  case otherRevision(trace: String, program: String)
  /// The header has a setting that this program does not know.
  case unknownSetting(String, String)
  /// The trace says of itself what no recorder writes.
  case contradiction(String)
  /// The traces are each right, and cannot be compared step by step: why, and what to do instead.
  case incomparable(String)
  /// The recording was cut short: how far the run went, which a trace of other lanes would say, is not known.
  case withoutEnd
  /// The image in the trace cannot be booted.
  case image(ImageError)

  public var description: String {
    switch self {
    case .trace(let error): error.description
    case .otherRevision(let trace, let program):
      "the trace was recorded by machine revision \(trace), this program is revision \(program), which may behave otherwise; "
        + "replay it with the program that recorded it (show and diff work with any)"
    case .unknownSetting(let key, let value):
      "the trace has the setting '\(key)' with the value '\(value)', which this program does not know; "
        + "replay it with the program that recorded it"
    case .contradiction(let what): "the trace contradicts itself: \(what); record the run again"
    case .incomparable(let why): why
    case .withoutEnd:
      "the recording was cut short, and how far its run went is not known; record it again"
    case .image(let error): "the image in the trace: \(error)"
    }
  }
}

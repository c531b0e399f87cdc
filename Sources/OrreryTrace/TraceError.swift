public import OrreryBase

/// A place in a trace where its bytes are not what was written.
public struct TraceDamage: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where the damaged part starts, in bytes from the start of the trace.
  public var offset: UInt64
  /// What is damaged and how that shows.
  public var what: String
  /// What can still be done.
  public var remedy: String

  public init(offset: UInt64, what: String, remedy: String) {
    self.offset = offset
    self.what = what
    self.remedy = remedy
  }

  public var description: String { "offset \(offset): \(what); \(remedy)" }
}

/// Why a trace could not be read or written.
public enum TraceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The host could not read or write.
  case storage(TraceStorageError)
  /// The bytes are not a trace at all.
  case notATrace(String)
  /// An intact trace of another format version.
  case unsupportedVersion(UInt32)
  case damaged(TraceDamage)

  public var description: String {
    switch self {
    case .storage(let error): error.description
    case .notATrace(let reason): "not a trace: \(reason); give a file that `orrery record` wrote"
    case .unsupportedVersion(let version):
      "the trace has format version \(version), this program reads versions \(TraceFormat.versions.lowerBound) to \(TraceFormat.versions.upperBound); use the program that recorded it"
    case .damaged(let damage): "the trace is damaged at \(damage)"
    }
  }
}

/// Why the coding of events inside a chunk makes no sense although its hash is right.
struct CodingFault: Error {
  var reason: StaticString

  init(_ reason: StaticString) { self.reason = reason }
}

import Orrery
import OrreryHost
import OrreryTrace

/// Why a command could not do its work: the message for the person, who then gets exit code 2.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  init(_ error: HostError) { self.init(error.description) }

  /// An error in the trace at `path`.
  init(_ error: TraceError, path: String) { self.init("\(path): \(error)") }
}

/// A trace with the name the person gave it.
struct OpenedTrace {
  let path: String
  let reader: TraceReader

  init(path: String) throws(CommandFailure) {
    self.path = path
    let source: TraceFileSource
    do throws(HostError) { source = try TraceFileSource(path: path) } catch { throw CommandFailure(error) }
    do throws(TraceError) { reader = try TraceReader(source: source) } catch {
      throw CommandFailure(error, path: path)
    }
  }

  /// Words for the trace's events.
  func rendering() -> EventRendering { EventRendering(of: reader) }

  /// Does `work` with the trace; an error says which trace it is about.
  func attempt<Result>(_ work: (TraceReader) throws(TraceError) -> Result) throws(CommandFailure) -> Result {
    do throws(TraceError) { return try work(reader) } catch { throw CommandFailure(error, path: path) }
  }
}

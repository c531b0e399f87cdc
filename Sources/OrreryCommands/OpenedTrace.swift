import Orrery
import OrreryHost
import OrreryTrace

/// A trace with the name the person gave it.
struct OpenedTrace {
  let path: String
  let source: TraceFileSource
  let reader: TraceReader

  init(path: String) throws(CommandFailure) {
    self.path = path
    do throws(HostError) { source = try TraceFileSource(path: path) } catch {
      let partial = path + ".partial"
      guard (try? InputFile(path: partial)) != nil else { throw CommandFailure(error) }
      throw CommandFailure("\(error)\nits recording was cut short; what there is of it can be read: \(partial)")
    }
    do throws(TraceError) { reader = try TraceReader(source: source) } catch {
      throw CommandFailure(error, path: path)
    }
  }

  /// Notes on standard error what is damaged, and that the recording was cut short.
  func noteDamage() {
    for damage in reader.damage { Console.current.note("\(path): damaged at \(damage)") }
    if !reader.isComplete { Console.current.note("\(path): the recording was cut short; this is its beginning") }
  }

  /// Traces up to this size are checked whole, which takes a fraction of a second.
  private static let checkedByteCount: UInt64 = 64 << 20

  /// What is damaged, also where nobody reads: in the header and the index. Of a large trace, only what was seen when it was opened.
  func findDamage() throws(CommandFailure) -> [TraceDamage] {
    guard reader.byteCount <= OpenedTrace.checkedByteCount else { return reader.damage }
    return try attempt { reader throws(TraceError) in try reader.verify(decodes: false) }
  }

  /// Words for the trace's events.
  func rendering() -> EventRendering { EventRendering(of: reader) }

  /// Does `work` with the trace; an error says which trace it is about.
  func attempt<Result>(_ work: (TraceReader) throws(TraceError) -> Result) throws(CommandFailure) -> Result {
    do throws(TraceError) { return try work(reader) } catch { throw CommandFailure(error, path: path) }
  }
}

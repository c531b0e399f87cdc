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

  /// What is damaged, wherever it is: every byte is read and hashed.
  ///
  /// So all commands say the same of one trace, whatever part of it they were asked for.
  func findDamage() throws(CommandFailure) -> [TraceDamage] {
    try attempt { reader throws(TraceError) in try reader.verify(decodes: false) }
  }

  /// Refuses a trace that is damaged anywhere, for a command that would take what is left for the whole.
  ///
  /// - Parameter consequence: what a damaged trace does not have or undergo, as in `a damaged trace is not replayed`.
  func requireIntact(_ consequence: String) throws(CommandFailure) {
    let damage = try findDamage()
    guard !damage.isEmpty else { return }
    throw CommandFailure(
      damage.map { "error: \(path): damaged at \($0)" }.joined(separator: "\n")
        + "\na damaged trace \(consequence); what is intact can be read: orrery show \(Reproduction.quoted(path))")
  }

  /// How the run ended, and what it reports.
  var endLines: [String] {
    guard reader.end == nil, reader.isComplete else { return RunEndText.lines(reader.end) }
    return ["end: lost, its record is damaged"]
  }

  /// Words for the trace's events, with source lines they are wished and can be had.
  ///
  /// - Parameters:
  ///   - lines: whether lines are wished; nil, as it comes.
  ///   - sparingly: whether next to nothing is to be read of a long trace for it: then there are lines only if they are wished.
  func rendering(lines: Bool? = nil, sparingly: Bool = false) -> EventRendering {
    EventRendering(of: reader, sparingly: sparingly && lines != true && reader.byteCount >= Self.longByteCount) {
      ImageSymbolizer.lines(of: $0, isAsked: lines, called: path)
    }
  }

  /// From how many bytes on a trace is long: an image of some hundred KiB is less than a hundredth of it only then.
  private static let longByteCount: UInt64 = 16 << 20

  /// Does `work` with the trace; an error says which trace it is about.
  func attempt<Result>(_ work: (TraceReader) throws(TraceError) -> Result) throws(CommandFailure) -> Result {
    do throws(TraceError) { return try work(reader) } catch { throw CommandFailure(error, path: path) }
  }
}

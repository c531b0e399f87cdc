import OrreryCompare
import OrreryHost
import OrreryTrace

/// What has a behaviour: a trace, or the golden text of one.
enum BehaviourSource {
  case trace(OpenedTrace)
  case golden(Behaviour)

  init(path: String) throws(CommandFailure) {
    do throws(HostError) {
      let file = try InputFile(path: path)
      let start = try file.read(offset: 0, count: Behaviour.textStart.utf8.count)
      if start.elementsEqual(Behaviour.textStart.utf8) {
        self = .golden(Behaviour(text: try file.text(limit: Behaviour.textLimit)))
        return
      }
    } catch { throw CommandFailure(error) }
    self = .trace(try OpenedTrace(path: path))
  }

  /// Words for the events of a trace, with source lines; nil for a golden.
  func rendering(lines: Bool?) -> EventRendering? {
    if case .trace(let trace) = self { trace.rendering(lines: lines) } else { nil }
  }

  /// - Parameter other: what it is compared with; a golden decides how much of a trace can be.
  func behaviour(_ lanes: LaneSet, comparedWith other: BehaviourSource? = nil) throws(CommandFailure) -> Behaviour {
    let lineLimit = if case .trace? = other { Behaviour.traceLineLimit } else { Behaviour.goldenLineLimit }
    switch self {
    case .golden(let behaviour): return behaviour
    case .trace(let trace):
      return try trace.attempt { reader throws(TraceError) in
        try Behaviour(trace: reader, rendering: trace.rendering(lines: false), lanes: lanes, lineLimit: lineLimit)
      }
    }
  }
}

import OrreryBase
import OrreryCompare
import OrreryMachine
import OrreryTrace

/// The first event in which a behaviour is another, and the code that it comes from.
struct FirstChange {
  private let change: BehaviourChange
  private let tracePath: String
  private let event: Event
  private let line: String
  private let place: String?

  /// nil when no change has an event of a trace, as when a golden's last lines are missing.
  init?(of difference: BehaviourJudge.Difference, comparedWith judge: BehaviourJudge, _ recipe: KernelRecipe) throws {
    var first: (change: BehaviourChange, origin: BehaviourOrigin)?
    for change in difference.changes {
      guard let origin = change.origin, change.kind != .removed || judge.isTrace else { continue }
      if let known = first, known.origin.clock <= origin.clock { continue }
      first = (change, origin)
    }
    guard let first else { return nil }
    change = first.change
    // What was removed is in the trace of before.
    tracePath = first.change.kind == .removed ? judge.right : difference.tracePath
    let trace = try OpenedTrace(path: tracePath)
    let sequence = first.origin.sequence
    let event = try trace.attempt { reader throws(TraceError) in
      var events = try reader.events(fromSequence: sequence)
      return try events.next()
    }
    guard let event else { return nil }
    self.event = event
    let rendering = trace.rendering()
    line = rendering.line(event)
    if event.payload.codeAddress == nil, recipe.traces.holds(tracePath) {
      place = rendering.code(try recipe.instruction(at: event.clock, of: trace))
      return
    }
    place = event.payload.codeAddress.map { rendering.code($0, isReturn: event.payload.isCodeAddressReturn) }
  }

  var lines: [String] {
    let side = change.kind == .removed ? ", which is gone" : ""
    return [
      "first: event \(Words.number(event.sequence)) at clock \(Words.number(event.clock))\(side)"
        + (place.map { ", at \($0)" } ?? ""), line,
    ]
  }

  func json() -> JSONObject {
    var object = JSONObject()
    object.add("words", change.description)
    object.add("kind", change.kind.name)
    object.add("trace", tracePath)
    object.add("event", event.sequence)
    object.add("clock", event.clock)
    object.add("line", line)
    object.add("place", place)
    return object
  }
}

import OrreryCompare
import OrreryHost
import OrreryTrace

/// What has a behaviour: a trace, or the golden text of one.
enum BehaviourSource {
  case trace(OpenedTrace)
  case golden(GoldenText)

  init(path: String) throws(CommandFailure) {
    guard let text = try Self.behaviourText(path) else {
      self = .trace(try OpenedTrace(path: path))
      return
    }
    do throws(BehaviourError) { self = .golden(try GoldenText(text)) } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }

  /// The text of the file at `path` if it begins as a behaviour does.
  private static func behaviourText(_ path: String) throws(CommandFailure) -> String? {
    do throws(HostError) {
      let file = try InputFile(path: path)
      let start = try file.read(offset: 0, count: Behaviour.textStart.utf8.count)
      return start.elementsEqual(Behaviour.textStart.utf8) ? try file.text(limit: Behaviour.textLimit) : nil
    } catch { throw CommandFailure(error) }
  }

  /// Words for the events of a trace, with source lines; nil for a golden.
  func rendering(lines: Bool?) -> EventRendering? {
    if case .trace(let trace) = self { trace.rendering(lines: lines) } else { nil }
  }

  /// - Parameter other: what it is compared with; a golden decides how much of a trace can be.
  func behaviour(_ lanes: LaneSet, comparedWith other: BehaviourSource? = nil) throws(CommandFailure) -> Behaviour {
    let lineLimit = if case .trace? = other { Behaviour.traceLineLimit } else { Behaviour.goldenLineLimit }
    switch self {
    case .golden(let golden): return golden.behaviour(of: lanes)
    case .trace(let trace):
      return try trace.attempt { reader throws(TraceError) in
        try Behaviour(trace: reader, rendering: trace.rendering(lines: false), lanes: lanes, lineLimit: lineLimit)
      }
    }
  }

  /// The lanes it can tell anything of.
  var lanes: LaneSet {
    get throws(CommandFailure) {
      switch self {
      case .golden(let golden): golden.lanes
      case .trace(let trace):
        try trace.attempt { reader throws(TraceError) in try reader.header().lanes }.subtracting(LaneSet(.state))
      }
    }
  }
}

/// Two behaviours in the lanes that both sides have: of another lane, all that one side says would be a difference.
struct ComparableBehaviours {
  let golden: Behaviour
  let actual: Behaviour
  /// Which lanes are left out, in words; nil when none is.
  let leftOut: String?
  private let sources: [BehaviourSource]
  private let names: (String, String)

  /// - Parameters:
  ///   - names: what the sides are called.
  ///   - lanes: those that are asked for.
  init(_ left: BehaviourSource, _ right: BehaviourSource, names: (String, String), lanes: LaneSet)
    throws(CommandFailure)
  {
    sources = [left, right]
    self.names = names
    let common: LaneSet
    (common, leftOut) = try Self.lanes(left, right, names: names, of: lanes)
    golden = try left.behaviour(common, comparedWith: right)
    actual = try right.behaviour(common, comparedWith: left)
  }

  /// What changed from the golden to the actual one.
  ///
  /// A damaged trace is refused: that two are the same is said of whole traces only, and a difference may be all that the damage is.
  func comparison() throws(CommandFailure) -> BehaviourComparison {
    let comparison: BehaviourComparison
    do throws(BehaviourError) { comparison = try compareBehaviour(golden: golden, actual: actual) } catch {
      throw CommandFailure("\(names.0), \(names.1): \(error)")
    }
    for case .trace(let trace) in sources where comparison.isEqual || !trace.reader.damage.isEmpty {
      try trace.requireIntact("has no behaviour to compare")
    }
    return comparison
  }

  /// The lanes of `lanes` that both sides have, and in words which are left out.
  static func lanes(
    _ left: BehaviourSource, _ right: BehaviourSource, names: (String, String), of lanes: LaneSet
  ) throws(CommandFailure) -> (common: LaneSet, leftOut: String?) {
    let (leftLanes, rightLanes) = (try left.lanes.intersection(lanes), try right.lanes.intersection(lanes))
    let common = leftLanes.intersection(rightLanes)
    guard !common.isEmpty || leftLanes == rightLanes else {
      throw CommandFailure(
        "\(names.0), \(names.1): they have no lane in common that is compared; record both with the same lanes")
    }
    let parts = [(names.0, leftLanes), (names.1, rightLanes)].compactMap { name, lanes -> String? in
      let only = lanes.subtracting(common)
      return only.isEmpty ? nil : "only \(name) has \(LaneOption.text(only))"
    }
    return (common, parts.isEmpty ? nil : parts.joined(separator: ", ") + "; they are not compared")
  }
}

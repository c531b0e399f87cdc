import ArgumentParser
import OrreryTrace

/// `--lane heap,map`: lanes by name, several with commas.
struct LaneOption: ExpressibleByArgument {
  let lanes: LaneSet

  init?(argument: String) {
    var lanes: LaneSet = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let lane = Lane(name: name) else { return nil }
      lanes.formUnion(LaneSet(lane))
    }
    self.lanes = lanes
  }

  static var allValueStrings: [String] { Lane.allCases.map(\.name) }

  /// As the option takes them.
  static func text(_ lanes: LaneSet) -> String { lanes.lanes.map(\.name).joined(separator: ",") }

  /// The option that chooses `lanes`; nothing for all of them.
  static func arguments(_ lanes: LaneSet) -> [String] { lanes == .all ? [] : ["--lane", text(lanes)] }

  /// The lanes of all options; every lane without an option.
  static func union(_ options: [LaneOption]) -> LaneSet {
    options.isEmpty ? .all : options.reduce(into: []) { $0.formUnion($1.lanes) }
  }
}

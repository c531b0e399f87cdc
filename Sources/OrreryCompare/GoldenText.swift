public import OrreryTrace

/// The text of a behaviour that was kept, checked line by line.
///
/// A comparison looks at what the lines of two behaviours say; what is no line of one would be passed over. So a text that people and merges have had
/// their hands on is refused unless all of it is a behaviour's.
public struct GoldenText: Sendable {
  public let behaviour: Behaviour
  /// The lanes that were recorded for it.
  public let lanes: LaneSet
  private let rows: [Substring]

  /// - Throws: with the number of the first line that is none of a behaviour. A text of another version is left to `compareBehaviour` to refuse.
  public init(_ text: String) throws(BehaviourError) {
    behaviour = Behaviour(text: text)
    rows = behaviour.rows
    guard rows.first.map(String.init) == Behaviour.versionLine else {
      lanes = .all
      return
    }
    var checker = Checker()
    for (index, row) in rows.enumerated().dropFirst() where !row.isEmpty { try checker.check(row, number: index + 1) }
    lanes = try checker.finish()
  }

  /// What it says of `lanes`.
  public func behaviour(of lanes: LaneSet) -> Behaviour {
    guard !self.lanes.isSubset(of: lanes) else { return behaviour }
    var kept: [Substring] = []
    var isKept = true
    for (index, row) in rows.enumerated() {
      if index > 0, row.hasPrefix(Behaviour.lanesStart), kept.count == 1 {
        let told = self.lanes.intersection(lanes).lanes.map(\.name).joined(separator: " ")
        kept.append("\(Behaviour.lanesStart) \(told)")
        continue
      }
      if index > 0, let lane = Self.lane(ofHeading: row) { isKept = lanes.contains(lane) }
      if isKept { kept.append(row) }
    }
    return Behaviour(text: kept.joined(separator: "\n"))
  }

  /// The lane of a section by its heading, such as `heap, main`; nil for what is no heading.
  fileprivate static func lane(ofHeading row: Substring) -> Lane? {
    Lane(name: row.prefix { $0 != "," })
  }

  /// What has been seen of a text.
  private struct Checker {
    private var lanes: LaneSet?
    /// The section of the present line, and where its heading is.
    private var section: (name: Substring, number: Int)?
    private var isSectionEmpty = false
    /// Only looked up.
    private var sections: Set<Substring> = []

    mutating func check(_ row: Substring, number: Int) throws(BehaviourError) {
      if row.hasPrefix(" ") {
        guard section != nil else { throw Self.error(number, "`\(Self.shown(row))` stands before the first section") }
        isSectionEmpty = false
      } else if let name = Behaviour.headStart(of: row) {
        guard section == nil else { throw Self.error(number, "`\(name)` stands after the first section") }
        if name == Behaviour.lanesStart { try readLanes(row.dropFirst(name.count), number) }
      } else {
        guard GoldenText.lane(ofHeading: row) != nil else {
          throw Self.error(number, "`\(Self.shown(row))` is no line of a behaviour")
        }
        try endSection()
        guard sections.insert(row).inserted else { throw Self.error(number, "section `\(row)` is there twice") }
        section = (row, number)
        isSectionEmpty = true
      }
    }

    mutating func finish() throws(BehaviourError) -> LaneSet {
      try endSection()
      guard let lanes else { throw Self.error(2, "`lanes:` is missing, which says what was recorded") }
      return lanes
    }

    private mutating func readLanes(_ names: Substring, _ number: Int) throws(BehaviourError) {
      guard lanes == nil else { throw Self.error(number, "`lanes:` is there twice") }
      var found: LaneSet = []
      for name in names.split(separator: " ") {
        guard let lane = Lane(name: name) else { throw Self.error(number, "`\(Self.shown(name))` is no lane") }
        found.formUnion(LaneSet(lane))
      }
      lanes = found
    }

    private func endSection() throws(BehaviourError) {
      guard let section, isSectionEmpty else { return }
      throw Self.error(section.number, "section `\(section.name)` is empty")
    }

    private static func shown(_ row: Substring) -> String { row.count > 60 ? row.prefix(60) + "…" : String(row) }

    private static func error(_ number: Int, _ problem: String) -> BehaviourError {
      BehaviourError(
        description:
          "line \(number): \(problem); take out what a merge or a slip left there, or accept the behaviour anew")
    }
  }
}

/// Makes changes of the units that are not in both behaviours.
struct ChangeFinder {
  private let units: [ComparedUnit]
  private let places: [Place]
  private let lanesLeftOut: [String]
  /// How many units do the same in one section, on both sides.
  private let deedCounts: [Deed: Int]
  /// The partner of a unit that was moved or changed, by its index.
  private var partners: [Int: (index: Int, kind: BehaviourChange.Kind)] = [:]
  /// Larger hunks are paired in order rather than by what their lines have in common, which takes as long as both sides multiplied.
  private static let comparisonLimit = 250_000
  /// So many changes that differ in names and places only are told as one.
  private static let leastCount = 4

  init(_ units: [ComparedUnit], lanesLeftOut: [String] = []) {
    self.units = units
    places = Self.places(units)
    self.lanesLeftOut = lanesLeftOut
    deedCounts = units.reduce(into: [:]) { $0[Deed($1), default: 0] += 1 }
  }

  /// What is done, and in which section.
  private struct Deed: Hashable {
    var section: String
    var textKey: Int

    init(_ unit: ComparedUnit) {
      section = unit.section
      textKey = unit.textKey
    }
  }

  mutating func find() -> [BehaviourChange] {
    for index in units.indices where units[index].isCountOnly { pair(index, index + 1, .changed) }
    let hunks = hunks()
    for hunk in hunks { pairInPlace(hunk, \.textKey) }
    findMoves()
    for hunk in hunks {
      pairInPlace(hunk, \.skeleton)
      pairAlike(hunk)
    }
    return folded(toldOnce(units.indices.compactMap { units[$0].kind == .same ? nil : change(at: $0) }))
  }

  /// Runs of units that are not in both.
  private func hunks() -> [Range<Int>] {
    var hunks: [Range<Int>] = []
    for index in units.indices where units[index].kind != .same {
      if let last = hunks.last, last.upperBound == index, units[index].section == units[index - 1].section {
        hunks[hunks.count - 1] = last.lowerBound..<index + 1
      } else {
        hunks.append(index..<index + 1)
      }
    }
    return hunks
  }

  private func open(_ kind: BehaviourComparison.Line.Kind, in range: Range<Int>) -> [Int] {
    range.filter { units[$0].kind == kind && partners[$0] == nil }
  }

  private mutating func pair(_ old: Int, _ new: Int, _ kind: BehaviourChange.Kind) {
    partners[old] = (new, kind)
    partners[new] = (old, kind)
  }

  /// What has the same `key` at the same place is the same, changed.
  private mutating func pairInPlace(_ hunk: Range<Int>, _ key: (ComparedUnit) -> Int) {
    let removed = open(.removed, in: hunk)
    let added = open(.added, in: hunk)
    guard !removed.isEmpty, !added.isEmpty else { return }
    for edit in lineDifference(removed.map { key(units[$0]) }, added.map { key(units[$0]) }) {
      if case .keep(let old, let new) = edit { pair(removed[old], added[new], .changed) }
    }
  }

  /// The same is done elsewhere: first looked for in the same section, then in the contexts of the same lane.
  private mutating func findMoves() {
    for isWithinSection in [true, false] {
      var places: [String: [Int]] = [:]
      func place(_ index: Int) -> String {
        let unit = units[index]
        let section = isWithinSection ? unit.section : BehaviourWords.stream(unit.section)
        // A row of the screen that is at another height.
        if let line = BehaviourWords.screenLine(unit.raw) { return section + "\n" + line.text }
        return section + "\n\(isWithinSection ? unit.key : unit.textKey) \(unit.count)"
      }
      // Reversed, so that the first is taken from the end.
      for index in open(.added, in: 0..<units.count).reversed() where Self.canMove(units[index]) {
        places[place(index), default: []].append(index)
      }
      for old in open(.removed, in: 0..<units.count) where Self.canMove(units[old]) {
        guard let new = places[place(old)]?.popLast() else { continue }
        pair(old, new, .moved)
      }
    }
  }

  /// What is said of a whole section or run has one place only.
  private static func canMove(_ unit: ComparedUnit) -> Bool { !unit.section.isEmpty && !unit.raw.hasPrefix("… ") }

  /// What takes the place of something alike is that, changed.
  private mutating func pairAlike(_ hunk: Range<Int>) {
    let removed = open(.removed, in: hunk)
    let added = open(.added, in: hunk)
    guard !removed.isEmpty, !added.isEmpty else { return }
    guard removed.count * added.count <= Self.comparisonLimit else {
      for (old, new) in zip(removed, added) where alike(old, new) { pair(old, new, .changed) }
      return
    }
    var next = 0
    for old in removed {
      guard let place = (next..<added.count).first(where: { alike(old, added[$0]) }) else { continue }
      pair(old, added[place], .changed)
      next = place + 1
    }
  }

  private func alike(_ old: Int, _ new: Int) -> Bool {
    units[old].told.count == units[new].told.count
      && BehaviourWords.areAlike(units[old].raw, units[new].raw, section: units[old].section)
  }

  // MARK: Changes

  private func change(at index: Int) -> BehaviourChange? {
    guard var change = rawChange(at: index) else { return nil }
    // `old #3` was one word as long as words were compared.
    change.words = String(change.words.map { $0 == "\u{A0}" ? " " : $0 })
    return change
  }

  private func rawChange(at index: Int) -> BehaviourChange? {
    let unit = units[index]
    guard let partner = partners[index] else {
      let kind = unit.kind == .added ? BehaviourChange.Kind.added : .removed
      return BehaviourChange(
        kind: kind, section: unit.section, old: kind == .removed ? unit.raw : nil, new: kind == .added ? unit.raw : nil,
        origin: unit.origin, count: unit.count, words: BehaviourWords.words(unit, kind), isVaried: unit.count > 1)
    }
    // Told once, where the new one is.
    guard unit.kind == .added else { return nil }
    let old = units[partner.index]
    let words =
      switch partner.kind {
      case .moved: moved(from: partner.index, to: index)
      case _ where old.count != unit.count && old.textKey == unit.textKey:
        BehaviourWords.counted(from: old, to: unit, isElsewhere: deedCounts[Deed(unit), default: 0] > 2)
      case _ where unit.section.isEmpty && unit.raw.hasPrefix("lanes:") && !lanesLeftOut.isEmpty:
        "only one side recorded " + lanesLeftOut.joined(separator: ", ") + "; not compared"
      default: BehaviourWords.changed(from: old, to: unit)
      }
    let isOfCount = old.count == unit.count
    return BehaviourChange(
      kind: partner.kind, section: unit.section, old: old.raw, new: unit.raw, origin: unit.origin,
      count: isOfCount ? unit.count : 1, words: words, isVaried: isOfCount && unit.count > 1)
  }

  private func moved(from old: Int, to new: Int) -> String {
    let unit = units[new]
    if let line = BehaviourWords.screenLine(unit.raw), let oldLine = BehaviourWords.screenLine(units[old].raw) {
      return "line \(line.row): \(line.text), was line \(oldLine.row)"
    }
    let what = BehaviourWords.doing(unit)
    if units[old].section != unit.section { return "\(what), now in `\(unit.section)`, was in `\(units[old].section)`" }
    let now = place(before: new)
    let was = place(before: old)
    guard now == was else { return "\(what), now \(now), was \(was)" }
    // The same is done at both places, so that only their numbers tell them apart.
    return "\(what), now number \(number(new)) in its section, was number \(number(old))"
  }

  /// The last that is in both behaviours before `index`, in the same section.
  private func place(before index: Int) -> String {
    guard let same = places[index].lastSame else { return "first" }
    return "after `\(units[same].told.last ?? "")`"
  }

  /// The how manyth unit of its side the unit is in its section.
  private func number(_ index: Int) -> Int { places[index].before + 1 }

  /// Where a unit is in its section.
  private struct Place {
    /// The last unit before it that is in both behaviours.
    var lastSame: Int?
    /// How much is before it on its side.
    var before: Int
  }

  /// The places of all units.
  private static func places(_ units: [ComparedUnit]) -> [Place] {
    var places: [Place] = []
    var lastSame: Int?
    var (removed, added) = (0, 0)
    for index in units.indices {
      if index > 0, units[index].section != units[index - 1].section {
        lastSame = nil
        (removed, added) = (0, 0)
      }
      places.append(Place(lastSame: lastSame, before: units[index].kind == .removed ? removed : added))
      if units[index].kind != .added { removed += units[index].count }
      if units[index].kind != .removed { added += units[index].count }
      if units[index].kind == .same { lastSame = index }
    }
    return places
  }

  // MARK: Folding

  /// Without what another change says, too: the exit value is told with the end of the run.
  private func toldOnce(_ changes: [BehaviourChange]) -> [BehaviourChange] {
    guard let end = changes.firstIndex(where: { $0.section.isEmpty && $0.new?.hasPrefix("end: ") == true }),
      let exit = changes.firstIndex(where: { $0.section == "output, exit" && $0.kind == .changed }),
      let old = changes[exit].old, let new = changes[exit].new, changes[end].old?.hasSuffix(", \(old)") == true,
      changes[end].new?.hasSuffix(", \(new)") == true
    else { return changes }
    var result = changes
    result[end].origin = changes[exit].origin
    result.remove(at: exit)
    return result
  }

  private struct Kin: Hashable {
    var kind: BehaviourChange.Kind
    var section: String
    var words: String
  }

  /// What is told several times over as one, where the first is.
  private func folded(_ changes: [BehaviourChange]) -> [BehaviourChange] {
    let kin = changes.map { Kin(kind: $0.kind, section: $0.section, words: BehaviourWords.withoutNames($0)) }
    var counts: [Kin: Int] = [:]
    for each in kin { counts[each, default: 0] += 1 }
    var first: [Kin: Int] = [:]
    var result: [BehaviourChange] = []
    for (index, change) in changes.enumerated() {
      if let last = result.last, last.kind == change.kind, last.section == change.section, last.words == change.words {
        result[result.count - 1].count += change.count
      } else if let known = first[kin[index]], counts[kin[index], default: 0] >= Self.leastCount {
        result[known].count += change.count
        result[known].isVaried = true
      } else {
        first[kin[index]] = result.count
        result.append(change)
      }
    }
    return result
  }
}

internal import OrreryBase

/// Finds which units of two behaviours are the same, and which names.
///
/// Names are numbers in order of appearance, and one more block makes all later numbers others. So units are aligned without names first; what
/// they name then stands for each other; and they are aligned again with the names so found. Where that leaves contradictions, other ways to
/// align what hands out blocks are tried, by what is done with each block later, and the one with the fewest differences is taken.
struct BehaviourAlignment {
  /// A unit of each side, by its number in its section.
  typealias Match = (old: Int, new: Int)

  let old: BehaviourText
  let new: BehaviourText
  /// Sections of the same title, by their numbers.
  let sections: [(old: Int, new: Int)]
  /// The units that are the same, in the order of `sections`.
  private(set) var matches: [[Match]] = []
  private(set) var oldNames: NameDefinitions
  private(set) var newNames: NameDefinitions
  /// A number for each unit that is equal where the same is done to the same blocks and frames.
  private(set) var oldKeys: [Int] = []
  private(set) var newKeys: [Int] = []

  /// Lanes whose lines name the same things.
  private static let groups: [[String]] = [["heap"], ["map", "frame"]]

  init(old: BehaviourText, new: BehaviourText, sections: [(old: Int, new: Int)]) {
    self.old = old
    self.new = new
    self.sections = sections
    oldNames = NameDefinitions(old)
    newNames = NameDefinitions(new)
    matches = [[Match]](repeating: [], count: sections.count)
    for lanes in Self.groups { align(sections.indices.filter { lanes.contains(lane($0)) }, isNaming: true) }
    align(sections.indices.filter { !Self.groups.joined().contains(lane($0)) }, isNaming: false)
    (oldKeys, newKeys) = keys()
  }

  private func lane(_ section: Int) -> String { BehaviourWords.lane(old.sections[sections[section].old].title) }

  private func oldUnits(_ section: Int) -> [BehaviourText.Unit] { old.sections[sections[section].old].units }
  private func newUnits(_ section: Int) -> [BehaviourText.Unit] { new.sections[sections[section].new].units }

  /// How what hands out blocks is aligned before names are known: by its text, and with what is done with the blocks later.
  private enum Stage: CaseIterable {
    /// What hands out a block, with what is done with it and how much later.
    case usesAndDistance
    case uses
    case text
    /// What does the same to something else: another size, other rights.
    case skeleton
  }

  private mutating func align(_ group: [Int], isNaming: Bool) {
    guard isNaming else {
      for section in group {
        matches[section] = staged(section, [.text])[0]
      }
      return
    }
    let before = (oldNames, newNames)
    var best: (score: Int, matches: [[Match]], names: (NameDefinitions, NameDefinitions))?
    for stages: [Stage] in [[.text], [.usesAndDistance, .uses, .text], [.uses, .text]] {
      (oldNames, newNames) = before
      let first = group.map { staged($0, stages + [.skeleton]) }
      pairNames(group, first)
      let (oldKeys, newKeys) = keys(of: group)
      var score = 0
      var plainScore = 0
      var final: [[Match]] = []
      for index in group.indices {
        let result = matches(oldKeys[index], newKeys[index])
        final.append(result)
        let count = oldKeys[index].count + newKeys[index].count
        score += count - 2 * result.count
        plainScore += count - 2 * first[index].dropLast().joined().count
      }
      if score < best?.score ?? Int.max { best = (score, final, (oldNames, newNames)) }
      // No name contradicts: it cannot be better.
      if stages == [.text], score <= plainScore { break }
    }
    guard let best else { return }
    (oldNames, newNames) = best.names
    for (index, section) in group.enumerated() { matches[section] = best.matches[index] }
  }

  // MARK: Matching

  private func matches(_ oldKeys: [Int], _ newKeys: [Int]) -> [Match] {
    lineDifference(oldKeys, newKeys).compactMap { edit in
      if case .keep(let old, let new) = edit { (old, new) } else { nil }
    }
  }

  /// The matches of each stage, each found between those of the stages before it.
  private func staged(_ section: Int, _ stages: [Stage]) -> [[Match]] {
    let oldUnits = oldUnits(section)
    let newUnits = newUnits(section)
    var found: [[Match]] = []
    var all: [Match] = []
    for stage in stages {
      let oldKeys = stageKeys(stage, oldUnits, old, oldNames, first: old.sections[sections[section].old].firstUnit)
      let newKeys = stageKeys(stage, newUnits, new, newNames, first: new.sections[sections[section].new].firstUnit)
      var come: [Match] = []
      var start: Match = (0, 0)
      for end in all + [(oldUnits.count, newUnits.count)] {
        if start.old < end.old, start.new < end.new {
          let base = start
          come += matches(Array(oldKeys[start.old..<end.old]), Array(newKeys[start.new..<end.new])).map {
            ($0.old + base.old, $0.new + base.new)
          }
        }
        start = (end.old + 1, end.new + 1)
      }
      found.append(come)
      all = (all + come).sorted { $0.old < $1.old }
    }
    return found
  }

  private func stageKeys(
    _ stage: Stage, _ units: [BehaviourText.Unit], _ text: BehaviourText, _ names: NameDefinitions, first: Int
  ) -> [Int] {
    switch stage {
    case .text: return units.map(\.key)
    case .skeleton: return units.map(\.skeleton)
    case .uses, .usesAndDistance:
      return units.enumerated().map { index, unit in
        var key = unit.key
        for name in text.names(unit) {
          guard let (found, _) = names.find(name), names.definitions[found].unit == first + index else { continue }
          key = mixed(key, names.definitions[found].uses)
          if stage == .usesAndDistance { key = mixed(key, names.definitions[found].distance) }
        }
        return key
      }
    }
  }

  // MARK: Names

  /// Names that come up in units which match stand for each other; then those of which the same is done elsewhere; then what matching units name later.
  private mutating func pairNames(_ group: [Int], _ staged: [[[Match]]]) {
    for (index, section) in group.enumerated() {
      for match in staged[index].dropLast().joined() { pair(section, match, onlyDefinitions: true) }
    }
    pairMoved(group)
    for (index, section) in group.enumerated() {
      for match in staged[index].last ?? [] { pair(section, match, onlyDefinitions: true) }
    }
    for (index, section) in group.enumerated() {
      for match in staged[index].joined() { pair(section, match, onlyDefinitions: false) }
    }
  }

  private mutating func pair(_ section: Int, _ match: Match, onlyDefinitions: Bool) {
    let (oldSection, newSection) = sections[section]
    let oldList = old.names(old.sections[oldSection].units[match.old])
    let newList = new.names(new.sections[newSection].units[match.new])
    let oldUnit = old.sections[oldSection].firstUnit + match.old
    let newUnit = new.sections[newSection].firstUnit + match.new
    func pair(_ oldName: BehaviourText.Name, _ newName: BehaviourText.Name) {
      guard let left = oldNames.find(oldName), let right = newNames.find(newName), left.offset == right.offset else {
        return
      }
      if onlyDefinitions {
        guard oldNames.definitions[left.index].unit == oldUnit, newNames.definitions[right.index].unit == newUnit else {
          return
        }
      }
      self.pair(left.index, right.index)
    }
    for (slot, (oldName, newName)) in zip(oldList, newList).enumerated() {
      pair(oldName, newName)
      guard oldName.isRangeStart, newName.isRangeStart, slot + 1 < min(oldList.count, newList.count) else { continue }
      let count = min(
        oldList[slot + 1].value - oldName.value, newList[slot + 1].value - newName.value, NameDefinitions.rangeLimit)
      for offset in stride(from: 1, to: count, by: 1) {
        pair(BehaviourText.Name(value: oldName.value + offset), BehaviourText.Name(value: newName.value + offset))
      }
    }
  }

  private mutating func pair(_ left: Int, _ right: Int) {
    guard oldNames.definitions[left].partner == nil, newNames.definitions[right].partner == nil else { return }
    oldNames.definitions[left].partner = right
    newNames.definitions[right].partner = left
  }

  /// What is handed out at another place, and used as before.
  private mutating func pairMoved(_ group: [Int]) {
    var places: [Int: [Int]] = [:]
    func each(
      _ text: BehaviourText, _ section: Int, _ names: NameDefinitions, _ body: (_ definition: Int, _ key: Int) -> Void
    ) {
      let section = text.sections[section]
      for (index, unit) in section.units.enumerated() {
        for (slot, name) in text.names(unit).enumerated() {
          guard let (found, offset) = names.find(name), offset == 0, names.definitions[found].partner == nil,
            names.definitions[found].unit == section.firstUnit + index
          else { continue }
          body(found, mixed(mixed(unit.key, names.definitions[found].uses), slot))
        }
      }
    }
    var handedOut: [(definition: Int, key: Int)] = []
    for section in group { each(new, sections[section].new, newNames) { handedOut.append(($0, mixed($1, section))) } }
    // Reversed, so that the first is taken from the end.
    for entry in handedOut.reversed() { places[entry.key, default: []].append(entry.definition) }
    var pairs: [(Int, Int)] = []
    for section in group {
      each(old, sections[section].old, oldNames) { definition, key in
        guard let partner = places[mixed(key, section)]?.popLast() else { return }
        pairs.append((definition, partner))
      }
    }
    for (left, right) in pairs { pair(left, right) }
  }

  // MARK: Keys with names

  /// Numbers for what is compared with names.
  private var allKeys = TextNumbers()

  private mutating func keys(of group: [Int]) -> (old: [[Int]], new: [[Int]]) {
    (
      group.map { section in oldUnits(section).map { key($0, isOld: true) } },
      group.map { section in newUnits(section).map { key($0, isOld: false) } }
    )
  }

  /// The keys of all units of both.
  private mutating func keys() -> ([Int], [Int]) {
    var oldKeys: [Int] = []
    for section in old.sections { for unit in section.units { oldKeys.append(key(unit, isOld: true)) } }
    var newKeys: [Int] = []
    for section in new.sections { for unit in section.units { newKeys.append(key(unit, isOld: false)) } }
    return (oldKeys, newKeys)
  }

  private mutating func key(_ unit: BehaviourText.Unit, isOld: Bool) -> Int {
    let text = isOld ? old : new
    let names = text.names(unit)
    var parts = [unit.key]
    var isOfOtherSize = !names.isEmpty
    for name in names {
      guard let (value, isSame) = identity(of: name, isOld: isOld) else {
        // Only this side has it.
        parts += [isOld ? -1 : -2, name.value]
        isOfOtherSize = false
        continue
      }
      if isSame { isOfOtherSize = false }
      parts.append(value)
    }
    // A block that was handed out with another size has that when it is freed.
    if isOfOtherSize {
      let sizeless = text.rows[unit.rows.prefix(unit.period)].map(\.sizeless)
      if unit.period == 1, sizeless[0] != unit.key { parts[0] = sizeless[0] }
    }
    return allKeys.number(parts)
  }

  /// The name of the new side that a name stands for, and whether it was handed out by the same text; nil when only one side has it.
  private func identity(of name: BehaviourText.Name, isOld: Bool) -> (value: Int, isSame: Bool)? {
    let (mine, others) = isOld ? (oldNames, newNames) : (newNames, oldNames)
    guard let (index, offset) = mine.find(name), let partner = mine.definitions[index].partner,
      offset < others.definitions[partner].length
    else { return nil }
    let oldUnit = oldNames.definitions[isOld ? index : partner].unit
    let newUnit = newNames.definitions[isOld ? partner : index].unit
    let isSame = old.unit(oldUnit).key == new.unit(newUnit).key
    return (isOld ? others.definitions[partner].start + offset : name.value, isSame)
  }

  /// The name that a name of the old side has on the new one; nil when there is none.
  func newName(of name: BehaviourText.Name) -> Int? { identity(of: name, isOld: true)?.value }
}

extension BehaviourText {
  /// The unit of that number through all sections.
  fileprivate func unit(_ number: Int) -> Unit {
    // Empty sections share their number with the one that follows them, which is found.
    let section = sections[sections.partitioningIndex { $0.firstUnit > number } - 1]
    return section.units[number - section.firstUnit]
  }
}

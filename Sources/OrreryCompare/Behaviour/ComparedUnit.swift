/// A line or a repetition of a comparison, with what is needed to tell it.
struct ComparedUnit: Hashable {
  var kind: BehaviourComparison.Line.Kind
  var section: String
  /// Equal where the same is done to the same blocks and frames.
  var key: Int
  /// Equal where the same is done, to whatever.
  var textKey: Int
  /// Equal where something alike is done.
  var skeleton: Int
  /// The rows that are told once, without indentation; in those of the golden, names are the new ones.
  var told: [String]
  /// The first of them as it stands.
  var raw: String
  /// The rows of the last time, if they are told.
  var latest: [String]
  /// How often it is there.
  var count: Int
  var origin: BehaviourOrigin?
  /// Whether the next unit is the same but for how often it is there.
  var isCountOnly = false
}

/// Puts two aligned behaviours into one sequence.
struct ComparisonMerger {
  private let old: BehaviourText
  private let new: BehaviourText
  private let prefixes: [String]
  private let alignment: BehaviourAlignment
  private let inlined: InlinedFunctions
  /// Section titles in the order of both.
  private let order: [LineEdit]

  private(set) var lines: [BehaviourComparison.Line] = []
  private(set) var units: [ComparedUnit] = []

  init(_ old: BehaviourText, _ new: BehaviourText, _ inlined: InlinedFunctions, prefixes: [String]) {
    self.inlined = inlined
    self.old = old
    self.new = new
    self.prefixes = prefixes
    order = lineDifference(old.sections.map(\.title), new.sections.map(\.title))
    let sections = order.compactMap { edit -> (Int, Int)? in
      if case .keep(let left, let right) = edit { (left, right) } else { nil }
    }
    alignment = BehaviourAlignment(old: old, new: new, sections: sections)
  }

  mutating func merge() {
    var next = 0
    for edit in order {
      switch edit {
      case .remove(let section):
        for index in old.sections[section].units.indices { remove(section, index) }
      case .insert(let section):
        for index in new.sections[section].units.indices { insert(section, index) }
      case .keep(let oldSection, let newSection):
        merge(oldSection, newSection, alignment.matches[next])
        next += 1
      }
    }
  }

  private mutating func merge(_ oldSection: Int, _ newSection: Int, _ matches: [BehaviourAlignment.Match]) {
    var oldIndex = 0
    var newIndex = 0
    for match in matches + [(old.sections[oldSection].units.count, new.sections[newSection].units.count)] {
      while oldIndex < match.old {
        remove(oldSection, oldIndex)
        oldIndex += 1
      }
      while newIndex < match.new {
        insert(newSection, newIndex)
        newIndex += 1
      }
      guard oldIndex < old.sections[oldSection].units.count, newIndex < new.sections[newSection].units.count else {
        return
      }
      keep(oldSection, oldIndex, newSection, newIndex)
      oldIndex += 1
      newIndex += 1
    }
  }

  private mutating func remove(_ section: Int, _ index: Int) {
    let unit = old.sections[section].units[index]
    units.append(compared(.removed, isOld: true, section, index))
    for row in unit.rows { append(.removed, old, section, row) }
  }

  private mutating func insert(_ section: Int, _ index: Int) {
    let unit = new.sections[section].units[index]
    units.append(compared(.added, isOld: false, section, index))
    for row in unit.rows { append(.added, new, section, row) }
  }

  private mutating func keep(_ oldSection: Int, _ oldIndex: Int, _ newSection: Int, _ newIndex: Int) {
    let oldUnit = old.sections[oldSection].units[oldIndex]
    let newUnit = new.sections[newSection].units[newIndex]
    guard isSameCode(oldUnit, newUnit, section: new.sections[newSection].title) else {
      remove(oldSection, oldIndex)
      return insert(newSection, newIndex)
    }
    guard oldUnit.count != newUnit.count else {
      units.append(compared(.same, isOld: false, newSection, newIndex))
      for row in newUnit.rows { append(.same, new, newSection, row) }
      return
    }
    var removed = compared(.removed, isOld: true, oldSection, oldIndex)
    var added = compared(.added, isOld: false, newSection, newIndex)
    removed.isCountOnly = true
    // The first time is as often in both.
    removed.origin = old.lastOrigin(oldUnit) ?? removed.origin
    added.origin = new.lastOrigin(newUnit) ?? added.origin
    units += [removed, added]
    // What is done is the same; only how often is not.
    let period = oldUnit.period
    for row in newUnit.rows.prefix(period) { append(.same, new, newSection, row) }
    for row in oldUnit.rows.dropFirst(period) { append(.removed, old, oldSection, row) }
    for row in newUnit.rows.dropFirst(period) { append(.added, new, newSection, row) }
  }

  /// Whether exceptions that are alike are told in functions that may be the same code.
  private func isSameCode(_ oldUnit: BehaviourText.Unit, _ newUnit: BehaviourText.Unit, section: String) -> Bool {
    guard !inlined.isEmpty, BehaviourWords.lane(section) == "exception" else { return true }
    func functions(_ text: BehaviourText, _ unit: BehaviourText.Unit) -> [Substring?] {
      text.rows[unit.rows].prefix(unit.period).map { row in
        InlinedFunctions.range(in: row.text[...]).map { row.text[$0] }
      }
    }
    return zip(functions(old, oldUnit), functions(new, newUnit)).allSatisfy { inlined.mayBeSame($0, $1) }
  }

  private mutating func append(
    _ kind: BehaviourComparison.Line.Kind, _ text: BehaviourText, _ section: Int, _ row: Int
  ) {
    lines.append(
      BehaviourComparison.Line(
        kind: kind, section: text.sections[section].title, text: text.rows[row].text, origin: text.rows[row].origin))
  }

  private func compared(
    _ kind: BehaviourComparison.Line.Kind, isOld: Bool, _ section: Int, _ index: Int
  ) -> ComparedUnit {
    let text = isOld ? old : new
    let unit = text.sections[section].units[index]
    let number = text.sections[section].firstUnit + index
    func told(_ row: Int) -> String {
      let row = text.rows[row]
      return BehaviourWords.trimmed(isOld && !row.names.isEmpty ? renamed(row.text) : row.text)
    }
    return ComparedUnit(
      kind: kind, section: text.sections[section].title,
      key: isOld ? alignment.oldKeys[number] : alignment.newKeys[number], textKey: unit.key, skeleton: unit.skeleton,
      told: unit.rows.prefix(unit.period).map(told),
      raw: BehaviourWords.trimmed(text.rows[unit.rows.lowerBound].text),
      latest: unit.isUpTo ? unit.rows.suffix(unit.period).map(told) : [], count: unit.count,
      origin: text.rows[unit.rows.lowerBound].origin)
  }

  /// A row of the golden with the names that the actual behaviour has for the same; what it has not is `old #3`, in one word.
  private func renamed(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    var isQuoted = false
    while let character = rest.first {
      rest = rest.dropFirst()
      if character == "\\", isQuoted, let next = rest.first {
        result += [character, next]
        rest = rest.dropFirst()
        continue
      }
      if character == "\"" { isQuoted.toggle() }
      guard character == "#", !isQuoted else {
        result.append(character)
        continue
      }
      let name = rest.prefix { ("0"..."9").contains($0) || ("a"..."z").contains($0) || $0 == "." }
      rest = rest.dropFirst(name.count)
      result += self.name(name) ?? "old\u{A0}#\(name)"
    }
    return result
  }

  private func name(_ text: Substring) -> String? {
    let digits = text.reversed().prefix { ("0"..."9").contains($0) }.count
    guard let number = Int(text.suffix(digits)), number < 1 << BehaviourText.Name.numberBits,
      let prefix = prefixes.firstIndex(of: String(text.dropLast(digits)))
    else { return "#\(text)" }
    let name = BehaviourText.Name(value: prefix << BehaviourText.Name.numberBits | number)
    guard let value = alignment.newName(of: name) else { return nil }
    let found = BehaviourText.Name(value: value)
    return "#\(prefixes[found.prefix])\(found.number)"
  }
}

/// Numbers for texts that are compared often: equal texts have equal numbers. They are only looked up, never gone through.
struct TextNumbers {
  private var texts: [String: Int] = [:]
  private var lists: [[Int]: Int] = [:]
  /// What stands before the number in a name, such as `h33.`, by its own number.
  private(set) var prefixes: [String] = []

  mutating func number(_ text: String) -> Int {
    if let known = texts[text] { return known }
    texts[text] = texts.count + lists.count
    return texts.count + lists.count - 1
  }

  mutating func number(_ list: [Int]) -> Int {
    if let known = lists[list] { return known }
    lists[list] = texts.count + lists.count
    return texts.count + lists.count - 1
  }

  mutating func prefix(_ text: String) -> Int {
    if let known = prefixes.firstIndex(of: text) { return known }
    prefixes.append(text)
    return prefixes.count - 1
  }
}

/// A behaviour's text in the parts that are aligned with those of another: sections of units, which are lines or folded repetitions.
struct BehaviourText {
  /// The name of a block, frame or address space.
  struct Name: Hashable {
    /// The prefix's number above `numberBits`, the number below.
    var value: Int
    /// Whether the line hands out what is named: `→ #3`.
    var isHandedOut = false
    /// Whether all up to the next name are meant: `#f1…#f25`.
    var isRangeStart = false

    static let numberBits = 40
    var number: Int { value & (1 << Name.numberBits - 1) }
    var prefix: Int { value >> Name.numberBits }
  }

  struct Row {
    var text: String
    /// The number of the text without names.
    var key: Int
    /// The number of what is left without figures, too; of a change of the map, without what is said behind its range.
    var skeleton: Int
    /// The number of the text without the size of the block that is freed, which its allocation says; `key` where none is.
    var sizeless: Int
    var names: [Name]
    var origin: BehaviourOrigin?
  }

  /// A line, or a repetition told as one.
  struct Unit {
    /// Its rows, those that say how often included.
    var rows: Range<Int>
    /// How many of them are told once for all times.
    var period = 1
    /// How often they are there.
    var count = 1
    /// Whether the last time is told, too, in the last `period` rows.
    var isUpTo = false
    /// What is compared: the rows without names and count.
    var key: Int
    var skeleton: Int
  }

  struct Section {
    var title: String
    var units: [Unit] = []
    /// The first of its units among those of all sections.
    var firstUnit = 0
  }

  private(set) var rows: [Row] = []
  private(set) var sections: [Section] = [Section(title: "")]
  /// The lanes that were recorded, as the text says.
  private(set) var lanes: [String] = []

  /// Whether exceptions in different functions are different.
  private let namesFunctions: Bool

  init(
    _ behaviour: Behaviour, called title: String, namesFunctions: Bool = true, _ numbers: inout TextNumbers
  ) throws(BehaviourError) {
    self.namesFunctions = namesFunctions
    let texts = behaviour.rows
    guard let first = texts.first, first == Behaviour.versionLine else {
      throw BehaviourError(
        description:
          "\(title) starts with \"\(texts.first?.prefix(60) ?? "")\" instead of \"\(Behaviour.versionLine)\"; "
          + "record it again and accept it")
    }
    for (index, text) in texts.enumerated().dropFirst() where !text.isEmpty {
      let head = sections.count == 1 ? Behaviour.headStart(of: text) : nil
      if !text.hasPrefix(" "), head == nil {
        sections.append(Section(title: String(text)))
        continue
      }
      if let head, head == Behaviour.lanesStart, lanes.isEmpty {
        lanes = text.dropFirst(head.count).split(separator: " ").map(String.init)
      }
      let origin = behaviour.origins.indices.contains(index) ? behaviour.origins[index] : nil
      append(text, origin, &numbers)
    }
  }

  /// Leaves out the sections for which `isWanted` does not hold, and numbers the units.
  mutating func keepSections(where isWanted: (_ title: String) -> Bool) {
    sections.removeAll { !isWanted($0.title) }
    var count = 0
    for index in sections.indices {
      sections[index].firstUnit = count
      count += sections[index].units.count
    }
  }

  var unitCount: Int { sections.last.map { $0.firstUnit + $0.units.count } ?? 0 }

  // MARK: Rows

  private mutating func append(_ text: Substring, _ origin: BehaviourOrigin?, _ numbers: inout TextNumbers) {
    let section = sections.count - 1
    let row = Row(text, origin, section: sections[section].title, namesFunctions: namesFunctions, &numbers)
    rows.append(row)
    let end = rows.count
    // The rows that were told as the last time belong to the repetition before them.
    if let last = sections[section].units.last, last.isUpTo, last.rows.count < 2 * last.period + 1 {
      let unit = sections[section].units.count - 1
      sections[section].units[unit].rows = last.rows.lowerBound..<end
      return
    }
    if !sections[section].title.isEmpty, let fold = Fold(text), fold.period <= sections[section].units.count {
      // Not kept, or taking it away would copy all units.
      let isPlain = sections[section].units.suffix(fold.period).allSatisfy { $0.rows.count == 1 }
      if isPlain {
        let start = end - 1 - fold.period
        sections[section].units.removeLast(fold.period)
        let keys = rows[start..<start + fold.period].map(\.key)
        let skeletons = rows[start..<start + fold.period].map(\.skeleton)
        sections[section].units.append(
          Unit(
            rows: start..<end, period: fold.period, count: fold.count, isUpTo: fold.isUpTo,
            key: keys.count == 1 ? keys[0] : numbers.number(keys),
            skeleton: skeletons.count == 1 ? skeletons[0] : numbers.number(skeletons)))
        return
      }
    }
    sections[section].units.append(Unit(rows: end - 1..<end, key: row.key, skeleton: row.skeleton))
  }

  /// `… these 2 lines 100 times in all, up to`.
  private struct Fold {
    var period: Int
    var count: Int
    var isUpTo: Bool

    init?(_ text: Substring) {
      guard text.hasPrefix("  … this line ") || text.hasPrefix("  … these ") else { return nil }
      let words = text.split(separator: " ")
      let isSingle = words.count > 1 && words[1] == "this"
      let countIndex = isSingle ? 3 : 4
      guard words.count >= countIndex + 4, words[countIndex + 1] == "times", let count = Int(words[countIndex]),
        let period = isSingle ? 1 : Int(words[2]), period > 0, count > 0, count < 1 << BehaviourText.Name.numberBits
      else { return nil }
      self.period = period
      self.count = count
      isUpTo = text.hasSuffix(", up to")
    }
  }

  // MARK: Repetitions

  /// The patterns that are told as repetitions, by the key of their first row.
  func patterns() -> [Int: [[Int]]] {
    var patterns: [Int: [[Int]]] = [:]
    for section in sections {
      for unit in section.units where unit.rows.count > unit.period {
        let keys = rows[unit.rows.prefix(unit.period)].map(\.key)
        if patterns[keys[0]]?.contains(keys) != true { patterns[keys[0], default: []].append(keys) }
      }
    }
    return patterns
  }

  /// Takes lines that are there a few times for a repetition, where they are one in the other behaviour or elsewhere: three times and four
  /// times are compared as numbers.
  mutating func fold(_ patterns: [Int: [[Int]]], _ numbers: inout TextNumbers) {
    for section in sections.indices where !sections[section].title.isEmpty {
      let units = sections[section].units
      var folded: [Unit] = []
      var index = 0
      while index < units.count {
        var best: Unit?
        for pattern in patterns[units[index].key] ?? [] {
          let unit = repetition(of: pattern, in: units[index...], &numbers)
          if let unit, unit.rows.count > best?.rows.count ?? 1 { best = unit }
        }
        folded.append(best ?? units[index])
        index += best?.rows.count ?? 1
      }
      sections[section].units = folded
    }
  }

  /// As many times of `pattern` as `units` begin with, the names going in even steps; nil for none or once.
  private func repetition(
    of pattern: [Int], in units: ArraySlice<Unit>, _ numbers: inout TextNumbers
  ) -> Unit? {
    let start = units[units.startIndex].rows.lowerBound
    let period = pattern.count
    func isThere(_ time: Int) -> Bool {
      let first = units.startIndex + time * period
      guard first + period <= units.endIndex else { return false }
      return pattern.indices.allSatisfy { units[first + $0].rows.count == 1 && units[first + $0].key == pattern[$0] }
    }
    guard isThere(0) else { return nil }
    var count = 1
    while isThere(count) {
      if count > 1, steps(start + (count - 1) * period, period) != steps(start + (count - 2) * period, period) { break }
      count += 1
    }
    guard count > 1 else { return nil }
    let handedOut = rows[start..<start + period].flatMap(\.names)
    // Told as the folder does: with the last time unless all names go with what was handed out meanwhile.
    let isByAge =
      zip(handedOut, steps(start, period)).allSatisfy { name, step in
        step == handedOut.count { $0.isHandedOut && $0.prefix == name.prefix }
      }
    // Two frees of just any blocks are no row of them.
    guard count > 2 || isByAge else { return nil }
    return Unit(
      rows: start..<start + count * period, period: period, count: count, isUpTo: !isByAge,
      key: period == 1 ? pattern[0] : numbers.number(pattern),
      skeleton: period == 1 ? rows[start].skeleton : numbers.number(rows[start..<start + period].map(\.skeleton)))
  }

  /// How far each name of the `period` rows from `start` is from the same `period` rows later.
  private func steps(_ start: Int, _ period: Int) -> [Int] {
    (start..<start + period).flatMap { row in
      zip(rows[row].names, rows[row + period].names).map { $1.value - $0.value }
    }
  }

  // MARK: Units

  /// Where the last time of a repetition comes from: it is told in the row that says how often, or row by row.
  func lastOrigin(_ unit: Unit) -> BehaviourOrigin? {
    let saysHowOften = unit.rows.count != unit.count * unit.period
    return rows[
      saysHowOften
        ? min(unit.rows.lowerBound + unit.period, unit.rows.upperBound - 1) : unit.rows.upperBound - unit.period
    ]
    .origin
  }

  /// The names of a unit: of the first time, and of the last if it is told.
  func names(_ unit: Unit) -> [Name] {
    if unit.rows.count == 1 { return rows[unit.rows.lowerBound].names }
    let first = rows[unit.rows.prefix(unit.period)].flatMap(\.names)
    return unit.isUpTo ? first + rows[unit.rows.suffix(unit.period)].flatMap(\.names) : first
  }
}

extension BehaviourText.Row {
  fileprivate init(
    _ text: Substring, _ origin: BehaviourOrigin?, section: String, namesFunctions: Bool, _ numbers: inout TextNumbers
  ) {
    self.text = String(text)
    self.origin = origin
    names = []
    (key, skeleton, sizeless) = (0, 0, 0)
    var key: [UInt8] = []
    var name: [UInt8]?
    var isQuoted = false
    var isEscaped = false
    func end(_ bytes: [UInt8], _ row: inout Self, _ key: inout [UInt8]) {
      let digits = bytes.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
      let number = Int(String(decoding: bytes.suffix(digits), as: UTF8.self))
      guard let number, number < 1 << BehaviourText.Name.numberBits else {
        // No name, but text like any other.
        key += bytes
        return
      }
      let prefix = numbers.prefix(String(decoding: bytes.dropLast(digits), as: UTF8.self))
      row.names.append(
        BehaviourText.Name(
          value: prefix << BehaviourText.Name.numberBits | number,
          isHandedOut: key.dropLast().suffix(4).elementsEqual("→ ".utf8)))
    }
    for byte in text.utf8 {
      if let bytes = name {
        let isNamePart =
          (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || byte == UInt8(ascii: ".")
        if isNamePart {
          name = bytes + [byte]
          continue
        }
        end(bytes, &self, &key)
        name = nil
      }
      if isQuoted {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isQuoted = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isQuoted = true
      } else if byte == UInt8(ascii: "#") {
        name = []
        if key.suffix(4).elementsEqual("#…".utf8), !names.isEmpty { names[names.count - 1].isRangeStart = true }
      }
      key.append(byte)
    }
    if let name { end(name, &self, &key) }
    var plain = String(decoding: key, as: UTF8.self)
    let lane = BehaviourWords.lane(section)
    if lane == "exception", !namesFunctions { plain = InlinedFunctions.withoutFunction(plain[...]) }
    self.key = numbers.number(plain)
    skeleton = numbers.number(
      "skeleton " + (section == "heap, in the end" ? section : BehaviourText.Row.skeleton(plain, lane: lane)))
    if lane == "heap", plain.hasPrefix("  free #"), let size = plain.range(ofFirst: " of ") {
      let rest = plain[size.upperBound...].drop { $0 != " " }
      sizeless = numbers.number("sizeless " + plain[..<size.lowerBound] + rest)
    } else {
      sizeless = self.key
    }
  }

  private static func skeleton(_ text: String, lane: String) -> String {
    // How many lines follow, and their hash: a section has one such line.
    if text.hasPrefix("  … ") { return "  …" }
    switch lane {
    case "map":
      // Verb, start and length say which pages are meant.
      let words = text.split(separator: " ")
      return words.count > 3 ? words.prefix(4).joined(separator: " ").prefix { $0 != "," }.description : text
    case "heap", "frame": return String(text.filter { !("0"..."9").contains($0) })
    case "run": return text.hasPrefix("report:") ? text : String(text.prefix { $0 != ":" })
    default: return text
    }
  }
}

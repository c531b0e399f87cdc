#if arch(x86_64)
import Foundation
import Testing

extension HostProcessorTests {
  /// `make conformance`: as many cases of every form as are asked for, kept in a file after each round, so that a run that was ended goes on where it was.
  ///
  /// ORRERY_CONFORMANCE names the folder of that file and of the table that is made at the end, ORRERY_CONFORMANCE_CASES says how many cases in all;
  /// of those for exceptions there are a fifth. ORRERY_CONFORMANCE_CASE=`plan:item:seed` runs one case again and says what differs.
  @Test(.enabled(if: ConformanceRun.folder != nil), arguments: ["host", "exceptions"])
  func longRunAgreesWithTheHostProcessor(name: String) throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    let plan = name == "host" ? ConformancePlan.forms() : .exceptions()
    if let single = ConformanceRun.singleCase {
      guard single.plan == name else { return }
      #expect(compare(plan.items[single.item].makeCase(single.seed), host, guest) == nil)
      return
    }
    var run = try ConformanceRun(plan)
    while let work = run.nextRound() {
      for number in work.numbers {
        let seed = number << 16 | UInt64(work.item)
        let (difference, vector) = compareOutcomes(plan.items[work.item].makeCase(seed), host, guest)
        let isExpected =
          difference == nil && (vector == plan.items[work.item].raises || plan.items[work.item].raises == nil)
        if !isExpected {
          Issue.record(
            "\(difference ?? "another exception than the manual's"); again with ORRERY_CONFORMANCE_CASE=\(name):\(work.item):\(seed) make conformance"
          )
        }
        run.note(item: work.item, vector: vector, isMismatch: !isExpected)
      }
      try run.finishRound()
    }
    try run.writeTable()
  }
}

/// How far a long run has come.
struct ConformanceRun {
  private static let environment = ProcessInfo.processInfo.environment
  static var folder: String? { environment["ORRERY_CONFORMANCE"] }
  private static let total = environment["ORRERY_CONFORMANCE_CASES"].flatMap { UInt64($0) } ?? 100_000_000
  /// Cases of an item between two saves.
  private static let roundSize: UInt64 = 2_000
  private static let vectors = [
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS", "#GP", "#PF", "15", "#MF",
    "#AC", "#MC", "#XM",
  ]

  static var singleCase: (plan: String, item: Int, seed: UInt64)? {
    guard let parts = environment["ORRERY_CONFORMANCE_CASE"]?.split(separator: ":"), parts.count == 3,
      let item = Int(parts[1]), item >= 0, let seed = UInt64(parts[2])
    else { return nil }
    return (String(parts[0]), item, seed)
  }

  private struct Count {
    var cases: UInt64 = 0
    var mismatches: UInt64 = 0
    /// By vector.
    var exceptions = [UInt64](repeating: 0, count: vectors.count)

    static func += (sum: inout Count, other: Count) {
      sum.cases += other.cases
      sum.mismatches += other.mismatches
      for vector in sum.exceptions.indices { sum.exceptions[vector] += other.exceptions[vector] }
    }
  }

  private let plan: ConformancePlan
  private var counts: [Count]
  private let goal: UInt64
  private let folder: URL
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var casesAtStart: UInt64 = 0
  private var shownPercent = -1
  private var item = 0

  init(_ plan: ConformancePlan) throws {
    self.plan = plan
    folder = URL(filePath: try #require(Self.folder))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    start = clock.now
    let total = plan.name == "host" ? Self.total : Self.total / 5
    goal = (total + UInt64(plan.items.count) - 1) / UInt64(plan.items.count)
    counts = [Count](repeating: Count(), count: plan.items.count)
    // One line for each item: cases, mismatches, exceptions. Another number of items is another run.
    let lines = (try? String(contentsOf: progressFile, encoding: .utf8))?.split(separator: "\n") ?? []
    guard lines.count == counts.count else { return }
    for (index, line) in lines.enumerated() {
      let numbers = line.split(separator: " ").compactMap { UInt64($0) }
      guard numbers.count == 2 + Self.vectors.count else { return }
      counts[index] = Count(cases: numbers[0], mismatches: numbers[1], exceptions: Array(numbers[2...]))
    }
    casesAtStart = sum.cases
  }

  private var progressFile: URL { folder.appending(path: plan.name + "-progress") }
  private var sum: Count { counts.reduce(into: Count()) { $0 += $1 } }

  /// The item that has the fewest cases, and the numbers of those to go on with; nil when all have enough.
  mutating func nextRound() -> (item: Int, numbers: Range<UInt64>)? {
    guard let least = counts.indices.min(by: { counts[$0].cases < counts[$1].cases }), counts[least].cases < goal else {
      return nil
    }
    item = least
    return (least, counts[least].cases..<min(counts[least].cases + Self.roundSize, goal))
  }

  mutating func note(item: Int, vector: UInt64?, isMismatch: Bool) {
    counts[item].cases += 1
    if let vector { counts[item].exceptions[Int(vector)] += 1 }
    if isMismatch { counts[item].mismatches += 1 }
  }

  mutating func finishRound() throws {
    let lines = counts.map { count in
      ([count.cases, count.mismatches] + count.exceptions).map(String.init).joined(separator: " ")
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: progressFile, options: .atomic)
    showProgress()
  }

  private mutating func showProgress() {
    let done = counts.reduce(0) { $0 + $1.cases }
    let all = goal * UInt64(counts.count)
    let percent = min(100, Int(done * 100 / all))
    guard percent != shownPercent else { return }
    shownPercent = percent
    let seconds = start.duration(to: clock.now).components.seconds
    let left = done > casesAtStart && all > done ? UInt64(seconds) * (all - done) / (done - casesAtStart) : 0
    let bar = String(repeating: "#", count: percent / 4) + String(repeating: "-", count: 25 - percent / 4)
    let line =
      "\(plan.name) [\(bar)] \(percent) %  \(done) of \(all) cases, \(sum.mismatches) mismatches, about \(left) s left"
    let isTerminal = isatty(2) == 1
    FileHandle.standardError.write(
      Data(((isTerminal ? "\r" : "") + line + (isTerminal && percent < 100 ? "" : "\n")).utf8))
  }

  // MARK: The table

  private struct Group {
    var name: String
    var families: [(name: String, forms: Int)] = []
    var forms = 0
    var count = Count()
  }

  private var groups: [Group] {
    var groups: [Group] = []
    for (item, count) in zip(plan.items, counts) {
      let row = groups.firstIndex { $0.name == item.group } ?? groups.count
      if row == groups.count { groups.append(Group(name: item.group)) }
      let place = groups[row].families.firstIndex { $0.name == item.family } ?? groups[row].families.count
      if place == groups[row].families.count { groups[row].families.append((item.family, 0)) }
      groups[row].families[place].forms += 1
      groups[row].forms += 1
      groups[row].count += count
    }
    return groups
  }

  /// A row for each group: of the forms it names the instructions, each with its number of forms when that is not one; of the exceptions, how many of each.
  func writeTable() throws {
    let isHost = plan.name == "host"
    let least = counts.map(\.cases).min() ?? 0
    var text =
      "| | \(isHost ? "instructions, with their numbers of forms" : "exceptions raised") | forms | cases | mismatches |\n"
    text += "|---|---|---:|---:|---:|\n"
    let whole = isHost ? "at least \(least) cases of each form" : exceptions(sum)
    text += row("**all**", whole, counts.count, sum)
    for group in groups {
      let names = group.families.map { $0.forms == 1 ? $0.name : "\($0.name) \($0.forms)" }
      text += row(
        group.name, isHost ? names.joined(separator: ", ") : exceptions(group.count), group.forms, group.count)
    }
    try Data(text.utf8).write(to: folder.appending(path: plan.name + "-table"))
  }

  private func exceptions(_ count: Count) -> String {
    let raised = zip(Self.vectors, count.exceptions).filter { $0.1 > 0 }
    return raised.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  private func row(_ name: String, _ text: String, _ forms: Int, _ count: Count) -> String {
    "| \(name) | \(text) | \(forms) | \(count.cases) | \(count.mismatches) |\n"
  }
}
#endif

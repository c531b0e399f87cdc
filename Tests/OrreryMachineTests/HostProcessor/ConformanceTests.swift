#if arch(x86_64)
import Foundation
import Testing

extension HostProcessorTests {
  /// `make conformance`: as many cases of every form as are asked for, kept in a file after each round, so that a run that was ended goes on where it was.
  ///
  /// ORRERY_CONFORMANCE names the folder of that file and of the table that is made at the end, ORRERY_CONFORMANCE_CASES says how many cases in all.
  /// ORRERY_CONFORMANCE_CASE=`form:seed` runs one case again and says what differs.
  @Test(.enabled(if: ConformanceRun.folder != nil)) func longRunAgreesWithTheHostProcessor() throws {
    let host = try #require(HostProcessor(), "the host refuses memory at the addresses the cases use")
    let guest = GuestProcessor()
    if let single = ConformanceRun.singleCase {
      let test = ConformanceRun.makeCase(form: single.form, seed: single.seed)
      let difference = compare(test, host, guest)
      #expect(difference == nil)
      return
    }
    var run = try ConformanceRun()
    while let work = run.nextRound() {
      for seed in work.seeds {
        let difference = compare(ConformanceRun.makeCase(form: work.form, seed: seed), host, guest)
        if let difference {
          Issue.record(
            "\(difference); again with ORRERY_CONFORMANCE_CASE=\(work.form):\(seed) make conformance")
        }
        run.note(form: work.form, isMismatch: difference != nil)
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
  /// Cases of a form between two saves.
  private static let roundSize: UInt64 = 2_000

  static var singleCase: (form: Int, seed: UInt64)? {
    guard let parts = environment["ORRERY_CONFORMANCE_CASE"]?.split(separator: ":"), parts.count == 2,
      let form = Int(parts[0]), formCount > form, form >= 0, let seed = UInt64(parts[1])
    else { return nil }
    return (form, seed)
  }

  static var formCount: Int { InstructionForm.all.count + FloatingPointForm.all.count }

  /// The heading under which a form is counted, and the instruction that it is a form of.
  private static func place(_ form: Int) -> (group: String, family: String) {
    guard form >= InstructionForm.all.count else {
      return (InstructionForm.all[form].group, InstructionForm.all[form].family)
    }
    let other = FloatingPointForm.all[form - InstructionForm.all.count]
    return (other.group, other.name.firstWord)
  }

  static func makeCase(form: Int, seed: UInt64) -> InstructionCase {
    guard form >= InstructionForm.all.count else {
      return InstructionCase.make(seed: seed << 16 | UInt64(form), form: InstructionForm.all[form])
    }
    let index = form - InstructionForm.all.count
    return FloatingPointCaseGenerator.makeCase(
      seed: seed << 16 | UInt64(index), form: FloatingPointForm.all[index], end: HostProcessor.endAddress)
  }

  private var cases = [UInt64](repeating: 0, count: formCount)
  private var mismatches = [UInt64](repeating: 0, count: formCount)
  private var form = 0
  private let goal = (total + UInt64(formCount) - 1) / UInt64(formCount)
  private let file: URL
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var casesAtStart: UInt64 = 0
  private var shownPercent = -1

  init() throws {
    let folder = URL(filePath: try #require(Self.folder))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appending(path: "host-progress")
    start = clock.now
    // One line for each form, cases and mismatches; another number of forms is another run.
    let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
    guard lines.count == Self.formCount else { return }
    for (index, line) in lines.enumerated() {
      let numbers = line.split(separator: " ").compactMap { UInt64($0) }
      guard numbers.count == 2 else { return }
      (cases[index], mismatches[index]) = (numbers[0], numbers[1])
    }
    casesAtStart = cases.reduce(0, +)
  }

  /// The form that has the fewest cases, and the seeds to go on with; nil when all have enough.
  mutating func nextRound() -> (form: Int, seeds: Range<UInt64>)? {
    guard let least = cases.indices.min(by: { cases[$0] < cases[$1] }), cases[least] < goal else { return nil }
    form = least
    return (least, cases[least]..<min(cases[least] + Self.roundSize, goal))
  }

  mutating func note(form: Int, isMismatch: Bool) {
    cases[form] += 1
    if isMismatch { mismatches[form] += 1 }
  }

  mutating func finishRound() throws {
    let text = zip(cases, mismatches).map { "\($0) \($1)" }.joined(separator: "\n")
    try Data(text.utf8).write(to: file, options: .atomic)
    showProgress()
  }

  private mutating func showProgress() {
    let done = cases.reduce(0, +)
    let all = goal * UInt64(Self.formCount)
    let percent = Int(done * 100 / all)
    guard percent != shownPercent else { return }
    shownPercent = percent
    let seconds = start.duration(to: clock.now).components.seconds
    let left = done > casesAtStart ? UInt64(seconds) * (all - done) / (done - casesAtStart) : 0
    let bar = String(repeating: "#", count: percent / 4) + String(repeating: "-", count: 25 - percent / 4)
    let line =
      "[\(bar)] \(percent) %  \(done) of \(all) cases, \(mismatches.reduce(0, +)) mismatches, about \(left) s left"
    let isTerminal = isatty(2) == 1
    FileHandle.standardError.write(
      Data(((isTerminal ? "\r" : "") + line + (isTerminal && percent < 100 ? "" : "\n")).utf8))
  }

  private struct Group {
    var name: String
    var families: [(name: String, forms: Int)] = []
    var forms = 0
    var cases: UInt64 = 0
    var mismatches: UInt64 = 0
  }

  /// A row for each group, which names the instructions in it, each with its number of forms when that is not one.
  func writeTable() throws {
    var groups: [Group] = []
    for form in 0..<Self.formCount {
      let (name, family) = Self.place(form)
      let row = groups.firstIndex { $0.name == name } ?? groups.count
      if row == groups.count { groups.append(Group(name: name)) }
      let place = groups[row].families.firstIndex { $0.name == family } ?? groups[row].families.count
      if place == groups[row].families.count { groups[row].families.append((family, 0)) }
      groups[row].families[place].forms += 1
      groups[row].forms += 1
      groups[row].cases += cases[form]
      groups[row].mismatches += mismatches[form]
    }
    var text =
      "| | instructions, with their numbers of forms | forms | cases | mismatches |\n|---|---|---:|---:|---:|\n"
    text += row(
      "**all**", "at least \(cases.min() ?? 0) cases of each form", Self.formCount, cases.reduce(0, +),
      mismatches.reduce(0, +))
    for group in groups {
      let names = group.families.map { $0.forms == 1 ? $0.name : "\($0.name) \($0.forms)" }
      text += row(group.name, names.joined(separator: ", "), group.forms, group.cases, group.mismatches)
    }
    try Data(text.utf8).write(to: file.deletingLastPathComponent().appending(path: "host-table"))
  }

  private func row(_ name: String, _ instructions: String, _ forms: Int, _ cases: UInt64, _ mismatches: UInt64)
    -> String
  {
    "| \(name) | \(instructions) | \(forms) | \(cases) | \(mismatches) |\n"
  }
}
#endif

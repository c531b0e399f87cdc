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
      #expect(compare(test, host, guest) == nil, "\(test.listing)")
      return
    }
    var run = try ConformanceRun()
    while let work = run.nextRound() {
      for seed in work.seeds {
        let difference = compare(ConformanceRun.makeCase(form: work.form, seed: seed), host, guest)
        #expect(
          difference == nil,
          "\(ConformanceRun.name(work.form)): ORRERY_CONFORMANCE_CASE=\(work.form):\(seed) make conformance")
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

  static func name(_ form: Int) -> String {
    form < InstructionForm.all.count
      ? InstructionForm.all[form].name : FloatingPointForm.all[form - InstructionForm.all.count].name
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

  /// A row for each name, which stands for one or more forms.
  func writeTable() throws {
    var names: [String] = []
    var rows: [String: (forms: Int, cases: UInt64, mismatches: UInt64)] = [:]
    for form in 0..<Self.formCount {
      let name = Self.name(form)
      if rows[name] == nil { names.append(name) }
      let row = rows[name] ?? (0, 0, 0)
      rows[name] = (row.forms + 1, row.cases + cases[form], row.mismatches + mismatches[form])
    }
    var text = "| instruction | forms | cases | mismatches |\n|---|---:|---:|---:|\n"
    let sum = cases.reduce(0, +)
    text += "| **all** | **\(Self.formCount)** | **\(sum)** | **\(mismatches.reduce(0, +))** |\n"
    for name in names {
      guard let row = rows[name] else { continue }
      text += "| \(name) | \(row.forms) | \(row.cases) | \(row.mismatches) |\n"
    }
    try Data(text.utf8).write(to: file.deletingLastPathComponent().appending(path: "host-table"))
  }
}
#endif

import Orrery
import OrreryCompare
import OrreryGolden
import OrreryHost
import OrreryImage
import OrreryTrace

/// Golden cases checked in parallel, their results in the order of the cases.
struct GoldenRun {
  /// A result and how long it took.
  struct Checked: Sendable {
    var result: GoldenResult
    var nanoseconds: UInt64
  }

  let cases: [GoldenCase]
  let threads: Int

  /// Finds the cases at `paths`.
  init(paths: [String], image: String?, jobs: Int?) throws(CommandFailure) {
    do throws(GoldenError) { cases = try GoldenCase.find(at: paths, image: image) } catch {
      throw CommandFailure(error.description)
    }
    threads = jobs ?? ParallelWork<Checked>.hostThreadCount
  }

  /// Refuses to write to `path` when a case reads from there, whatever names lead to it.
  func requireOutput(_ path: String) throws(CommandFailure) {
    guard let identity = FileIdentity(path: path) else { return }
    for goldenCase in cases {
      let inputs = [goldenCase.goldenPath, goldenCase.scenarioPath, goldenCase.kernel?.imagePath].compactMap { $0 }
      for input in inputs where FileIdentity(path: input) == identity {
        throw CommandFailure("\(path): it is \(input), which is read; choose another name")
      }
    }
  }

  /// Builds the kernels, checks every case and hands each result to `handle` as soon as it and all before it are there.
  func run(builds: Bool = true, _ handle: (Checked) throws -> Void) throws {
    Interruption.catchSignals()
    var progress = Progress()
    defer { progress.clear() }
    let failures = builds ? buildKernels(&progress) : []
    let cases = cases
    let work = ParallelWork(count: cases.count, threads: threads) { index in
      let start = WallClock.nanoseconds
      let result = Self.check(cases[index], failures)
      return Checked(result: result, nanoseconds: WallClock.nanoseconds - start)
    }
    defer { work.cancel() }
    var differentCount = 0
    var handledCount = 0
    while !work.isFinished {
      if let name = Interruption.signalName {
        throw CommandFailure("ended by \(name); \(handledCount) of \(cases.count) cases were checked")
      }
      let different = differentCount > 0 ? ", \(differentCount) not the same" : ""
      progress.show("testing: \(work.doneCount) of \(cases.count) cases\(different)")
      guard let checked = work.next(timeoutMilliseconds: 50) else { continue }
      if case .cancelled = checked.result.outcome { continue }
      handledCount += 1
      if !checked.result.isSame { differentCount += 1 }
      progress.clear()
      try handle(checked)
    }
  }

  private typealias BuildFailure = (build: ShellCommand, problem: String)

  private func buildKernels(_ progress: inout Progress) -> [BuildFailure] {
    var failures: [BuildFailure] = []
    for build in cases.builds where !Interruption.isRequested {
      progress.show("building: \(build.text)")
      do throws(GoldenError) { try build.runBuild() } catch { failures.append((build, error.description)) }
    }
    return failures
  }

  private static func check(_ goldenCase: GoldenCase, _ failures: [BuildFailure]) -> GoldenResult {
    if let failure = failures.first(where: { $0.build == goldenCase.kernel?.build }) {
      return GoldenResult(goldenCase, .undecided(failure.problem))
    }
    return goldenCase.check { Interruption.isRequested }
  }
}

extension GoldenResult {
  /// What a result is called, in every form of output.
  var word: String {
    switch outcome {
    case .same: "same"
    case .different: "different"
    case .withoutGolden: "no golden"
    case .undecided: "undecided"
    case .trouble: "trouble"
    case .cancelled: "given up"
    }
  }

  /// What is different, or wrong, in one line.
  var headline: String {
    switch outcome {
    case .same, .cancelled: word
    case .different(let comparison, _):
      BehaviourDiff(left: goldenCase.goldenPath, right: "", comparison: comparison).headline
    case .withoutGolden(let text, _), .undecided(let text), .trouble(let text):
      text.split(separator: "\n").first.map(String.init) ?? word
    }
  }

  /// What is different, or wrong, in full; empty when nothing is.
  var detail: String {
    switch outcome {
    case .same, .cancelled: ""
    case .different(let comparison, _):
      diff(comparison).words()
    case .withoutGolden(let text, _), .undecided(let text), .trouble(let text): text + "\n"
    }
  }

  /// The difference with the source lines of the kernel that the case was recorded with.
  func diff(_ comparison: BehaviourComparison) -> BehaviourDiff {
    BehaviourDiff(left: goldenCase.goldenPath, right: "", comparison: comparison, line: sourceLine())
  }

  /// Gives the source lines of changes, from the kernel that the case was recorded with; it is read when the first is asked for.
  private func sourceLine() -> BehaviourDiff.Line {
    let imagePath = goldenCase.kernel?.imagePath ?? ""
    lazy var rendering: EventRendering? = {
      guard let bytes = try? InputFile.contents(of: imagePath, limit: KernelImage.byteLimit),
        let image = try? RunImage(bytes: bytes)
      else { return nil }
      let lines = ImageSymbolizer.lines(of: image.kernel, isAsked: nil, called: imagePath)
      return EventRendering(symbolizer: ImageSymbolizer(image.kernel, lines: lines))
    }()
    return { change in
      // What was removed is in a run that nobody has any more.
      guard change.kind != .removed, let origin = change.origin, let address = origin.address else { return nil }
      return rendering?.line(of: address, isReturn: origin.isReturn)
    }
  }

  /// The command that repeats the check.
  var reproduction: String { Reproduction.command(["orrery", "test"] + goldenCase.arguments) }

  /// The command that makes the present behaviour the golden.
  var acceptance: String? {
    newBehaviour == nil ? nil : Reproduction.command(["orrery", "accept"] + goldenCase.arguments)
  }
}

/// How many cases had which result, and the exit code that makes.
struct GoldenTally {
  private(set) var counts: [(word: String, count: Int)] = []
  private(set) var total = 0

  mutating func note(_ result: GoldenResult) {
    total += 1
    if let index = counts.firstIndex(where: { $0.word == result.word }) {
      counts[index].count += 1
    } else {
      counts.append((result.word, 1))
    }
  }

  func count(_ word: String) -> Int { counts.first { $0.word == word }?.count ?? 0 }

  /// 2 when something is wrong with the cases themselves, 1 when a behaviour is different or has no golden, 125 when none is but one cannot be told.
  var code: Int32 {
    if count("trouble") > 0 { return 2 }
    if count("different") > 0 || count("no golden") > 0 { return 1 }
    return count("undecided") > 0 ? OrreryProgram.undecided : 0
  }

  /// `58 cases: 56 the same, 1 different, 1 undecided`.
  var description: String {
    let names = [
      "same": "the same", "different": "different", "no golden": "without a golden", "undecided": "undecided",
      "trouble": "in trouble",
    ]
    let order = ["same", "different", "no golden", "undecided", "trouble"]
    let parts = order.filter { count($0) > 0 }.map { "\(count($0)) \(names[$0] ?? $0)" }
    return "\(total == 1 ? "1 case" : "\(total) cases"): \(parts.joined(separator: ", "))"
  }
}

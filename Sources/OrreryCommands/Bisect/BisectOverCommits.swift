import ArgumentParser
import OrreryHost
import OrreryScenario
import OrreryTrace

/// `orrery bisect --good REV --bad REV`: the first commit whose kernel behaves otherwise.
struct BisectOverCommits {
  private let options: BisectOverCommitsOptions

  init(_ options: BisectOverCommitsOptions) { self.options = options }

  func run() throws {
    Interruption.catchSignals()
    Interruption.catchClosedPipes()
    do { try search() } catch let error as HostError { throw CommandFailure(error) }
  }

  private func search() throws {
    let range = try CommitRange(options)
    try warnAboutScenario()
    let traces = try TraceStore()
    let worktree = try BisectWorktree(of: range.repository)
    defer {
      worktree.remove()
      traces.trim()
    }
    var search = CommitSearch(options, range, worktree, traces)
    let report = try BisectReport(search.run(), search)
    let console = Console.current
    if options.json {
      console.line(report.json().description)
    } else {
      console.output(report.text(isColoured: console.isOutputColoured))
    }
    if report.code != 0 { throw ExitCode(report.code) }
  }

  /// What the scenario's checker has to say, once for all commits.
  private func warnAboutScenario() throws {
    guard let path = options.scenario else { return }
    do {
      let text = try InputFile.text(of: path, limit: UInt64(Scenario.textLimit))
      for warning in try Scenario(parsing: text, file: path).warnings(golden: true) {
        Console.current.note(warning.description)
      }
    } catch let error as ScenarioError { throw CommandFailure(error) }
  }
}

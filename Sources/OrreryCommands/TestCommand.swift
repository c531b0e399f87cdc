import ArgumentParser
import OrreryGolden
import OrreryHost

/// `orrery test [PATH …]`.
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    _superCommandName: OrreryCommand.name,
    abstract: "Runs golden cases: records each, and compares what the kernel does with what it should.",
    discussion: """
      A case is a folder with a scenario and golden.txt, the behaviour expected of the kernel. Each path is a case, or a folder with cases below it. \
      A file kernel.txt in the case's folder or above says where the kernel is, and how it is built before the cases are run:

        build: make -s -C ../kernel
        image: ../kernel/.build/kernel.elf

      Cases run in parallel; results come in the order of the cases. A case without a golden fails: look at its behaviour and accept it.

      EXAMPLES
        orrery test
          every case below traces/
        orrery test traces/heap-*
        orrery test --image kernel.elf --junit report.xml
        git bisect run orrery test traces/boot

      EXIT CODES
          0  every behaviour is as its golden says
          1  one is different, or has no golden
          2  trouble: a scenario or an image cannot be read
        125  no difference, but a kernel cannot be built or lacks a symbol waited for
      """)

  @OptionGroup var selection: CaseSelection
  @Option(help: ArgumentHelp("Also write a report in JUnit's XML.", valueName: "file")) var junit: String?
  @Flag(help: "Write TAP, the Test Anything Protocol.") var tap = false
  @Flag(help: "Write one JSON object a line: each case, then the summary.") var json = false
  @Flag(name: .shortAndLong, help: "Name the cases that are the same, too.") var verbose = false

  func validate() throws {
    guard !(tap && json) else { throw ValidationError("choose one of --tap and --json") }
  }

  func run() throws {
    let run = try selection.run()
    if let junit { try run.requireOutput(junit) }
    let console = Console.current
    var report: any GoldenReport =
      if tap {
        TAPReport(caseCount: run.cases.count)
      } else if json {
        JSONReport()
      } else {
        TextReport(caseCount: run.cases.count, isVerbose: verbose, isColoured: console.isOutputColoured)
      }
    var junitReport = junit.map { _ in JUnitReport() }
    var tally = GoldenTally()
    console.output(report.beginning)
    try run.run(builds: !selection.noBuild) { checked in
      tally.note(checked.result)
      junitReport?.add(checked)
      console.output(report.text(of: checked))
      for warning in checked.result.warnings { console.note(warning) }
    }
    console.output(report.ending(tally))
    if let junit, let text = junitReport?.text(tally) {
      do throws(HostError) { try AtomicFile.write(Array(text.utf8), to: junit) } catch { throw CommandFailure(error) }
    }
    if tally.code != 0 { throw ExitCode(tally.code) }
  }
}

/// Which cases `test` and `accept` are about.
struct CaseSelection: ParsableArguments {
  @Argument(help: ArgumentHelp("Cases, or folders with cases below them (traces unless given).", valueName: "path"))
  var paths: [String] = []
  @Option(help: ArgumentHelp("The kernel of all cases, instead of what kernel.txt says.", valueName: "file"))
  var image: String?
  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("How many cases run at once; as many as the host has processors unless given.", valueName: "n"))
  var jobs: Int?
  @Flag(help: "Take the kernels as they are, without building them.") var noBuild = false

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) {
      throw ValidationError("--jobs \(jobs): expected a number from 1 to 256")
    }
  }

  func run() throws(CommandFailure) -> GoldenRun {
    try GoldenRun(paths: paths.isEmpty ? ["traces"] : paths, image: image, jobs: jobs)
  }
}

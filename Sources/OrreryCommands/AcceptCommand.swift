import ArgumentParser
import OrreryGolden
import OrreryHost

/// `orrery accept [PATH …]`.
struct AcceptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    _superCommandName: OrreryCommand.name,
    abstract: "Reviews behaviours that are not as their goldens say, and makes the right ones the goldens.",
    discussion: """
      Runs the cases as `orrery test` does, then shows what changed in each and asks: accept it as the golden, reject it because the kernel is wrong, \
      or skip it for now. Only what is accepted is written, each file as a whole.

      With --yes nothing is asked: every behaviour of the cases that are named is accepted.

      EXAMPLES
        orrery accept
          review every case below traces/
        orrery accept traces/heap-list
        orrery accept --yes traces/heap-list traces/heap-slab

      EXIT CODES
          0  every behaviour is as its golden says now
          1  some were rejected or skipped
          2  trouble: a file cannot be read, or there is nobody to ask
        125  a kernel cannot be built or lacks a symbol that its scenario waits for
      """)

  @OptionGroup var selection: CaseSelection
  @Flag(name: .shortAndLong, help: "Accept without asking.") var yes = false

  func validate() throws {
    guard !yes || !selection.paths.isEmpty else {
      throw ValidationError("--yes accepts without asking: name the cases, such as `orrery accept --yes traces`")
    }
  }

  func run() throws {
    guard yes || Terminal.isAvailable else {
      throw CommandFailure("there is no terminal to ask in; accept by name: orrery accept --yes traces/NAME")
    }
    let code = try review { StandardInput.line { Console.current.output(AcceptReview.question) } }
    if code != 0 { throw ExitCode(code) }
  }

  /// Checks the cases, and asks about each that changed unless `--yes` was given; gives the exit code.
  func review(_ answer: () -> String?) throws -> Int32 {
    let console = Console.current
    var changed: [GoldenResult] = []
    var tally = GoldenTally()
    try selection.run().run(builds: !selection.noBuild) { checked in
      let result = checked.result
      if result.newBehaviour != nil {
        changed.append(result)
      } else {
        tally.note(result)
        if !result.isSame { console.note("\(result.word): \(result.goldenCase.folder)\n\(result.detail)") }
      }
    }
    var review = AcceptReview(changed: changed, isColoured: console.isOutputColoured)
    try yes ? review.acceptAll() : review.ask(answer)
    console.line(review.summary(others: tally))
    // The cases themselves come first: what is wrong with one was in nobody's hands.
    return tally.code == 2 ? 2 : review.leftCount > 0 ? 1 : tally.code
  }
}

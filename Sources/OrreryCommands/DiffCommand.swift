import ArgumentParser
import OrreryCompare
import OrreryHost
import OrreryTrace

/// `orrery diff A B`.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Finds the first event in which two traces differ.",
    discussion: """
      Traces of any length are compared through their hashes; only what lies around the first difference is decoded. \
      Parts of the headers that differ (settings, image, scenario) are told apart from the events.

      With --behaviour, what the kernels do is compared instead: per lane and context, without clocks and addresses, so that a rebuild that \
      changes only those is equal. A golden text may stand for either trace then.

      EXAMPLES
        orrery diff before.orrery after.orrery
        orrery diff before.orrery after.orrery --lane map,heap
        orrery diff --behaviour traces/boot/golden.txt boot.orrery

      EXIT CODES
        0  the same
        1  different
        2  trouble: a trace is damaged, or cannot be read
      """)

  @Argument(help: ArgumentHelp("The expected trace.", valueName: "a")) var left: String
  @Argument(help: ArgumentHelp("The trace to compare with it.", valueName: "b")) var right: String
  @Option(
    help: ArgumentHelp("Compares only these lanes, separated by commas.", valueName: "lanes"))
  var lane: [LaneOption] = []
  @Option(
    name: [.customShort("U"), .long], parsing: .unconditional,
    help: ArgumentHelp("Lines or events shown around a difference.", valueName: "n"))
  var context = 3
  @Flag(help: "Compares what the kernels do, not the exact events.") var behaviour = false
  @Flag(help: "Says only how much differs.") var stat = false
  @Flag(help: "Prints one JSON object.") var json = false

  func validate() throws {
    guard (0...1_000).contains(context) else {
      throw ValidationError("--context \(context): expected a number from 0 to 1000")
    }
  }

  func run() throws {
    let result = try compare()
    let console = Console.current
    console.output(result.output)
    for note in result.notes { console.note("orrery diff: \(note)") }
    if result.code != 0 { throw ExitCode(result.code) }
  }

  /// The comparison's text and exit code.
  func compare() throws(CommandFailure) -> CommandResult {
    let sides = (try Side(path: left), try Side(path: right))
    if case (.trace(let leftTrace), .trace(let rightTrace)) = sides, !behaviour {
      return try TraceDiff(leftTrace, rightTrace, lanes: LaneOption.union(lane), context: context).result(
        json: json, stat: stat)
    }
    let golden = try sides.0.behaviour(LaneOption.union(lane))
    let actual = try sides.1.behaviour(LaneOption.union(lane))
    let comparison: BehaviourComparison
    do throws(BehaviourError) {
      comparison = try compareBehaviour(golden: golden, actual: actual)
    } catch {
      throw CommandFailure("\(left), \(right): \(error)")
    }
    return BehaviourDiff(left: left, right: right, comparison: comparison, context: context).result(
      json: json, stat: stat)
  }

  /// A trace, or the golden text of one.
  private enum Side {
    case trace(OpenedTrace)
    case golden(String)

    private static let goldenLimit: UInt64 = 64 << 20

    init(path: String) throws(CommandFailure) {
      do throws(HostError) {
        let file = try InputFile(path: path)
        let start = try file.read(offset: 0, count: 17)
        if start.starts(with: Array("orrery behaviour ".utf8)) {
          self = .golden(try InputFile.text(of: path, limit: Side.goldenLimit))
          return
        }
      } catch { throw CommandFailure(error) }
      self = .trace(try OpenedTrace(path: path))
    }

    func behaviour(_ lanes: LaneSet) throws(CommandFailure) -> String {
      switch self {
      case .golden(let text): return text
      case .trace(let trace):
        return try trace.attempt { reader throws(TraceError) in
          try Behaviour(trace: reader, rendering: trace.rendering(), lanes: lanes).text
        }
      }
    }
  }
}

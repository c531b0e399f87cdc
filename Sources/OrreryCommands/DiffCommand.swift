import ArgumentParser
import OrreryCompare
import OrreryHost
import OrreryTrace

/// `orrery diff A B`.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    _superCommandName: OrreryCommand.name,
    abstract: "Finds the first event in which two traces differ.",
    discussion: """
      Traces of any length are compared through their hashes; only what lies around the first difference is decoded. \
      Parts of the headers that differ (settings, image, scenario) are told apart from the events.

      With --behaviour, what the kernels do is compared instead: per lane and context, without clocks and addresses, so that a rebuild that \
      changes only those is equal. A golden text may stand for either trace then. A summary comes first, then one line a change: \
      + added, - removed, ~ changed, > moved. With -U the lines of the goldens themselves are shown.

      A digest, which `orrery digest` prints, may stand for either trace, too. The hashes then say among which events the first difference is.

      EXAMPLES
        orrery diff before.orrery after.orrery
        orrery diff before.orrery after.orrery --lane map,heap
        orrery diff --behaviour before.orrery after.orrery --stat
        orrery diff --behaviour traces/boot/golden.txt boot.orrery -U 3
        orrery diff before.digest after.orrery
          before.orrery is on another machine; see orrery digest --help
        git config diff.orrery.command 'orrery diff --git'
          with `*.orrery diff=orrery` in .gitattributes, git diff compares behaviours

      EXIT CODES
        0  the same
        1  different
        2  trouble: a trace is damaged, or cannot be read
      """)

  @Argument(help: ArgumentHelp("The expected trace, and the one to compare with it.", valueName: "trace"))
  var paths: [String]
  @Option(
    help: ArgumentHelp("Compares only these lanes, separated by commas.", valueName: "lanes"))
  var lane: [LaneOption] = []
  @Option(
    name: [.customShort("U"), .long], parsing: .unconditional,
    help: ArgumentHelp("Lines or events shown around a difference (3).", valueName: "n"))
  var context: Int?
  @Flag(help: "Compares what the kernels do, not the exact events.") var behaviour = false
  @Flag(help: "Compares hashes only; goes without saying when one side is a digest.") var digest = false
  @Flag(help: "Says only how much differs.") var stat = false
  @Flag(help: "Prints one JSON object.") var json = false
  @Option(help: "When to show colours; auto is in a terminal, and in git's pager.") var color = ColourOption.auto
  @OptionGroup var lines: LinesOption
  @Flag(help: "Compares behaviours as a diff driver of git, which gives seven arguments.") var git = false

  func validate() throws {
    if let context, !(0...1_000).contains(context) {
      throw ValidationError("--context \(context): expected a number from 0 to 1000")
    }
    guard !(json && stat) else { throw ValidationError("choose one of --json and --stat") }
    guard git ? paths.count == 7 || paths.count == 9 : paths.count == 2 else {
      throw ValidationError(
        git
          ? "--git: expected PATH OLD-FILE OLD-HASH OLD-MODE NEW-FILE NEW-HASH NEW-MODE, as git calls it"
          : "expected two traces, found \(paths.count)")
    }
  }

  private var left: String { paths[0] }
  private var right: String { paths[1] }

  func run() throws {
    let result = git ? GitDriver(arguments: paths).result(form, color) : try compare()
    let console = Console.current
    console.output(result.output)
    for note in result.notes { console.note("orrery diff: \(note)") }
    if result.code != 0 { throw ExitCode(result.code) }
  }

  private var form: BehaviourDiff.Form {
    json ? .json : stat ? .stat : context.map { .unified(context: $0) } ?? .words
  }

  /// The comparison's text and exit code.
  func compare() throws(CommandFailure) -> CommandResult {
    if digest || DigestSource.isDigest(left) || DigestSource.isDigest(right) {
      let given = [("--behaviour", behaviour), ("--lane", !lane.isEmpty), ("--context", context != nil)]
      if let (name, _) = given.first(where: { $0.1 }) {
        throw CommandFailure(
          "\(name): a digest has hashes of the events of all lanes, not the events; leave the option out")
      }
      return painted(try DigestDiff(left, right).result(json: json, stat: stat))
    }
    let sides = (try BehaviourSource(path: left), try BehaviourSource(path: right))
    if case (.trace(let leftTrace), .trace(let rightTrace)) = sides, !behaviour {
      let diff = try TraceDiff(leftTrace, rightTrace, lanes: LaneOption.union(lane), context: context ?? 3)
      return painted(diff.result(json: json, stat: stat, lines: lines.lines))
    }
    let lanes = LaneOption.union(lane)
    return try Self.compare(sides.0, sides.1, names: (left, right), lanes: lanes, lines: lines.lines).result(
      form, isColoured: color.isColoured)
  }

  /// `result` in colour, where its text is for a person.
  private func painted(_ result: CommandResult) -> CommandResult {
    guard color.isColoured, !json else { return result }
    var result = result
    result.output = DiffColours.painted(text: result.output)
    return result
  }

  static func compare(
    _ left: BehaviourSource, _ right: BehaviourSource, names: (String, String), lanes: LaneSet, lines: Bool? = nil
  ) throws(CommandFailure) -> BehaviourDiff {
    let sides = try ComparableBehaviours(left, right, names: names, lanes: lanes)
    return BehaviourDiff(
      left: names.0, right: names.1, comparison: try sides.comparison(), leftOut: sides.leftOut,
      line: BehaviourDiff.line(left, right, lines))
  }
}

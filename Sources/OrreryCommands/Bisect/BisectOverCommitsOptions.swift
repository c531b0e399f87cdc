import ArgumentParser

/// The options of `orrery bisect` over the commits of a repository, and of a step of `git bisect run`.
struct BisectOverCommitsOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A commit whose kernel still does what it should.", valueName: "rev"))
  var good: String?
  @Option(help: ArgumentHelp("A later commit whose kernel does otherwise; HEAD unless given.", valueName: "rev"))
  var bad: String?
  @Option(
    help: ArgumentHelp(
      "Builds the kernel: a command for the shell, run in the folder of the worktree that is like the present one.",
      valueName: "command"))
  var build: String?
  @Option(
    help: ArgumentHelp(
      "The kernel that the command builds, seen from there; unless given, the only .elf file that is not under version control.",
      valueName: "path"),
    completion: .file())
  var image: String?
  @Option(name: .shortAndLong, help: "The scenario of each run, as it is now.", completion: .file())
  var scenario: String?
  @Option(
    help: ArgumentHelp(
      "The behaviour that is right, a golden or a trace; the good commit's unless given.", valueName: "trace"),
    completion: .file())
  var golden: String?
  @Option(
    name: [.customLong("lanes"), .customLong("lane")],
    help: ArgumentHelp("Compares only these lanes, separated by commas.", valueName: "lanes"))
  var lanes: [LaneOption] = []
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Gives a parameter of the scenario a value.", valueName: "name=value"))
  var values: [String] = []
  @Option(help: "The kernel's command line; replaces the scenario's.")
  var commandLine: String?
  @Option(
    name: .customLong("allocator"), parsing: .singleValue,
    help: ArgumentHelp("Watches a function of the kernel as `record` does.", valueName: "name=known"))
  var allocators: [String] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Ends each run after this many steps; replaces the scenario's limit.", valueName: "steps"))
  var limit: UInt64?
  @Flag(help: "Follows only the first parent of a merge.") var firstParent = false
  @Flag(help: "Judges the kernel of the present folder, as a step of `git bisect run`.") var step = false
  @Flag(help: "Prints what was found as one JSON object.") var json = false

  /// Everything but a trace's time is searched with these.
  func validateAsGiven() throws {
    if step {
      guard good == nil, bad == nil, !firstParent else {
        throw ValidationError("--step: git bisect knows the commits; leave out --good, --bad and --first-parent")
      }
      guard golden != nil else {
        throw ValidationError("--step: say with --golden what is right: a golden, or the trace of a good kernel")
      }
    } else {
      guard good != nil else {
        throw ValidationError("expected --good REV and --bad REV to search commits, or a trace to search its time")
      }
      guard build != nil else { throw ValidationError("say with --build COMMAND how a commit's kernel is built") }
    }
    _ = try runOptions(image: "kernel.elf")
  }

  /// A trace is searched instead.
  func refuse() throws {
    let given = [
      ("--good", good != nil), ("--bad", bad != nil), ("--build", build != nil), ("--step", step),
      ("--golden", golden != nil),
    ]
    if let (name, _) = given.first(where: { $0.1 }) {
      throw ValidationError("\(name) is for commits: leave it out, or the trace")
    }
  }

  /// What `record` would be told for the kernel at `image`.
  func runOptions(image: String) throws -> RunOptions {
    var arguments = ["--set", "--allocator"].flatMap { name in
      (name == "--set" ? values : allocators).flatMap { [name, $0] }
    }
    if let scenario { arguments += ["--scenario=\(scenario)"] }
    if let commandLine { arguments += ["--command-line=\(commandLine)"] }
    if let limit { arguments += ["--limit=\(limit)"] }
    return try RunOptions.parse(arguments + ["--", image])
  }
}

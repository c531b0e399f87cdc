import ArgumentParser

/// `orrery bisect`: over the commits of a repository, or over the time of a run.
struct BisectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bisect",
    _superCommandName: OrreryCommand.name,
    abstract: "Finds the commit, or the instruction, that changed what a kernel does.",
    discussion: """
      With --good and --bad, commits are searched: each that git bisect chooses is checked out in a worktree of its own, built, recorded under the scenario \
      and compared with the good one's behaviour, or with --golden. A commit that does not build, or whose kernel lacks what the scenario waits for, is \
      skipped. The repository's own worktree, index and branch stay as they are.

      With --step, the kernel of the present folder is built and judged, as a step of `git bisect run`.

      With a trace and --when, the time of its run is searched: it is run again, and the first instruction after which the condition is true is told with what \
      it changed. With two traces, the first instruction whose effect differs: of two runs whose `state` events differ, one with a fault injected, say. A fault \
      that is gone at the next `state` event is told to have had no lasting effect.

      EXAMPLES
        orrery bisect --good v1.0 --bad HEAD --build 'make -s' -s boot.scenario
        orrery bisect --good v1.0 --build make --image build/k.elf --lanes heap,map
        orrery bisect boot.orrery --when 'mapped 0x4444_4444_0000'
        orrery bisect boot.orrery --when 'qword at ticks >= 100 and not cpl == 3'
        orrery bisect boot.orrery --when 'reached "Shell.run" hit 2'
        orrery bisect boot.orrery faulty.orrery
        git bisect run orrery bisect --step --build make -s boot.scenario \\
          --golden golden.txt

      EXIT CODES
          0  found; of two traces: the same
          1  of a condition: never true; of two traces: different
          2  trouble
        125  not found: too many commits cannot be told
      With --step: 0 as the golden says, 1 otherwise, 125 cannot be told, 128 trouble, at which git bisect stops.
      """)

  @Argument(
    help: ArgumentHelp("A trace, to search its time, or two, to search for where they part.", valueName: "trace"))
  var traces: [String] = []
  @OptionGroup(title: "Over commits") var overCommits: BisectOverCommitsOptions
  @OptionGroup(title: "In time") var inTime: BisectInTimeOptions

  func validate() throws {
    if !traces.isEmpty {
      try overCommits.refuse()
      return try inTime.validate(traces)
    }
    try inTime.refuse()
    try overCommits.validateAsGiven()
  }

  func run() throws {
    if !traces.isEmpty { return try inTime.run(traces, json: overCommits.json) }
    if overCommits.step { return try BisectStep(overCommits).run() }
    try BisectOverCommits(overCommits).run()
  }
}

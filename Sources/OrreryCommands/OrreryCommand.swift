import ArgumentParser

/// The command line tool: its subcommands are one file each.
struct OrreryCommand: ParsableCommand {
  /// What each of its commands names as the one above it, so that it can be parsed alone (`OrreryProgram.parse`).
  static let name = "orrery"

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Records, replays and compares runs of x86-64 kernels.",
    discussion: """
      Orrery runs a kernel image on a model of a PC that always does the same: the same image, scenario and settings give the same trace, byte for byte.

      EXAMPLES
        orrery run kernel.elf --live
          try a kernel in the terminal
        orrery record kernel.elf --scenario boot.scenario -o boot.orrery
          record it under a script
        orrery replay boot.orrery
          run the trace again and verify it
        orrery diff before.orrery after.orrery
          find where two runs part
        orrery test
          run every case below traces/
        orrery bisect --good v1.0 --build 'make -s' --scenario boot.scenario
          find the commit that changed what the kernel does

      EXIT CODES
        0  the same
        1  different
        2  trouble
      `orrery run` ends with the kernel's own.
      """,
    version: "orrery 0.1 (machine pc-1, trace formats 1 and 2)",
    subcommands: [
      RecordCommand.self, ReplayCommand.self, RunCommand.self, SaveCommand.self, ShowCommand.self, DiffCommand.self,
      DigestCommand.self, ExpandCommand.self, TestCommand.self, AcceptCommand.self, BisectCommand.self,
    ])
}

import ArgumentParser
import Orrery
import OrreryBase
import OrreryHost
import OrreryMachine
import OrreryScenario
import OrreryTrace

struct SaveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save",
    _superCommandName: OrreryCommand.name,
    abstract: "Runs a kernel up to a point and saves the machine, for other runs to start from.",
    discussion: """
      The file holds processor, devices and memory, and the kernel's image for its symbols. Every command that takes a kernel takes it instead; a run that \
      starts from it goes on as the run that was saved would have. The times and limits of its scenario count from there, the clock of its events from the \
      kernel's first instruction. What the scenario of the first run was still to do is not saved.

      Without --at the machine is saved where a stop of the scenario ends the run.

      EXAMPLES
        orrery save kernel.elf --at 20ms -o booted.state
        orrery save kernel.elf --scenario prompt.scenario -o prompt.state
        orrery record prompt.state --scenario race.scenario -o race.orrery

      EXIT CODES
        0  saved
        2  trouble: the run ended before, or was ended by a signal
      """)

  @OptionGroup var options: RunOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("When: clocks from the start of the run, or such as 5ms.", valueName: "time"))
  var at: TimeOption?

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file(extensions: ["state"]))
  var output: String

  func run() throws {
    let inputs = try RunInputs(options)
    let values = try options.parameterValues()
    let frequency = try inputs.bound(with: values).configuration.machine.frequency
    let recorder = try inputs.recorder(with: values, sink: nil)
    let start = recorder.machine.clock
    var target: Clock?
    if let at {
      guard let clock = at.clock(frequency)?.addingReportingOverflow(start), !clock.overflow else {
        throw CommandFailure("--at: the time exceeds 64 bits of clocks")
      }
      target = clock.partialValue
    }
    let file: AtomicFile
    do throws(HostError) {
      file = try AtomicFile(path: output, keepsPartial: false, sparing: inputs.files)
    } catch { throw CommandFailure(error) }
    let end = try runToEnd(recorder, target)
    guard end.reason == .stopCondition || isReached(target, recorder), let state = recorder.savedState() else {
      file.discard()
      throw CommandFailure(
        "\(options.image): \(end.text) after \(Words.number(end.steps)) steps, before the machine could be saved"
          + (target == nil ? "; say when with --at, or with a `stop` in a scenario" : ""))
    }
    do throws(HostError) {
      try file.write(state.bytes)
      try file.commit()
    } catch { throw CommandFailure(error) }
    Console.current.line(
      "\(output): saved at \(RunSummary.seconds(state.clock, hertz: frequency.hertz)) of its own time, clock \(Words.number(state.clock)), after "
        + "\(Words.number(state.steps)) steps, at \(inputs.place(of: recorder.machine.rip))")
    Console.current.line(
      "  \(Words.number(UInt64(state.pageCount))) pages of memory in \(Words.number(UInt64(state.bytes.count))) bytes")
  }

  private func isReached(_ target: Clock?, _ recorder: Recorder) -> Bool {
    target.map { recorder.machine.clock >= $0 } ?? false
  }

  private func runToEnd(_ recorder: Recorder, _ target: Clock?) throws -> RunEnd {
    Interruption.catchSignals()
    do throws(TraceError) {
      while true {
        if let end = try recorder.advance(untilClock: target ?? .max) { return end }
        if isReached(target, recorder) { return try recorder.interrupt("saved") }
        if let name = Interruption.signalName { return try recorder.interrupt("ended by \(name)") }
      }
    } catch { throw CommandFailure(error, path: output) }
  }
}

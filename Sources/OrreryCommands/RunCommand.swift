import ArgumentParser
import Orrery
import OrreryHost
import OrreryMachine
import OrreryScenario
import OrreryTrace

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    _superCommandName: OrreryCommand.name,
    abstract: "Runs a kernel and prints its serial output, or shows its screen.",
    discussion: """
      Without --live the bytes of serial port COM1 appear on standard output as they come, and the run ends as the kernel ends it, or at a limit.

      With --live the terminal is the kernel's screen and keyboard, and idle time passes as on a clock. Ctrl+] ends the run, and no limit does unless one is \
      named. With -o everything is recorded, and what was typed replays exactly.

      EXAMPLES
        orrery run kernel.elf
        orrery run kernel.elf --command-line "test=heap"
        orrery run kernel.elf --live -o session.orrery

      EXIT CODES
        odd  the kernel wrote a value to the debug-exit port (0xf4):
             (value << 1) | 1, as QEMU gives it
        0    power-off, a stop of the scenario, or Ctrl+] in a live run
        2    trouble, or ended by a signal
        4    triple fault
        6    a limit was reached
        8    halted for ever
        10   something that is not modelled
        12   reset
      """)

  @OptionGroup var options: RunOptions

  @Option(name: .shortAndLong, help: "Records the run into this trace.", completion: .file(extensions: ["orrery"]))
  var output: String?

  @Flag(help: "Shows the screen in the terminal and passes keys on.")
  var live = false

  func run() throws {
    let inputs = try RunInputs(options, isLive: live)
    let values = try options.parameterValues()
    _ = try inputs.bound(with: values)
    var sink: TraceFileSink?
    if let output {
      do throws(HostError) { sink = try TraceFileSink(path: output, sparing: inputs.files) } catch {
        throw CommandFailure(error)
      }
    }
    let recorder = try inputs.recorder(with: values, sink: sink)
    let end: RunEnd
    do {
      if live {
        let bound = try inputs.bound(with: values)
        var run = LiveRun(recorder, frequency: bound.configuration.machine.frequency)
        end = try run.run()
      } else {
        end = try runToEnd(recorder)
      }
    } catch let error as TraceError { throw CommandFailure(error, path: output ?? "") }
    do throws(HostError) { try sink?.commit() } catch { throw CommandFailure(error) }
    report(end, recorder, inputs)
    // A person who leaves a live run has got what they wanted.
    let wasLeft = live && end.reason == .interrupted && !Interruption.isRequested
    let code = wasLeft ? 0 : end.reason.exitCode(exitValue: end.exitValue)
    if code != 0 { throw ExitCode(code) }
  }

  private func runToEnd(_ recorder: Recorder) throws(TraceError) -> RunEnd {
    Interruption.catchSignals()
    let console = Console.current
    var pending: [UInt8] = []
    recorder.serialHandler = { port, byte in
      if port == 0 { pending.append(byte) }
    }
    while true {
      let end = try recorder.advance()
      if !pending.isEmpty {
        console.output(bytes: pending)
        pending.removeAll(keepingCapacity: true)
      }
      if let end { return end }
      if let failure = console.outputFailure {
        return try recorder.interrupt("ended because output was lost: \(failure)")
      }
      if let name = Interruption.signalName { return try recorder.interrupt("ended by \(name)") }
    }
  }

  private func report(_ end: RunEnd, _ recorder: Recorder, _ inputs: RunInputs) {
    let console = Console.current
    for warning in RunEndText.warnings(end, of: nil) { console.note(warning) }
    // How the kernel ended by itself is told by the exit code, as by QEMU; everything else needs words.
    switch end.reason {
    case .debugExit, .powerOff, .stopCondition: break
    default:
      console.note(
        "orrery: \(end.text) after \(Words.count(end.steps, "step")), at \(inputs.place(of: recorder.machine.rip))")
    }
    if let output {
      console.note(
        "\(output): \(Words.count(recorder.eventCount, "event")) in \(Words.count(recorder.traceByteCount, "byte"))")
    }
  }
}

import ArgumentParser
import Orrery
import OrreryBase
import OrreryHost
import OrreryMachine
import OrreryScenario
import OrreryTrace

struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    _superCommandName: OrreryCommand.name,
    abstract: "Runs a kernel under a scenario and records the run into a trace.",
    discussion: """
      The trace holds the image, the settings, everything that came from outside and everything that happened, so it can be replayed from itself alone. \
      While it is written it is TRACE.partial. A recording that is killed leaves that file, and show, diff and replay read it up to its last complete \
      chunk. One that is ended by Ctrl+C has its end, and says so.

      A run is to end as the kernel ends it, by debug exit, power-off, reset or halting for ever, or by a `stop` of the scenario. A limit, a triple fault and \
      what is not modelled are trouble unless the scenario says `expect`: the trace is written all the same.

      EXAMPLES
        orrery record kernel.elf --scenario boot.scenario -o boot.orrery
        orrery record kernel.elf --scenario race.scenario --set K=7 -o race.orrery
        orrery record kernel.elf --scenario race.scenario --each K -o race.orrery
          one trace for each value of K: race.K=0.orrery, race.K=1.orrery, …
        orrery record kernel.elf --lanes input -o night.orrery
          only what comes from outside; `orrery expand` makes the rest of it
        orrery record kernel.elf --inject 5ms:rbx:3 -o fault.orrery
          with bit 3 of rbx turned over at 5 ms of virtual time

      EXIT CODES
        0  recorded
        1  recorded, but a condition of the scenario never came true
        2  trouble: nothing recorded; or recorded up to a limit, a triple
           fault, something not modelled, or a signal
      125  the kernel lacks a symbol that the scenario waits for
      """)

  @OptionGroup var options: RunOptions

  @Option(name: .shortAndLong, help: "The trace to write.", completion: .file(extensions: ["orrery"]))
  var output: String

  @Option(help: "Records one run for each value of this parameter.")
  var each: String?

  @Flag(help: "Prints the summary as JSON, one object a line.")
  var json = false

  func run() throws {
    let inputs = try RunInputs(options)
    let given = try options.parameterValues()
    Interruption.catchSignals()
    guard let each else {
      let end = try record(inputs, given, to: output)
      if end.reason == .interrupted { throw Self.ended(output, end) }
      let code = Self.exitCode(of: end, expected: inputs.scenario.expectedEnd)
      if code != 0 { throw ExitCode(code) }
      return
    }
    guard let parameter = inputs.scenario.parameters.first(where: { $0.name == each }) else {
      let names = inputs.scenario.parameters.map(\.name)
      throw CommandFailure(
        "--each \(each): the scenario has no such parameter"
          + (names.isEmpty
            ? "; add a line such as `param \(each) = 0…40`" : "; it has \(names.joined(separator: ", "))"))
    }
    guard !given.contains(where: { $0.name == each }) else {
      throw CommandFailure("--each \(each) and --set \(each) both choose a value; leave one out")
    }
    guard let count = parameter.count, count <= Self.runLimit else {
      throw CommandFailure(
        "--each \(each): it has \(parameter.count.map(Words.number) ?? "2^64") values, and at most \(Words.number(Self.runLimit)) are recorded "
          + "at once; narrow its range, or try every 100th with `by 100`")
    }
    var code: Int32 = 0
    var recordedCount: UInt64 = 0
    func progress() -> String {
      "\(Words.number(recordedCount)) of \(Words.number(count)) values of \(each) are recorded to their end"
    }
    for value in parameter.values {
      if let name = Interruption.signalName { throw CommandFailure("ended by \(name); \(progress())") }
      let path = Self.name(output, each, value)
      let end: RunEnd
      do { end = try record(inputs, given + [ParameterValue(name: each, value: value)], to: path) } catch var failure
        as CommandFailure
      {
        failure.chosenValue = (each, value)
        throw failure
      }
      if end.reason == .interrupted { throw CommandFailure("\(Self.ended(path, end).description)\n\(progress())") }
      recordedCount += 1
      code = max(code, Self.exitCode(of: end, expected: inputs.scenario.expectedEnd))
    }
    if code != 0 { throw ExitCode(code) }
  }

  /// The end of a run that went as nobody wished; nil when it went as the scenario, the kernel or a person did.
  private static func trouble(_ end: RunEnd, expected: ExpectedEnd?) -> ExpectedEnd? {
    let trouble = ExpectedEnd(end.reason)
    return trouble == expected ? nil : trouble
  }

  private static func exitCode(of end: RunEnd, expected: ExpectedEnd?) -> Int32 {
    trouble(end, expected: expected) != nil ? OrreryProgram.trouble : end.reports.isEmpty ? 0 : 1
  }

  /// The most traces that one command records; more is a slip in a range rather than a plan.
  static let runLimit: UInt64 = 10_000

  private static func ended(_ path: String, _ end: RunEnd) -> CommandFailure {
    CommandFailure("\(path): \(end.text); the trace holds the run up to there")
  }

  /// `race.orrery` for K = 7 is `race.K=7.orrery`.
  static func name(_ output: String, _ parameter: String, _ value: UInt64) -> String {
    let slash = output.lastIndex(of: "/") ?? output.startIndex
    guard let dot = output.lastIndex(of: "."), dot > slash else { return "\(output).\(parameter)=\(value)" }
    return "\(output[..<dot]).\(parameter)=\(value)\(output[dot...])"
  }

  private func record(_ inputs: RunInputs, _ values: [ParameterValue], to path: String) throws -> RunEnd {
    // Checked first: a scenario that cannot run should not touch the output.
    _ = try inputs.bound(with: values)
    let sink: TraceFileSink
    do throws(HostError) { sink = try TraceFileSink(path: path, sparing: inputs.files) } catch {
      throw CommandFailure(error)
    }
    let recorder = try inputs.recorder(with: values, sink: sink)
    let end = try finish(recorder, sink)
    let summary = RunSummary(
      end: end, hertz: try inputs.bound(with: values).configuration.machine.frequency.hertz,
      eventCount: recorder.eventCount, traceByteCount: recorder.traceByteCount)
    let console = Console.current
    if json {
      var object = summary.json()
      object.add("trace", path)
      console.line(object.description)
    } else {
      console.line("\(path): \(summary.ending)")
      console.line("  \(Words.count(recorder.eventCount, "event")) in \(Words.count(recorder.traceByteCount, "byte"))")
    }
    for warning in RunEndText.warnings(end, of: path) { console.note(warning) }
    if let trouble = Self.trouble(end, expected: inputs.scenario.expectedEnd) {
      let remedy = trouble == .limit ? "end the run with a `stop`, raise the limit, or" : "mend the kernel, or"
      console.note(
        "\(path): error: \(end.text), at \(inputs.place(of: recorder.machine.rip)); the trace holds the run up to there\n"
          + "  \(remedy) let the scenario say `expect \(trouble.rawValue)`")
    }
    return end
  }

  private func finish(_ recorder: Recorder, _ sink: TraceFileSink) throws -> RunEnd {
    var progress = Progress()
    defer { progress.clear() }
    do {
      while true {
        if let end = try recorder.advance() {
          do throws(HostError) { try sink.commit() } catch { throw CommandFailure(error) }
          return end
        }
        if let name = Interruption.signalName { try recorder.interrupt("ended by \(name)") }
        progress.show(
          "recording: \(Words.count(recorder.machine.steps, "step")), \(Words.size(recorder.traceByteCount))")
      }
    } catch let error as TraceError {
      guard sink.partialPath != sink.path else { throw CommandFailure(error, path: sink.path) }
      throw CommandFailure(
        CommandFailure(error, path: sink.path).description
          + "\nthe beginning of the run is in \(sink.partialPath); read it with: orrery show \(Reproduction.quoted(sink.partialPath))"
      )
    }
  }
}

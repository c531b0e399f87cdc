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
    abstract: "Runs a kernel under a scenario and records the run into a trace.",
    discussion: """
      The trace holds the image, the settings, everything that came from outside and everything that happened, so it can be replayed from itself alone.

      EXAMPLES
        orrery record kernel.elf --scenario boot.scenario -o boot.orrery
        orrery record kernel.elf --scenario race.scenario --set K=7 -o race.orrery
        orrery record kernel.elf --scenario race.scenario --each K -o race.orrery
          records one trace for every value of K: race.K=0.orrery, race.K=1.orrery, …

      While it is written the trace is TRACE.partial. A recording that is killed leaves that file, and show, diff and replay read it up to its last
      complete chunk.

      EXIT CODE
        0 recorded · 1 recorded, but a condition of the scenario never came true · 2 trouble
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
      if !end.reports.isEmpty { throw ExitCode(1) }
      return
    }
    guard let parameter = inputs.scenario.parameters.first(where: { $0.name == each }) else {
      let names = inputs.scenario.parameters.map(\.name)
      throw CommandFailure(
        "--each \(each): the scenario has no such parameter"
          + (names.isEmpty
            ? "; add a line such as `param \(each) = 0…40`" : "; it has \(names.joined(separator: ", "))"))
    }
    var hasReports = false
    for value in parameter.values {
      let end = try record(
        inputs, given + [ParameterValue(name: each, value: value)], to: Self.name(output, each, value))
      hasReports = hasReports || !end.reports.isEmpty
    }
    if hasReports { throw ExitCode(1) }
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
    do throws(HostError) { sink = try TraceFileSink(path: path) } catch { throw CommandFailure(error) }
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
      console.line("  \(Words.number(recorder.eventCount)) events in \(Words.number(recorder.traceByteCount)) bytes")
    }
    for report in end.reports { console.note("\(path): warning: \(report)") }
    if end.reason == .interrupted { throw CommandFailure("\(path): \(end.text); the trace holds the run up to there") }
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
          "recording: \(Words.number(recorder.machine.steps)) steps, \(Words.size(recorder.traceByteCount))")
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

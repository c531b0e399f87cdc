import ArgumentParser
import Orrery
import OrreryHost
import OrreryMachine
import OrreryTrace

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    _superCommandName: OrreryCommand.name,
    abstract: "Runs a trace again from itself alone and verifies that everything is as recorded.",
    discussion: """
      Inputs are taken from the trace at their recorded clocks; the scenario is not looked at. Every event is compared as it happens, and the replay \
      stops at the first that differs, with both sides shown.

      EXAMPLES
        orrery replay boot.orrery
        orrery replay boot.orrery --json

      EXIT CODES
        0  the same
        1  different
        2  trouble: no trace, damaged, or of another machine revision
      """)

  @Argument(help: "The trace.", completion: .file(extensions: ["orrery"]))
  var trace: String

  @Flag(help: "Prints the outcome as JSON.")
  var json = false

  func run() throws {
    let argument = try OpenedTrace(path: trace)
    // What is damaged would come out as a difference, or not at all.
    try argument.requireIntact("is not replayed")
    if !argument.reader.isComplete {
      Console.current.note("\(trace): the recording was cut short; this is its beginning")
    }
    let replayer: Replayer
    do throws(ReplayError) { replayer = try Replayer(source: argument.source) } catch {
      throw CommandFailure(error, path: trace)
    }
    switch try outcome(of: replayer) {
    case .same(let count, let end): reportSame(replayer, count, end)
    case .different(let difference):
      report(difference, argument.rendering())
      throw ExitCode(1)
    }
  }

  private func outcome(of replayer: Replayer) throws -> Replayer.Outcome {
    var progress = Progress()
    defer { progress.clear() }
    do throws(ReplayError) {
      while true {
        if let outcome = try replayer.advance() { return outcome }
        progress.show(
          "replaying: \(Words.count(replayer.machine.steps, "step")), \(Words.count(replayer.sameEventCount, "event")) the same"
        )
      }
    } catch { throw CommandFailure(error, path: trace) }
  }

  private func reportSame(_ replayer: Replayer, _ count: UInt64, _ end: RunEnd?) {
    let console = Console.current
    if json {
      var object = JSONObject()
      object.add("same", true)
      object.add("events", count)
      object.add("steps", replayer.machine.steps)
      object.add("complete", end != nil)
      console.line(object.description)
      return
    }
    console.line("\(trace): the same, \(Words.count(count, "event")) in \(Words.count(replayer.machine.steps, "step"))")
    if end == nil || !replayer.isTraceComplete { console.line("  as far as the recording goes, which was cut short") }
  }

  private func report(_ difference: Replayer.Difference, _ rendering: EventRendering) {
    let console = Console.current
    if json {
      var object = JSONObject()
      object.add("same", false)
      object.add("event", difference.sequence)
      if let event = difference.recorded { object.add("recorded", rendering.json(event)) }
      if let event = difference.replayed { object.add("replayed", rendering.json(event)) }
      if let end = difference.recordedEnd { object.add("recordedEnd", end.text) }
      if let end = difference.replayedEnd { object.add("replayedEnd", end.text) }
      console.line(object.description)
    } else {
      console.line("\(trace): different at event \(Words.number(difference.sequence))")
      if difference.recordedEnd != nil || difference.replayedEnd != nil {
        console.line("  recorded: \(difference.recordedEnd.map(Self.describe) ?? "no end")")
        console.line("  replayed: \(difference.replayedEnd.map(Self.describe) ?? "no end")")
      } else {
        console.line("  recorded: \(difference.recorded.map(rendering.line) ?? "no further event")")
        console.line("  replayed: \(difference.replayed.map(rendering.line) ?? "no further event")")
      }
    }
  }

  private static func describe(_ end: RunEnd) -> String {
    "\(end.text) after \(Words.count(end.steps, "step")) at clock \(Words.number(end.clock))"
  }
}

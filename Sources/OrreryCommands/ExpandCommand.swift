import ArgumentParser
import Orrery
import OrreryBase
import OrreryHost
import OrreryMachine
import OrreryTrace

/// `orrery expand T -o FULL`.
struct ExpandCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expand",
    _superCommandName: OrreryCommand.name,
    abstract: "Makes the trace that a recording of other lanes would have made.",
    discussion: """
      A trace that was recorded with --lanes input holds what came from outside and, from time to time, a hash of the machine's state; all else follows \
      from these. The run is replayed and verified against the trace, and recorded again with the lanes that are asked for: byte for byte what `orrery record` \
      with these lanes would have written.

      EXAMPLES
        orrery record kernel.elf --lanes input -o night.orrery
        orrery expand night.orrery -o full.orrery
        orrery expand night.orrery --lanes map,heap -o memory.orrery

      EXIT CODES
        0  expanded
        1  the replay differs from the trace; nothing is written
        2  trouble: no trace, damaged, cut short, or of another machine revision
      """)

  @Argument(help: "The trace.", completion: .file(extensions: ["orrery"]))
  var trace: String

  @Option(name: .shortAndLong, help: "The trace to write.", completion: .file(extensions: ["orrery"]))
  var output: String

  @Option(
    name: [.customLong("lanes"), .customLong("lane")],
    help: ArgumentHelp(
      "The lanes of the new trace, separated by commas; all unless given. Input and state always are.",
      valueName: "lanes"))
  var lanes: [LaneOption] = []

  @Flag(help: "Prints the summary as JSON.")
  var json = false

  func run() throws {
    let opened = try OpenedTrace(path: trace)
    try opened.requireIntact("is not replayed")
    let sink: TraceFileSink
    do throws(HostError) { sink = try TraceFileSink(path: output, sparing: [opened.source.file]) } catch {
      throw CommandFailure(error)
    }
    do {
      Interruption.catchSignals()
      let replayer = try replayer(opened, sink)
      let outcome = try outcome(of: replayer)
      guard case .same(_, let end?) = outcome else { throw Self.difference(outcome, trace) }
      do throws(HostError) { try sink.commit() } catch { throw CommandFailure(error) }
      report(replayer, end)
    } catch {
      // Only a whole trace is what a recording would have written.
      sink.discard()
      throw error
    }
  }

  private func replayer(_ opened: OpenedTrace, _ sink: TraceFileSink) throws(CommandFailure) -> Replayer {
    do throws(ReplayError) {
      return try Replayer(
        source: opened.source, expansion: Replayer.Expansion(lanes: LaneOption.union(lanes), sink: sink))
    } catch { throw CommandFailure(error, path: trace) }
  }

  private func outcome(of replayer: Replayer) throws -> Replayer.Outcome {
    var progress = Progress()
    defer { progress.clear() }
    do {
      while true {
        if let outcome = try replayer.advance() { return outcome }
        if let name = Interruption.signalName { throw CommandFailure("ended by \(name); nothing was written") }
        progress.show(
          "expanding: \(Words.count(replayer.machine.steps, "step")), \(Words.size(replayer.expandedSize.byteCount))")
      }
    } catch let error as ReplayError { throw CommandFailure(error, path: trace) }
  }

  private static func difference(_ outcome: Replayer.Outcome, _ trace: String) -> CommandFailure {
    var place = "at its end"
    if case .different(let difference) = outcome { place = "at event \(Words.number(difference.sequence))" }
    var failure = CommandFailure(
      "error: \(trace): the replay differs \(place), so nothing was written; both sides: orrery replay \(Reproduction.quoted(trace))"
    )
    failure.code = 1
    return failure
  }

  private func report(_ replayer: Replayer, _ end: RunEnd) {
    let size = replayer.expandedSize
    let console = Console.current
    guard json else {
      console.line(
        "\(output): \(Words.count(size.eventCount, "event")) in \(Words.count(size.byteCount, "byte")), from \(Words.count(replayer.sameEventCount, "event"))"
      )
      return
    }
    var object = JSONObject()
    object.add("trace", output)
    object.add("events", size.eventCount)
    object.add("bytes", size.byteCount)
    object.add("steps", end.steps)
    console.line(object.description)
  }
}

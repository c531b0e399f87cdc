import ArgumentParser
import OrreryTrace

/// `orrery digest T`.
struct DigestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    _superCommandName: OrreryCommand.name,
    abstract: "Prints the hashes of a trace, for another machine to find the first difference.",
    discussion: """
      Two machines that each have a trace find the first event in which these differ by exchanging hashes only. The digest of a whole trace has a line \
      for each chunk, less than a hundredth of the trace's size. `orrery diff` takes it in place of the other trace, names the events among \
      which the first difference is, and says which digest to ask for next: with --events it is of these alone, in at most 256 runs, down to single events.

      The text is the same wherever it is made. Its last line is a hash of the others.

      EXAMPLES
        orrery digest before.orrery > before.digest
        orrery diff before.digest after.orrery
          on the machine that has the other trace
        orrery digest before.orrery --events 40000-43211 > part.digest
          the events that this named

      EXIT CODES
        0  printed
        2  trouble: the trace is damaged, or cannot be read
      """)

  @Argument(help: "The trace.", completion: .file(extensions: ["orrery"]))
  var trace: String

  @Option(
    help: ArgumentHelp(
      "Only these events, by their numbers, in runs of equal length.", valueName: "first-last"))
  var events: EventRangeOption?

  @Flag(help: "Prints one JSON object, for other programs.")
  var json = false

  func run() throws {
    let opened = try OpenedTrace(path: trace)
    // Hashes of what is not there any more would vouch for it.
    try opened.requireIntact("has no digest")
    let digest = try opened.attempt { reader throws(TraceError) in
      if let events { try TraceDigest(of: reader, events: events.range) } else { try TraceDigest(of: reader) }
    }
    let console = Console.current
    if digest.end == nil { console.note("\(trace): the recording was cut short; this is what there is of it") }
    if json { console.line(digest.json.description) } else { console.output(digest.text) }
  }
}

/// `--events 40000-43211`: events by number, the last one included.
struct EventRangeOption: ExpressibleByArgument {
  let range: Range<UInt64>

  init?(argument: String) {
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last < .max else { return nil }
    range = first..<last + 1
  }

  /// As it is given.
  static func text(_ range: Range<UInt64>) -> String { "\(range.lowerBound)-\(range.upperBound - 1)" }
}

public import OrreryTrace

/// What a run does, as text that a rebuild of the kernel leaves as it is.
///
/// The text has one section a lane and context (main flow, or the handler of a vector). Clocks, steps and call sites are left out; code is told by its
/// function, heap blocks and frames by the order in which they first appear; interrupts that devices time are told by their presence.
/// It is the golden of a test; `compareBehaviour` compares two of them.
public struct Behaviour: Hashable, Sendable {
  /// The first line of every text; the number changes when the same run would be told differently.
  public static let versionLine = "\(textStart)2"
  /// How a text of any version begins, by which it is told from a trace.
  public static let textStart = "orrery behaviour "
  /// How the line begins that says which lanes were recorded.
  static let lanesStart = "lanes:"
  /// How the lines before the first section begin, but for the first.
  private static let headStarts = [lanesStart, "end:", "report:"]
  /// The largest text that is read, in bytes.
  public static let textLimit: UInt64 = 64 << 20

  /// So many lines of a section a person can review.
  public static let goldenLineLimit = 2_000
  /// So many are compared when nobody need read those that are the same: some tens of MB a section.
  public static let traceLineLimit = 100_000

  public let text: String
  /// Where each line of `text` comes from; none for headings, and none at all for a golden that was read.
  let origins: [BehaviourOrigin?]
  /// The names of all functions of the kernel's image; nil where they are not known.
  let functions: (@Sendable () -> Set<String>?)?

  /// A behaviour that was written before, such as a golden.
  public init(text: String) {
    self.text = text
    origins = []
    functions = nil
  }

  /// Reads all events of `trace`. Memory grows with the number of addresses at which blocks and frames were, not with the length of the run.
  ///
  /// - Parameters:
  ///   - rendering: Names functions, and keys.
  ///   - lanes: The lanes that are told, as far as they were recorded.
  ///   - lineLimit: How many lines of a section are told; of the rest only their count and hash. A golden has `goldenLineLimit`.
  public init(
    trace: TraceReader, rendering: EventRendering, lanes: LaneSet = .all, lineLimit: Int = Behaviour.goldenLineLimit
  ) throws(TraceError) {
    var builder = BehaviourBuilder(rendering: rendering, lineLimit: lineLimit)
    var events = trace.events()
    while let event = try events.next() {
      // Interrupts and exceptions also say in which context the rest happens.
      if lanes.contains(event.lane) || event.lane == .interrupt || event.lane == .exception { builder.append(event) }
    }
    let open = builder.openExceptions()
    let told = try trace.header().lanes.intersection(lanes).subtracting(LaneSet(.state))
    var lines = [Behaviour.versionLine, "\(Behaviour.lanesStart) " + told.lanes.map(\.name).joined(separator: " ")]
    lines += Behaviour.end(trace.end, rendering.symbolizer, open)
    var origins = [BehaviourOrigin?](repeating: nil, count: lines.count)
    for section in builder.finish() where told.contains(section.lane) {
      lines.append("")
      lines.append(section.title)
      lines += section.lines.map { "  " + $0.text }
      origins += [nil, nil] + section.lines.map(\.origin)
    }
    text = lines.joined(separator: "\n") + "\n"
    self.origins = origins
    let symbolizer = rendering.symbolizer
    functions = { symbolizer.functionNames.map { Set($0.map(functionName)) } }
  }

  /// The lines of `text`; a file saved with other line ends says the same.
  var rows: [Substring] { text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" } }

  /// What a line before the first section begins with; nil for any other line.
  static func headStart(of row: Substring) -> String? { headStarts.first { row.hasPrefix($0) } }

  /// Where the lines come from is no part of what a kernel does.
  public static func == (left: Behaviour, right: Behaviour) -> Bool { left.text == right.text }

  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  private static func end(_ end: RunEnd?, _ symbolizer: any Symbolizer, _ openExceptions: [UInt8]) -> [String] {
    guard let end else { return ["end: the recording was cut short"] }
    // A stop is told with its condition, which the scenario has from its author.
    var line = "end: \(end.reason == .stopCondition ? end.text : end.reason.words)"
    if let value = end.exitValue { line += ", exit value \(value)" }
    // What is not modelled is named by the text alone; its code addresses move with a rebuild.
    if end.reason == .unmodelled { line += ", \(withoutCodeAddresses(end.text, symbolizer))" }
    var lines = [line]
    if !openExceptions.isEmpty {
      lines.append("end: in the handler of " + openExceptions.map(Words.exception).joined(separator: ", then of "))
    }
    return lines + end.reports.map { "report: \($0)" }
  }

  /// `text` with every hexadecimal number that is an address of the image replaced by its function.
  private static func withoutCodeAddresses(_ text: String, _ symbolizer: any Symbolizer) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word -> String in
      let digits = word.hasPrefix("0x") ? word.dropFirst(2).prefix { $0.isHexDigit } : ""
      guard let address = UInt64(digits, radix: 16) else { return String(word) }
      let rest = word.dropFirst(2 + digits.count)
      if let place = symbolizer.function(containing: address) { return functionName(place.name) + rest }
      return symbolizer.isImage(address) ? "the image" + rest : String(word)
    }.joined(separator: " ")
  }
}

extension RunEnd.Reason {
  /// The reason in words.
  public var words: String {
    switch self {
    case .powerOff: "power-off"
    case .debugExit: "debug exit"
    case .tripleFault: "triple fault"
    case .limit: "limit reached"
    case .idle: "idle for ever"
    case .unmodelled: "not modelled"
    case .stopCondition: "stop condition"
    case .interrupted: "ended by a person"
    case .reset: "reset"
    }
  }
}

import ArgumentParser
import Orrery
import OrreryBase
import OrreryCompare
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// `orrery show T`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    _superCommandName: OrreryCommand.name,
    abstract: "Shows what is in a trace.",
    discussion: """
      Writes one line an event: number, clock, lane, what happened. Options choose lanes, a range of time, a function. \
      A trace whose recording was cut short is shown as far as it goes; of a damaged one, all that is intact.

      EXAMPLES
        orrery show boot.orrery --lane map,heap
        orrery show boot.orrery --from 5ms --to 6ms
        orrery show boot.orrery --screen
        orrery show boot.orrery --summary --json

      EXIT CODES
        0  shown
        2  the trace is damaged, or cannot be read
      """)

  @Argument(help: "The trace.") var trace: String
  @Option(
    help: ArgumentHelp("Only these lanes, separated by commas.", valueName: "lanes"))
  var lane: [LaneOption] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only events at or after this time: clocks, or such as 5ms.", valueName: "time"))
  var from: TimeOption?
  @Option(parsing: .unconditional, help: ArgumentHelp("Only events before this time.", valueName: "time")) var to:
    TimeOption?
  @Option(help: ArgumentHelp("Only events at code in functions of this name.", valueName: "name")) var symbol: String?
  @Option(parsing: .unconditional, help: ArgumentHelp("At most this many events.", valueName: "n")) var limit: UInt64?
  @Flag(help: "Prints one JSON object a line; with --summary a single one.") var json = false
  @Flag(help: "Shows the text screen as it is at the end, or at --to.") var screen = false
  @Flag(help: "Shows the behaviour: the text of a golden.") var behaviour = false
  @Flag(help: "Shows what was run, how it ended, and how many events each lane has.") var summary = false

  @OptionGroup var lines: LinesOption

  func validate() throws {
    guard [screen, behaviour, summary].count(where: { $0 }) <= 1 else {
      throw ValidationError("choose one of --screen, --behaviour and --summary")
    }
    guard !(json && (screen || behaviour)) else {
      throw ValidationError("--json is for events and --summary; --screen and --behaviour are text")
    }
    guard !((behaviour || summary) && (from != nil || to != nil || symbol != nil || limit != nil)) else {
      throw ValidationError(
        "\(behaviour ? "--behaviour" : "--summary") is about the whole run: leave out --from, --to, --symbol and --limit"
      )
    }
    guard !(screen && (from != nil || symbol != nil || limit != nil || !lane.isEmpty)) else {
      throw ValidationError("--screen is about one moment: leave out --lane, --from, --symbol and --limit")
    }
    guard limit != 0 else { throw ValidationError("--limit 0: expected a number of events from 1") }
  }

  func run() throws {
    let console = Console.current
    // Large writes: a trace has millions of lines.
    var buffer = ""
    let damage = try show { line in
      buffer += line
      buffer += "\n"
      if buffer.utf8.count >= 1 << 16 {
        console.output(buffer)
        buffer = ""
      }
    }
    console.output(buffer)
    for place in damage { console.note("error: \(trace): damaged at \(place)") }
    if !damage.isEmpty { throw ExitCode(2) }
  }

  /// Gives the output line by line; returns the damage of the whole trace.
  func show(_ write: (String) -> Void) throws -> [TraceDamage] {
    let opened = try OpenedTrace(path: trace)
    var damage = try showContents(opened, write)
    for place in try opened.findDamage() where !damage.contains(place) { damage.append(place) }
    return damage.sorted { $0.offset < $1.offset }
  }

  private func showContents(_ opened: OpenedTrace, _ write: (String) -> Void) throws -> [TraceDamage] {
    let rendering = opened.rendering(lines: behaviour || screen || summary ? false : lines.lines)
    noteMissingLanes(opened)
    if behaviour {
      let text = try opened.attempt { reader throws(TraceError) in
        try Behaviour(trace: reader, rendering: rendering, lanes: LaneOption.union(lane)).text
      }
      write(String(text.dropLast()))
      return []
    }
    if summary { return try showSummary(opened, write) }
    let range = try clockRange(opened)
    if screen { return try showScreen(opened, before: range.end, write) }
    return try showEvents(opened, rendering, range, write)
  }

  /// Nothing shown must not look like nothing happened.
  private func noteMissingLanes(_ opened: OpenedTrace) {
    let asked = screen ? LaneSet(.output) : lane.isEmpty ? [] : LaneOption.union(lane)
    guard !asked.isEmpty, let recorded = try? opened.reader.header().lanes else { return }
    for missing in asked.subtracting(recorded).lanes {
      Console.current.note("warning: the lane `\(missing.name)` was not recorded in \(trace)")
    }
  }

  private func showEvents(
    _ opened: OpenedTrace, _ rendering: EventRendering, _ range: (start: Clock, end: Clock?), _ write: (String) -> Void
  ) throws(CommandFailure) -> [TraceDamage] {
    let lanes = LaneOption.union(lane)
    var damage = opened.reader.damage
    // With a filter the events are what is asked for; without one the trace as a whole is.
    let isWhole = lane.isEmpty && from == nil && to == nil && symbol == nil && limit == nil
    if isWhole { for line in headerLines(opened, &damage) { write(line) } }
    var events = try opened.attempt { reader throws(TraceError) in
      range.start == 0 ? reader.events(lanes: lanes) : try reader.events(fromClock: range.start, lanes: lanes)
    }
    var count: UInt64 = 0
    while count < limit ?? .max,
      let event = try opened.attempt({ _ throws(TraceError) in try events.next(noting: &damage) })
    {
      if let end = range.end, event.clock >= end { break }
      guard isAtSymbol(event, rendering) else { continue }
      write(json ? rendering.json(event).description : rendering.line(event))
      count += 1
    }
    if count == 0, let symbol { try checkKnown(symbol, opened) }
    if isWhole {
      if json {
        var object = JSONObject()
        object.add("end", opened.reader.end.map(RunEndText.json))
        write(object.description)
      } else {
        for line in opened.endLines { write(line) }
      }
    }
    return damage
  }

  private func isAtSymbol(_ event: Event, _ rendering: EventRendering) -> Bool {
    guard let symbol else { return true }
    guard let address = event.payload.codeAddress, let place = rendering.symbolizer.function(containing: address) else {
      return false
    }
    return Self.isName(functionName(place.name), of: symbol)
  }

  /// `grow` finds `Kernel.Heap.grow`, and `Heap.grow` does; `row` does not.
  private static func isName(_ name: String, of symbol: String) -> Bool {
    name == symbol || name.hasSuffix("." + symbol) || name.hasSuffix("::" + symbol)
  }

  /// A function at which nothing happened shows nothing; a name of none is a mistake.
  private func checkKnown(_ symbol: String, _ opened: OpenedTrace) throws(CommandFailure) {
    // What is wrong with a header is said as damage.
    guard let header = try? opened.reader.header() else { return }
    let symbols = (try? RunImage(bytes: header.image))?.kernel.symbols.symbols ?? []
    guard !symbols.isEmpty else {
      throw CommandFailure("--symbol \(symbol): the image of \(trace) has no symbols; leave the option out")
    }
    let names = symbols.map { functionName(ImageSymbolizer.name(of: $0)) }
    guard !names.contains(where: { Self.isName($0, of: symbol) }) else { return }
    // As many of its last parts as are given.
    let partCount = symbol.split(separator: ".").count
    let ends = names.map { $0.split(separator: ".").suffix(partCount).joined(separator: ".") }
    let near = nearestWord(to: symbol, among: ends.filter { $0.utf8.count <= 64 })
    throw CommandFailure(
      "--symbol \(symbol): the image of \(trace) has no such function; "
        + (near.map { "did you mean `\($0)`?" } ?? "see its symbols with nm"))
  }

  private func showScreen(
    _ opened: OpenedTrace, before end: Clock?, _ write: (String) -> Void
  ) throws(CommandFailure) -> [TraceDamage] {
    var contents = ScreenContents()
    var damage = opened.reader.damage
    var events = opened.reader.events(lanes: LaneSet(.output))
    while let event = try opened.attempt({ _ throws(TraceError) in try events.next(noting: &damage) }) {
      if let end, event.clock >= end { break }
      if case .screen(let row, let column, let cells) = event.payload {
        contents.apply(row: row, column: column, cells: cells)
      }
    }
    for line in contents.lines() { write(line) }
    return damage
  }

  private func showSummary(_ opened: OpenedTrace, _ write: (String) -> Void) throws(CommandFailure) -> [TraceDamage] {
    var damage = opened.reader.damage
    let lines = json ? [] : headerLines(opened, &damage)
    for line in lines { write(line) }
    let lanes = LaneOption.union(lane)
    var counts: [(lane: Lane, count: UInt64)] = lanes.lanes.map { ($0, 0) }
    var events = opened.reader.events(lanes: lanes)
    while let event = try opened.attempt({ _ throws(TraceError) in try events.next(noting: &damage) }) {
      for index in counts.indices where counts[index].lane == event.lane { counts[index].count += 1 }
    }
    if json {
      write(summaryObject(opened, counts, &damage).description)
      return damage
    }
    for (lane, count) in counts where count > 0 { write("\(lane.name): \(Words.count(count, "event"))") }
    for line in opened.endLines { write(line) }
    return damage
  }

  private func summaryObject(
    _ opened: OpenedTrace, _ counts: [(lane: Lane, count: UInt64)], _ damage: inout [TraceDamage]
  ) -> JSONObject {
    var object = JSONObject()
    if let header = self.header(of: opened, &damage) {
      object.add("header", self.object(of: header))
    } else {
      object.addNull("header")
    }
    object.add("bytes", opened.reader.byteCount)
    object.add("complete", opened.reader.isComplete)
    var events = JSONObject()
    for (lane, count) in counts { events.add(lane.name, count) }
    object.add("events", events)
    object.add("end", opened.reader.end.map(RunEndText.json))
    return object
  }

  private func clockRange(_ opened: OpenedTrace) throws(CommandFailure) -> (start: Clock, end: Clock?) {
    guard from != nil || to != nil else { return (0, nil) }
    let setting = (try? opened.reader.header())?.configuration.first { $0.key == "frequency" }
    let frequency = setting.flatMap { UInt64($0.value) }.flatMap { $0 > 0 ? ClockFrequency(hertz: $0) : nil }
    func clock(_ option: TimeOption?, _ name: String) throws(CommandFailure) -> Clock? {
      guard let option else { return nil }
      guard let clock = option.clock(frequency ?? .defaultFrequency) else {
        throw CommandFailure("\(name) is later than any clock; give a time below 2^64 clocks")
      }
      return clock
    }
    let (start, end) = (try clock(from, "--from"), try clock(to, "--to"))
    if let start, let end, end <= start {
      throw CommandFailure("--to is not later than --from, and no event is between them; give a later --to")
    }
    return (start ?? 0, end)
  }

  private static func describe(_ header: TraceHeader) -> String {
    guard !header.scenario.isEmpty else { return "none" }
    let count = header.scenario.split(separator: "\n").count
    let lines = count == 1 ? "1 line" : "\(Words.number(UInt64(count))) lines"
    return header.scenarioName.isEmpty ? lines : "\(header.scenarioName), \(lines)"
  }

  /// The header; nil, after noting the damage, when it cannot be read.
  private func header(of opened: OpenedTrace, _ damage: inout [TraceDamage]) -> TraceHeader? {
    do throws(TraceError) { return try opened.reader.header() } catch {
      if case .damaged(let place) = error, !damage.contains(place) { damage.append(place) }
      return nil
    }
  }

  private func object(of header: TraceHeader) -> JSONObject {
    // A list, for a key may be there several times.
    let settings = header.configuration.map { setting in
      var object = JSONObject()
      object.add("key", setting.key)
      object.add("value", setting.value)
      return object
    }
    var object = JSONObject()
    object.add("revision", header.revision)
    object.add("configuration", settings)
    object.add("lanes", header.lanes.lanes.map(\.name))
    object.add("stateInterval", header.stateInterval)
    object.add("imageBytes", UInt64(header.image.count))
    object.add("imageHash", Hash128(of: header.image).description)
    if !header.modules.isEmpty {
      object.add(
        "modules",
        header.modules.map { module in
          var object = JSONObject()
          object.add("string", String(decoding: module.string, as: UTF8.self))
          object.add("bytes", UInt64(module.bytes.count))
          object.add("hash", Hash128(of: module.bytes).description)
          return object
        })
    }
    object.add("scenarioName", header.scenarioName)
    object.add("scenario", header.scenario)
    return object
  }

  private func headerLines(_ opened: OpenedTrace, _ damage: inout [TraceDamage]) -> [String] {
    guard let header = self.header(of: opened, &damage) else { return [] }
    if json {
      var line = JSONObject()
      line.add("header", object(of: header))
      return [line.description]
    }
    let image = "\(Words.size(UInt64(header.image.count))), hash \(Hash128(of: header.image))"
    var lines = [
      "trace: revision \(header.revision), \(Words.size(opened.reader.byteCount))"
        + (opened.reader.eventCount.map { ", \(Words.count($0, "event"))" } ?? ", cut short"),
      "image: \(SavedState.isSavedState(header.image) ? "a saved machine, " : "")\(image)",
      "scenario: \(Self.describe(header))",
    ]
    for module in header.modules {
      let size = Words.size(UInt64(module.bytes.count))
      lines.append(
        "module: \(String(decoding: module.string, as: UTF8.self)), \(size), hash \(Hash128(of: module.bytes))")
    }
    for setting in header.configuration {
      let value = setting.value.isEmpty ? "(empty)" : UInt64(setting.value).map(Words.number) ?? setting.value
      lines.append("setting: \(setting.key) \(value)")
    }
    return lines + ["lanes: " + header.lanes.lanes.map(\.name).joined(separator: " ")]
  }
}

import OrreryBase
import OrreryCompare
import OrreryHost
import OrreryTrace

/// A trace, or the digest of one that is somewhere else.
enum DigestSource {
  case trace(OpenedTrace)
  case digest(TraceDigest)

  init(path: String) throws(CommandFailure) {
    guard Self.isDigest(path) else {
      self = .trace(try OpenedTrace(path: path))
      return
    }
    let bytes: [UInt8]
    do throws(HostError) { bytes = try InputFile.contents(of: path, limit: TraceDigest.textLimit) } catch {
      throw CommandFailure(error)
    }
    do throws(DigestError) { self = .digest(try TraceDigest(parsing: bytes)) } catch {
      throw CommandFailure("\(path):\(error)")
    }
  }

  /// Whether the file at `path` begins as a digest does; one that cannot be read does not.
  static func isDigest(_ path: String) -> Bool {
    let start = TraceDigest.textStart.utf8
    return (try? InputFile(path: path).read(offset: 0, count: start.count))?.elementsEqual(start) ?? false
  }

  var trace: OpenedTrace? { if case .trace(let trace) = self { trace } else { nil } }

  /// The digest, divided as that of `other` when that is one already.
  func digest(comparedWith other: DigestSource) throws(CommandFailure) -> TraceDigest {
    switch self {
    case .digest(let digest): return digest
    case .trace(let trace):
      return try trace.attempt { reader throws(TraceError) in
        if case .digest(let other) = other { return try TraceDigest(of: reader, dividedAs: other) }
        return try TraceDigest(of: reader)
      }
    }
  }
}

/// Two sides compared by their hashes, as `orrery diff` shows it when one is a digest.
struct DigestDiff {
  private struct Side {
    var path: String
    var source: DigestSource
    var digest: TraceDigest
  }

  private let left: Side
  private let right: Side
  private let comparison: DigestComparison
  /// Damage that hashes do not show, of traces that are the same otherwise.
  private let damage: [String]

  init(_ leftPath: String, _ rightPath: String) throws(CommandFailure) {
    let sources = (try DigestSource(path: leftPath), try DigestSource(path: rightPath))
    left = Side(path: leftPath, source: sources.0, digest: try sources.0.digest(comparedWith: sources.1))
    right = Side(path: rightPath, source: sources.1, digest: try sources.1.digest(comparedWith: sources.0))
    do throws(DigestMismatch) { comparison = try compareDigests(left.digest, right.digest) } catch {
      throw CommandFailure("\(leftPath), \(rightPath): \(error)")
    }
    var damage: [String] = []
    for case (let path, let trace?) in [(leftPath, sources.0.trace), (rightPath, sources.1.trace)] {
      let found = comparison.isEqual ? try trace.findDamage() : trace.reader.damage
      damage += found.map { "\(path): damaged at \($0)" }
    }
    self.damage = damage
  }

  func result(json: Bool, stat: Bool) -> CommandResult {
    var result = CommandResult(notes: damage, code: !damage.isEmpty ? 2 : comparison.isEqual ? 0 : 1)
    for side in [left, right] where side.digest.end == nil {
      result.notes.append("\(side.path): the recording was cut short; what is there was compared")
    }
    if json {
      result.output = object().description + "\n"
    } else if !comparison.isEqual {
      result.output = stat ? summary() + "\n" : text()
    } else if left.digest.division != .chunks, left.digest.eventCount > 0 {
      result.notes.append("only events \(EventRangeOption.text(left.digest.events)) were compared; they are the same")
    }
    return result
  }

  private func summary() -> String {
    var parts: [String] = []
    if !comparison.headers.isEmpty { parts.append("header: " + comparison.headers.map(\.name).joined(separator: ", ")) }
    if let difference = comparison.firstDifference { parts.append(Self.title(difference)) }
    if comparison.hasOtherEnd { parts.append("end") }
    return parts.joined(separator: "; ")
  }

  private static func title(_ difference: DigestComparison.Difference) -> String {
    let lanes =
      difference.lanes.isEmpty
      ? "clocks or order" : difference.lanes.lanes.map(\.name).joined(separator: " ")
    let first = Words.number(difference.events.lowerBound)
    guard difference.isOneEvent else {
      return "first difference: among events \(first) to \(Words.number(difference.events.upperBound - 1)), \(lanes)"
    }
    return "first different event: \(first), \(lanes)"
  }

  private func text() -> String {
    var lines = ["--- \(left.path)", "+++ \(right.path)"]
    for header in comparison.headers {
      lines.append("@@ header: \(header.name) @@")
      if header.name == "recorded-lanes", comparison.hasOtherLanes {
        lines += ["-\(Self.lanes(left))", "+\(Self.lanes(right))"]
      } else {
        lines += ["-\(header.left?.description ?? "(none)")", "+\(header.right?.description ?? "(none)")"]
      }
    }
    if comparison.hasOtherLanes {
      lines.append(
        "to go on: give both the same lanes with `orrery expand`; hashes are of the events of all lanes together")
    }
    if let difference = comparison.firstDifference {
      lines.append("@@ \(Self.title(difference)) @@")
      if comparison.sameEventCount > 0 {
        let first = Words.number(left.digest.events.lowerBound)
        lines.append(" events \(first) to \(Words.number(difference.events.lowerBound - 1)): the same on both sides")
      }
      lines += side(left, difference.left, difference).map { "-" + $0 }
      lines += side(right, difference.right, difference).map { "+" + $0 }
      lines += hints(difference)
    }
    if comparison.hasOtherEnd {
      lines.append("@@ end @@")
      lines += end(left).map { "-" + $0 }
      lines += end(right).map { "+" + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lanes(_ side: Side) -> String { side.digest.lanes.lanes.map(\.name).joined(separator: " ") }

  private func end(_ side: Side) -> [String] {
    side.source.trace?.endLines ?? [side.digest.end.map { "end: hash \($0)" } ?? "end: the recording was cut short"]
  }

  /// What one side has at the difference: the event where there is one and it is at hand, otherwise what the digest says.
  private func side(
    _ side: Side, _ part: TraceDigest.Part?, _ difference: DigestComparison.Difference
  ) -> [String] {
    guard let part else {
      return [side.digest.end == nil ? "(the recording was cut short here)" : "(no further event)"]
    }
    if difference.isOneEvent, let trace = side.source.trace,
      var events = try? trace.reader.events(fromSequence: part.firstSequence), let event = try? events.next()
    {
      return [trace.rendering(sparingly: true).line(event)]
    }
    let lanes = part.laneHashes.map(\.lane.name).joined(separator: " ")
    return [
      "\(Words.count(part.eventCount, "event")) from clock \(Words.number(part.firstClock)) on, \(lanes), hash \(part.hash)"
    ]
  }

  /// The commands that lead further.
  private func hints(_ difference: DigestComparison.Difference) -> [String] {
    guard !difference.isOneEvent else { return [] }
    let events = EventRangeOption.text(difference.events)
    var lines: [String] = []
    if let trace = left.source.trace ?? right.source.trace {
      let path = Reproduction.quoted(trace.path)
      let hasLeft = left.source.trace != nil
      lines.append("to go on, where the other trace is: orrery digest OTHER --events \(events) > part.digest")
      lines.append("            then here: orrery diff \(hasLeft ? "\(path) part.digest" : "part.digest \(path)")")
      var show = "orrery show \(path) --from \(difference.firstClock)"
      if let end = difference.endClock, end < .max { show += " --to \(end + 1)" }
      if !difference.lanes.isEmpty { show += " --lane \(difference.lanes.lanes.map(\.name).joined(separator: ","))" }
      lines.append("what this side has there: \(show)")
    } else {
      lines.append("to go on, where each trace is: orrery digest TRACE --events \(events)")
    }
    return lines
  }

  private func object() -> JSONObject {
    var object = JSONObject()
    object.add("equal", comparison.isEqual)
    object.add("left", left.path)
    object.add("right", right.path)
    object.add(
      "headers",
      comparison.headers.map { header in
        var part = JSONObject()
        part.add("name", header.name)
        part.add("left", header.left?.description)
        part.add("right", header.right?.description)
        return part
      })
    object.add("sameLanes", !comparison.hasOtherLanes)
    object.add("sameEvents", comparison.sameEventCount)
    if let difference = comparison.firstDifference {
      var part = JSONObject()
      part.add("firstEvent", difference.events.lowerBound)
      part.add("eventCount", difference.events.upperBound - difference.events.lowerBound)
      part.add("firstClock", difference.firstClock)
      part.add("endClock", difference.endClock)
      part.add("lanes", difference.lanes.lanes.map(\.name))
      part.add("left", difference.left?.json)
      part.add("right", difference.right?.json)
      object.add("firstDifference", part)
    } else {
      object.addNull("firstDifference")
    }
    if comparison.hasOtherEnd {
      var end = JSONObject()
      end.add("left", left.digest.end?.description)
      end.add("right", right.digest.end?.description)
      object.add("end", end)
    } else {
      object.addNull("end")
    }
    return object
  }
}

extension DigestComparison.Difference {
  fileprivate var isOneEvent: Bool { events.upperBound - events.lowerBound == 1 }
}

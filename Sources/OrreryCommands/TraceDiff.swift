import OrreryCompare
import OrreryTrace

/// Two traces compared, as `orrery diff` shows it.
struct TraceDiff {
  private let left: OpenedTrace
  private let right: OpenedTrace
  private let comparison: TraceComparison
  /// The damage of traces that are equal otherwise, of which every byte is read then; of others, what was met on the way to the first difference.
  private let damage: [String]

  init(_ left: OpenedTrace, _ right: OpenedTrace, lanes: LaneSet, context: Int) throws(CommandFailure) {
    self.left = left
    self.right = right
    do throws(TraceError) {
      comparison = try compareTraces(left.reader, right.reader, lanes: lanes, context: context)
    } catch {
      // Whose damage it was: the one that cannot be read on its own.
      for trace in [left, right] {
        let found = try trace.attempt { reader throws(TraceError) in try reader.verify() }
        if let first = found.first { throw CommandFailure(.damaged(first), path: trace.path) }
      }
      throw CommandFailure("\(left.path), \(right.path): \(error)")
    }
    var damage: [String] = []
    for trace in [left, right] {
      // Where there is a difference, what lies behind it may be gigabytes, and changes nothing.
      let found = comparison.isEqual ? try trace.findDamage() : trace.reader.damage
      damage += found.map { "\(trace.path): damaged at \($0)" }
    }
    self.damage = damage
  }

  func result(json: Bool, stat: Bool, lines: Bool?) -> CommandResult {
    var result = CommandResult(notes: damage, code: !damage.isEmpty ? 2 : comparison.isEqual ? 0 : 1)
    for trace in [left, right] {
      if !trace.reader.isComplete {
        result.notes.append("\(trace.path): the recording was cut short; what is there was compared")
      }
    }
    if json {
      result.output = self.json(lines).description + "\n"
    } else if !comparison.isEqual {
      result.output = stat ? summary() + "\n" : text(lines)
    }
    return result
  }

  private func summary() -> String {
    var parts: [String] = []
    if !comparison.headers.isEmpty { parts.append("header: " + comparison.headers.map(\.name).joined(separator: ", ")) }
    if let difference = comparison.firstDifference {
      let event = TraceDiff.firstEvent(of: difference)
      parts.append(
        "first different event: \(Words.number(event?.sequence ?? 0)), \(event?.lane.name ?? ""), clock \(Words.number(event?.clock ?? 0))"
      )
    }
    if comparison.end != nil { parts.append("end") }
    return parts.joined(separator: "; ")
  }

  private func text(_ wish: Bool?) -> String {
    var lines = ["--- \(left.path)", "+++ \(right.path)"]
    for header in comparison.headers {
      lines.append("@@ header: \(header.name) @@")
      lines.append("-\(header.left ?? "(none)")")
      lines.append("+\(header.right ?? "(none)")")
    }
    if let difference = comparison.firstDifference {
      let (leftRendering, rightRendering) = renderings(wish)
      let event = TraceDiff.firstEvent(of: difference)
      lines.append("@@ first different event: \(Words.number(event?.sequence ?? 0)), \(event?.lane.name ?? "") @@")
      lines += difference.equal.map { " " + leftRendering.line($0) }
      if difference.left.isEmpty { lines.append("-" + TraceDiff.noEvent(isCut: difference.isLeftCut)) }
      for line in difference.lines {
        switch line {
        case .both(let event): lines.append(" " + leftRendering.line(event))
        case .left(let event): lines.append("-" + leftRendering.line(event))
        case .right(let event): lines.append("+" + rightRendering.line(event))
        }
      }
      if difference.right.isEmpty { lines.append("+" + TraceDiff.noEvent(isCut: difference.isRightCut)) }
    }
    if comparison.end != nil {
      lines.append("@@ end @@")
      lines += left.endLines.map { "-" + $0 }
      lines += right.endLines.map { "+" + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Words for the events of each side. An image that both have is read once: it may be as long as many events.
  private func renderings(_ wish: Bool?) -> (left: EventRendering, right: EventRendering) {
    let rendering = left.rendering(lines: wish, sparingly: true)
    return (
      rendering, left.reader.hasSameImage(as: right.reader) ? rendering : right.rendering(lines: wish, sparingly: true)
    )
  }

  /// The event that one side has and the other has not, or not there.
  private static func firstEvent(of difference: EventDifference) -> Event? {
    switch difference.lines.first {
    case .both(let event), .left(let event), .right(let event): event
    case nil: nil
    }
  }

  private static func noEvent(isCut: Bool) -> String {
    isCut ? "(the recording was cut short here)" : "(no further event)"
  }

  private func json(_ wish: Bool?) -> JSONObject {
    var object = JSONObject()
    object.add("equal", comparison.isEqual)
    object.add("left", left.path)
    object.add("right", right.path)
    object.add(
      "headers",
      comparison.headers.map { header in
        var part = JSONObject()
        part.add("name", header.name)
        part.add("left", header.left)
        part.add("right", header.right)
        return part
      })
    if let difference = comparison.firstDifference {
      let (leftRendering, rightRendering) = renderings(wish)
      var part = JSONObject()
      part.add("equal", difference.equal.map { leftRendering.json($0) })
      part.add("left", difference.left.map { leftRendering.json($0) })
      part.add("right", difference.right.map { rightRendering.json($0) })
      part.add(
        "lines",
        difference.lines.map { line in
          var object = JSONObject()
          switch line {
          case .both(let event):
            object.add("kind", "same")
            object.add("event", leftRendering.json(event))
          case .left(let event):
            object.add("kind", "removed")
            object.add("event", leftRendering.json(event))
          case .right(let event):
            object.add("kind", "added")
            object.add("event", rightRendering.json(event))
          }
          return object
        })
      part.add("leftCut", difference.isLeftCut)
      part.add("rightCut", difference.isRightCut)
      object.add("firstDifference", part)
    } else {
      object.addNull("firstDifference")
    }
    if let end = comparison.end {
      var part = JSONObject()
      part.add("left", end.left.map(RunEndText.json))
      part.add("right", end.right.map(RunEndText.json))
      object.add("end", part)
    } else {
      object.addNull("end")
    }
    return object
  }
}

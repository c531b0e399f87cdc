import OrreryCompare
import OrreryTrace

/// Two behaviours compared, as `orrery diff --behaviour` shows it.
struct BehaviourDiff {
  let left: String
  let right: String
  let comparison: BehaviourComparison
  let context: Int

  func result(json: Bool, stat: Bool) -> CommandResult {
    var result = CommandResult(code: comparison.isEqual ? 0 : 1)
    if json {
      result.output = self.json().description + "\n"
    } else if !comparison.isEqual {
      result.output = stat ? summary() : "--- \(left)\n+++ \(right)\n" + comparison.unified(context: context)
    }
    return result
  }

  /// One line a section that has changes.
  private func summary() -> String {
    sections().map { "\($0.name): \($0.removed) removed, \($0.added) added\n" }.joined()
  }

  private func sections() -> [(name: String, removed: Int, added: Int)] {
    var sections: [(name: String, removed: Int, added: Int)] = []
    for line in comparison.lines where line.kind != .same {
      let name = line.section.isEmpty ? "run" : line.section
      let index = sections.firstIndex { $0.name == name } ?? sections.count
      if index == sections.count { sections.append((name, 0, 0)) }
      if line.kind == .removed { sections[index].removed += 1 } else { sections[index].added += 1 }
    }
    return sections
  }

  private func json() -> JSONObject {
    var object = JSONObject()
    object.add("equal", comparison.isEqual)
    object.add("left", left)
    object.add("right", right)
    object.add(
      "changes",
      comparison.lines.filter { $0.kind != .same }.map { line in
        var change = JSONObject()
        change.add("kind", line.kind == .removed ? "removed" : "added")
        change.add("section", line.section)
        change.add("text", line.section.isEmpty ? line.text : String(line.text.dropFirst(2)))
        return change
      })
    return object
  }
}

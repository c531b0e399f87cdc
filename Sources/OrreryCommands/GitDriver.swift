import OrreryCompare
import OrreryTrace

/// `orrery diff --git`: what git calls for a file of a diff driver (gitattributes(5), "Defining an external diff driver").
///
/// Git gives PATH OLD-FILE OLD-HASH OLD-MODE NEW-FILE NEW-HASH NEW-MODE, and for a rename the new path and what is alike besides. It wants 0 whatever
/// was found, and stops at anything else; so a trace that cannot be read is said in the difference.
struct GitDriver {
  let arguments: [String]

  /// What git names a side that is not there.
  private static let nothing = "/dev/null"

  func result(_ form: BehaviourDiff.Form, _ colour: ColourOption) -> CommandResult {
    let (oldFile, newFile) = (arguments[1], arguments[4])
    let oldPath = arguments[0]
    let newPath = arguments.count > 7 ? arguments[7] : oldPath
    let names = (
      oldFile == Self.nothing ? oldFile : "a/\(oldPath)", newFile == Self.nothing ? newFile : "b/\(newPath)"
    )
    let isColoured = colour.isColouredInGit
    let title = "orrery diff --behaviour \(names.0) \(names.1)"
    var result = CommandResult(output: (isColoured ? DiffColours.bold(title) : title) + "\n")
    do throws(CommandFailure) {
      if oldFile == Self.nothing || newFile == Self.nothing {
        result.output += try single(oldFile == Self.nothing ? newFile : oldFile, isNew: oldFile == Self.nothing)
      } else {
        let diff = try DiffCommand.compare(
          BehaviourSource(path: oldFile), BehaviourSource(path: newFile), names: names, lanes: .all)
        let text = diff.result(form, isColoured: isColoured).output
        result.output += text.isEmpty ? "the behaviour is the same\n" : text
        if let leftOut = diff.leftOut { result.output += leftOut + "\n" }
      }
    } catch {
      result.output += error.text + "\n"
    }
    return result
  }

  /// A trace that is only on one side: how it ends, and how much it tells.
  private func single(_ path: String, isNew: Bool) throws(CommandFailure) -> String {
    let lines = try BehaviourSource(path: path).behaviour(.all).text.split(separator: "\n")
    let ends = lines.filter { $0.hasPrefix("end: ") }
    return "\(isNew ? "new" : "removed"): \(lines.count) lines of behaviour; \(ends.joined(separator: "; "))\n"
  }
}

import Orrery
import OrreryBase
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// Why a command could not do its work: the message for the person, who then gets exit code 2.
struct CommandFailure: Error, CustomStringConvertible {
  /// What was wrong, with place and remedy; one or more lines.
  let description: String
  /// What the program exits with.
  var code = OrreryProgram.trouble
  /// The one run of `record --each` that it is about: the parameter and its value.
  var chosenValue: (parameter: String, value: UInt64)?

  init(_ description: String) { self.description = description }

  init(_ error: HostError) { self.init(error.description) }

  /// An error in the image at `path`.
  init(_ error: ImageError, path: String) { self.init("\(path): \(error)") }

  /// Mistakes in a scenario, each of which begins with its own place.
  init(_ error: ScenarioError) { self.init(error.description) }

  /// An error in the trace at `path`. Trouble of the host names its file itself.
  init(_ error: TraceError, path: String) {
    if case .storage(let storage) = error { self.init(storage.description) } else { self.init("\(path): \(error)") }
  }

  init(_ error: ReplayError, path: String) {
    if case .trace(let trace) = error { self.init(trace, path: path) } else { self.init("\(path): \(error)") }
  }

  /// The description after the word that makes it an error, wherever a place comes first.
  var text: String { description.contains("error: ") ? description : "error: " + description }
}

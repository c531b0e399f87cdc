import Orrery
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// Why a command could not do its work: exit code 2.
struct CommandFailure: Error {
  /// What was wrong, with place and remedy; one or more lines.
  var message: String

  init(_ message: String) { self.message = message }

  init(_ error: HostError) { message = "error: \(error)" }
  init(image path: String, _ error: ImageError) { message = "error: \(path): \(error)" }
  init(_ error: ScenarioError) { message = error.description }
  init(trace path: String, _ error: TraceError) {
    // Trouble of the host names its file itself.
    if case .storage(let storage) = error {
      message = "error: \(storage)"
    } else {
      message = "error: \(path): \(error)"
    }
  }
  init(trace path: String, _ error: ReplayError) {
    if case .trace(let trace) = error { self.init(trace: path, trace) } else { message = "error: \(path): \(error)" }
  }

  /// The message, and the command that shows it again.
  func text(arguments: [String]) -> String {
    let start = message.contains("error: ") ? message : "error: " + message
    return "\(start)\nreproduce: \(Reproduction.command(arguments))\n"
  }
}

/// Commands as a shell takes them.
enum Reproduction {
  /// The command line of `arguments`, the tool by its name.
  static func command(_ arguments: [String]) -> String {
    (["orrery"] + arguments.dropFirst().map(quoted)).joined(separator: " ")
  }

  /// `argument` so that a POSIX shell reads it as one word.
  static func quoted(_ argument: String) -> String {
    let isPlain =
      !argument.isEmpty
      && argument.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-_./=,:+@%".utf8.contains(byte)
        }
      }
    if isPlain { return argument }
    return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

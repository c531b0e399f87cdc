import OrreryHost
import Synchronization

@testable import OrreryCommands

/// Runs the tool in this process and keeps what it says.
struct CapturedRun {
  var code: Int32
  var output: String
  var error: String

  init(_ arguments: String...) { self.init(arguments) }

  init(_ arguments: [String]) {
    let (output, error) = (Captured(), Captured())
    let console = Console(
      writeOutput: { output.append($0) }, writeError: { error.append($0) }, isOutputTerminal: false,
      isErrorTerminal: false)
    code = Console.$current.withValue(console) { OrreryProgram.run(["orrery"] + arguments) }
    self.output = output.text
    self.error = error.text
  }

  private final class Captured: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  }
}

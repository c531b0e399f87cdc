import OrreryHost

/// Where a command says what it has to say: results on `output`, everything else on `error`.
struct Console: Sendable {
  var writeOutput: @Sendable ([UInt8]) throws(HostError) -> Void
  var writeError: @Sendable ([UInt8]) -> Void
  /// Whether a person is looking at each: only then are colour and progress shown.
  var isOutputTerminal: Bool
  var isErrorTerminal: Bool
  /// Whether results are shown in colour.
  var isOutputColoured: Bool { isOutputTerminal && !StandardStream.refusesColour }
  private let loss = Loss()

  /// The console of the running command; tests put their own in its place.
  @TaskLocal static var current = Console(
    writeOutput: { bytes throws(HostError) in try StandardStream.output.write(bytes) },
    // Where messages themselves cannot be written there is nobody to tell.
    writeError: { try? StandardStream.error.write($0) },
    isOutputTerminal: StandardStream.output.isTerminal, isErrorTerminal: StandardStream.error.isTerminal)

  init(
    writeOutput: @escaping @Sendable ([UInt8]) throws(HostError) -> Void,
    writeError: @escaping @Sendable ([UInt8]) -> Void, isOutputTerminal: Bool, isErrorTerminal: Bool
  ) {
    self.writeOutput = writeOutput
    self.writeError = writeError
    self.isOutputTerminal = isOutputTerminal
    self.isErrorTerminal = isErrorTerminal
  }

  func output(_ text: String) { output(bytes: Array(text.utf8)) }

  /// A part of the result. When it cannot be written, that is noted, and nothing further is written.
  func output(bytes: [UInt8]) {
    guard outputFailure == nil else { return }
    do throws(HostError) { try writeOutput(bytes) } catch { loss.note(error) }
  }

  /// Why a part of the result was lost; whatever the command found, it has failed then.
  var outputFailure: HostError? { loss.first }

  func error(_ text: String) { writeError(Array(text.utf8)) }

  /// A line of the result.
  func line(_ text: String = "") { output(text + "\n") }

  /// A line that is not part of the result.
  func note(_ text: String) { error(text + "\n") }

  /// Unchecked, because a command is one thread.
  private final class Loss: @unchecked Sendable {
    private(set) var first: HostError?

    func note(_ error: HostError) { first = first ?? error }
  }
}

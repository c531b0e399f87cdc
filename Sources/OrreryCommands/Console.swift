import OrreryHost

/// Where a command says what it has to say: results on `output`, everything else on `error`.
struct Console: Sendable {
  var writeOutput: @Sendable ([UInt8]) -> Void
  var writeError: @Sendable ([UInt8]) -> Void
  /// Whether a person is looking at each: only then are colour and progress shown.
  var isOutputTerminal: Bool
  var isErrorTerminal: Bool

  /// The console of the running command; tests put their own in its place.
  @TaskLocal static var current = Console(
    writeOutput: { StandardStream.output.write(bytes: $0) }, writeError: { StandardStream.error.write(bytes: $0) },
    isOutputTerminal: StandardStream.output.isTerminal, isErrorTerminal: StandardStream.error.isTerminal)

  func output(_ text: String) { writeOutput(Array(text.utf8)) }

  func error(_ text: String) { writeError(Array(text.utf8)) }

  /// A line of the result.
  func line(_ text: String = "") { output(text + "\n") }

  /// A line that is not part of the result.
  func note(_ text: String) { error(text + "\n") }
}

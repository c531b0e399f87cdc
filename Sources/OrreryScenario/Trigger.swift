/// What a rule waits for.
public enum Trigger: Hashable, Sendable {
  /// The first boundary of the run.
  case start
  /// A time counted from the start of the run.
  case at(TimeSpan)
  /// The `hit`th time that `text` was written to a serial port; occurrences do not overlap.
  case afterSerial(ByteText, port: SerialPort = .com1, hit: Number = 1)
  /// The `hit`th time that `text` was written to the trace port, whose lines are marks; occurrences do not overlap.
  case afterMark(ByteText, hit: Number = 1)
  /// The `hit`th time that `text` comes to stand in a row of the text screen, having stood in none.
  case afterScreen(ByteText, hit: Number = 1)
  /// The `hit`th time that the instruction at a symbol is about to execute.
  case onSymbol(SymbolName, hit: Number = 1)
}

extension Trigger {
  /// Where the scenario names the symbol it waits for, if it does.
  var symbolLocation: SourceLocation? {
    guard case .onSymbol(let name, _) = self, name.location.line > 0 else { return nil }
    return name.location
  }
}

import OrreryMachine
import OrreryTrace

/// The text screen as the events of a trace leave it.
struct RecordedScreen {
  /// Light grey on black, as a PC's screen starts.
  private(set) var screen = Screen(
    cells: Array(repeating: Screen.Cell(character: 0x20, attribute: 0x07), count: Screen.columns * Screen.rows),
    cursor: nil)
  private(set) var hasChanged = false

  /// Takes the change of an event; others are ignored, and so is what would lie outside of the screen.
  mutating func apply(_ payload: Payload) {
    guard case .screen(let row, let column, let cells) = payload, row < Screen.rows else { return }
    hasChanged = true
    for index in 0..<cells.count / 2 where Int(column) + index < Screen.columns {
      screen.cells[Int(row) * Screen.columns + Int(column) + index] = Screen.Cell(
        character: cells[2 * index], attribute: cells[2 * index + 1])
    }
  }

  /// The screen in a frame; with its colours where a terminal shows them.
  func rendered(withColour: Bool) -> String {
    let edge = String(repeating: "─", count: Screen.columns)
    var text = "┌\(edge)┐\n"
    for row in 0..<Screen.rows {
      let line =
        withColour
        ? ScreenPainter.line(screen, row, columns: Screen.columns)
        : String((0..<Screen.columns).map { CodePage437[screen[row, $0].character] })
      text += "│\(line)│\n"
    }
    return text + "└\(edge)┘\n"
  }
}

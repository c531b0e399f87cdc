import OrreryHost
import OrreryMachine
import OrreryTrace

/// Draws a text screen in the terminal, with its colours and cursor; only rows that changed are sent. On a terminal with fewer rows, those that end with the cursor's.
struct ScreenPainter {
  private var shown: Screen?
  private var shownSize: (columns: Int, rows: Int) = (0, 0)
  /// The row of the screen in the terminal's first.
  private var shownTop = 0

  /// VGA's order of colours (blue is 1, red 4) in the order of ECMA-48 (red is 1, blue 4).
  private static let colours = [0, 4, 2, 6, 1, 5, 3, 7]

  /// Whatever the terminal shows is not what was drawn: the next drawing is of everything.
  mutating func forget() { shownSize = (0, 0) }

  mutating func draw(_ screen: Screen) {
    let size = Terminal.size ?? (Screen.columns, Screen.rows)
    let top = max(0, min(Screen.rows, (screen.cursor?.row ?? 0) + 1) - size.rows)
    let isResized = size != shownSize || top != shownTop
    guard isResized || screen != shown else { return }
    var text = "\u{1B}[?25l" + (isResized ? "\u{1B}[2J" : "")
    for row in top..<min(Screen.rows, top + size.rows) {
      let isSame =
        !isResized
        && shown.map { shown in (0..<Screen.columns).allSatisfy { shown[row, $0] == screen[row, $0] } } ?? false
      if !isSame {
        text += "\u{1B}[\(row - top + 1);1H" + Self.line(screen, row, columns: min(Screen.columns, size.columns))
      }
    }
    if let cursor = screen.cursor, cursor.row - top < size.rows, cursor.column < size.columns {
      text += "\u{1B}[\(cursor.row - top + 1);\(cursor.column + 1)H\u{1B}[?25h"
    }
    Console.current.output(text)
    shown = screen
    shownSize = size
    shownTop = top
  }

  /// The screen as lines down to the last that is not blank.
  static func text(_ screen: Screen) -> String {
    let last = (0..<Screen.rows).last { row in !(0..<Screen.columns).allSatisfy { isBlank(screen[row, $0]) } }
    guard let last else { return "" }
    return (0...last).map { line(screen, $0, columns: Screen.columns) + "\n" }.joined()
  }

  private static func isBlank(_ cell: Screen.Cell) -> Bool {
    (cell.character == 0 || cell.character == UInt8(ascii: " ")) && cell.attribute & 0x70 == 0
  }

  /// A row with the escape sequences for its colours.
  static func line(_ screen: Screen, _ row: Int, columns: Int) -> String {
    var text = ""
    var attribute: UInt8?
    for column in 0..<columns {
      let cell = screen[row, column]
      if cell.attribute != attribute {
        attribute = cell.attribute
        text += sequence(for: cell.attribute)
      }
      text.unicodeScalars.append(ScreenContents.scalar(cell.character))
    }
    return text + "\u{1B}[0m"
  }

  /// Bits 0…2 colour, 3 bright; 4…6 background, 7 blinking.
  static func sequence(for attribute: UInt8) -> String {
    let foreground = (attribute & 8 != 0 ? 90 : 30) + colours[Int(attribute & 7)]
    let background = 40 + colours[Int(attribute >> 4 & 7)]
    return "\u{1B}[0;\(foreground);\(background)\(attribute & 0x80 != 0 ? ";5" : "")m"
  }
}

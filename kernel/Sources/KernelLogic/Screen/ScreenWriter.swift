/// Where a `ScreenWriter` draws: 25 rows of 80 characters.
package protocol ScreenGrid {
  func load(row: Int, column: Int) -> ScreenCharacter
  func store(_ character: ScreenCharacter, row: Int, column: Int)
  func moveCursor(row: Int, column: Int)
}

/// Writes text on a screen: new lines, wrapping at the right edge, scrolling at the bottom.
package struct ScreenWriter<Grid: ScreenGrid> {
  package static var rowCount: Int { 25 }
  package static var columnCount: Int { 80 }
  /// What is shown for a byte with no character of its own: the square of code page 437.
  package static var unprintable: UInt8 { 0xfe }

  package var color = ColorCode(foreground: .lightGray, background: .black)
  package private(set) var row = 0
  package private(set) var column = 0
  private let grid: Grid

  package init(_ grid: Grid) { self.grid = grid }

  /// Writes one byte of text; call `showCursor` after the last.
  package mutating func write(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\n"): startNewLine()
    case 0x08: eraseBefore()
    case 0x20...0x7e: put(byte)
    default: put(Self.unprintable)
    }
  }

  package func showCursor() { grid.moveCursor(row: row, column: column) }

  package mutating func clear() {
    for row in 0..<Self.rowCount { clearRow(row) }
    row = 0
    column = 0
    showCursor()
  }

  private mutating func put(_ code: UInt8) {
    // Wrap when the next character comes, not when the row fills: a full row then "\n" gives no empty row.
    if column == Self.columnCount { startNewLine() }
    grid.store(ScreenCharacter(code: code, color: color), row: row, column: column)
    column += 1
  }

  private mutating func startNewLine() {
    column = 0
    if row + 1 < Self.rowCount {
      row += 1
      return
    }
    for row in 1..<Self.rowCount {
      for column in 0..<Self.columnCount {
        grid.store(grid.load(row: row, column: column), row: row - 1, column: column)
      }
    }
    clearRow(Self.rowCount - 1)
  }

  private mutating func eraseBefore() {
    if column == 0 {
      guard row > 0 else { return }
      row -= 1
      column = Self.columnCount
    }
    column -= 1
    grid.store(blank, row: row, column: column)
  }

  private func clearRow(_ row: Int) {
    for column in 0..<Self.columnCount { grid.store(blank, row: row, column: column) }
  }

  private var blank: ScreenCharacter { ScreenCharacter(code: UInt8(ascii: " "), color: color) }
}

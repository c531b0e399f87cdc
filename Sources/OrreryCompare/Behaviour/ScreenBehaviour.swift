import OrreryTrace

extension ScreenContents {
  /// What a cell shows that nothing was written to: the screen's state at reset.
  private static let blank = Cell(character: 0x20, attribute: 0x07)

  /// One line a row that is not blank: runs of cells with their colours.
  func behaviourLines() -> [String] {
    rows.indices.compactMap { index in ScreenContents.line(rows[index]).map { "row \(index)\($0)" } }
  }

  private static func line(_ row: [Cell?]) -> String? {
    var cells = row.map { cell -> Cell in
      guard let cell else { return blank }
      // A zero shows as a blank does.
      return cell.character == 0 ? Cell(character: 0x20, attribute: cell.attribute) : cell
    }
    while cells.last == blank { cells.removeLast() }
    // Trailing blanks in the colour of the text before them say nothing either.
    while cells.count > 1, let last = cells.last, last.character == 0x20,
      cells[cells.count - 2].attribute == last.attribute
    {
      cells.removeLast()
    }
    guard let first = cells.first else { return nil }
    var text = ""
    var run: [UInt8] = []
    var attribute = first.attribute
    for cell in cells {
      if cell.attribute != attribute {
        text += rendered(run, attribute)
        run = []
        attribute = cell.attribute
      }
      run.append(cell.character)
    }
    return text + rendered(run, attribute)
  }

  private static func rendered(_ run: [UInt8], _ attribute: UInt8) -> String {
    " 0x" + (attribute < 16 ? "0" : "") + String(attribute, radix: 16) + " \(Words.quoted(run))"
  }
}

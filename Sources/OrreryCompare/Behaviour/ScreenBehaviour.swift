import OrreryTrace

extension ScreenContents {
  /// One line a row that is not blank: runs of cells with their colours.
  func behaviourLines() -> [String] {
    rows.indices.compactMap { index in ScreenContents.line(rows[index]).map { "row \(index)\($0)" } }
  }

  private static func line(_ row: [Cell?]) -> String? {
    // Trailing blanks in the colour of the cell before them say nothing.
    var cells = row[...]
    while let last = cells.last, isBlank(last),
      cells.count < 2 || cells[cells.endIndex - 2]?.attribute == last?.attribute
    {
      cells.removeLast()
    }
    guard !cells.isEmpty else { return nil }
    var text = ""
    var run: [UInt8] = []
    var attribute: UInt8?
    for cell in cells {
      if cell?.attribute != attribute, !run.isEmpty {
        text += rendered(run, attribute)
        run = []
      }
      attribute = cell?.attribute
      run.append(isBlank(cell) ? 0x20 : cell?.character ?? 0x20)
    }
    return text + rendered(run, attribute)
  }

  private static func isBlank(_ cell: Cell?) -> Bool {
    guard let cell else { return true }
    return cell.character == 0x20 || cell.character == 0
  }

  private static func rendered(_ run: [UInt8], _ attribute: UInt8?) -> String {
    let colour = attribute.map { "0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) } ?? "untouched"
    return " \(colour) \(Words.quoted(run))"
  }
}

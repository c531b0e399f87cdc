import OrreryTrace

/// What the changed cells of the text screen show in the end.
struct ScreenShadow {
  /// Characters and attributes by row; nil where nothing was ever written.
  private var rows: [Int: [(character: UInt8, attribute: UInt8)?]] = [:]
  private var lastRow = -1

  mutating func apply(row: UInt8, column: UInt8, cells: [UInt8]) {
    var line = rows[Int(row)] ?? []
    for index in stride(from: 0, to: cells.count - 1, by: 2) {
      let place = Int(column) + index / 2
      while line.count <= place { line.append(nil) }
      line[place] = (cells[index], cells[index + 1])
    }
    rows[Int(row)] = line
    lastRow = max(lastRow, Int(row))
  }

  /// One line a row that is not blank: runs of cells with their colours.
  func lines() -> [String] {
    (0..<max(0, lastRow + 1)).compactMap { row in
      guard let text = line(rows[row] ?? []) else { return nil }
      return "row \(row)\(text)"
    }
  }

  private func line(_ cells: [(character: UInt8, attribute: UInt8)?]) -> String? {
    // Trailing blanks in the colour of the last cell say nothing.
    var cells = cells[...]
    while let last = cells.last, last.map({ $0.character == 0x20 || $0.character == 0 }) ?? true,
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
        text += ScreenShadow.rendered(run, attribute)
        run = []
      }
      attribute = cell?.attribute
      run.append(cell.map { $0.character == 0 ? 0x20 : $0.character } ?? 0x20)
    }
    return text + ScreenShadow.rendered(run, attribute)
  }

  private static func rendered(_ run: [UInt8], _ attribute: UInt8?) -> String {
    " " + (attribute.map { "0x" + (($0 < 16) ? "0" : "") + String($0, radix: 16) } ?? "untouched") + " "
      + Words.quoted(run)
  }
}

import OrreryTrace

extension ScreenContents {
  private static let columnCount = 80

  /// Whether a row has `text`, as the codes of its characters.
  ///
  /// A cell that was never changed is a blank, also behind the last one that was; a zero shows as one.
  func contains(_ text: [UInt8]) -> Bool {
    guard text.count <= Self.columnCount else { return false }
    return rows.contains { row in
      let width = max(row.count, Self.columnCount)
      func character(_ column: Int) -> UInt8 {
        guard column < row.count, let cell = row[column], cell.character != 0 else { return 0x20 }
        return cell.character
      }
      return (0...width - text.count).contains { start in
        text.indices.allSatisfy { character(start + $0) == text[$0] }
      }
    }
  }
}

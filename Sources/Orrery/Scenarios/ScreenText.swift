import OrreryTrace

extension ScreenContents {
  /// Whether a row has `text`, as the codes of its characters; a cell that was never written to is a blank.
  func contains(_ text: [UInt8]) -> Bool {
    rows.contains { row in
      guard row.count >= text.count else { return false }
      return (0...row.count - text.count).contains { start in
        text.indices.allSatisfy { (row[start + $0]?.character ?? 0x20) == text[$0] }
      }
    }
  }
}

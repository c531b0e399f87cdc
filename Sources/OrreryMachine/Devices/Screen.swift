/// What the text-mode display shows: 80 columns and 25 rows of characters with their attributes, and the cursor.
public struct Screen: Hashable, Sendable {
  public static let columns = 80
  public static let rows = 25

  /// One position of the display.
  public struct Cell: Hashable, Sendable {
    /// A code of code page 437.
    public var character: UInt8
    /// Foreground colour in bits 0…3, background colour in bits 4…6, blinking in bit 7.
    public var attribute: UInt8

    public init(character: UInt8, attribute: UInt8) {
      self.character = character
      self.attribute = attribute
    }
  }

  /// A position on the display, counted from 0.
  public struct Position: Hashable, Sendable {
    public var row: Int
    public var column: Int

    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// All cells, row by row: 2,000 of them.
  public var cells: [Cell]
  /// Where the cursor is; nil when it is switched off or outside of what is displayed.
  public var cursor: Position?

  public init(cells: [Cell], cursor: Position?) {
    precondition(cells.count == Self.columns * Self.rows, "a screen has 2,000 cells")
    self.cells = cells
    self.cursor = cursor
  }

  public subscript(row: Int, column: Int) -> Cell { cells[row * Self.columns + column] }

  /// The characters of a row that are printable ASCII, others as `?` (0 as a space), without the spaces at its end.
  public func text(ofRow row: Int) -> String {
    var bytes = cells[row * Self.columns..<(row + 1) * Self.columns].map { cell -> UInt8 in
      switch cell.character {
      case 0: 0x20
      case 0x20...0x7E: cell.character
      default: 0x3F
      }
    }
    while bytes.last == 0x20 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

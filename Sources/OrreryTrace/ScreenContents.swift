/// What a text screen shows after the screen events of a trace so far.
public struct ScreenContents: Hashable, Sendable {
  public struct Cell: Hashable, Sendable {
    public var character: UInt8
    public var attribute: UInt8

    public init(character: UInt8, attribute: UInt8) {
      self.character = character
      self.attribute = attribute
    }
  }

  /// The rows from the top, each as far as it was ever written; nil where it was not.
  public private(set) var rows: [[Cell?]] = []

  public init() {}

  /// Takes over the cells of a `Payload.screen`.
  public mutating func apply(row: UInt8, column: UInt8, cells: [UInt8]) {
    while rows.count <= Int(row) { rows.append([]) }
    for index in stride(from: 0, to: cells.count - 1, by: 2) {
      let place = Int(column) + index / 2
      while rows[Int(row)].count <= place { rows[Int(row)].append(nil) }
      rows[Int(row)][place] = Cell(character: cells[index], attribute: cells[index + 1])
    }
  }

  /// The rows as text, without trailing blanks.
  public func lines() -> [String] {
    rows.map { row in
      var text = ""
      for cell in row { text.unicodeScalars.append(ScreenContents.scalar(cell?.character ?? 0x20)) }
      while text.last == " " { text.removeLast() }
      return text
    }
  }

  /// The character that code page 437 shows for `code`.
  public static func scalar(_ code: UInt8) -> Unicode.Scalar { codePage[Int(code)] }

  private static let codePage: [Unicode.Scalar] = {
    let low = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
    let ascii = (0x20..<0x7F as Range<UInt8>).map { Unicode.Scalar($0) }
    let high =
      "⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}"
    return Array(low.unicodeScalars) + ascii + Array(high.unicodeScalars)
  }()
}

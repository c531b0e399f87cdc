import KernelLogic
import Testing

final class TestScreen: ScreenGrid {
  var cells = [ScreenCharacter](
    repeating: ScreenCharacter(code: 0x58, color: ColorCode(rawValue: 0x4f)), count: 80 * 25)
  var cursor = (row: -1, column: -1)

  func load(row: Int, column: Int) -> ScreenCharacter { cells[row * 80 + column] }
  func store(_ character: ScreenCharacter, row: Int, column: Int) { cells[row * 80 + column] = character }
  func moveCursor(row: Int, column: Int) { cursor = (row, column) }

  func text(_ row: Int) -> String {
    let codes = (0..<80).map { cells[row * 80 + $0].code }
    let end = codes.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0
    return String(decoding: codes[..<end], as: UTF8.self)
  }
}

struct ScreenWriterTests {
  let screen = TestScreen()
  private func cleared() -> ScreenWriter<TestScreen> {
    var writer = ScreenWriter(screen)
    writer.clear()
    return writer
  }
  private func write(_ text: String, _ writer: inout ScreenWriter<TestScreen>) {
    for byte in text.utf8 { writer.write(byte) }
  }

  @Test func clearingLeavesSpacesAndTheCursorAtTheTop() {
    _ = cleared()
    #expect(screen.cells.allSatisfy { $0.rawValue == 0x0720 })
    #expect(screen.cursor == (0, 0))
  }

  @Test func textStartsAtTheTopLeftInItsColor() {
    var writer = cleared()
    writer.color = ColorCode(foreground: .yellow, background: .blue)
    write("Hi", &writer)
    writer.showCursor()
    // Attribute 0x1e: background 1, foreground 14.
    #expect(screen.cells[0].rawValue == 0x1e48)
    #expect(screen.cells[1].rawValue == 0x1e69)
    #expect(screen.cursor == (0, 2))
  }

  @Test func bytesWithoutACharacterShowAsSquares() {
    var writer = cleared()
    write("Wörld", &writer)
    #expect(screen.cells[..<6].map(\.code) == [0x57, 0xfe, 0xfe, 0x72, 0x6c, 0x64])
  }

  @Test func aLongLineWraps() {
    var writer = cleared()
    write(String(repeating: "a", count: 81), &writer)
    #expect(screen.text(0).count == 80)
    #expect(screen.text(1) == "a")
  }

  @Test func aFullRowAndANewLineLeaveNoEmptyRow() {
    var writer = cleared()
    write(String(repeating: "a", count: 80) + "\nb", &writer)
    #expect(screen.text(1) == "b")
  }

  @Test func theBottomLineScrolls() {
    var writer = cleared()
    for line in 0..<26 { write("line \(line)\n", &writer) }
    #expect(screen.text(0) == "line 2")
    #expect(screen.text(23) == "line 25")
    #expect(screen.text(24) == "")
    #expect(writer.row == 24)
  }

  @Test func backspaceErasesAcrossTheWrap() {
    var writer = cleared()
    write(String(repeating: "a", count: 81) + "\u{8}\u{8}", &writer)
    #expect(screen.text(0) == String(repeating: "a", count: 79))
    #expect(screen.text(1) == "")
    write("\u{8}b", &writer)
    #expect(screen.text(0) == String(repeating: "a", count: 78) + "b")
  }

  @Test func backspaceAtTheTopLeftDoesNothing() {
    var writer = cleared()
    write("\u{8}x", &writer)
    #expect(screen.text(0) == "x")
  }
}

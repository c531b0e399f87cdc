import OrreryBase
import Testing

@testable import OrreryMachine

struct VGATextTests {
  private let bench = BoardBench()

  /// Stores characters with `attribute` from `cell` of text memory on, as the guest would.
  private func store(_ text: String, at cell: Int, attribute: UInt8 = 0x07) {
    for (index, character) in text.utf8.enumerated() {
      bench.board.videoMemory.storeBytes(of: character, toByteOffset: (cell + index) * 2, as: UInt8.self)
      bench.board.videoMemory.storeBytes(of: attribute, toByteOffset: (cell + index) * 2 + 1, as: UInt8.self)
    }
    bench.board.screenWasTouched(steps: 5)
  }

  private func setCRT(_ index: UInt32, _ value: UInt32) {
    bench.output(0x3D4, index)
    bench.output(0x3D5, value)
  }

  /// The screen rows of a cut: row, column, cells as text with attributes dropped.
  private func cut() -> [String] {
    bench.board.cutScreen(clock: 9, rip: 0x2000)
    let (records, bytes) = bench.takeRecords()
    return records.map { record in
      let start = Int(record.value2)
      let cells = bytes[start..<start + Int(record.value1) * 2]
      let text = String(decoding: cells.enumerated().filter { $0.offset % 2 == 0 }.map(\.element), as: UTF8.self)
      return "\(record.detail),\(record.value0) \(text)"
    }
  }

  // MARK: Screen

  @Test func screenShowsCharactersAndAttributes() {
    store("Hello", at: 80 * 3 + 10, attribute: 0x1F)
    let screen = bench.board.screen()
    #expect(screen.text(ofRow: 3) == "          Hello")
    #expect(screen[3, 10] == Screen.Cell(character: 0x48, attribute: 0x1F))
    #expect(screen[0, 0] == Screen.Cell(character: 0x20, attribute: 0x07))
  }

  @Test func cutGivesEachRunOfChangedCells() {
    store("ab", at: 0)
    store("cd", at: 5)
    store("xy", at: 79)
    #expect(bench.board.isScreenDirty)
    #expect(bench.board.screenDirtySince == 5)
    #expect(cut() == ["0,0 ab", "0,5 cd", "0,79 x", "1,0 y"])
    #expect(!bench.board.isScreenDirty)
    #expect(cut() == [])
    store("axb", at: 0)
    #expect(cut() == ["0,1 xb"])
  }

  @Test func changedAttributeIsAChange() {
    store(" ", at: 41, attribute: 0x70)
    #expect(cut() == ["0,41  "])
  }

  @Test func unchangedCellsGiveNoRecord() {
    store("   ", at: 100)
    #expect(cut() == [])
  }

  @Test func startAddressScrolls() {
    store("one", at: 0)
    store("two", at: 80)
    _ = cut()
    setCRT(0x0C, 0)
    setCRT(0x0D, 80)
    #expect(bench.board.isScreenDirty)
    #expect(bench.board.screen().text(ofRow: 0) == "two")
    #expect(cut() == ["0,0 two", "1,0    "])
  }

  @Test func textMemoryRepeatsAfter32KiB() {
    store("wrapped", at: 0)
    setCRT(0x0C, 0x3F)
    setCRT(0x0D, 0xB0)
    // 0x3FB0 + 80 is the end of the 0x4000 cells.
    #expect(bench.board.screen().text(ofRow: 1) == "wrapped")
  }

  @Test func cursorFollowsItsRegisters() {
    #expect(bench.board.screen().cursor == Screen.Position(row: 0, column: 0))
    setCRT(0x0E, 0x01)
    setCRT(0x0F, 0x40)
    #expect(bench.board.screen().cursor == Screen.Position(row: 4, column: 0))
    // Hidden by its own bit, and out of sight beyond the last cell.
    setCRT(0x0A, 0x20)
    #expect(bench.board.screen().cursor == nil)
    setCRT(0x0A, 0x0D)
    setCRT(0x0E, 0x07)
    setCRT(0x0F, 0xD0)
    #expect(bench.board.screen().cursor == nil)
  }

  @Test func screenThatIsNotRecordedIsNeverDirty() {
    let bench = BoardBench { $0.probes = [.output] }
    bench.board.screenWasTouched(steps: 1)
    #expect(!bench.board.isScreenDirty)
  }

  // MARK: Registers

  @Test func wordAccessWritesIndexAndData() {
    bench.output(0x3D4, 0x5A0F, size: 2)
    #expect(bench.input(0x3D4) == 0x0F)
    #expect(bench.input(0x3D5) == 0x5A)
  }

  @Test func protectedTimingRegistersStay() {
    #expect(bench.input(0x3CC) == 0x67)
    setCRT(0x00, 0x11)
    #expect(bench.input(0x3D5) == 0x5F)
    setCRT(0x07, 0x00)
    #expect(bench.input(0x3D5) == 0x0F)
  }

  @Test func attributeControllerAlternatesAndIsResetByInputStatus() {
    _ = bench.input(0x3DA)
    bench.output(0x3C0, 0x30)
    bench.output(0x3C0, 0x04)
    _ = bench.input(0x3DA)
    bench.output(0x3C0, 0x30)
    #expect(bench.input(0x3C1) == 0x04)
    _ = bench.input(0x3DA)
    bench.output(0x3C0, 0x31)
    #expect(bench.input(0x3C0) == 0x31)
  }

  /// The bits of the registers are those of the IBM reference: 6 of a palette register, 4 of the map mask, 2 of the plane that is read.
  @Test func registersHaveTheirBitsOnly() {
    _ = bench.input(0x3DA)
    bench.output(0x3C0, 0x21, 0xFF, 0x21)
    #expect(bench.input(0x3C1) == 0x3F)
    bench.output(0x3C4, 2)
    bench.output(0x3C5, 0xFF)
    #expect(bench.input(0x3C5) == 0x0F)
    bench.output(0x3CE, 4)
    bench.output(0x3CF, 0xFF)
    #expect(bench.input(0x3CF) == 0x03)
  }

  @Test func paletteIndexAdvances() {
    bench.output(0x3C8, 7)
    bench.output(0x3C9, 1, 2, 0xFF)
    bench.output(0x3C7, 7)
    #expect([bench.input(0x3C9), bench.input(0x3C9), bench.input(0x3C9)] == [1, 2, 0x3F])
    #expect(bench.input(0x3C7) == 3)
  }

  @Test func retraceFollowsTheClock() {
    // A line is 900 ÷ 28,322,000 s = 31,777.4… clocks; line 0 is displayed for its first 720 pixels, 25,421.9… clocks.
    bench.run(to: 25_421)
    #expect(bench.input(0x3DA) == 0x00)
    bench.run(to: 25_422)
    #expect(bench.input(0x3DA) == 0x01)
    // Line 412: ⌈412 · 900 · 10⁹ ÷ 28,322,000⌉ = 13,092,296.
    bench.run(to: 13_092_295)
    #expect(bench.input(0x3DA) == 0x01)
    bench.run(to: 13_092_296)
    #expect(bench.input(0x3DA) == 0x09)
    // Line 414: ⌈414 · 900 · 10⁹ ÷ 28,322,000⌉ = 13,155,851.
    bench.run(to: 13_155_851)
    #expect(bench.input(0x3DA) == 0x01)
  }

  @Test(
    arguments: [(0x3CE, 6, 0x05), (0x3CE, 6, 0x06), (0x3D4, 0x09, 0x47), (0x3D4, 0x13, 0x50)]
      as [(UInt16, UInt32, UInt32)])
  func otherModesStopTheMachine(port: UInt16, index: UInt32, value: UInt32) {
    bench.output(port, index)
    bench.output(port + 1, value)
    guard case .unmodelled = bench.board.stop else {
      Issue.record("the machine went on in a mode that is not modelled")
      return
    }
  }
}

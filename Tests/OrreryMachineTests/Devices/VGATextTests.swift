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

  /// Off by bit 5 of its start, beginning after its end, or below the sixteen lines of a character (IBM reference, Cursor Start and Cursor End).
  @Test(
    arguments: [(0x2D, 0x0E, false), (0x0E, 0x0D, false), (0x10, 0x1F, false), (0x00, 0x0F, true), (0x0F, 0x1F, true)]
      as [(UInt32, UInt32, Bool)])
  func cursorIsSeenWhenItHasLines(start: UInt32, end: UInt32, isSeen: Bool) {
    setCRT(0x0A, start)
    setCRT(0x0B, end)
    #expect((bench.board.screen().cursor != nil) == isSeen)
  }

  /// Index port, index, value, and what the stop names.
  @Test(
    arguments: [
      (0x3D4, 0x01, 0x27, "a text mode other than 80×25 (CRT register 0x01 = 0x27)"),
      (0x3D4, 0x09, 0x47, "a text mode other than 80×25 (CRT register 0x09 = 0x47)"),
      (0x3D4, 0x17, 0xE3, "a text mode other than 80×25 (CRT register 0x17 = 0xe3)"),
      (0x3D4, 0x09, 0x0F, nil), (0x3D4, 0x18, 0x00, nil),
      (0x3C4, 0x02, 0x04, "VGA planes other than text's (sequencer register 2 = 0x04)"),
      (0x3C4, 0x04, 0x06, "VGA planes other than text's (sequencer register 4 = 0x06)"),
      (0x3C4, 0x01, 0x01, nil),
      (0x3CE, 0x01, 0x0F, "a VGA memory access other than text's (graphics register 1 = 0x0f)"),
      (0x3CE, 0x03, 0x18, "a VGA memory access other than text's (graphics register 3 = 0x18)"),
      (0x3CE, 0x05, 0x00, "a VGA memory access other than text's (graphics register 5 = 0x00)"),
      (0x3CE, 0x06, 0x05, "a VGA graphics mode or memory window (graphics register 6 = 0x05)"),
      (0x3CE, 0x08, 0x0F, "a VGA memory access other than text's (graphics register 8 = 0x0f)"),
      (0x3CE, 0x04, 0x02, nil),
    ] as [(UInt16, UInt32, UInt32, String?)])
  func whatTextDoesNotNeedIsNamed(port: UInt16, index: UInt32, value: UInt32, what: String?) {
    bench.output(0x3D4, 0x11)
    bench.output(0x3D5, 0x0E)
    bench.output(port, index)
    bench.output(port + 1, value)
    #expect(bench.board.stop == what.map { .unmodelled($0) })
  }

  @Test func splitScreenIsNamed() {
    // Line compare is bit 6 of register 9, bit 4 of register 7, register 0x18: 399, and the last one takes effect.
    setCRT(0x07, 0x1F)
    setCRT(0x09, 0x0F)
    #expect(bench.board.stop == nil)
    setCRT(0x18, 0x8F)
    #expect(bench.board.stop == .unmodelled("a VGA screen split at line 399"))
  }

  @Test func modeThreeCanBeSetAgain() {
    // The registers of mode 3 in the order in which kernels write them.
    bench.output(0x3C2, 0x67)
    for (index, value) in [0x03, 0x00, 0x03, 0x00, 0x02].enumerated() {
      bench.output(0x3C4, UInt32(index))
      bench.output(0x3C5, UInt32(value))
    }
    setCRT(0x11, 0x0E)
    for (index, value) in [
      0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x50, 0x9C, 0x0E, 0x8F,
      0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF,
    ].enumerated() { setCRT(UInt32(index), UInt32(value)) }
    for (index, value) in [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x0F, 0xFF].enumerated() {
      bench.output(0x3CE, UInt32(index))
      bench.output(0x3CF, UInt32(value))
    }
    for index in 0..<0x15 as Range<UInt32> {
      _ = bench.input(0x3DA)
      bench.output(0x3C0, index, index == 0x10 ? 0x0C : 0)
    }
    bench.output(0x3C0, 0x20)
    #expect(bench.board.stop == nil)
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

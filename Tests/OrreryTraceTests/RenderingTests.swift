import OrreryBase
import OrreryTrace
import Testing

@Suite struct RenderingTests {
  private struct OneFunction: Symbolizer {
    func function(containing address: UInt64) -> SymbolizedAddress? {
      (0x20_0000..<0x20_0100).contains(address)
        ? SymbolizedAddress(name: "Shell.run", offset: address - 0x20_0000) : nil
    }
  }

  private let rendering = EventRendering(symbolizer: OneFunction(), keyName: { $0.rawValue == 0x1E ? "A" : nil })

  private static let lines: [(payload: Payload, text: String)] = [
    (
      .map(
        MapChange(
          .mapped, start: LinearAddress(0x4444_4444_0000), pageCount: 25, physical: PhysicalAddress(0x20_0000),
          flags: [.writable, .noExecute])),
      "map 0x4444_4444_0000 +100 KiB 4K → 0x0020_0000 writable no-execute"
    ),
    (
      .map(
        MapChange(
          .permission, start: LinearAddress(0xFFFF_8000_0000_0000), pageCount: 2, pageSize: .oneGiB,
          physical: PhysicalAddress(0), flags: [], previousFlags: [.user, .global],
          aliases: [LinearAddress(0x1000), LinearAddress(0x2000)])),
      "permission 0xffff_8000_0000_0000 +2 GiB 1G read-only was read-only user global, also at 0x0000_1000 0x0000_2000"
    ),
    (.addressSpace(root: PhysicalAddress(0x10_3000), mode: .fourLevel), "address space 0x0010_3000, 4-level paging"),
    (.invalidatePage(LinearAddress(0x1000)), "invlpg 0x0000_1000"),
    (
      .heap(
        HeapCall(
          .allocate, pointer: 0x4444_4444_0010, size: 64, alignment: 16, caller: 0x20_0010, allocator: "malloc")),
      "allocate 64 bytes aligned to 16 → 0x4444_4444_0010, malloc from Shell.run+0x10"
    ),
    (
      .heap(HeapCall(.allocateZeroed, pointer: 0, size: 8, caller: 0x99, allocator: "calloc")),
      "allocate 8 zeroed bytes failed, calloc from 0x0000_0099"
    ),
    (
      .heap(HeapCall(.free, pointer: 0x10, caller: 0x20_0000, allocator: "free")),
      "free 0x0000_0010, free from Shell.run"
    ),
    (
      .exception(ExceptionDelivery(vector: 14, errorCode: 7, cr2: 0x1234, rip: 0x20_0004)),
      "page fault at Shell.run+0x4, cr2 0x0000_1234, error 0x7 (user write to a page that forbids it)"
    ),
    (
      .undelivered(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0x1234, rip: 0x20_0004)),
      "page fault at Shell.run+0x4, cr2 0x0000_1234, error 0x2 (supervisor write to a page that is not present), "
        + "not delivered"
    ),
    (
      .frame(FrameCall(.allocate, frame: PhysicalAddress(0x5000), caller: 0x20_0010, allocator: "take")),
      "allocate frame → 0x0000_5000, take from Shell.run+0x10"
    ),
    (
      .frame(FrameCall(.allocateZeroed, frame: nil, size: 8192, caller: 0x99, allocator: "take")),
      "allocate zeroed frame of 8 KiB failed, take from 0x0000_0099"
    ),
    (
      .frame(FrameCall(.free, frame: PhysicalAddress(0x5000), size: 4096, caller: 0x99, allocator: "give")),
      "free frame 0x0000_5000 of 4 KiB, give from 0x0000_0099"
    ),
    (.exception(ExceptionDelivery(vector: 3, rip: 0x5, isSoftware: true)), "breakpoint at 0x0000_0005, by software"),
    (
      .exceptionReturn(vector: 13, rip: 0x20_0006, openAbove: 1),
      "general protection handled, return to Shell.run+0x6, with 1 later still open"
    ),
    (.interrupt(vector: 33, source: .line(1), rip: 0x20_0001), "vector 33, irq 1, at Shell.run+0x1"),
    (.interrupt(vector: 39, source: .spurious(7), rip: 0), "vector 39, spurious irq 7, at 0x0000_0000"),
    (
      .input(.key(Key(rawValue: 0x1E), isPressed: true), point: .boundary, cause: "at 5 ms"), "key A pressed (at 5 ms)"
    ),
    (
      .input(.key(Key(rawValue: 0x1F), isPressed: false), point: .instruction, cause: ""),
      "key 0x1f released before the instruction"
    ),
    (.inputLost(.keyboard, byte: 0x0F), "byte 0x0f lost: the keyboard queue was full"),
    (.inputLost(.serial(port: 0), byte: 0x41), "byte 0x41 lost: the COM1 queue was full"),
    (.serial(port: 1, bytes: Array("a\"\\\n\u{1}".utf8)), "COM2 \"a\\\"\\\\\\n\\x01\""),
    (.screen(row: 2, column: 4, cells: [0x48, 0x0F, 0x69, 0x1E]), "row 2 column 4 \"Hi\" attribute 0x0f 0x1e"),
    (.state(Hash128(high: 0, low: 255), steps: 67_108_864), "000000000000000000000000000000ff after 67_108_864 steps"),
  ]

  @Test(arguments: lines.indices)
  func eventsAreToldInTheWordsOfTheDomain(index: Int) {
    #expect(rendering.text(Self.lines[index].payload) == Self.lines[index].text)
  }

  @Test func lineHasNumberClockAndLane() {
    let event = Event(sequence: 1_234, clock: 1_234_567, payload: .exitValue(16))
    #expect(rendering.line(event) == "    1_234        1_234_567  output     exit value 16")
  }

  @Test func jsonHasAMemberForEachFact() {
    let call = HeapCall(.allocate, pointer: 0x10, size: 64, alignment: 8, caller: 0x20_0010, allocator: "a\"b\u{1F}é")
    let event = Event(sequence: 1, clock: 2, payload: .heap(call))
    #expect(
      rendering.json(event).description
        == #"{"sequence":1,"clock":2,"lane":"heap","kind":"allocate","pointer":"0x10","size":64,"alignment":8,"#
        + #""failed":false,"allocator":"a\"b\u001fé","caller":"0x200010","function":"Shell.run","offset":16}"#)
  }

  @Test func jsonOfAFrameHasItsAddressUnlessThereIsNone() {
    let call = FrameCall(.allocate, frame: PhysicalAddress(0x5000), caller: 0x20_0010, allocator: "take")
    let event = Event(sequence: 1, clock: 2, payload: .frame(call))
    #expect(
      rendering.json(event).description
        == #"{"sequence":1,"clock":2,"lane":"frame","kind":"allocate","frame":"0x5000","size":0,"failed":false,"#
        + #""allocator":"take","caller":"0x200010","function":"Shell.run","offset":16}"#)
    let failure = Event(
      sequence: 1, clock: 2, payload: .frame(FrameCall(.allocate, frame: nil, caller: 5, allocator: "take")))
    #expect(
      rendering.json(failure).description
        == #"{"sequence":1,"clock":2,"lane":"frame","kind":"allocate","size":0,"failed":true,"#
        + #""allocator":"take","caller":"0x5"}"#)
  }

  @Test func bytesInJSONAreTheFirst256Characters() {
    let event = Event(sequence: 0, clock: 0, payload: .debugConsole(bytes: [0x0A, 0x22, 0xFF]))
    #expect(
      rendering.json(event).description
        == #"{"sequence":0,"clock":0,"lane":"output","kind":"debugConsole","bytes":"\n\"ÿ"}"#)
  }

  @Test func marksAreToldByTheirText() {
    let event = Event(sequence: 0, clock: 7, payload: .mark(text: Array("task 3 \"done\"".utf8)))
    #expect(rendering.text(event.payload) == #""task 3 \"done\"""#)
    #expect(
      rendering.json(event).description
        == #"{"sequence":0,"clock":7,"lane":"mark","kind":"mark","text":"task 3 \"done\""}"#)
  }

  @Test func screenShowsWhatWasWrittenLast() {
    var screen = ScreenContents()
    screen.apply(row: 1, column: 2, cells: [0x41, 7, 0xC4, 7, 0x20, 7])
    screen.apply(row: 1, column: 3, cells: [0xFE, 7])
    // Code page 437: 0xFE is a black square.
    #expect(screen.lines() == ["", "  A■"])
  }

  @Test func codePageHasACharacterForEveryByte() throws {
    var screen = ScreenContents()
    for code in 0...255 as ClosedRange<UInt8> { screen.apply(row: 0, column: code, cells: [code, 7]) }
    let line = Array(screen.lines()[0].unicodeScalars)
    try #require(line.count == 256)
    // Anchors of the code page: IBM's table of 437.
    #expect(line[0x01] == "☺" && line[0x1F] == "▼" && line[0x7F] == "⌂" && line[0x80] == "Ç" && line[0xB0] == "░")
    #expect(line[0xC9] == "╔" && line[0xDB] == "█" && line[0xE1] == "ß" && line[0xF8] == "°" && line[0xFF] == "\u{A0}")
  }

  @Test(
    arguments: [
      (0, "0"), (7, "7"), (999, "999"), (1_000, "1_000"), (1_000_007, "1_000_007"),
      (UInt64.max, "18_446_744_073_709_551_615"),
    ] as [(UInt64, String)])
  func numbersAreInGroupsOfThree(number: UInt64, text: String) { #expect(Words.number(number) == text) }

  @Test(
    arguments: [
      (0, "0x0000_0000"), (0xFFFF_FFFF, "0xffff_ffff"), (0x1_0000_0000, "0x0001_0000_0000"),
      (0xFFFF_8000_0000_0000, "0xffff_8000_0000_0000"), (0x1_2345_6789_ABCD, "0x0001_2345_6789_abcd"),
    ] as [(UInt64, String)])
  func addressesAreInGroupsOfFour(address: UInt64, text: String) { #expect(Words.address(address) == text) }
}

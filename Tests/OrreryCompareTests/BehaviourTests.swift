import OrreryBase
import OrreryCompare
import OrreryTrace
import Testing

/// A made-up kernel, built at some address with some padding in its functions: what it does is the same in every build unless a test changes it.
private struct Kernel {
  /// Where the image is loaded; code and data move with it.
  var base: UInt64 = 0x20_0000
  /// How many clocks everything takes.
  var pace: Clock = 100
  /// Where the heap hands out from.
  var heap: UInt64 = 0x4444_4444_0000
  /// Where frames come from.
  var frames: UInt64 = 0x40_0000
  /// How often the timer ticks meanwhile.
  var ticks = 3
  var size: UInt64 = 64
  var flags: PageFlags = [.writable, .noExecute]
  var text = "Hello\nready> "
  var errorCode: UInt32 = 2
  var functionSuffix = ""
  var freesInOrder = true
  var extraAllocation = false
  var flushes = true
  var repeats = 100

  func events() -> [Payload] {
    var events: [Payload] = [.addressSpace(root: PhysicalAddress(base + 0x8000), mode: .fourLevel)]
    for page in 0..<25 as Range<UInt64> {
      let start = LinearAddress(0x4444_4444_0000 + page << 12)
      // Frames come in descending order in one build and ascending in another: the kernel only sees frames.
      events.append(
        .map(MapChange(.mapped, start: start, physical: PhysicalAddress(frames + page << 12), flags: flags)))
      if flushes { events.append(.invalidatePage(start)) }
    }
    for byte in text.utf8.prefix(8) { events.append(.serial(port: 0, bytes: [byte])) }
    if extraAllocation { events.append(allocate(24, 0x8000)) }
    events.append(allocate(size, 0))
    events.append(allocate(64, 0x100))
    events.append(free(freesInOrder ? 0 : 0x100))
    events.append(free(freesInOrder ? 0x100 : 0))
    for _ in 0..<repeats {
      events.append(allocate(32, 0x200))
      events.append(free(0x200))
    }
    events.append(
      .exception(ExceptionDelivery(vector: 14, errorCode: errorCode, cr2: 0xDEAD_B000, rip: base + 0x234)))
    events.append(.serial(port: 0, bytes: Array("fault\n".utf8)))
    events.append(.exceptionReturn(vector: 14, rip: base + 0x23A, openAbove: 0))
    events.append(.serial(port: 0, bytes: Array(text.utf8.dropFirst(8))))
    events.append(.input(.vector(0x40), point: .boundary, cause: "after serial \"ready>\""))
    events.append(.interrupt(vector: 0x40, source: .scripted, rip: base + 0x500))
    events.append(.interruptReturn(vector: 0x40, rip: base + 0x500, openAbove: 0))
    events.append(.screen(row: 0, column: 0, cells: Array("Hi".utf8).flatMap { [$0, 0x0F] }))
    events.append(.exitValue(16))
    // Ticks interrupt wherever they happen to.
    for tick in 0..<ticks {
      let place = (tick + 1) * 7 + Int(pace % 5)
      events.insert(contentsOf: tickEvents(base + UInt64(tick) * 3), at: place)
    }
    return events
  }

  private func tickEvents(_ rip: UInt64) -> [Payload] {
    [
      .interrupt(vector: 32, source: .line(0), rip: rip), .interruptReturn(vector: 32, rip: rip, openAbove: 0),
    ]
  }

  private func allocate(_ size: UInt64, _ place: UInt64) -> Payload {
    .heap(
      HeapCall(
        .allocate, pointer: heap + place, size: size, alignment: 16, caller: base + 0x300, allocator: "malloc"))
  }

  private func free(_ place: UInt64) -> Payload {
    .heap(HeapCall(.free, pointer: heap + place, caller: base + 0x310, allocator: "free"))
  }

  struct Symbols: Symbolizer {
    var base: UInt64
    var suffix: String

    func function(containing address: UInt64) -> SymbolizedAddress? {
      guard (base..<base + 0x1000).contains(address) else { return nil }
      let start = (address - base) & ~0x1FF
      return SymbolizedAddress(name: "function\(start >> 9)\(suffix)", offset: address - base - start)
    }

    func isImage(_ address: UInt64) -> Bool { (base..<base + 0x10000).contains(address) }
  }

  func behaviour() throws -> String {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    for (index, payload) in events().enumerated() { try writer.append(payload, clock: Clock(index) * pace) }
    try writer.finish(
      RunEnd(
        reason: .debugExit, text: "exit \(pace)", steps: pace, clock: 1_000 * pace, exitValue: 16,
        reports: ["after serial \"never\": never came true"]))
    let rendering = EventRendering(symbolizer: Symbols(base: base, suffix: functionSuffix))
    return try Behaviour(trace: TraceReader(source: MemoryTraceSource(sink.bytes)), rendering: rendering).text
  }
}

@Suite struct BehaviourTests {
  @Test func textIsReadable() throws {
    // Written by hand from the rules in docs/TRACE_FORMAT.md.
    let expected = """
      orrery behaviour 2
      lanes: input interrupt exception map heap frame output mark
      end: debug exit, exit value 16
      report: after serial "never": never came true

      input
        vector 64 presented, after serial "ready>"

      interrupt, from devices
        vector 32, irq 0

      interrupt, scripted
        vector 64, scripted, after serial "ready>"

      exception, main
        page fault in function1, supervisor write to a page that is not present, cr2 0xdead_b000
        page fault handled

      map, main
        address space #a1, 4-level paging
        map 0x4444_4444_0000 +100 KiB 4K writable no-execute, frames #f1…#f25, flushed

      heap, main
        allocate 64 bytes aligned to 16 → #1
        allocate 64 bytes aligned to 16 → #2
        free #1 of 64 bytes
        free #2 of 64 bytes
        allocate 32 bytes aligned to 16 → #3
        free #3 of 32 bytes
        … these 2 lines 100 times in all

      heap, in the end
        every block was freed

      output, COM1, main
        "Hello\\n"
        "ready> "

      output, COM1, handler of page fault
        "fault\\n"

      output, screen in the end
        row 0 0x0f "Hi"

      output, exit
        exit value 16

      """
    #expect(try Kernel().behaviour() == expected)
  }

  @Test func rebuildThatMovesEverythingIsEqual() throws {
    let golden = try Kernel().behaviour()
    var rebuilt = Kernel()
    rebuilt.base = 0x31_0000
    rebuilt.pace = 173
    rebuilt.heap = 0x4444_4444_0040
    rebuilt.frames = 0x52_3000
    rebuilt.ticks = 9
    rebuilt.functionSuffix = ".llvm.12345"
    #expect(try rebuilt.behaviour() == golden)
    #expect(try compareBehaviour(golden: golden, actual: rebuilt.behaviour()).isEqual)
  }

  /// Each change of what the kernel does, and a line that must tell it.
  static let changes: [(name: String, line: String)] = [
    ("size", "+  allocate 65 bytes aligned to 16 → #1"),
    ("flag", "+  map 0x4444_4444_0000 +100 KiB 4K writable, frames #f1…#f25, flushed"),
    ("output", "+  \"Hallo\\n\""),
    ("missing output", "-  \"ready> \""),
    ("exception", "+  page fault in function1, supervisor read of a page that is not present, cr2 0xdead_b000"),
    ("order of frees", "+  free #1 of 64 bytes"),
    ("allocation", "+  allocate 24 bytes aligned to 16 → #1"),
    ("flush", "+  map 0x4444_4444_0000 +100 KiB 4K writable no-execute, frames #f1…#f25"),
    ("count", "+  … these 2 lines 101 times in all"),
    ("no interrupt", "-  vector 32, irq 0"),
  ]

  @Test(arguments: changes)
  func changeOfBehaviourIsTold(name: String, line: String) throws {
    let golden = try Kernel().behaviour()
    var changed = Kernel()
    switch name {
    case "size": changed.size = 65
    case "flag": changed.flags = .writable
    case "output": changed.text = "Hallo\nready> "
    case "missing output": changed.text = "Hello\n"
    case "exception": changed.errorCode = 0
    case "order of frees": changed.freesInOrder = false
    case "allocation": changed.extraAllocation = true
    case "flush": changed.flushes = false
    case "count": changed.repeats = 101
    default: changed.ticks = 0
    }
    let comparison = try compareBehaviour(golden: golden, actual: changed.behaviour())
    #expect(!comparison.isEqual)
    let lines = comparison.unified(context: 0).split(separator: "\n").map(String.init)
    #expect(lines.contains(line), "\(lines)")
    // Nothing but the change itself is told: at most the old and the new line of two places.
    #expect(comparison.counts.removed <= 2 && comparison.counts.added <= 2, "\(lines)")
  }

  @Test func unifiedShowsContextUnderTheSection() throws {
    var changed = Kernel()
    changed.size = 65
    let comparison = try compareBehaviour(golden: Kernel().behaviour(), actual: changed.behaviour())
    #expect(
      comparison.unified(context: 1) == """
        @@ heap, main @@
        -  allocate 64 bytes aligned to 16 → #1
        +  allocate 65 bytes aligned to 16 → #1
           allocate 64 bytes aligned to 16 → #2

        """)
  }

  @Test func goldenOfAnotherVersionIsRefused() throws {
    let error = #expect(throws: BehaviourError.self) {
      try compareBehaviour(golden: "orrery behaviour 0\n", actual: Kernel().behaviour())
    }
    #expect(error?.description.contains("orrery behaviour 0") == true)
  }

  @Test func lineEndsOfAnotherSystemDoNotMatter() throws {
    let text = try Kernel().behaviour()
    let saved = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    #expect(try compareBehaviour(golden: saved, actual: text).isEqual)
  }

  @Test func textInQuotesIsComparedToTheLetter() throws {
    var first = Kernel()
    first.text = "task #1\n done"
    var second = Kernel()
    second.text = "task #2\n done"
    #expect(try !compareBehaviour(golden: first.behaviour(), actual: second.behaviour()).isEqual)
  }

  @Test func cutRecordingSaysSo() throws {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    try writer.append(.exitValue(1), clock: 0)
    try writer.flush()
    let reader = try TraceReader(source: MemoryTraceSource(sink.bytes))
    #expect(try Behaviour(trace: reader, rendering: EventRendering()).text.contains("end: the recording was cut short"))
  }
}

/// The behaviour of a trace of `payloads`, one clock apart.
private func behaviour(_ payloads: [Payload], pace: Clock = 1) throws -> String {
  let sink = MemoryTraceSink()
  let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
  for (index, payload) in payloads.enumerated() { try writer.append(payload, clock: Clock(index) * pace) }
  try writer.finish(RunEnd(reason: .idle, text: "", steps: 0, clock: 0))
  return try Behaviour(trace: TraceReader(source: MemoryTraceSource(sink.bytes)), rendering: EventRendering()).text
}

/// The lines of one section of a behaviour.
private func section(_ title: String, _ text: String) -> [String] {
  let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
  guard let start = parts.firstIndex(of: title[...]) else { return [] }
  return parts[(start + 1)...].prefix { $0.hasPrefix("  ") }.map { String($0.dropFirst(2)) }
}

@Suite struct BehaviourLaneTests {
  private func allocate(_ index: Int) -> Payload {
    .heap(HeapCall(.allocate, pointer: 0x1000 + UInt64(index) * 32, size: 24, caller: 0, allocator: "malloc"))
  }

  private func free(_ index: Int) -> Payload {
    .heap(HeapCall(.free, pointer: 0x1000 + UInt64(index) * 32, caller: 0, allocator: "free"))
  }

  @Test func orderOfFreesShowsInAFoldedRun() throws {
    let blocks = 0..<20
    let first = try behaviour(blocks.map(allocate) + blocks.map(free))
    #expect(
      section("heap, main", first) == [
        "allocate 24 bytes → #1", "… this line 20 times in all", "free #1 of 24 bytes",
        "… this line 20 times in all, up to",
        "free #20 of 24 bytes",
      ])
    let last = try behaviour(blocks.map(allocate) + blocks.reversed().map(free))
    #expect(
      section("heap, main", last).suffix(3) == [
        "free #20 of 24 bytes", "… this line 20 times in all, up to", "free #1 of 24 bytes",
      ])
    #expect(try !compareBehaviour(golden: first, actual: last).isEqual)
  }

  @Test func memoryErrorsAreTold() throws {
    let text = try behaviour([allocate(0), free(0), free(0), free(7)])
    #expect(
      section("heap, main", text) == [
        "allocate 24 bytes → #1", "free #1 of 24 bytes", "free #1 again of 24 bytes",
        "free an address that is no block",
      ])
  }

  @Test func whatIsNeverFreedIsToldInTheEnd() throws {
    func left(_ payloads: [Payload]) throws -> [String] { try section("heap, in the end", behaviour(payloads)) }
    #expect(try left([allocate(0), allocate(1), free(0)]) == ["1 block of 24 bytes never freed"])
    #expect(try left([allocate(0), allocate(1)]) == ["2 blocks of 48 bytes never freed"])
    #expect(try left([allocate(0), free(0), allocate(0), free(0), free(0), free(7)]) == ["every block was freed"])
    // Handed out twice without a return between: there is one block at that place.
    #expect(try left([allocate(0), allocate(0)]) == ["1 block of 24 bytes never freed"])
    #expect(try left([free(0)]) == [])
  }

  @Test func framesHaveTheNumbersOfTheMap() throws {
    func frame(_ operation: FrameCall.Operation, _ address: UInt64?) -> Payload {
      .frame(FrameCall(operation, frame: address.map { PhysicalAddress($0) }, caller: 0, allocator: "take"))
    }
    let change = MapChange(
      .mapped, start: LinearAddress(0x5000_0000), physical: PhysicalAddress(0x20_1000), flags: .writable)
    let text = try behaviour([
      frame(.allocate, 0x20_0000), frame(.allocateZeroed, 0x20_1000), .map(change), frame(.free, 0x20_0000),
      frame(.allocate, nil),
    ])
    #expect(
      section("frame, main", text) == [
        "allocate frame #f1", "allocate zeroed frame #f2", "free frame #f1", "allocate frame failed",
      ])
    #expect(section("map, main", text) == ["map 0x5000_0000 +4 KiB 4K writable, frame #f2"])
  }

  @Test func faultThatIsNotDeliveredIsToldBeforeWhatCameOfIt() throws {
    let text = try behaviour([
      .undelivered(ExceptionDelivery(vector: 14, errorCode: 2, cr2: 0xDEAD_B000, rip: 0x1000)),
      .exception(ExceptionDelivery(vector: 8, errorCode: 0, rip: 0x1000)),
    ])
    #expect(
      section("exception, main", text) == [
        "page fault in 0x0000_1000, supervisor write to a page that is not present, cr2 0xdead_b000, not delivered",
        "double fault in 0x0000_1000, error 0x0",
      ])
  }

  @Test func blocksOfHandlersHaveTheirOwnNumbers() throws {
    // Whenever the handler allocates, the main flow's numbers stay the same.
    let handler: [Payload] = [
      .interrupt(vector: 33, source: .line(1), rip: 0), allocate(9), .interruptReturn(vector: 33, rip: 0, openAbove: 0),
    ]
    let early = try behaviour(handler + [allocate(1), allocate(2), free(9)])
    let late = try behaviour([allocate(1)] + handler + [allocate(2), free(9)])
    #expect(early == late)
    #expect(
      section("heap, main", early) == ["allocate 24 bytes → #1", "allocate 24 bytes → #2", "free #h33.1 of 24 bytes"])
    #expect(section("heap, handler of vector 33", early) == ["allocate 24 bytes → #h33.1"])
  }

  @Test func keysOfOneCauseAreOneLine() throws {
    func key(_ code: UInt16, _ isPressed: Bool, _ cause: String) -> Payload {
      .input(.key(Key(rawValue: code), isPressed: isPressed), point: .boundary, cause: cause)
    }
    let text = try behaviour([
      key(0x2A, true, "at 1 ms"), key(0x1E, true, "at 1 ms"), key(0x1E, false, "at 1 ms"), key(0x2A, false, "at 1 ms"),
      key(0x1F, true, ""), .input(.serial(port: 0, byte: 0x41), point: .boundary, cause: ""),
      .input(.serial(port: 0, byte: 0x0A), point: .boundary, cause: ""),
    ])
    #expect(
      section("input", text) == ["keys 0x2a↓ 0x1e 0x2a↑, at 1 ms", "key 0x1f↓, live", "COM1 receives \"A\\n\", live"])
  }

  @Test func screenIsToldAsItIsInTheEnd() throws {
    // However the changes were cut, and whatever was there meanwhile.
    let text = try behaviour([
      .screen(row: 1, column: 0, cells: [0x58, 7, 0x58, 7]), .screen(row: 1, column: 0, cells: [0x48, 7]),
      .screen(row: 1, column: 1, cells: [0x69, 7, 0x20, 7]), .screen(row: 1, column: 4, cells: [0x21, 0x4E]),
      .screen(row: 2, column: 0, cells: [0x20, 7, 0, 7]),
    ])
    #expect(section("output, screen in the end", text) == ["row 1 0x07 \"Hi  \" 0x4e \"!\""])
  }

  @Test func sharedFramesKeepTheirNumbers() throws {
    func map(_ start: UInt64, _ frame: UInt64) -> Payload {
      .map(MapChange(.mapped, start: LinearAddress(start), physical: PhysicalAddress(frame), flags: .writable))
    }
    let text = try behaviour([map(0x5000_0000, 0x20_0000), map(0x6000_0000, 0x20_7000), map(0x7000_0000, 0x20_0000)])
    #expect(
      section("map, main", text) == [
        "map 0x5000_0000 +4 KiB 4K writable, frame #f1", "map 0x6000_0000 +4 KiB 4K writable, frame #f2",
        "map 0x7000_0000 +4 KiB 4K writable, frame #f1",
      ])
  }

  @Test func pageThatIsNotFlushedIsToldApart() throws {
    func page(_ index: UInt64, isFlushed: Bool) -> [Payload] {
      let start = LinearAddress(0x5000_0000 + index << 12)
      let change = MapChange(
        .permission, start: start, physical: PhysicalAddress(0x20_0000 + index << 12), flags: [],
        previousFlags: .writable)
      return isFlushed ? [.map(change), .invalidatePage(start)] : [.map(change)]
    }
    let text = try behaviour((0..<4).flatMap { page($0, isFlushed: $0 != 2) })
    #expect(
      section("map, main", text) == [
        "permission 0x5000_0000 +8 KiB 4K read-only, was writable, frames #f1…#f2, flushed",
        "permission 0x5000_2000 +4 KiB 4K read-only, was writable, frame #f3, not flushed",
        "permission 0x5000_3000 +4 KiB 4K read-only, was writable, frame #f4, flushed",
      ])
  }

  @Test func loadOfCR3FlushesEverything() throws {
    let unmapped = MapChange(
      .unmapped, start: LinearAddress(0x5000_0000), physical: PhysicalAddress(0x20_0000), flags: .writable)
    let space = Payload.addressSpace(root: PhysicalAddress(0x1000), mode: .fourLevel)
    let line = "unmap 0x5000_0000 +4 KiB 4K writable, frame #f1"
    #expect(try section("map, main", behaviour([.map(unmapped), space])).first == line)
    // A change made while another tree was active is found when this one is loaded.
    #expect(try section("map, main", behaviour([space, .map(unmapped)], pace: 0)).last == line)
    #expect(try section("map, main", behaviour([space, .map(unmapped)])).last == line + ", not flushed")
  }

  @Test func longSectionsEndWithAHash() throws {
    // No pattern: sizes that never repeat.
    func lines(_ change: UInt64?) throws -> [String] {
      let payloads = (1...2_100 as ClosedRange<UInt64>).map { index -> Payload in
        let size = index == change ? 1 : index * index
        return .heap(HeapCall(.allocate, pointer: index << 20, size: size, caller: 0, allocator: "malloc"))
      }
      return try section("heap, main", behaviour(payloads))
    }
    let whole = try lines(nil)
    #expect(whole.count == 2_001)
    #expect(whole.last?.hasPrefix("… 100 more lines, hash ") == true)
    #expect(try lines(2_050).last != whole.last)
  }
}

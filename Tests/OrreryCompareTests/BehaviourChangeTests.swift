import OrreryBase
import OrreryCompare
import OrreryTrace
import Testing

/// Changes of a behaviour, told in words. What is expected is written by hand from the words of the domain.
@Suite struct BehaviourChangeTests {
  private func text(_ sections: [(title: String, lines: [String])], end: String = "idle for ever") -> String {
    var lines = ["orrery behaviour 2", "lanes: heap", "end: \(end)"]
    for section in sections { lines += ["", section.title] + section.lines.map { "  " + $0 } }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The changes of one section.
  private func changes(_ title: String, _ old: [String], _ new: [String]) throws -> [String] {
    try compareBehaviour(golden: text([(title, old)]), actual: text([(title, new)])).changes().map(\.description)
  }

  @Test func equalBehavioursHaveNoChanges() throws {
    let line = ["allocate 16 bytes → #1", "free #1 of 16 bytes"]
    #expect(try changes("heap, main", line, line).isEmpty)
    // Numbers are names: which number a block has is no behaviour.
    #expect(try changes("heap, main", line, ["allocate 16 bytes → #7", "free #7 of 16 bytes"]).isEmpty)
  }

  static let words: [(section: String, old: [String], new: [String], words: [String])] = [
    ("heap, main", [], ["allocate 4096 bytes → #1"], ["+ heap: allocates 4096 bytes → #1"]),
    ("heap, main", ["free #1 of 8 bytes"], [], ["- heap: no longer frees old #1 of 8 bytes"]),
    (
      "heap, main", ["allocate 64 bytes aligned to 16 → #1"], ["allocate 65 bytes aligned to 16 → #1"],
      ["~ heap: allocates 65 bytes aligned to 16 → #1, was 64 bytes"]
    ),
    (
      "heap, main", ["allocate 64 bytes aligned to 16 → #1"], ["allocate 64 bytes aligned to 32 → #1"],
      ["~ heap: allocates 64 bytes aligned to 32 → #1, was aligned to 16"]
    ),
    // What was there before is given as it was written, never as a fragment of it.
    ("mark", ["\"task 0 wokeN\""], ["\"task 0 woken\""], ["~ mark: \"task 0 woken\", was \"task 0 wokeN\""]),
    ("mark", ["\"tusk 0 woken\""], ["\"task 0 woken\""], ["~ mark: \"task 0 woken\", was \"tusk 0 woken\""]),
    ("mark", ["\"task 0 \\\"\""], ["\"task 0 woken\""], ["~ mark: \"task 0 woken\", was \"task 0 \\\"\""]),
    (
      "heap, handler of page fault", [], ["allocate 8 bytes → #1"],
      ["+ heap, handler of page fault: allocates 8 bytes → #1"]
    ),
    (
      "map, main", ["map 0x4444_4444_0000 +100 KiB 4K writable, frames #f1…#f25"],
      ["map 0x4444_4444_0000 +100 KiB 4K writable no-execute, frames #f1…#f25"],
      ["~ map: maps 0x4444_4444_0000 +100 KiB: now no-execute"]
    ),
    (
      "map, main", ["unmap 0x5000_0000 +4 KiB 4K writable, frame #f1, flushed"],
      ["unmap 0x5000_0000 +4 KiB 4K writable, frame #f1, not flushed"],
      ["~ map: unmaps 0x5000_0000 +4 KiB: not flushed, was flushed"]
    ),
    (
      "map, main", ["map pages of the image writable"], ["map pages of the image read-only no-execute"],
      ["~ map: maps pages of the image: now read-only no-execute; no longer writable"]
    ),
    ("interrupt, from devices", [], ["vector 33, irq 1"], ["+ interrupt: irq 1 delivered (vector 33)"]),
    (
      "interrupt, from devices", ["vector 32, irq 0"], [], ["- interrupt: irq 0 no longer delivered (vector 32)"]
    ),
    (
      "output, screen in the end", ["row 3 0x07 \"ready\"", "row 4 0x07 \"x\""],
      ["row 3 0x07 \"reedy\"", "row 4 0x4e \"x\""],
      ["~ screen: line 3: \"reedy\", was \"ready\"", "~ screen: line 4: 0x4e \"x\", was \"x\""]
    ),
    ("output, COM1, main", ["\"a\\n\""], ["\"b\\n\""], ["~ output, COM1: \"b\\n\", was \"a\\n\""]),
    (
      "heap, in the end", ["1 block of 128 bytes never freed"], ["2 blocks of 192 bytes never freed"],
      ["~ heap, in the end: 2 blocks of 192 bytes never freed, was 1 block of 128 bytes"]
    ),
    (
      "output, screen in the end", ["row 2 0x07 \"ready\""], ["row 3 0x07 \"ready\""],
      ["> screen: line 3: \"ready\", was line 2"]
    ),
    (
      "interrupt, scripted", [], ["vector 32, scripted, at 70 ms"],
      ["+ interrupt, scripted: scripted interrupt delivered at 70 ms (vector 32)"]
    ),
    (
      "heap, main", ["… 24025 more lines, hash c6cf"], ["… 24026 more lines, hash 448e"],
      [
        "~ heap: what comes after the lines told here is otherwise: 24026 more lines, hash 448e, "
          + "was 24025 more lines, hash c6cf"
      ]
    ),
    ("exception, main", ["page fault handled"], [], ["- exception: page fault no longer handled"]),
    (
      "exception, main", ["divide error in f"], ["page fault in f"],
      ["- exception: no divide error in f", "+ exception: page fault in f"]
    ),
    (
      "heap, main", ["allocate 8 bytes → #1", "… this line 20 times in all"],
      ["allocate 8 bytes → #1", "… this line 21 times in all"],
      ["~ heap: allocates 8 bytes 21 times, was 20 times"]
    ),
    (
      "map, main", ["map 0x4444_0000_0000 +12 KiB 4K writable no-execute, frames #f1…#f3"],
      ["map 0x4444_0000_0000 +8 KiB 4K writable no-execute, frames #f1…#f2"],
      ["~ map: maps 0x4444_0000_0000 +8 KiB: was +12 KiB"]
    ),
    (
      // The same is done once more later.
      "heap, main",
      [
        "allocate 8 bytes → #1", "… this line 20 times in all", "allocate 16 bytes → #50", "allocate 8 bytes → #51",
      ],
      [
        "allocate 8 bytes → #1", "… this line 21 times in all", "allocate 16 bytes → #50", "allocate 8 bytes → #51",
      ],
      ["~ heap: allocates 8 bytes 21 times in a row, was 20 times in a row"]
    ),
  ]

  @Test(arguments: words)
  func changeIsToldInWords(section: String, old: [String], new: [String], words: [String]) throws {
    #expect(try changes(section, old, new) == words)
  }

  @Test func whatIsDoneElsewhereIsMoved() throws {
    let old = ["\"a\"", "\"b\"", "\"c\"", "\"d\""]
    #expect(
      try changes("mark, main", old, ["\"b\"", "\"c\"", "\"d\"", "\"a\""]) == [
        "> mark: \"a\", now after `\"d\"`, was first"
      ])
    let result = try compareBehaviour(
      golden: text([("heap, main", ["free #1 of 8 bytes"])]),
      actual: text([("heap, handler of page fault", ["free #1 of 8 bytes"])])
    ).changes()
    #expect(
      result.map(\.description) == [
        "> heap, handler of page fault: frees #1 of 8 bytes, now in `heap, handler of page fault`, was in `heap, main`"
      ])
    // Another lane is another thing.
    let other = try compareBehaviour(
      golden: text([("mark, main", ["\"x\""])]), actual: text([("output, COM1, main", ["\"x\""])])
    ).changes()
    #expect(other.map(\.kind) == [.removed, .added])
  }

  @Test func sameOperationOnAnotherBlockIsAChange() throws {
    let allocations = ["allocate 8 bytes → #1", "allocate 8 bytes → #2"]
    let result = try changes(
      "heap, main", allocations + ["free #1 of 8 bytes", "free #2 of 8 bytes"],
      allocations + ["free #2 of 8 bytes", "free #1 of 8 bytes"])
    #expect(
      result == ["> heap: frees #1 of 8 bytes, now after `free #2 of 8 bytes`, was after `allocate 8 bytes → #2`"])
  }

  @Test func equalChangesInARowAreOne() throws {
    let result = try changes("output, COM1, main", [], ["\"x\"", "\"x\"", "\"x\""])
    #expect(result == ["+ output, COM1: \"x\", 3 times"])
  }

  @Test func endOfTheRunIsToldAsOne() throws {
    let result = try compareBehaviour(golden: text([]), actual: text([], end: "triple fault")).changes()
    #expect(result.map(\.description) == ["~ run: ends with triple fault, was idle for ever"])
  }

  // MARK: Which block is which

  /// The allocations and frees of `a`, `b`, … in the order of a program, numbered as they come.
  private func heap(_ program: String) -> [String] {
    var numbers: [Character: Int] = [:]
    return program.split(separator: " ").map { step in
      let block = step.last!
      let size = block == "d" ? 32 : 16
      if step.hasPrefix("+") {
        numbers[block] = numbers.count + 1
        return "allocate \(size) bytes → #\(numbers[block]!)"
      }
      return "free #\(numbers[block]!) of \(size) bytes"
    }
  }

  private static let program = "+a +b -a +c +d -c -b +e -d +f -f -e"

  @Test(arguments: [
    ("+z +a +b -a +c +d -c -b +e -d +f -f -e", ["+ heap: allocates 16 bytes → #1"]),
    (
      "+z +a +b -a +c +d -c -b +e -d +f -f -e -z",
      ["+ heap: allocates 16 bytes → #1", "+ heap: frees #1 of 16 bytes"]
    ),
    (
      "+a +b -a +c +z +d -c -b +e -d +f -f -e -z",
      ["+ heap: allocates 16 bytes → #4", "+ heap: frees #4 of 16 bytes"]
    ),
    ("+a +b -a +c +d -c -b +e +f -f -e", nil),
    (
      "+a +b -a +c +d -c -b +e -d -e +f -f",
      ["> heap: frees #5 of 16 bytes, now after `free #4 of 32 bytes`, was after `free #6 of 16 bytes`"]
    ),
  ])
  func oneMoreBlockMakesNoOtherBlockAnother(program: String, expected: [String]?) throws {
    let result = try changes("heap, main", heap(Self.program), heap(program))
    if let expected {
      #expect(result == expected)
    } else {
      #expect(result == ["- heap: no longer frees #4 of 32 bytes"])
    }
  }

  @Test func frameThatIsMappedElsewhereIsFoundByItsPage() throws {
    func text(_ pages: [Int]) -> String {
      self.text([
        (
          "map, handler of page fault",
          pages.enumerated().map { "map 0x\($1)000 +4 KiB 4K writable, frame #f\($0 + 1), flushed" }
        ),
        ("frame, handler of page fault", pages.indices.map { "allocate frame #f\($0 + 1)" }),
      ])
    }
    let result = try compareBehaviour(golden: text([1, 3, 4, 7]), actual: text([1, 2, 3, 4, 7])).changes()
    #expect(
      result.map(\.description) == [
        "+ map, handler of page fault: maps 0x2000 +4 KiB 4K writable, frame #f2, flushed",
        "+ frame, handler of page fault: allocates frame #f2",
      ])
  }

  @Test func neighboursThatChangeAlikeAreChangedOneByOne() throws {
    func pages(_ flags: String) -> [String] {
      (0..<3).map { "map 0x4444_000\($0)_0000 +12 KiB 4K \(flags), frames #f\(1 + 3 * $0)…#f\(3 + 3 * $0), flushed" }
    }
    #expect(
      try changes("map, handler of page fault", pages("writable no-execute"), pages("writable user no-execute"))
        == (0..<3).map { "~ map, handler of page fault: maps 0x4444_000\($0)_0000 +12 KiB: now user" })
  }

  @Test func threeTimesAndFourTimesAreNumbers() throws {
    let three = (1...3).map { "allocate 16 bytes → #h33.\($0)" }
    #expect(
      try changes("heap, handler of vector 33", three, [three[0], "… this line 4 times in all"])
        == ["~ heap, handler of vector 33: allocates 16 bytes 4 times, was 3 times"])
  }

  // MARK: Size

  /// Rounds of 20 allocations and as many frees, as a golden tells them.
  private func rounds(_ count: Int, size: Int) -> [String] {
    (0..<count).flatMap { round in
      [
        "allocate \(size) bytes → #\(20 * round + 1)", "… this line 20 times in all",
        "free #\(20 * round + 20) of \(size) bytes", "… this line 20 times in all, up to",
        "free #\(20 * round + 1) of \(size) bytes",
      ]
    }
  }

  @Test(arguments: [3, 300])
  func aSizeIsOneChangeHoweverOftenItIsUsed(count: Int) throws {
    let comparison = try compareBehaviour(
      golden: text([("heap, main", rounds(count, size: 16)), ("mark, main", ["\"x\""])]),
      actual: text([("heap, main", rounds(count, size: 24)), ("mark, main", ["\"x\""])]))
    let result = comparison.changes()
    #expect(
      result.allSatisfy { $0.words == "allocates 24 bytes → \($0.new?.split(separator: " ").last ?? ""), was 16 bytes" }
    )
    #expect(result.count == (count == 3 ? 3 : 1))
    #expect(result.reduce(0) { $0 + $1.count } == 20 * count)
    if count > 3 {
      #expect(result.first?.description == "~ heap: allocates 24 bytes → #1, was 16 bytes, first of 6_000 times")
    }
  }

  @Test func lanesOfOneSideAreLeftOutAndNamed() throws {
    let full = """
      orrery behaviour 2
      lanes: input heap
      end: idle for ever

      input
        key A, at 1 ms

      heap, main
        allocate 16 bytes → #1

      """
    let input = """
      orrery behaviour 2
      lanes: input
      end: idle for ever

      input
        key A, at 1 ms

      """
    #expect(
      try compareBehaviour(golden: full, actual: input).changes().map(\.description)
        == ["~ run: only one side recorded heap; not compared"])
  }

  @Test func exitValueIsToldWithTheEnd() throws {
    func ended(_ value: Int) -> String {
      text([("output, exit", ["exit value \(value)"])], end: "debug exit, exit value \(value)")
    }
    #expect(
      try compareBehaviour(golden: ended(1), actual: ended(2)).changes().map(\.description)
        == ["~ run: ends with debug exit, exit value 2, was debug exit, exit value 1"])
  }

  @Test func summaryCountsByLaneAndKind() throws {
    let comparison = try compareBehaviour(
      golden: text([("heap, main", ["free #1 of 8 bytes"]), ("map, main", ["paging off"])]),
      actual: text([
        ("heap, main", ["allocate 8 bytes → #1", "allocate 8 bytes → #2", "allocate 8 bytes → #2"]),
        ("map, main", ["paging off", "bulk change of 4 ranges"]),
      ]))
    #expect(
      BehaviourComparison.summary(of: comparison.changes()) == "heap: 3 added, 1 removed; map: 1 added")
  }

  /// Every line that differs is told exactly once, whatever the sequences.
  @Test(arguments: 0..<200)
  func everyLineIsToldOnce(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let sizes = [8, 16, 24]
    func lines() -> [String] {
      (0..<Int.random(in: 0...30, using: &random)).map { _ in
        let size = sizes.randomElement(using: &random)!
        return Bool.random(using: &random) ? "allocate \(size) bytes → #\(size)" : "free #\(size) of \(size) bytes"
      }
    }
    let comparison = try compareBehaviour(
      golden: text([("heap, main", lines())]), actual: text([("heap, main", lines())]))
    let changes = comparison.changes()
    let old = changes.reduce(0) { $0 + ($1.old == nil ? 0 : $1.count) }
    let new = changes.reduce(0) { $0 + ($1.new == nil ? 0 : $1.count) }
    #expect(old == comparison.counts.removed && new == comparison.counts.added)
    #expect(changes.isEmpty == comparison.isEqual)
  }

  @Test func originsNameTheEventAndTheFunction() throws {
    struct Symbols: Symbolizer {
      func function(containing address: UInt64) -> SymbolizedAddress? {
        address == 0x1234 ? SymbolizedAddress(name: "Shell.run", offset: 0) : nil
      }
      func isImage(_ address: UInt64) -> Bool { false }
    }
    func behaviour(_ payloads: [Payload]) throws -> Behaviour {
      let sink = MemoryTraceSink()
      let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
      for (index, payload) in payloads.enumerated() { try writer.append(payload, clock: Clock(10 * index)) }
      try writer.finish(RunEnd(reason: .idle, text: "", steps: 0, clock: 0))
      return try Behaviour(
        trace: TraceReader(source: MemoryTraceSource(sink.bytes)), rendering: EventRendering(symbolizer: Symbols()))
    }
    let ready = Array("Hello\r\nready> ".utf8).map { Payload.serial(port: 0, bytes: [$0]) }
    let key = Payload.interrupt(vector: 33, source: .line(1), rip: 0)
    let back = Payload.interruptReturn(vector: 33, rip: 0, openAbove: 0)
    let allocation = Payload.heap(
      HeapCall(.allocate, pointer: 0x1000, size: 4096, caller: 0x1234, allocator: "malloc"))
    let golden = try behaviour(ready)
    let changed = try behaviour(ready + [key, back, allocation])
    let changes = try compareBehaviour(golden: golden, actual: changed).changes()
    #expect(
      changes.map(\.description) == [
        "+ interrupt: irq 1 delivered (vector 33), first after \"ready>\"",
        "+ heap: `Shell.run` allocates 4096 bytes → #1", "+ heap, in the end: 1 block of 4 KiB never freed",
      ])
    #expect(changes[1].origin?.sequence == 16 && changes[1].origin?.clock == 160)
    let early = try behaviour([key, back] + ready)
    #expect(
      try compareBehaviour(golden: golden, actual: early).changes().first?.words
        == "irq 1 delivered (vector 33), first before any output")
    // Where a line comes from is shown and not compared.
    let later = try behaviour([.serial(port: 1, bytes: [])] + ready)
    #expect(golden.text == later.text && golden == later)
  }
}

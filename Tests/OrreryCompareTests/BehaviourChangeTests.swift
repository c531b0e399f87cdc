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
    ("heap, main", ["free #1 of 8 bytes"], [], ["- heap: no longer frees #1 of 8 bytes"]),
    (
      "heap, main", ["allocate 64 bytes aligned to 16 → #1"], ["allocate 65 bytes aligned to 16 → #1"],
      ["~ heap: allocates 65 bytes aligned to 16 → #1 (was `64`)"]
    ),
    // Of a quoted text that is the same but for a word, only the word: a quotation mark belongs to the whole.
    ("mark", ["\"task 0 wokeN\""], ["\"task 0 woken\""], ["~ mark: \"task 0 woken\" (was `wokeN`)"]),
    ("mark", ["\"tusk 0 woken\""], ["\"task 0 woken\""], ["~ mark: \"task 0 woken\" (was `tusk`)"]),
    ("mark", ["\"task 0 \\\"\""], ["\"task 0 woken\""], ["~ mark: \"task 0 woken\" (was `\\\"`)"]),
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
      "exception, main", ["divide error in f"], ["page fault in f"],
      ["- exception: no divide error in f", "+ exception: page fault in f"]
    ),
    (
      "heap, main", ["allocate 8 bytes → #1", "… this line 20 times in all"],
      ["allocate 8 bytes → #1", "… this line 21 times in all"],
      ["~ heap: this line 21 times in all, was this line 20 times in all"]
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
    #expect(result == ["~ heap: frees #2 of 8 bytes (was `#1`)", "~ heap: frees #1 of 8 bytes (was `#2`)"])
  }

  @Test func equalChangesInARowAreOne() throws {
    let result = try changes("output, COM1, main", [], ["\"x\"", "\"x\"", "\"x\""])
    #expect(result == ["+ output, COM1: \"x\", 3 times"])
  }

  @Test func endOfTheRunIsToldAsOne() throws {
    let result = try compareBehaviour(golden: text([]), actual: text([], end: "triple fault")).changes()
    #expect(result.map(\.description) == ["~ run: ends with triple fault, was idle for ever"])
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

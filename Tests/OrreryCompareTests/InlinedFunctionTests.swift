import OrreryBase
import OrreryTrace
import Testing

@testable import OrreryCompare

/// Faults of a function that one kernel has and the other has inlined.
@Suite struct InlinedFunctionTests {
  /// Functions of 256 bytes each from 0x1000 on.
  private struct Symbols: Symbolizer {
    var names: [String]
    var isKnown = true

    func function(containing address: UInt64) -> SymbolizedAddress? {
      guard address >= 0x1000, address < 0x1000 + UInt64(names.count) * 256 else { return nil }
      return SymbolizedAddress(name: names[Int((address - 0x1000) >> 8)], offset: address & 0xFF)
    }

    var functionNames: [String]? { isKnown ? names : nil }
  }

  /// A kernel whose functions fault, in order, each with the address it is about; the handlers return to where they came from.
  private func behaviour(
    _ functions: [String], faults: [(function: String, cr2: UInt64)], isKnown: Bool = true
  ) throws -> Behaviour {
    let sink = MemoryTraceSink()
    let writer = try TraceWriter(header: TraceHeader(revision: "pc-1"), sink: sink)
    var clock: Clock = 0
    for fault in faults {
      // No symbol is at 0x9000.
      let rip = functions.firstIndex(of: fault.function).map { 0x1000 + UInt64($0) * 256 } ?? 0x9000
      let delivery = ExceptionDelivery(vector: 14, errorCode: 2, cr2: fault.cr2, rip: rip)
      for payload in [Payload.exception(delivery), .exceptionReturn(vector: 14, rip: rip, openAbove: 0)] {
        try writer.append(payload, clock: clock)
        clock += 10
      }
    }
    try writer.finish(RunEnd(reason: .idle, text: "", steps: 0, clock: clock))
    let symbols = Symbols(names: functions, isKnown: isKnown)
    return try Behaviour(
      trace: TraceReader(source: MemoryTraceSource(sink.bytes)), rendering: EventRendering(symbolizer: symbols))
  }

  private func words(_ golden: Behaviour, _ actual: Behaviour) throws -> [String] {
    let comparison = try compareBehaviour(golden: golden, actual: actual)
    let words = comparison.changes().map(\.description)
    #expect(words.isEmpty == comparison.isEqual)
    return words
  }

  @Test func faultsOfAnInlinedFunctionAreTheSame() throws {
    let faults: [UInt64] = [0xA000, 0xB000, 0xA000, 0xC000]
    let apart = try behaviour(["main", "task"], faults: faults.map { ("task", $0) })
    let inlined = try behaviour(["main"], faults: faults.map { ("main", $0) })
    #expect(try words(apart, inlined) == [])
    #expect(try words(inlined, apart) == [])
    // A golden does not know which functions its kernel had: only what the new kernel lost is known then.
    #expect(try words(Behaviour(text: apart.text), inlined) == [])
    #expect(try !words(Behaviour(text: inlined.text), apart).isEmpty)
  }

  @Test func whatElseIsToldOfThemIsCompared() throws {
    let apart = try behaviour(["main", "task"], faults: [("task", 0xA000), ("task", 0xB000)])
    let inlined = try behaviour(["main"], faults: [("main", 0xA000), ("main", 0xD000)])
    #expect(try words(apart, inlined).count == 1)
    let fewer = try behaviour(["main"], faults: [("main", 0xA000)])
    #expect(try words(apart, fewer).allSatisfy { $0.hasPrefix("- exception") })
    #expect(try !words(apart, fewer).isEmpty)
  }

  @Test func faultsOfFunctionsThatBothKernelsHaveStayDifferent() throws {
    let both = ["main", "task", "shell"]
    let first = try behaviour(both, faults: [("task", 0xA000)])
    let second = try behaviour(both, faults: [("shell", 0xA000)])
    #expect(try words(first, second).count == 1)
    // Beside one that is gone, too.
    let old = try behaviour(both, faults: [("task", 0xA000), ("shell", 0xB000)])
    let new = try behaviour(["main", "shell"], faults: [("main", 0xA000), ("main", 0xB000)])
    let changes = try words(old, new)
    #expect(changes.count == 1 && changes.first?.contains("shell") == true)
  }

  @Test func codeWithoutASymbolIsNoInlinedFunction() throws {
    let named = try behaviour(["main", "task"], faults: [("task", 0xA000)])
    let astray = try behaviour(["main", "task"], faults: [("nowhere", 0xA000)])
    #expect(try !words(named, astray).isEmpty)
    #expect(try !words(astray, named).isEmpty)
    #expect(try words(astray, astray) == [])
  }

  @Test func imagesWithoutSymbolsProveNothing() throws {
    let known = try behaviour(["main", "task"], faults: [("task", 0xA000)], isKnown: false)
    let other = try behaviour(["main"], faults: [("main", 0xA000)], isKnown: false)
    #expect(try !words(known, other).isEmpty)
  }

  @Test(arguments: [
    ("  page fault in Heap.grow, supervisor write to a page that is not present, cr2 0x5000", "Heap.grow"),
    ("  general protection in parse(int, int), error 0x18", "parse(int, int)"),
    ("  breakpoint in debug, by software", "debug"), ("  divide error in kmain", "kmain"),
    ("  divide error in kmain, not delivered", "kmain"), ("  page fault handled, returns to recover", "recover"),
    ("  triple fault, last of it page fault in kmain, cr2 0x0", "kmain"),
  ])
  func functionIsFoundInEveryLine(row: String, function: String) throws {
    let range = try #require(InlinedFunctions.range(in: row[...]))
    #expect(row[range] == function)
  }
}

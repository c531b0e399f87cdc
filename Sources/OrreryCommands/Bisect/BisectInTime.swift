import ArgumentParser
import Orrery
import OrreryTrace

/// `orrery bisect TRACE --when …` and `orrery bisect TRACE TRACE`: where in a run something begins.
struct BisectInTimeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Finds the first instruction after which this is true of the machine.",
      discussion: """
        Values: numbers, registers, clock (also against 5ms), steps, byte at ADDRESS (or word, dword, qword; at physical ADDRESS), interrupts VECTOR, exceptions VECTOR; each \
        with & MASK. ADDRESS is a number, or a symbol + offset. What is not mapped or no memory compares as false. Conditions: comparisons \
        (== != < <= > >=), mapped ADDRESS (by page tables, so false while paging is off), reached SYMBOL hit N; with not, and, or, parentheses.

        The first time is found exactly, however often it becomes false again: memory and page tables are looked at whenever they change. While the \
        outcome hangs on a register, every instruction is looked at, at some hundred times the cost, and bytes that change all the time are no cheaper; \
        --monotonic is fast with anything that stays true. Bits that the processor itself sets in page tables \
        (accessed, dirty) are seen with the next other change.
        """, valueName: "condition"))
  var when: String?

  @Flag(
    help:
      "Says that the condition stays true once it is: it is looked at every million steps, then by halving. Exact only if so."
  )
  var monotonic = false

  /// There is no trace to search.
  func refuse() throws {
    guard when == nil, !monotonic else { throw ValidationError("--when: say which trace is searched") }
  }

  /// Whether it is said what to search for in `traces`.
  func validate(_ traces: [String]) throws {
    switch (traces.count, when) {
    case (1, _?): break
    case (2, nil): if monotonic { throw ValidationError("--monotonic goes with --when") }
    case (1, nil):
      throw ValidationError("with one trace, say what to look for: --when 'byte at 0x10_0000 == 7'")
    case (2, _): throw ValidationError("--when looks through one trace, and two were given")
    default: throw ValidationError("expected one trace with --when, or two traces to compare")
    }
  }

  /// Searches one trace, or where two part.
  func run(_ traces: [String], json: Bool) throws {
    if let when {
      try PredicateBisect(path: traces[0], when: when, isMonotonic: monotonic, isJSON: json).run()
    } else {
      try DivergenceBisect(firstPath: traces[0], secondPath: traces[1], isJSON: json).run()
    }
  }
}

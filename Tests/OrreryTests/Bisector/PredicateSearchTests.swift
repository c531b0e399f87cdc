import OrreryBase
import OrreryMachine
import OrreryTrace
import Testing

@testable import Orrery
@testable import OrreryScenario

@Suite struct PredicateSearchTests {
  private func search(_ text: String, in trace: [UInt8], isMonotonic: Bool = false) throws -> PredicateSearch.Outcome {
    try PredicateSearch(
      source: MemoryTraceSource(trace), predicate: Predicate(parsing: text), isMonotonic: isMonotonic
    ).search()
  }

  private func moment(_ text: String, in trace: [UInt8], isMonotonic: Bool = false) throws -> PredicateSearch.Moment? {
    if case .found(let moment) = try search(text, in: trace, isMonotonic: isMonotonic) { moment } else { nil }
  }

  /// The straightforward way: steps through the whole run and looks after each step.
  private func firstSteps(_ trace: [UInt8], where isTrue: (Machine) -> Bool) throws -> Steps? {
    let run = try TraceRun(MemoryTraceSource(trace))
    while run.end == nil {
      if isTrue(run.machine) { return run.steps }
      _ = try run.run(untilSteps: run.steps + 1)
    }
    return isTrue(run.machine) ? run.steps : nil
  }

  /// A condition, and what it says of a machine.
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var isTrue: @Sendable (Machine) -> Bool

    init(_ text: String, _ isTrue: @escaping @Sendable (Machine) -> Bool) {
      testDescription = text
      self.isTrue = isTrue
    }
  }

  /// Addresses and values of the echo kernel: its stack lies below 0x10_8000, its table of gates at 0x10_4000.
  static let cases = [
    Case("byte at 0x10_4108 == 0x9B") { $0.read(PhysicalAddress(0x10_4108), count: 1) == [0x9B] },
    Case("dword at physical 0x10_7FFC & 0xFF != 0") { $0.read(PhysicalAddress(0x10_7FFC), count: 1) != [0] },
    Case("rdi == 0x10_4018") { $0.value(of: .rdi) == 0x10_4018 },
    Case("halted == 1") { $0.isHalted },
    Case("rax & 0xFF == 0x1C and byte at 0x10_4200 != 0") {
      $0.value(of: .rax) & 0xFF == 0x1C && $0.read(PhysicalAddress(0x10_4200), count: 1) != [0]
    },
    Case("steps == 17") { $0.steps == 17 },
    Case("not rip < 0x10_0080") { $0.rip >= 0x10_0080 },
    Case("rdx == 12345") { _ in false },
  ]

  @Test(arguments: cases) func theFirstStepIsTheOneThatSteppingFinds(condition: Case) throws {
    let text = condition.testDescription
    let trace = try EchoRun.typingEnter.record().trace
    let expected = try firstSteps(trace, where: condition.isTrue)
    #expect(try moment(text, in: trace)?.steps == expected)
    if text != "rdx == 12345" { #expect(expected != nil) }
  }

  @Test func aSymbolIsReachedBeforeItsInstruction() throws {
    let trace = try EchoRun.typingEnter.record().trace
    let first = try #require(try moment("reached keyboard", in: trace))
    let second = try #require(try moment("reached keyboard hit 2", in: trace))
    #expect(first.isBefore && second.isBefore && first.steps < second.steps)
    let address = LinearAddress(EchoKernel.loadAddress + EchoKernel.keyboard)
    guard case .instruction(address, let bytes, let bits) = first.action else {
      Issue.record("\(first.action)")
      return
    }
    // push eax
    #expect(bytes.first == 0x50 && bits == 32)
    // Two keys, two interrupts.
    #expect(try moment("reached keyboard hit 3", in: trace) == nil)
  }

  @Test func deliveriesAreCounted() throws {
    let trace = try EchoRun.typingEnter.record().trace
    let interrupts = try events(of: trace).compactMap { event -> Clock? in
      if case .interrupt(33, _, _) = event.payload { event.clock } else { nil }
    }
    #expect(interrupts.count == 2)
    for (index, clock) in interrupts.enumerated() {
      let moment = try #require(try moment("interrupts 33 == \(index + 1)", in: trace))
      // The delivery takes one clock.
      #expect(moment.clock == clock + 1)
      guard case .delivery(33, false, _) = moment.action else {
        Issue.record("\(moment.action)")
        continue
      }
    }
    #expect(try moment("exceptions 3 > 0", in: trace)?.action != nil)
    #expect(try moment("exceptions 14 > 0", in: trace) == nil)
  }

  @Test func aClockIsFoundWhileTheProcessorIsHalted() throws {
    var run = EchoRun()
    run.add(.clock(5_000_000), .typed([EchoRun.key(0x1C), EchoRun.releaseEnter]))
    let trace = try run.record().trace
    let moment = try #require(try moment("clock >= 1_234_567", in: trace))
    #expect(moment.clock == 1_234_567 && moment.action == .none)
  }

  @Test func whatIsTrueFromTheStartIsSaidToBe() throws {
    let moment = try #require(try moment("cpl == 0", in: try EchoRun.typingEnter.record().trace))
    #expect(moment.steps == 0 && moment.clock == 0 && moment.action == .none)
  }

  /// The three calls of the gate function leave 0x33, 0x42 and 0x51 where their return address is.
  @Test func aMomentThatPassesIsFound() throws {
    let trace = try EchoRun.typingEnter.record().trace
    let passing = try #require(try moment("byte at physical 0x10_7FFC == 0x42", in: trace))
    let expected = try firstSteps(trace) { $0.read(PhysicalAddress(0x10_7FFC), count: 1) == [0x42] }
    #expect(passing.steps == expected)
    #expect(try moment("steps > \(passing.steps) and byte at physical 0x10_7FFC != 0x42", in: trace) != nil)
  }

  @Test func halvingFindsWhatStaysTrue() throws {
    let trace = try EchoRun.typingEnter.record().trace
    let exact = try #require(try moment("byte at 0x10_4018 != 0", in: trace))
    let halved = try #require(try moment("byte at 0x10_4018 != 0", in: trace, isMonotonic: true))
    #expect((exact.steps, exact.clock) == (halved.steps, halved.clock))
    #expect(exact.action == halved.action)
  }

  @Test func aSymbolThatIsNotThereIsAMistakeWithItsPlace() throws {
    let trace = try EchoRun.typingEnter.record().trace
    let error = try #require(throws: PredicateSearch.Failure.self) {
      try search("rax == 1 or reached keybord", in: trace)
    }
    guard case .predicate(let mistake) = error else { return }
    #expect(mistake.column == 21 && mistake.message.contains("no symbol `keybord`"))
  }

  /// Nothing could ever make it true: a physical address without RAM is a mistake with its place.
  @Test(arguments: [0xFFFF_FFFF_0000, 0xB8000] as [UInt64])
  func physicalAddressWithoutMemoryIsAMistake(address: UInt64) throws {
    let trace = try EchoRun.typingEnter.record().trace
    let error = try #require(throws: PredicateSearch.Failure.self) {
      try moment("byte at physical \(address) == 0", in: trace)
    }
    guard case .predicate(let mistake) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(mistake.column == 9 && mistake.message.contains("no RAM at physical address"))
  }

  /// The echo kernel has no paging: nothing is mapped, and linear addresses are physical ones. Behind the end of memory there is nothing to read.
  @Test func whatIsNoMemoryComparesAsFalse() throws {
    let trace = try EchoRun.typingEnter.record().trace
    #expect(try moment("mapped 0x10_0000", in: trace) == nil)
    #expect(try moment("qword at 0xFFFF_FFFF_FFFF_FFFC >= 0", in: trace) == nil)
  }
}

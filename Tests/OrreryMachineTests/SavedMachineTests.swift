import OrreryBase
import Testing

@testable import OrreryMachine

@Suite struct SavedMachineTests {
  private static let end: Steps = 8_000

  /// What the processor and the devices do; what is reported of screen and tables also depends on what was reported before.
  private static let kinds: [ProbeKind] = [
    .input, .interrupt, .interruptReturn, .exception, .serialOutput, .debugConsole,
  ]

  /// Runs up to `steps` and gives the records of `kinds`.
  private func records(_ machine: Machine, untilSteps steps: Steps) -> [[UInt64]] {
    var all: [[UInt64]] = []
    var exit = RunExit.probesFull
    while exit == .probesFull {
      exit = machine.run(untilClock: .max, untilSteps: steps)
      machine.probes.drain { records, _ in
        for record in records where Self.kinds.contains(record.kind) {
          all.append([
            UInt64(record.kind.rawValue), UInt64(record.detail), record.clock, record.rip, record.value0, record.value1,
          ])
        }
      }
    }
    return all
  }

  @Test(arguments: [MachineConfiguration.TLBModel.coherent, .stale])
  func aMachineLoadedAtManyPointsGoesOnAsTheStraightRun(tlb: MachineConfiguration.TLBModel) throws {
    let straight = BusyMachine(tlb: tlb)
    let whole = records(straight.machine, untilSteps: Self.end)
    let hash = straight.machine.stateHash()
    #expect(whole.count > 100)

    var generator = SeededGenerator(seed: 2)
    let guest = BusyMachine(tlb: tlb)
    var before: [[UInt64]] = []
    for point in (0..<100).map({ _ in Steps.random(in: 0..<Self.end, using: &generator) }).sorted() {
      before += records(guest.machine, untilSteps: point)
      let other = Machine(configuration: guest.machine.configuration)
      try other.load(guest.machine.saved())
      for input in guest.machine.inputs.pending { other.schedule(input) }
      #expect(other.stateHash() == guest.machine.stateHash())
      #expect((other.clock, other.steps) == (guest.machine.clock, guest.machine.steps))
      let rest = records(other, untilSteps: Self.end)
      #expect(rest.elementsEqual(whole[before.count...]), "saved after \(point) steps")
      #expect(other.stateHash() == hash)
    }
  }

  /// A machine that records nothing has nothing reported to forget, so its state is the same to the byte.
  @Test func whatIsLoadedIsSavedAgainAsTheSame() throws {
    var configuration = BusyMachine().machine.configuration
    configuration.probes = []
    configuration.callProbes = []
    let guest = BusyMachine(probes: [])
    for point: Steps in [0, 100, 1_000, 5_000] {
      _ = guest.machine.run(untilClock: .max, untilSteps: point)
      let saved = guest.machine.saved()
      let other = Machine(configuration: configuration)
      try other.load(saved)
      let again = other.saved()
      #expect(again.state == saved.state)
      #expect(again.pages.map(\.frame) == saved.pages.map(\.frame))
      #expect(again.pages.map { Array($0.bytes) } == saved.pages.map { Array($0.bytes) })
    }
  }

  /// The guest sleeps, and so has its screen reported, once in sixteen turns of some forty steps.
  @Test func screenAndTablesAreReportedWholeAfterLoading() throws {
    let guest = BusyMachine()
    _ = records(guest.machine, untilSteps: 4_000)
    let other = Machine(configuration: guest.machine.configuration)
    try other.load(guest.machine.saved())
    var kinds: [ProbeKind] = []
    var exit = RunExit.probesFull
    while exit == .probesFull {
      exit = other.run(untilClock: .max, untilSteps: 5_000)
      other.probes.drain { records, _ in kinds += records.map(\.kind) }
    }
    #expect(kinds.first == .addressSpace)
    #expect(kinds.contains(.tableEntry) && kinds.contains(.screenRow))
  }

  // MARK: What cannot be loaded

  private func refusal(_ change: (inout SavedMachine) -> Void) -> SavedMachineError? {
    let guest = BusyMachine()
    _ = guest.machine.run(untilClock: .max, untilSteps: 500)
    var saved = guest.machine.saved()
    change(&saved)
    do throws(SavedMachineError) {
      try Machine(configuration: guest.machine.configuration).load(saved)
      return nil
    } catch { return error }
  }

  @Test func anotherLayoutIsRefused() {
    #expect(refusal { $0.newStateSize += 1 } == .otherLayout)
    #expect(refusal { _ in } == nil)
  }

  @Test func aStateOfAnotherLengthIsRefused() {
    for change: (inout SavedMachine) -> Void in [{ $0.state.removeLast() }, { $0.state.append(0) }, { $0.state = [] }] {
      guard case .state = refusal(change) else {
        Issue.record("accepted")
        continue
      }
    }
  }

  @Test func pagesThatTheMachineDoesNotHaveAreRefused() {
    let page = [UInt8](repeating: 1, count: 4096)[...]
    #expect(refusal { $0.pages.append(SavedMachine.Page(frame: 8 << 8, bytes: page)) } != nil)
    #expect(refusal { $0.pages.append(SavedMachine.Page(frame: .max, bytes: page)) } != nil)
    #expect(refusal { $0.pages.insert(SavedMachine.Page(frame: 0xB8, bytes: page), at: 0) } == .page(0))
    #expect(refusal { $0.pages.swapAt(0, 1) } == .page(1))
    #expect(refusal { $0.pages.insert($0.pages[0], at: 0) } == .page(1))
    #expect(refusal { $0.pages[0].bytes.removeLast() } == .page(0))
  }

  /// A state of the processor that no instruction leads to, and a word of why it is refused.
  struct Impossible: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var change: @Sendable (CPU) -> Void

    init(_ reason: String, _ change: @escaping @Sendable (CPU) -> Void) {
      testDescription = reason
      self.change = change
    }
  }

  static let impossible = [
    Impossible("beyond 2^62") { $0.pointee.clock = 1 << 63 },
    Impossible("beyond 2^62") { $0.pointee.steps = .max },
    Impossible("CR0 has bits") { $0.pointee.cr0 |= 1 << 40 },
    Impossible("CR4 has bits") { $0.pointee.cr4 |= 1 << 63 },
    Impossible("PG without PE") { $0.pointee.cr0 &= ~1 },
    Impossible("EFER has bits") { $0.pointee.efer |= 1 << 5 },
    Impossible("EFER.LMA contradicts") { $0.pointee.efer ^= 1 << 10 },
    Impossible("without CR4.PAE") { $0.pointee.cr4 &= ~(1 << 5) },
    Impossible("CR3 has bits") { $0.pointee.cr3 |= 1 << 52 },
    Impossible("CR8 is above 15") { $0.pointee.cr8 = 16 },
    Impossible("DR6 or DR7") { $0.pointee.debugRegisters[7] |= 1 << 12 },
    Impossible("DR6 or DR7") { $0.pointee.debugRegisters[6] |= 1 << 32 },
    Impossible("privilege level") { $0.pointee.cpl = 4 },
    Impossible("CS is no code segment") { $0.pointee.segments[1].attributes = 0xC093 },
    Impossible("rip is no address") { $0.pointee.rip = 1 << 50 },
    Impossible("base that is not canonical") { $0.pointee.segments[4].base = 1 << 60 },
    Impossible("base that is not canonical") { $0.pointee.idtr.base = 1 << 60 },
    Impossible("RFLAGS") { $0.pointee.systemFlags |= 1 << 17 },
    Impossible("MXCSR") { $0.pointee.mxcsr |= 1 << 16 },
    Impossible("a tag of x87") { $0.pointee.fpuTags = 0xFFFE },
    Impossible("PAT") { $0.pointee.pat = 2 },
    Impossible("model-specific register") { $0.pointee.lstar = 1 << 60 },
    Impossible("SFMASK") { $0.pointee.sfmask = 1 << 33 },
  ]

  @Test(arguments: impossible) func aProcessorThatCannotBeIsRefused(state: Impossible) {
    let guest = BusyMachine(probes: [])
    _ = guest.machine.run(untilClock: .max, untilSteps: 500)
    state.change(guest.machine.cpu)
    let error = #expect(throws: SavedMachineError.self) {
      try Machine(configuration: guest.machine.configuration).load(guest.machine.saved())
    }
    guard case .state(let reason) = error else { return }
    #expect(reason.reason.contains(state.testDescription), "\(reason)")
  }
}

import OrreryBase
import Testing

@testable import OrreryMachine

struct CheckpointTests {
  /// Far enough for dozens of timer interrupts, page faults, address-space switches and all the keys.
  private static let end: Steps = 8_000

  @Test func theGuestDoesWhatACheckpointHasToCarry() {
    let guest = BusyMachine()
    var counts: [ProbeKind: Int] = [:]
    var exit = RunExit.probesFull
    while exit == .probesFull {
      exit = guest.machine.run(untilClock: .max, untilSteps: Self.end)
      guest.machine.probes.drain { records, _ in
        for record in records { counts[record.kind, default: 0] += 1 }
      }
    }
    #expect(exit == .reachedSteps)
    for kind: ProbeKind in [
      .input, .interrupt, .interruptReturn, .exception, .addressSpace, .tableEntry, .call, .callReturn,
    ] {
      #expect(counts[kind, default: 0] > 10, "\(kind)")
    }
    #expect(counts[.serialOutput, default: 0] > 0 && counts[.screenRow, default: 0] > 0)
  }

  @Test(arguments: [(MachineConfiguration.TLBModel.coherent, 1000), (.stale, 300)])
  func randomPointsContinueAsTheStraightRun(tlb: MachineConfiguration.TLBModel, count: Int) {
    let straight = BusyMachine(tlb: tlb)
    let whole = straight.records(untilSteps: Self.end)
    let hash = straight.machine.stateHash()

    var generator = SeededGenerator(seed: 1)
    let points = (0..<count).map { _ in Steps.random(in: 0..<Self.end, using: &generator) }.sorted()
    let guest = BusyMachine(tlb: tlb)
    var before: [UInt64] = []
    var saved: [(checkpoint: Checkpoint, recorded: Int, hash: Hash128)] = []
    for point in points {
      before += guest.records(untilSteps: point)
      saved.append((guest.machine.checkpoint(), before.count, guest.machine.stateHash()))
    }
    #expect(before + guest.records(untilSteps: Self.end) == whole)
    #expect(guest.machine.stateHash() == hash)

    // In random order, by turns in the machine itself and in another one.
    let other = BusyMachine(tlb: tlb)
    for (turn, entry) in saved.shuffled(using: &generator).enumerated() {
      let machine = turn & 1 == 0 ? guest : other
      machine.machine.restore(entry.checkpoint)
      #expect(machine.machine.stateHash() == entry.hash)
      let rest = machine.records(untilSteps: Self.end)
      #expect(rest.elementsEqual(whole[entry.recorded...]), "restored at record \(entry.recorded)")
      #expect(machine.machine.stateHash() == hash)
    }
  }

  @Test func probesAndCallsChangeNeitherCountsNorState() {
    let recorded = BusyMachine()
    _ = recorded.records(untilSteps: Self.end)
    let silent = BusyMachine(probes: [])
    #expect(silent.records(untilSteps: Self.end).isEmpty)
    #expect(recorded.machine.clock == silent.machine.clock)
    #expect(recorded.machine.stateHash() == silent.machine.stateHash())
  }

  @Test func theHashFollowsEveryByteOfMemoryAndNothingElse() {
    let one = BusyMachine()
    let other = BusyMachine()
    #expect(one.machine.stateHash() == other.machine.stateHash())
    #expect(one.machine.write([1], at: PhysicalAddress(0x12_3456)))
    #expect(one.machine.stateHash() != other.machine.stateHash())
    #expect(one.machine.write([0], at: PhysicalAddress(0x12_3456)))
    #expect(one.machine.stateHash() == other.machine.stateHash())
    // Reading makes memory exist on the host, which no one can see.
    _ = one.machine.read(PhysicalAddress(0x70_0000), count: 4096)
    _ = one.machine.cpu.loadPhysical(0x60_0000, size: 8)
    #expect(one.machine.stateHash() == other.machine.stateHash())
  }
}

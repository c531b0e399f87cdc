import OrreryBase
import Testing

@testable import OrreryMachine

/// Steps, clock, and the order of things at a boundary (docs/INTERFACES.md).
struct RunLoopTests {
  private typealias Guest = LongModeGuest

  @Test func theShadowOfStiLastsOneInstruction() {
    // sti; nop; nop
    let guest = Guest([0xFB, 0x90, 0x90])
    guest.machine.schedule(InputEvent(clock: 0, action: .vector(0x20)))
    guest.run(steps: 3)
    #expect(guest.stack(1) == [Guest.code + 2])
    #expect(guest.records(.interrupt).map(\.clock) == [2])
  }

  @Test func aSecondStiBeginsNoShadow() {
    // sti; sti; nop: interrupts are taken after the second, which found IF set.
    let guest = Guest([0xFB, 0xFB, 0x90])
    guest.machine.schedule(InputEvent(clock: 0, action: .vector(0x20)))
    guest.run(steps: 3)
    #expect(guest.stack(1) == [Guest.code + 2])
  }

  @Test func theShadowOfMovSSHoldsBackInterruptsForOneInstruction() {
    // mov eax, 16; mov ss, eax; nop; nop
    let guest = Guest([0xB8, 0x10, 0, 0, 0, 0x8E, 0xD0, 0x90, 0x90])
    guest.cpu.setFlags(0x202)
    guest.machine.schedule(InputEvent(clock: 2, action: .vector(0x20)))
    guest.machine.schedule(InputEvent(clock: 2, action: .nonMaskableInterrupt))
    guest.run(steps: 4)
    // After the NOP the NMI comes first.
    #expect(guest.stack(1) == [Guest.code + 8])
    #expect(guest.records(.interrupt).map(\.detail) == [2])
  }

  @Test func stiHltLosesNoWakeUp() {
    let guest = Guest([0xFB, 0xF4, 0x90])
    guest.machine.schedule(InputEvent(clock: 0, action: .vector(0x20)))
    guest.run(steps: 3)
    #expect(guest.stack(1) == [Guest.code + 2])
    #expect(guest.records(.interrupt).map(\.clock) == [2])
  }

  @Test func haltJumpsTheClockToTheNextInputOrLimit() {
    let guest = Guest([0xFB, 0xF4])
    guest.machine.schedule(InputEvent(clock: 5_000_000, action: .vector(0x20)))
    #expect(guest.machine.run(untilClock: 1_000_000, untilSteps: .max) == .reachedClock)
    #expect(guest.machine.clock == 1_000_000 && guest.machine.steps == 2 && guest.machine.isHalted)
    #expect(guest.machine.run(untilClock: .max, untilSteps: 3) == .reachedSteps)
    #expect(guest.machine.clock == 5_000_001 && !guest.machine.isHalted)
  }

  @Test func haltWithNothingToComeIsIdle() {
    let guest = Guest([0xF4])
    #expect(guest.run(steps: 10) == .idle)
    #expect(guest.machine.steps == 1)
    // It may go on when something is scheduled after all.
    guest.machine.schedule(InputEvent(clock: 100, action: .nonMaskableInterrupt))
    #expect(guest.machine.run(untilClock: .max, untilSteps: 2) == .reachedSteps)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 32)
  }

  @Test func inputsAreAppliedAtExactlyTheirClock() {
    let guest = Guest(Array(repeating: 0x90, count: 200))
    for clock in [7, 3, 100, 3] { guest.machine.schedule(InputEvent(clock: Clock(clock), action: .vector(0x20))) }
    guest.machine.schedule(InputEvent(clock: 50, point: .instruction, action: .vector(0x21)))
    guest.run(steps: 150)
    #expect(guest.records(.input).map(\.clock) == [3, 3, 7, 50, 100])
    #expect(guest.machine.pendingInputCount == 0)
  }

  @Test func anInstructionInputWaitsForADelivery() {
    let guest = Guest(Array(repeating: 0x90, count: 20))
    guest.cpu.setFlags(0x202)
    guest.write(Array(repeating: 0x90, count: 8), at: Guest.handlerBase + 0x20 * 16)
    guest.machine.schedule(InputEvent(clock: 5, point: .instruction, action: .nonMaskableInterrupt))
    guest.machine.schedule(InputEvent(clock: 5, point: .boundary, action: .vector(0x20)))
    guest.run(steps: 7)
    let records = guest.records().filter { $0.kind == .input || $0.kind == .interrupt }
    // Clock 5: the boundary's input and its delivery; clock 6: the other, before the handler's first instruction, sampled again.
    #expect(records.map(\.clock) == [5, 5, 6, 6])
    #expect(records.map(\.kind) == [.input, .interrupt, .input, .interrupt])
  }

  @Test func anchorsPauseBeforeEachExecution() {
    // loop: nop; dec ecx; jnz loop
    let guest = Guest([0x90, 0xFF, 0xC9, 0x75, 0xFB, 0xF4])
    guest.cpu.pointee.gpr[1] = 3
    guest.machine.setAnchors([LinearAddress(Guest.code + 1)])
    var clocks: [Clock] = []
    while guest.machine.run(untilClock: .max, untilSteps: 100) == .anchor(LinearAddress(Guest.code + 1)) {
      clocks.append(guest.machine.clock)
    }
    #expect(clocks == [1, 4, 7])
    #expect(guest.machine.steps == 10)
  }

  @Test func anInterruptAppliedAtAnAnchorDoesNotReportItTwice() {
    let guest = Guest([0x90, 0x90, 0x90, 0xF4])
    guest.cpu.setFlags(0x202)
    guest.write([0x48, 0xCF], at: Guest.handlerBase + 0x20 * 16)
    guest.machine.setAnchors([LinearAddress(Guest.code + 1)])
    #expect(guest.run(steps: 50) == .anchor(LinearAddress(Guest.code + 1)))
    guest.machine.apply(.vector(0x20))
    #expect(guest.run(steps: 50) == .idle)
    let records = guest.records()
    #expect(records.first { $0.kind == .input }?.detail == UInt32(InputPoint.instruction.rawValue))
    #expect(records.first { $0.kind == .interrupt }?.rip == Guest.code + 1)
    #expect(guest.machine.steps == 6)
  }

  @Test func whatWasAppliedAtAnAnchorReplaysFromTheSchedule() {
    func finish(_ guest: Guest) -> (Hash128, [Clock]) {
      guest.run(steps: 50)
      return (guest.machine.stateHash(), guest.records(.interrupt).map(\.clock))
    }
    let code: [UInt8] = [0x90, 0x90, 0x90, 0xF4]
    let live = Guest(code)
    live.cpu.setFlags(0x202)
    live.write([0x48, 0xCF], at: Guest.handlerBase + 0x20 * 16)
    live.machine.setAnchors([LinearAddress(Guest.code + 2)])
    live.run(steps: 50)
    live.machine.apply(.vector(0x20))
    let clock = live.machine.clock
    let replayed = Guest(code)
    replayed.cpu.setFlags(0x202)
    replayed.write([0x48, 0xCF], at: Guest.handlerBase + 0x20 * 16)
    replayed.machine.schedule(InputEvent(clock: clock, point: .instruction, action: .vector(0x20)))
    let (liveHash, liveClocks) = finish(live)
    let (replayedHash, replayedClocks) = finish(replayed)
    #expect(liveHash == replayedHash && liveClocks == replayedClocks && liveClocks == [2])
  }

  @Test func singleStepTrapsAfterEachInstruction() {
    // pushf; or [rsp], 0x100; popf; nop; nop: the first trap follows the first NOP.
    let guest = Guest([0x9C, 0x81, 0x0C, 0x24, 0, 1, 0, 0, 0x9D, 0x90, 0x90])
    guest.run(steps: 5)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 16)
    #expect(guest.stack(1) == [Guest.code + 10])
    #expect(guest.cpu.pointee.debugRegisters[6] & 1 << 14 != 0)
    #expect(guest.cpu.flags & Flag.trap == 0)
  }

  @Test func aRunInPiecesIsTheSameAsOne() {
    func records(pieces: [UInt64]) -> ([UInt64], Hash128) {
      let guest = BusyMachine()
      var index = 0
      var kept: [UInt64] = []
      while guest.machine.steps < 6000 {
        let piece = pieces[index % pieces.count]
        index += 1
        _ = guest.machine.run(
          untilClock: guest.machine.clock + piece * 3, untilSteps: min(6000, guest.machine.steps + piece))
        kept += guest.drained()
      }
      return (kept, guest.machine.stateHash())
    }
    let whole = records(pieces: [1 << 40])
    #expect(whole.0.count > 1000)
    #expect(records(pieces: [1]) == whole)
    #expect(records(pieces: [3, 17, 1, 250]) == whole)
  }
}

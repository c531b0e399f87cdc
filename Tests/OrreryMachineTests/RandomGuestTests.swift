import OrreryBase
import Testing

@testable import OrreryMachine

/// Guests of random bytes, with the system instructions and prefixes over-represented: whatever a guest does, the machine does not fail, and does it
/// again in the same way, in pieces and from a checkpoint.
struct RandomGuestTests {
  /// Beginnings of instructions that reach into the system half.
  private static let favourites: [[UInt8]] = [
    [0x0F, 0x22, 0xD8], [0x0F, 0x20, 0xC0], [0x0F, 0x22, 0xC0], [0x0F, 0x22, 0xE0], [0x0F, 0x01], [0x0F, 0x00],
    [0x0F, 0x30], [0x0F, 0x32],
    [0x0F, 0x05], [0x48, 0x0F, 0x07], [0x0F, 0x34], [0x0F, 0x35], [0x48, 0xCF], [0xCB], [0xFF, 0x28], [0xFF, 0x18],
    [0x8E, 0xD0], [0x8E, 0xD8],
    [0x0F, 0xA1], [0xFB], [0xFA], [0xF4], [0x9D], [0xCD], [0xCC], [0xF3, 0x48, 0xAB], [0xF3, 0xA4], [0xE6, 0x21],
    [0xE4, 0x60], [0xEE], [0x0F, 0x21, 0xF8],
    [0x0F, 0x23, 0xF8], [0x0F, 0x01, 0x38], [0x0F, 0x02], [0x0F, 0x03], [0x89, 0x04, 0x25, 0, 0x30],
    [0x89, 0x04, 0x25, 0, 0x10], [0x89, 0x04, 0x25, 0, 0x60],
    [0x0F, 0x01, 0xF8], [0x0F, 0x31], [0x0F, 0xA2], [0x50], [0x58], [0xC3], [0x0F, 0x7F, 0x04, 0x25, 0xFC, 0x2F],
  ]

  private func guest(seed: UInt64, tlb: MachineConfiguration.TLBModel) -> LongModeGuest {
    var generator = SeededGenerator(seed: seed)
    var code: [UInt8] = []
    while code.count < 0x800 {
      if Bool.random(using: &generator) {
        code += Self.favourites[Int.random(in: 0..<Self.favourites.count, using: &generator)]
      }
      for _ in 0..<Int.random(in: 0...3, using: &generator) { code.append(.random(in: 0...255, using: &generator)) }
    }
    let guest = LongModeGuest(code) {
      $0.callProbes = [CallProbe(address: LinearAddress(LongModeGuest.handlerBase + 13 * 16))]
      $0.tlb = tlb
    }
    // Handlers that go on behind the instruction that faulted: add qword [rsp + 8], 2; add rsp, 8; iretq. Without an error code: add qword [rsp], 2; iretq.
    for vector in 0..<UInt64(64) {
      let hasErrorCode = [8, 10, 11, 12, 13, 14, 17].contains(vector)
      let handler: [UInt8] =
        hasErrorCode
        ? [0x48, 0x83, 0x44, 0x24, 8, 2, 0x48, 0x83, 0xC4, 8, 0x48, 0xCF] : [0x48, 0x83, 0x04, 0x24, 2, 0x48, 0xCF]
      guest.write(handler, at: LongModeGuest.handlerBase + vector * 16)
    }
    let interesting: [UInt64] = [
      0, 1, 0x1000, 0x3000, 0x10, 0x18, 0xB8000, 0xC000_0080, 0x8000_0011, LongModeGuest.code, .max,
    ]
    for register in 0..<16 where register != 4 {
      guest.cpu.pointee.gpr[register] = interesting[Int.random(in: 0..<interesting.count, using: &generator)]
    }
    if Bool.random(using: &generator) { guest.enterUserMode() }
    guest.cpu.setFlags(0x202)
    for _ in 0..<5 {
      let clock = Clock.random(in: 0..<600, using: &generator)
      guest.machine.schedule(InputEvent(clock: clock, action: .vector(.random(in: 32...63, using: &generator))))
    }
    return guest
  }

  private struct Outcome: Equatable {
    var exit: RunExit
    var hash: Hash128
    var clock: Clock
    var records: Int
  }

  private func outcome(_ guest: LongModeGuest, pieces: Steps) -> Outcome {
    var count = guest.records().count
    var exit = RunExit.reachedSteps
    while guest.machine.steps < 1000 {
      exit = guest.machine.run(untilClock: .max, untilSteps: min(1000, guest.machine.steps + pieces))
      count += guest.records().count
      if exit != .reachedSteps && exit != .probesFull { break }
    }
    return Outcome(exit: exit, hash: guest.machine.stateHash(), clock: guest.machine.clock, records: count)
  }

  @Test(arguments: 0..<100, [MachineConfiguration.TLBModel.coherent, .stale])
  func anythingGoesAndGoesTheSameWayAgain(seed: Int, tlb: MachineConfiguration.TLBModel) {
    let guest = { self.guest(seed: UInt64(seed), tlb: tlb) }
    let whole = outcome(guest(), pieces: 1000)
    #expect(outcome(guest(), pieces: 7) == whole)
    let interrupted = guest()
    _ = interrupted.machine.run(untilClock: .max, untilSteps: 123)
    let records = interrupted.records().count
    let checkpoint = interrupted.machine.checkpoint()
    _ = outcome(interrupted, pieces: 1000)
    interrupted.machine.restore(checkpoint)
    _ = interrupted.records()
    var rest = outcome(interrupted, pieces: 1000)
    rest.records += records
    #expect(rest == whole)
  }
}

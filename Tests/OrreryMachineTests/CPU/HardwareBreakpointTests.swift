import OrreryBase
import Testing

@testable import OrreryMachine

/// The debug registers against the Intel SDM, volume 3, 17.2 and 17.3.1. What QEMU can say about them is compared in the system agreement.
struct HardwareBreakpointTests {
  private static let data: UInt64 = 0x20_0100
  private static let handler = handler(of: 1)

  private static func handler(of vector: UInt64) -> UInt64 { LongModeGuest.handlerBase + vector * 16 }

  private static func code(_ offset: UInt64) -> UInt64 { LongModeGuest.code + offset }

  private func guest(
    _ code: [UInt8], dr0: UInt64 = data, dr7: UInt64, _ configure: (inout MachineConfiguration) -> Void = { _ in }
  )
    -> LongModeGuest
  {
    let guest = LongModeGuest(code, configure)
    #expect(guest.cpu.writeDebug(0, dr0))
    #expect(guest.cpu.writeDebug(7, dr7))
    guest.cpu.pointee.gpr[7] = Self.data
    return guest
  }

  /// DR7 with breakpoint 0: R/W and LEN.
  private static func control(_ kind: UInt64, _ length: UInt64 = 0) -> UInt64 { 1 | kind << 16 | length << 18 }

  private static let write = control(1, 3)
  private static let access = control(3, 3)

  private func status(_ guest: LongModeGuest) -> UInt64 { guest.cpu.pointee.debugRegisters[6] & 0xE00F }

  // MARK: Instructions

  @Test func anInstructionBreakpointIsAFaultThatPushesRFAsItIs() {
    let guest = guest([0x90, 0x90, 0x90], dr0: Self.code(1), dr7: 1)
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.rip == Self.handler)
    #expect(guest.stack(3) == [Self.code(1), 8, 2])
    #expect(status(guest) == 1)
  }

  @Test func withRFTheInstructionExecutesAndRFGoes() {
    let guest = guest([0x90, 0x90, 0x90, 0xEB, 0xFB], dr0: Self.code(1), dr7: 1)
    guest.cpu.pointee.rip = Self.code(1)
    guest.cpu.pointee.systemFlags |= Flag.resume
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Self.code(2))
    #expect(guest.cpu.pointee.systemFlags & Flag.resume == 0)
    // nop; jmp to code: the next time round it is met.
    guest.run(steps: 4)
    #expect(guest.cpu.pointee.rip == Self.handler)
  }

  @Test func otherFaultsPushRF() {
    let guest = guest([0x0F, 0x0B], dr0: LongModeGuest.code, dr7: 1)
    guest.cpu.pointee.systemFlags |= Flag.resume
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Self.handler(of: 6))
    #expect(guest.stack(3)[2] == 0x1_0002)
    // And back on the instruction: RF still holds.
    guest.write([0x48, 0xCF], at: Self.handler(of: 6))
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.rip == Self.handler(of: 6))
    #expect(status(guest) == 0)
  }

  @Test func theResumeFlagHoldsForAllIterationsOfAStringInstruction() {
    let guest = guest([0xF3, 0xAA, 0x90], dr0: LongModeGuest.code, dr7: 1)
    guest.cpu.pointee.gpr[1] = 5
    guest.cpu.pointee.systemFlags |= Flag.resume
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.gpr[1] == 2)
    #expect(guest.cpu.pointee.systemFlags & Flag.resume != 0)
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.rip == Self.code(2))
    #expect(guest.cpu.pointee.systemFlags & Flag.resume == 0)
    #expect(status(guest) == 0)
  }

  @Test func afterMOVSSNoInstructionBreakpointIsMet() {
    let guest = guest([0x8E, 0xD0, 0x90, 0x90], dr0: Self.code(2), dr7: 1)
    guest.cpu.pointee.gpr[0] = 0x10
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.rip == Self.code(4))
  }

  @Test func anInterruptComesBeforeAnInstructionBreakpoint() {
    let guest = guest([0x90, 0x90], dr0: Self.code(1), dr7: 1)
    guest.cpu.pointee.systemFlags |= Flag.interrupt
    guest.machine.schedule(InputEvent(clock: guest.machine.clock + 1, action: .vector(40)))
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.rip == Self.handler(of: 40))
    #expect(status(guest) == 0)
  }

  @Test func anInstructionBreakpointComesBeforeTheFaultOfItsFetch() {
    let guest = guest([0xFF, 0xE0], dr0: 0x5000_0000, dr7: 1)
    guest.cpu.pointee.gpr[0] = 0x5000_0000
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.rip == Self.handler)
    #expect(guest.stack(1) == [0x5000_0000])
    #expect(guest.cpu.pointee.cr2 == 0)
  }

  @Test func anAnchorAtABreakpointIsReportedOnce() {
    let guest = guest([0x90, 0x90, 0x90], dr0: Self.code(1), dr7: 1)
    // The handler sets RF in its frame and returns: bts dword [rsp + 16], 16; iretq.
    guest.write([0x0F, 0xBA, 0x6C, 0x24, 0x10, 0x10, 0x48, 0xCF], at: Self.handler)
    guest.machine.setAnchors([LinearAddress(Self.code(1))])
    #expect(guest.run(steps: 100) == .anchor(LinearAddress(Self.code(1))))
    guest.run(steps: 4)
    #expect(guest.cpu.pointee.rip == Self.code(2))
    #expect(status(guest) == 1)
  }

  // MARK: Data

  @Test func aStoreTrapsAfterItsInstruction() {
    // mov [rdi], eax; nop
    let guest = guest([0x89, 0x07, 0x90], dr7: Self.write)
    guest.cpu.pointee.gpr[0] = 77
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.rip == Self.handler)
    #expect(guest.stack(3) == [Self.code(2), 8, 2])
    #expect(guest.load(Self.data) == 77)
    #expect(status(guest) == 1)
  }

  @Test func loadsTrapOnlyWhereTheyAreAskedFor() {
    for (control, traps) in [(Self.write, false), (Self.access, true)] {
      let guest = guest([0x8B, 0x07, 0x90, 0x90], dr7: control)
      guest.run(steps: 2)
      let isInHandler = guest.cpu.pointee.rip == Self.handler
      #expect(isInHandler == traps)
    }
  }

  @Test func anAccessThatFaultsMeetsNothing() {
    // mov ecx, [rdi]; add eax, [0x40000000], the second of which faults
    let guest = guest([0x03, 0x04, 0x25, 0, 0, 0, 0x40], dr0: 0x4000_0000, dr7: Self.access)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Self.handler(of: 14))
    guest.run(steps: 1)
    #expect(status(guest) == 0)
  }

  @Test func aStringInstructionTrapsAfterTheIterationThatMeetsIt() {
    // rep stosb over the watched word: a trap after each of its four bytes.
    let guest = guest([0xF3, 0xAA, 0x90], dr7: Self.write)
    guest.write([0x48, 0xCF], at: Self.handler)
    guest.cpu.pointee.gpr[7] = Self.data - 3
    guest.cpu.pointee.gpr[1] = 10
    // Three iterations, then one, a trap and its IRET four times, then three.
    for (steps, rest) in [(4, 6), (3, 5), (3, 4), (3, 3)] as [(Steps, UInt64)] {
      guest.run(steps: steps)
      #expect(guest.cpu.pointee.gpr[1] == rest)
      #expect(guest.cpu.pointee.rip == LongModeGuest.code)
    }
    guest.run(steps: 2 + 3)
    #expect(guest.cpu.pointee.gpr[1] == 0)
    #expect(guest.cpu.pointee.rip == Self.code(2))
  }

  @Test func whatMOVSSMeetsIsDeliveredAfterTheNextInstruction() {
    // mov ss, [rdi]; inc ebx; inc ebx
    let guest = guest([0x8E, 0x17, 0xFF, 0xC3, 0xFF, 0xC3], dr7: Self.access)
    guest.store(Self.data, 0x10)
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.rip == Self.handler)
    #expect(guest.stack(1) == [Self.code(4)])
    #expect(guest.cpu.pointee.gpr[3] == 1)
  }

  @Test func onlyOverlappingBytesAreMet() {
    for length in 0..<4 as Range<UInt64> {
      let bytes = [1, 2, 8, 4][Int(length)] as UInt64
      for start in Self.data - 9..<Self.data + 9 {
        // mov [rdi], ax
        let guest = guest([0x66, 0x89, 0x07, 0x90], dr7: Self.control(1, length))
        guest.cpu.pointee.gpr[7] = start
        guest.run(steps: 2)
        let end = Self.data + bytes
        let overlaps = start + 2 > Self.data && start < end
        #expect(
          (guest.cpu.pointee.rip == Self.handler) == overlaps, "length \(bytes), at \(Int64(start) - Int64(Self.data))")
      }
    }
  }

  @Test func allIsAsBeforeWhenItIsSwitchedOff() {
    let guest = guest([0x89, 0x07, 0x8B, 0x07, 0x90], dr7: Self.access)
    #expect(guest.cpu.writeDebug(7, 0))
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.rip == Self.code(5))
    // The page is one for the inline path again.
    let page = Self.data & ~0xFFF
    #expect(guest.cpu.pointee.tlb[TLBEntry.slot(of: Self.data)].readTag == page)
  }

  @Test func whatIsWatchedIsNeverInTheInlinePath() {
    let guest = guest([0x8B, 0x47, 0x40, 0x89, 0x47, 0x40, 0x90], dr7: Self.write)
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.rip == Self.code(7))
    let page = Self.data & ~0xFFF
    #expect(guest.cpu.pointee.tlb[TLBEntry.slot(of: Self.data)].readTag != page)
  }

  // MARK: The registers

  @Test func fixedBitsAreFixed() {
    let guest = LongModeGuest()
    #expect(guest.cpu.writeDebug(6, 0))
    #expect(guest.cpu.readDebug(6) == 0xFFFF_0FF0)
    #expect(guest.cpu.writeDebug(6, 0xFFFF_FFFF))
    #expect(guest.cpu.readDebug(6) == 0xFFFF_EFFF)
    #expect(guest.cpu.writeDebug(7, 0xFFFF_DFFF))
    #expect(guest.cpu.readDebug(7) == 0xFFFF_07FF)
    #expect(guest.cpu.writeDebug(7, 0))
    #expect(guest.cpu.readDebug(7) == 0x400)
    #expect(guest.cpu.writeDebug(0, .max))
    #expect(guest.cpu.readDebug(0) == .max)
    for number in [6, 7] as [UInt8] {
      #expect(!guest.cpu.writeDebug(number, 1 << 32))
      #expect(guest.cpu.pointee.fault == .generalProtection(0))
    }
  }

  @Test func aGuardedRegisterFaultsAndTheHandlerFindsItUnguarded() {
    // mov rax, dr0
    let guest = guest([0x0F, 0x21, 0xC0], dr7: 1 << 13)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.rip == Self.handler)
    #expect(guest.stack(3) == [LongModeGuest.code, 8, 0x1_0002])
    #expect(status(guest) == 1 << 13)
    #expect(guest.cpu.readDebug(7) == 0x400)
  }

  // MARK: State

  /// Breakpoints of all kinds that count what they meet, while the run is cut in pieces, saved and restored.
  @Test(arguments: [MachineConfiguration.TLBModel.coherent, .stale])
  func aRunWithBreakpointsIsTheSameInPiecesAndFromACheckpoint(tlb: MachineConfiguration.TLBModel) throws {
    // again: inc rbx; mov [rdi], rbx; mov ecx, 9; lea rsi, [rdi + 3]; push rdi; rep stosb; pop rdi; mov eax, [rdi + 4]; jmp again
    let code: [UInt8] = [
      0x48, 0xFF, 0xC3, 0x48, 0x89, 0x1F, 0xB9, 9, 0, 0, 0, 0x48, 0x8D, 0x77, 3, 0x57, 0xF3, 0xAA, 0x5F, 0x8B, 0x47, 4,
      0xEB, 0xE8,
    ]
    func make() -> LongModeGuest {
      let guest = guest(code, dr7: 0) {
        $0.tlb = tlb
        $0.probes = []
      }
      // add [0x300000], dr6's low bits; RF into the frame.
      guest.write(
        [
          0x50, 0x0F, 0x21, 0xF0, 0x48, 0x01, 0x04, 0x25, 0, 0, 0x30, 0, 0x0F, 0xBA, 0x6C, 0x24, 0x18, 0x10, 0x58, 0x48,
          0xCF,
        ], at: Self.handler)
      guest.cpu.pointee.gpr[7] = Self.data
      let cpu = guest.cpu
      #expect(cpu.writeDebug(0, Self.data + 4))
      #expect(cpu.writeDebug(1, Self.code(16)))
      #expect(cpu.writeDebug(2, LongModeGuest.stackTop - 8))
      #expect(cpu.writeDebug(3, Self.data + 8))
      #expect(cpu.writeDebug(7, 0x1B0D_0055))
      return guest
    }
    let whole = make()
    whole.run(steps: 5_000)
    let least: UInt64 = 0xFFFF_0FF0 * 100
    #expect(whole.load(0x30_0000) > least)
    let hash = whole.machine.stateHash()
    var generator = SeededGenerator(seed: 3)
    let pieces = make()
    let end = pieces.machine.steps + 5_000
    var checkpoints: [Checkpoint] = []
    while pieces.machine.steps < end {
      let size = min(end - pieces.machine.steps, .random(in: 1...40, using: &generator))
      pieces.run(steps: size)
      checkpoints.append(pieces.machine.checkpoint())
    }
    #expect(pieces.machine.stateHash() == hash)
    let other = make()
    for _ in 0..<20 {
      other.machine.restore(checkpoints[.random(in: 0..<checkpoints.count, using: &generator)])
      other.run(steps: end - other.machine.steps)
      #expect(other.machine.stateHash() == hash)
    }
    let loaded = Machine(configuration: other.machine.configuration)
    other.machine.restore(checkpoints[checkpoints.count / 2])
    try loaded.load(other.machine.saved())
    _ = loaded.run(untilClock: .max, untilSteps: end)
    #expect(loaded.stateHash() == hash)
  }
}

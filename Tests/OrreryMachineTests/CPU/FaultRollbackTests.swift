import OrreryBase
import Testing

@testable import OrreryMachine

/// An instruction that faults has changed nothing that the manual does not say, and is not counted.
struct FaultRollbackTests {
  private typealias Guest = LongModeGuest
  /// Behind the 16 MiB that are mapped.
  private static let unmapped: UInt64 = 0x4000_0000

  /// Executes until something stops the engine.
  private func execute(_ guest: LongModeGuest) -> EngineExit {
    while true {
      guest.cpu.pointee.budget = 1000
      let exit = guest.cpu.execute()
      if exit != .boundary && exit != .budget || guest.cpu.pointee.isHalted { return exit }
    }
  }

  /// Runs `code` with rax unmapped, expects a page fault at `offset` after `steps` steps, and gives the guest.
  private func faulting(_ code: [UInt8], at offset: UInt64, after steps: Steps, write: Bool) -> LongModeGuest {
    let guest = Guest(code)
    guest.cpu.pointee.gpr[0] = Self.unmapped
    guest.cpu.pointee.gpr[3] = 0x1234
    let before = guest.cpu.pointee.steps
    #expect(execute(guest) == .fault)
    #expect(guest.cpu.pointee.fault == .pageFault(write ? 2 : 0))
    #expect(guest.cpu.pointee.rip == Guest.code + offset)
    #expect(guest.cpu.pointee.steps - before == steps && guest.cpu.pointee.clock == guest.cpu.pointee.steps)
    return guest
  }

  @Test func aLoadInTheMiddleOfABlockFaultsWithTheFlagsOfTheInstructionBefore() {
    // cmp ebx, 0x2000 (below: CF SF, and no more: 0xFFFFF234 has odd parity of 0x34); mov ecx, [rax]; xor edx, edx; hlt
    let guest = faulting(
      [0x81, 0xFB, 0x00, 0x20, 0, 0, 0x8B, 0x08, 0x31, 0xD2, 0xF4], at: 6, after: 1, write: false)
    #expect(guest.cpu.flags & Flag.arithmetic == Flag.carry | Flag.sign)
  }

  @Test func aReadModifyWriteThatFaultsChangesNoFlag() {
    // cmp ebx, ebx (ZF, PF); add [rax], ebx
    let guest = faulting([0x39, 0xDB, 0x01, 0x18], at: 2, after: 1, write: true)
    #expect(guest.cpu.flags & Flag.arithmetic == Flag.zero | Flag.parity)
  }

  @Test func exchangesThatFaultKeepTheirRegisters() {
    // xchg [rax], ebx; then xadd [rax], ebx; then cmpxchg [rax], ebx
    for code in [[0x87, 0x18], [0x0F, 0xC1, 0x18], [0x0F, 0xB1, 0x18]] as [[UInt8]] {
      let guest = faulting(code, at: 0, after: 0, write: true)
      #expect(guest.cpu.pointee.gpr[3] == 0x1234 && guest.cpu.pointee.gpr[0] == Self.unmapped)
    }
  }

  @Test func pushesAndCallsThatFaultLeaveTheStackPointer() {
    // mov rsp, rax; then push rbx, push 1, call +0, pushf, enter 16, 0, call rbx
    let stackless: [[UInt8]] = [
      [0x53], [0x6A, 0x01], [0xE8, 0, 0, 0, 0], [0x9C], [0xC8, 16, 0, 0], [0xFF, 0xD3],
    ]
    for code in stackless {
      let guest = faulting([0x48, 0x89, 0xC4] + code, at: 3, after: 1, write: true)
      #expect(guest.cpu.pointee.gpr[4] == Self.unmapped)
    }
    // pop rbx, ret, leave with rbp, popf
    for code in [[0x5B], [0xC3], [0x9D]] as [[UInt8]] {
      let guest = faulting([0x48, 0x89, 0xC4] + code, at: 3, after: 1, write: false)
      #expect(guest.cpu.pointee.gpr[4] == Self.unmapped && guest.cpu.pointee.gpr[3] == 0x1234)
    }
  }

  @Test func aRepeatedMoveThatFaultsHasDoneWhatItCould() {
    // rep movsb from 0x20000 up to the last mapped byte and beyond
    let guest = Guest([0xF3, 0xA4])
    let end: UInt64 = 16 << 20
    guest.write(Array(1...20), at: 0x2_0000)
    guest.cpu.pointee.gpr[1] = 20
    guest.cpu.pointee.gpr[6] = 0x2_0000
    guest.cpu.pointee.gpr[7] = end - 8
    let before = guest.cpu.pointee.steps
    #expect(execute(guest) == .fault)
    #expect(guest.cpu.pointee.fault.vector == 14 && guest.cpu.pointee.cr2 == end)
    #expect(guest.cpu.pointee.steps - before == 8)
    #expect(guest.cpu.pointee.rip == Guest.code)
    #expect(
      guest.cpu.pointee.gpr[1] == 12 && guest.cpu.pointee.gpr[6] == 0x2_0008 && guest.cpu.pointee.gpr[7] == end)
    #expect(guest.machine.read(PhysicalAddress(end - 8), count: 8)! == Array(1...8))
  }

  @Test func divisionsThatFaultKeepTheirRegisters() {
    // div ebx with edx >= ebx; div ebx with 0; idiv of the smallest number by -1
    let cases: [(rax: UInt64, rdx: UInt64, rbx: UInt64, code: [UInt8])] = [
      (5, 9, 9, [0xF7, 0xF3]), (5, 0, 0, [0xF7, 0xF3]), (0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFFF, [0xF7, 0xFB]),
      (0, 1 << 63, .max, [0x48, 0xF7, 0xFB]), (1 << 63, .max, .max, [0x48, 0xF7, 0xFB]),
      (0x8000, 0, 0xFF, [0xF6, 0xFB]),
    ]
    for test in cases {
      let guest = Guest(test.code)
      (guest.cpu.pointee.gpr[0], guest.cpu.pointee.gpr[2], guest.cpu.pointee.gpr[3]) = (test.rax, test.rdx, test.rbx)
      #expect(execute(guest) == .fault)
      #expect(guest.cpu.pointee.fault == .divideError && guest.cpu.pointee.rip == Guest.code)
      #expect(guest.cpu.pointee.gpr[0] == test.rax && guest.cpu.pointee.gpr[2] == test.rdx)
    }
  }

  @Test func theSmallestNumberDividesByOne() {
    // idiv rbx
    let guest = Guest([0x48, 0xF7, 0xFB, 0xF4])
    (guest.cpu.pointee.gpr[0], guest.cpu.pointee.gpr[2], guest.cpu.pointee.gpr[3]) = (1 << 63, .max, 1)
    _ = execute(guest)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 1 << 63 && guest.cpu.pointee.gpr[2] == 0)
  }

  @Test func branchesToAddressesThatAreNotCanonicalFaultAtTheBranch() {
    // jmp rbx; call rbx; push rbx; ret
    for (code, offset) in [([0xFF, 0xE3], 0), ([0xFF, 0xD3], 0), ([0x53, 0xC3], 1)] as [([UInt8], UInt64)] {
      let guest = Guest(code)
      guest.cpu.pointee.gpr[3] = 0x8000_0000_0000
      #expect(execute(guest) == .fault)
      #expect(guest.cpu.pointee.fault == .generalProtection(0) && guest.cpu.pointee.rip == Guest.code + offset)
      #expect(guest.cpu.pointee.gpr[4] == Guest.stackTop - offset * 8)
    }
  }

  @Test func aBranchToUnmappedCodeFaultsAtItsTarget() {
    // call rax
    let guest = Guest([0xFF, 0xD0])
    guest.cpu.pointee.gpr[0] = Self.unmapped
    let before = guest.cpu.pointee.steps
    #expect(execute(guest) == .fault)
    #expect(guest.cpu.pointee.fault.vector == 14 && guest.cpu.pointee.rip == Self.unmapped)
    // The call has retired, the fetch has not.
    #expect(guest.cpu.pointee.steps - before == 1 && guest.cpu.pointee.gpr[4] == Guest.stackTop - 8)
    #expect(guest.load(Guest.stackTop - 8) == Guest.code + 2)
  }
}

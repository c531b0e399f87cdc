import OrreryBase
import Testing

@testable import OrreryMachine

/// A block goes on after a direct jump. Nothing of that can be told from outside.
struct FollowedJumpTests {
  private typealias Guest = LongModeGuest

  /// In another 2 MiB page than `Guest.code`.
  private static let target: UInt64 = 0x40_0000
  private static let targetEntry = Guest.directory + 2 * 8
  private static let first = Guest.code + 0x100
  private static let second = Guest.code + 0x200
  private static let accessed: UInt64 = 1 << 5

  /// call rbx; call rbp; hlt, with a jump to `target` at either place. When the second is decoded, the page of `target` was fetched from.
  private func guest(_ targetCode: [UInt8]) -> Guest {
    let guest = Guest([0xFF, 0xD3, 0xFF, 0xD5, 0xF4])
    for place in [Self.first, Self.second] {
      let distance = UInt32(truncatingIfNeeded: Self.target &- (place + 5))
      guest.write([0xE9] + (0..<4).map { UInt8(truncatingIfNeeded: distance >> ($0 * 8)) }, at: place)
    }
    guest.write(targetCode, at: Self.target)
    guest.cpu.pointee.gpr[0] = 0
    guest.cpu.pointee.gpr[3] = Self.first
    guest.cpu.pointee.gpr[5] = Self.second
    return guest
  }

  /// add eax, 1; ret
  private static let increment: [UInt8] = [0x83, 0xC0, 0x01, 0xC3]

  private func isAccessed(_ guest: Guest) -> Bool { guest.load(Self.targetEntry) & Self.accessed != 0 }

  private func secondPart(_ guest: Guest, at linear: UInt64) -> UInt64? {
    let block = guest.cpu.pointee.blocks.pointee.jumpCache[BlockCache.jumpCacheIndex(linear)]
    return block.pointee.rip == linear ? block.description.pointee.secondRIP : nil
  }

  @Test func aBlockGoesOnAfterAJumpOnceItsTargetWasFetched() {
    let guest = guest(Self.increment)
    guest.run(steps: 9)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 2)
    #expect(secondPart(guest, at: Self.first) == nil)
    #expect(secondPart(guest, at: Self.second) == Self.target)
  }

  @Test func stoppingAnywhereGivesTheSameState() {
    for steps in 1...UInt64(9) {
      let whole = guest(Self.increment)
      whole.run(steps: steps)
      let single = guest(Self.increment)
      for _ in 0..<steps { single.run(steps: 1) }
      #expect(whole.machine.stateHash() == single.machine.stateHash(), "after \(steps) steps")
      // call, jmp: the target comes third.
      #expect(isAccessed(whole) == (steps >= 3))
    }
  }

  @Test func aPageIsAccessedOnlyWhenItsCodeExecutes() {
    let guest = guest(Self.increment)
    guest.run(steps: 9)
    guest.store(Self.targetEntry, Self.target | 0x87)
    _ = guest.cpu.invalidatePage(Self.target)
    guest.cpu.pointee.isHalted = false
    guest.cpu.pointee.rip = Self.second
    guest.run(steps: 1)
    #expect(!isAccessed(guest) && guest.cpu.pointee.rip == Self.target)
    guest.run(steps: 1)
    #expect(isAccessed(guest) && guest.cpu.pointee.gpr[0] == 3)
  }

  @Test func aFaultBehindTheJumpIsAtItsInstruction() {
    // nop; mov eax, [0x4000000], which is not mapped
    let guest = guest([0x90, 0x8B, 0x04, 0x25, 0, 0, 0, 0x04])
    guest.cpu.pointee.rip = Self.second
    // So that the block can go on there.
    guest.store(Self.targetEntry, guest.load(Self.targetEntry) | Self.accessed)
    guest.cpu.pointee.budget = 100
    let before = guest.cpu.pointee.steps
    #expect(guest.cpu.execute() == .fault)
    #expect(secondPart(guest, at: Self.second) == Self.target)
    #expect(guest.cpu.pointee.rip == Self.target + 1 && guest.cpu.pointee.cr2 == 0x400_0000)
    #expect(guest.cpu.pointee.steps - before == 2)
  }

  @Test func aCallBehindTheJumpReturnsBehindItself() {
    // call rdx; hlt
    let guest = guest([0xFF, 0xD2, 0xF4])
    guest.store(Self.targetEntry, guest.load(Self.targetEntry) | Self.accessed)
    guest.write([0xC3], at: Guest.code + 0x300)
    guest.cpu.pointee.gpr[2] = Guest.code + 0x300
    guest.cpu.pointee.rip = Self.second
    guest.run(steps: 4)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.rip == Self.target + 3)
  }

  @Test func codeBehindTheJumpIsFoundWhereItsPageIsMapped() {
    let guest = guest(Self.increment)
    guest.write([0x83, 0xC0, 0x10, 0xC3], at: 0x60_0000)
    guest.run(steps: 9)
    guest.store(Self.targetEntry, 0x60_0000 | 0x87)
    _ = guest.cpu.invalidatePage(Self.target)
    guest.cpu.pointee.isHalted = false
    guest.cpu.pointee.rip = Guest.code + 2
    guest.run(steps: 5)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 2 + 0x10)
  }

  @Test func codeBehindTheJumpIsNeverOlderThanMemory() {
    let guest = guest(Self.increment)
    guest.run(steps: 9)
    guest.write([0x83, 0xC0, 0x20], at: Self.target)
    guest.cpu.pointee.isHalted = false
    guest.cpu.pointee.rip = Guest.code + 2
    guest.run(steps: 5)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 2 + 0x20)
  }

  @Test func aStoreBeforeTheJumpIntoWhatComesBehindItTakesEffect() {
    // mov byte [rip + 3], 0x22; jmp over a byte to: mov al, 0x11; hlt
    let guest = Guest([0xC6, 0x05, 4, 0, 0, 0, 0x22, 0xEB, 0x01, 0xCC, 0xB0, 0x11, 0xF4])
    guest.run(steps: 4)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] & 0xFF == 0x22)
  }

  @Test func aBreakpointBehindTheJumpStopsBeforeItsInstruction() {
    let guest = guest(Self.increment)
    guest.run(steps: 9)
    _ = guest.cpu.pointee.breakpoints.pointee.insert(Self.target, .anchor)
    guest.cpu.pointee.blocks.pointee.removeAll()
    guest.cpu.pointee.isHalted = false
    guest.cpu.pointee.rip = Self.second
    guest.cpu.pointee.budget = 100
    #expect(guest.cpu.execute() == .breakpoint)
    #expect(guest.cpu.pointee.rip == Self.target && guest.cpu.pointee.gpr[0] == 2)
  }

  @Test func aLoopOfOneJumpCountsEveryStep() {
    let guest = Guest([0xEB, 0xFE])
    guest.run(steps: 1001)
    #expect(guest.cpu.pointee.steps == 1001 && guest.cpu.pointee.rip == Guest.code)
  }

  @Test func aPageThatMayNotBeExecutedFaultsAtItsFirstInstruction() {
    let guest = guest(Self.increment)
    guest.run(steps: 9)
    guest.store(Self.targetEntry, 1 << 63 | Self.target | 0x87 | Self.accessed)
    _ = guest.cpu.invalidatePage(Self.target)
    guest.cpu.pointee.rip = Self.second
    guest.cpu.pointee.isHalted = false
    guest.cpu.pointee.budget = 100
    #expect(guest.cpu.execute() == .fault)
    #expect(guest.cpu.pointee.rip == Self.target && guest.cpu.pointee.fault == .pageFault(0x11))
  }

  @Test func aComparisonIsNotMovedPastAMoveOfWhatItReads() {
    // mov rcx, 1; mov rdx, 1; cmp rcx, rdx; mov rcx, 7; cmove rax, rcx; hlt: the registers were equal before the move.
    let guest = Guest([
      0xB9, 1, 0, 0, 0, 0xBA, 1, 0, 0, 0, 0x48, 0x39, 0xD1, 0xB9, 7, 0, 0, 0, 0x48, 0x0F, 0x44, 0xC1, 0xF4,
    ])
    guest.cpu.pointee.gpr[0] = 0
    guest.run(steps: 6)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 7)
    // mov ecx, 1; cmp ecx, edx; not rsi; cmove rax, rsi; jne on the flags of the comparison; hlt; mov ebx, 1; hlt
    let moved = Guest([
      0xB9, 1, 0, 0, 0, 0x39, 0xD1, 0x48, 0xF7, 0xD6, 0x48, 0x0F, 0x44, 0xC6, 0x75, 0x01, 0xF4, 0xBB, 1, 0, 0, 0,
      0xF4,
    ])
    for (edx, rax, rbx) in [(1, ~0x55, 9), (2, 3, 1)] as [(UInt64, UInt64, UInt64)] {
      moved.cpu.pointee.gpr[0] = 3
      moved.cpu.pointee.gpr[2] = edx
      moved.cpu.pointee.gpr[3] = 9
      moved.cpu.pointee.gpr[6] = 0x55
      moved.cpu.pointee.rip = Guest.code
      moved.cpu.pointee.isHalted = false
      moved.run(steps: edx == 1 ? 6 : 7)
      #expect(moved.cpu.pointee.isHalted && moved.cpu.pointee.gpr[0] == rax && moved.cpu.pointee.gpr[3] == rbx)
    }
  }
}

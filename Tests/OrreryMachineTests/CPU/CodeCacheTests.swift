import OrreryBase
import Testing

@testable import OrreryMachine

/// Decoded code is never older than memory, and breakpoints are seen before the instruction.
struct CodeCacheTests {
  private typealias Guest = LongModeGuest

  @Test func aStoreIntoTheNextInstructionTakesEffectAtOnce() {
    // mov byte [rip + 1], 0x22 changes the immediate of: mov al, 0x11; hlt
    let guest = Guest([0xC6, 0x05, 0x01, 0, 0, 0, 0x22, 0xB0, 0x11, 0xF4])
    guest.run(steps: 10)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 0x22)
  }

  @Test func aLoopThatRewritesItselfSeesEachChange() {
    // mov ecx, 5; again: add eax, 1 (its immediate at +8); inc byte [rip - 7] (that immediate); dec ecx; jne again; hlt
    let guest = Guest([
      0xB9, 5, 0, 0, 0, 0x83, 0xC0, 0x01, 0xFE, 0x05, 0xF9, 0xFF, 0xFF, 0xFF, 0xFF, 0xC9, 0x75, 0xF3, 0xF4,
    ])
    guest.cpu.pointee.gpr[0] = 0
    guest.run(steps: 100)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 1 + 2 + 3 + 4 + 5)
  }

  @Test func aBlockThatStoresIntoItselfAndJumpsBackMakesProgress() {
    // again: add [rip - 6], al; jmp again. AL is 0, so the bytes stay as they are.
    let guest = Guest([0x00, 0x05, 0xFA, 0xFF, 0xFF, 0xFF, 0xEB, 0xF8])
    guest.cpu.pointee.gpr[0] = 0
    for _ in 0..<4 { guest.run(steps: 101) }
    #expect(guest.cpu.pointee.steps == 404 && guest.cpu.pointee.rip == Guest.code)
  }

  @Test func anIndirectJumpBackToABlockThatStoredIntoItselfMakesProgress() {
    // again: add [rip - 6], al; jmp rbx
    let guest = Guest([0x00, 0x05, 0xFA, 0xFF, 0xFF, 0xFF, 0xFF, 0xE3])
    guest.cpu.pointee.gpr[0] = 0
    guest.cpu.pointee.gpr[3] = Guest.code
    guest.run(steps: 101)
    #expect(guest.cpu.pointee.steps == 101)
  }

  @Test func codeThatAHostWriteReplacesIsDecodedAgain() {
    let guest = Guest([0xB0, 0x11, 0xEB, 0xFC])
    guest.run(steps: 8)
    #expect(guest.cpu.pointee.gpr[0] & 0xFF == 0x11)
    guest.write([0xB0, 0x33], at: Guest.code)
    guest.run(steps: 8)
    #expect(guest.cpu.pointee.gpr[0] & 0xFF == 0x33)
  }

  @Test func codeOnAPageMappedElsewhereIsFoundThere() {
    // call 0x400000 twice, the second time with its 2 MiB page mapped to another frame
    let guest = Guest([0xFF, 0xD3, 0xFF, 0xD3, 0xF4])
    guest.write([0x83, 0xC0, 0x01, 0xC3], at: 0x40_0000)
    guest.write([0x83, 0xC0, 0x10, 0xC3], at: 0x60_0000)
    guest.cpu.pointee.gpr[0] = 0
    guest.cpu.pointee.gpr[3] = 0x40_0000
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.gpr[0] == 1)
    guest.store(Guest.directory + 2 * 8, 0x60_0087)
    _ = guest.cpu.invalidatePage(0x40_0000)
    guest.run(steps: 10)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 0x11)
  }

  @Test func routinesThatShareAPlaceInTheJumpCacheAreEachFound() {
    // Three whose addresses have one entry of the jump cache and one that has the entry beside it; each adds a number of its own.
    let places: [UInt64] = [0x2_1000, 0x2_2003, 0x2_3002, 0x2_4004]
    let entries = places.map { BlockCache.jumpCacheIndex($0) }
    #expect(Set(entries[..<3]).count == 1 && entries[3] == entries[0] ^ 1)
    // mov edi, 1000; again: call r8; call r9; call r8; call r10; call r11; dec edi; jne again; hlt
    let guest = Guest([
      0xBF, 0xE8, 3, 0, 0, 0x41, 0xFF, 0xD0, 0x41, 0xFF, 0xD1, 0x41, 0xFF, 0xD0, 0x41, 0xFF, 0xD2, 0x41, 0xFF, 0xD3,
      0xFF, 0xCF, 0x75, 0xED, 0xF4,
    ])
    // add rax, …; ret
    let sums: [[UInt8]] = [[1, 0, 0, 0], [0x10, 0x27, 0, 0], [0x40, 0x78, 0x7D, 1], [3, 0, 0, 0]]
    for index in places.indices {
      let code: [UInt8] = [0x48, 0x05] + sums[index] + [0xC3]
      guest.write(code, at: places[index])
      guest.cpu.pointee.gpr[8 + index] = places[index]
    }
    guest.cpu.pointee.gpr[0] = 0
    // 1 and 5 rounds of 17 steps, then one routine is replaced.
    guest.run(steps: 1 + 5 * 17)
    let others: UInt64 = 10_000 + 25_000_000 + 3
    #expect(guest.cpu.pointee.gpr[0] == 5 * (2 + others))
    guest.write([7], at: places[0] + 2)
    guest.run(steps: 20_000)
    #expect(guest.cpu.pointee.isHalted)
    #expect(guest.cpu.pointee.gpr[0] == 1000 * others + 5 * 2 + 995 * 14)
  }

  @Test func anInstructionAcrossTwoPagesExecutesAndIsInvalidatedFromBoth() {
    // mov eax, 0x11223344 with its first two bytes on one page; ret
    let guest = Guest([0xFF, 0xD3, 0xFF, 0xD3, 0xF4])
    guest.cpu.pointee.gpr[3] = 0x2_0FFE
    guest.write([0xB8, 0x44, 0x33, 0x22, 0x11, 0xC3], at: 0x2_0FFE)
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.gpr[0] == 0x1122_3344)
    guest.write([0x99], at: 0x2_1000)
    guest.run(steps: 10)
    #expect(guest.cpu.pointee.isHalted && guest.cpu.pointee.gpr[0] == 0x1122_9944)
  }

  @Test func theBytesBehindThePageAreFetchedOnlyWhenTheInstructionNeedsThem() {
    let end: UInt64 = 16 << 20
    // The last mapped byte holds a whole instruction, NOP: the fault is at the next.
    let whole = Guest([0xFF, 0xE3])
    whole.write([0x90], at: end - 1)
    whole.cpu.pointee.gpr[3] = end - 1
    whole.cpu.pointee.budget = 100
    #expect(whole.cpu.execute() == .fault)
    #expect(whole.cpu.pointee.rip == end && whole.cpu.pointee.cr2 == end)
    // It holds the first byte of MOV EAX, imm32: the fault is at that instruction, for the page behind.
    let cut = Guest([0xFF, 0xE3])
    cut.write([0xB8], at: end - 1)
    cut.cpu.pointee.gpr[3] = end - 1
    cut.cpu.pointee.budget = 100
    #expect(cut.cpu.execute() == .fault)
    #expect(cut.cpu.pointee.rip == end - 1 && cut.cpu.pointee.cr2 == end && cut.cpu.pointee.fault == .pageFault(0x10))
  }

  @Test func aBreakpointStopsBeforeItsInstructionAndIsPassedOnce() {
    // mov al, 1; mov al, 2; jmp back to the second
    let guest = Guest([0xB0, 1, 0xB0, 2, 0xEB, 0xFC])
    _ = guest.cpu.pointee.breakpoints.pointee.insert(Guest.code + 2, .anchor)
    guest.cpu.pointee.blocks.pointee.removeAll()
    guest.cpu.pointee.budget = 100
    let before = guest.cpu.pointee.steps
    #expect(guest.cpu.execute() == .breakpoint)
    #expect(guest.cpu.pointee.rip == Guest.code + 2 && guest.cpu.pointee.gpr[0] & 0xFF == 1)
    #expect(guest.cpu.pointee.steps - before == 1)
    // Asked again without passing it, it stops again.
    #expect(guest.cpu.execute() == .breakpoint)
    guest.cpu.pointee.resumesAtBreakpoint = true
    _ = guest.cpu.execute()
    #expect(guest.cpu.pointee.gpr[0] & 0xFF == 2)
    guest.cpu.pointee.budget = 100
    #expect(guest.cpu.execute() == .breakpoint)
    #expect(guest.cpu.pointee.rip == Guest.code + 2)
    #expect(guest.cpu.pointee.steps - before == 3)
  }

  @Test func manyInvalidationsFillNoMemory() {
    // The arena is bounded: blocks that are decoded over and over are thrown away all at once.
    let guest = Guest([0xB0, 0x11, 0xEB, 0xFC])
    for round in 0..<30_000 as Range<UInt64> {
      guest.write([0xB0, UInt8(truncatingIfNeeded: round)], at: Guest.code)
      guest.cpu.pointee.rip = Guest.code
      guest.cpu.pointee.budget = 2
      _ = guest.cpu.execute()
      if guest.cpu.pointee.gpr[0] & 0xFF != round & 0xFF { Issue.record("round \(round)") }
    }
  }
}

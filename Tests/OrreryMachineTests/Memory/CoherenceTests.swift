import OrreryBase
import Testing

@testable import OrreryMachine

/// A store to a live page table takes effect at the next access, without INVLPG, for data and for code.
struct CoherenceTests {
  private static let page: UInt64 = 0x4000_0000
  private static let table: UInt64 = 0xB000

  private func guest(_ code: [UInt8] = []) -> LongModeGuest {
    let guest = LongModeGuest(code)
    guest.store(LongModeGuest.directoryPointers + 8, 0xA007)
    guest.store(0xA000, Self.table | 7)
    guest.store(Self.table, 0x20_0007)
    guest.store(0x20_0000, 0x1111)
    guest.store(0x30_0000, 0x2222)
    return guest
  }

  @Test func changingAnEntryMovesTheNextLoad() {
    let guest = guest()
    let cpu = guest.cpu
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x1111)
    #expect(cpu.storeSlow(Self.table, 0x30_0007, size: 8))
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x2222)
    #expect(cpu.storeSlow(Self.table, 0x30_0006, size: 1))
    #expect(cpu.loadSlow(Self.page, size: 8) == nil)
    #expect(cpu.storeSlow(Self.table, 0x20_0007, size: 8))
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x1111)
  }

  @Test func theInlinePathMissesAfterAChange() {
    let guest = guest()
    let cpu = guest.cpu
    #expect(cpu.storeSlow(Self.page, 1, size: 8))
    let slot = cpu.pointee.tlb + Int(Self.page >> 12 & 255)
    #expect(slot.pointee.readTag == Self.page)
    #expect(cpu.storeSlow(Self.table, 0x20_0005, size: 8))
    #expect(slot.pointee.readTag != Self.page && slot.pointee.writeTag != Self.page)
  }

  @Test func clearingDirtyIsSeenByTheNextStore() {
    let guest = guest()
    let cpu = guest.cpu
    #expect(cpu.storeSlow(Self.page, 1, size: 8))
    #expect(cpu.storeSlow(Self.table, 0x20_0007, size: 8))
    #expect(cpu.storeSlow(Self.page, 2, size: 8))
    #expect(guest.load(Self.table) == 0x20_0067)
  }

  @Test func changingAnUpperEntryMovesEverythingBelow() {
    let guest = guest()
    let cpu = guest.cpu
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x1111)
    #expect(cpu.storeSlow(0xA000, 0x20_0087, size: 8))
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x1111)
    #expect(cpu.storeSlow(LongModeGuest.directoryPointers + 8, 0, size: 8))
    #expect(cpu.loadSlow(Self.page, size: 8) == nil)
  }

  @Test func aTableReachedThroughTheRecursiveEntryIsTheSame() {
    let guest = guest()
    let cpu = guest.cpu
    guest.store(LongModeGuest.pml4 + 510 * 8, LongModeGuest.pml4 | 3)
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x1111)
    // PML4 510, then the path of the page: PDPT 0, PD 1, PT 0.
    let entry = 0xFFFF_0000_0000_0000 | 510 << 39 | Self.page >> 9
    #expect(cpu.storeSlow(entry, 0x30_0003, size: 8))
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x2222)
  }

  @Test func codeThroughAChangedEntryIsFetchedAnew() {
    // mov eax, 1; hlt, and in the other frame mov eax, 2; hlt. The program calls the page, moves it, calls it again.
    let code: [UInt8] = [
      0xB9, 0x00, 0x00, 0x00, 0x40,  // mov ecx, 0x40000000
      0xFF, 0xD1,  // call rcx
      0x89, 0xC3,  // mov ebx, eax
      0xC7, 0x04, 0x25, 0x00, 0xB0, 0x00, 0x00, 0x07, 0x00, 0x30, 0x00,  // mov dword [0xB000], 0x300007
      0xFF, 0xD1,  // call rcx
      0xF4,
    ]
    let guest = guest(code)
    guest.write([0xB8, 1, 0, 0, 0, 0xC3], at: 0x20_0000)
    guest.write([0xB8, 2, 0, 0, 0, 0xC3], at: 0x30_0000)
    guest.run(steps: 20)
    #expect(guest.cpu.pointee.gpr[3] == 1)
    #expect(guest.cpu.pointee.gpr[0] == 2)
  }

  @Test func codeThatOverwritesItselfRunsAsWritten() {
    // The second instruction is changed by the first from mov eax, 1 to mov eax, 5.
    let code: [UInt8] = [
      0xC6, 0x04, 0x25, 0x09, 0x00, 0x01, 0x00, 0x05,  // mov byte [0x10009], 5
      0xB8, 1, 0, 0, 0,  // mov eax, 1
      0xF4,
    ]
    let guest = guest(code)
    guest.run(steps: 3)
    #expect(guest.cpu.pointee.gpr[0] == 5)
  }

  @Test func aTablePageThatBecomesDataAgainTakesPlainStores() {
    let guest = guest()
    let cpu = guest.cpu
    #expect(cpu.loadSlow(Self.page, size: 8) == 0x1111)
    #expect(cpu.storeSlow(0xA000, 0, size: 8))
    #expect(cpu.storeSlow(Self.table, 5, size: 8))
    #expect(cpu.storeSlow(Self.table, 6, size: 8))
    #expect(cpu.pointee.memory.pointee.pageFlags(Self.table >> 12).takesPlainStores)
  }
}

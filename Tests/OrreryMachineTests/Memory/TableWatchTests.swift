import OrreryBase
import Testing

@testable import OrreryMachine

/// What the probes are told of page tables.
struct TableWatchTests {
  private typealias Guest = LongModeGuest

  private func changes(_ guest: Guest) -> [[UInt64]] {
    guest.records(.tableEntry).map { [$0.value0, $0.value1, $0.value2] }
  }

  @Test func loadingARootListsTheTreeOnce() {
    let guest = Guest()
    guest.store(0xB000, Guest.directoryPointers | 3)
    // A recursive entry, and a second entry to the same table: neither is descended again.
    guest.store(0xB000 + 511 * 8, 0xB000 | 3)
    guest.store(0xB000 + 8, Guest.directoryPointers | 3)
    #expect(guest.cpu.writeControl(3, 0xB000))
    let records = guest.records()
    #expect(records.first?.kind == .addressSpace)
    #expect(records.first?.value0 == 0xB000 && records.first?.value1 == PagingMode.fourLevel.rawValue)
    let pages = records.filter { $0.kind == .tablePage }
    // The lower tables stay live from the root before.
    #expect(pages.map(\.value0) == [0xB000] && pages.map(\.detail) == [4])
    let entries = records.filter { $0.kind == .tableEntry }
    #expect(entries.map(\.value0) == [0xB000, 0xB008, 0xBFF8])
    #expect(entries.map(\.detail) == [1, 1, 1])
  }

  @Test func storesOfEveryWidthAreSeenAsEntries() {
    let guest = Guest()
    let entry = Guest.directory + 0x100
    let cpu = guest.cpu
    #expect(cpu.storeSlow(entry, 0x20_0087, size: 8))
    #expect(cpu.storeSlow(entry + 2, 0x40, size: 1))
    #expect(cpu.storeSlow(entry + 6, 0xFFFF_0007, size: 4))
    #expect(cpu.store128Slow(entry, SIMD2(0, 0)))
    #expect(
      changes(guest) == [
        [entry, 0, 0x20_0087], [entry, 0x20_0087, 0x40_0087], [entry, 0x40_0087, 0x0007_0000_0040_0087],
        [entry + 8, 0, 0xFFFF], [entry, 0x0007_0000_0040_0087, 0], [entry + 8, 0xFFFF, 0],
      ])
  }

  @Test func aStoreAcrossTwoTablePagesIsSeenInBoth() {
    let guest = Guest()
    // The page directory lies above the page-directory-pointer table.
    #expect(guest.cpu.storeSlow(Guest.directory - 4, 0x8000_0000_0000_0000 | 0xFFFF_FFFF, size: 8))
    let changes = changes(guest)
    #expect(changes.map { $0[0] } == [Guest.directory - 8, Guest.directory])
    #expect(changes[0][2] == 0xFFFF_FFFF_0000_0000)
    #expect(changes[1][2] == 0x8000_0000)
  }

  @Test func repeatedStoresAreSeenEachByItself() {
    // mov edi, directory + 0x200; mov ecx, 3; mov eax, 0x1000; rep stosq; hlt
    let guest = Guest([
      0xBF, 0x00, 0x32, 0, 0, 0xB9, 3, 0, 0, 0, 0xB8, 0, 0x10, 0, 0, 0xF3, 0x48, 0xAB, 0xF4,
    ])
    guest.run(steps: 20)
    let first = Guest.directory + 0x200
    #expect(changes(guest) == [[first, 0, 0x1000], [first + 8, 0, 0x1000], [first + 16, 0, 0x1000]])
  }

  @Test func accessedAndDirtyBitsAreNoChanges() {
    let guest = Guest()
    #expect(guest.cpu.storeSlow(Guest.directory, 0x87 | 0x60, size: 8))
    #expect(guest.cpu.storeSlow(Guest.directory, 0x87, size: 8))
    #expect(changes(guest).isEmpty)
  }

  @Test func aNewTableIsListedAndARemovedOneForgotten() {
    let guest = Guest()
    let cpu = guest.cpu
    guest.store(0xB000 + 40, 0x20_0003)
    #expect(cpu.storeSlow(Guest.directory + 0x100, 0xB003, size: 8))
    var records = guest.records()
    #expect(records.map(\.kind) == [.tableEntry, .tablePage, .tableEntry])
    #expect(records[1].value0 == 0xB000 && records[1].detail == 1)
    #expect(records[2].value0 == 0xB028 && records[2].value2 == 0x20_0003)
    #expect(cpu.storeSlow(0xB000, 0x30_0003, size: 8))
    #expect(changes(guest) == [[0xB000, 0, 0x30_0003]])
    #expect(cpu.storeSlow(Guest.directory + 0x100, 0, size: 8))
    #expect(changes(guest).count == 1)
    // No table any more: what happens to it is seen when it becomes one again, as a difference.
    #expect(cpu.storeSlow(0xB000, 0, size: 8))
    #expect(guest.records().isEmpty)
    #expect(cpu.storeSlow(Guest.directory + 0x108, 0xB003, size: 8))
    records = guest.records()
    #expect(records.map(\.kind) == [.tableEntry, .tableEntry])
    #expect([records[1].value0, records[1].value1, records[1].value2] == [0xB000, 0x30_0003, 0])
  }

  @Test func aSwitchBackReportsWhatChangedMeanwhile() {
    let guest = Guest()
    let cpu = guest.cpu
    guest.store(0xB000, Guest.directoryPointers | 3)
    #expect(cpu.writeControl(3, 0xB000))
    _ = guest.records()
    #expect(cpu.storeSlow(Guest.pml4 + 16, 0x4003, size: 8))
    #expect(guest.records().isEmpty)
    #expect(cpu.writeControl(3, Guest.pml4))
    let records = guest.records()
    #expect(records[0].kind == .addressSpace)
    #expect(records[1].kind == .tableEntry && records[1].value0 == Guest.pml4 + 16 && records[1].value2 == 0x4003)
  }

  @Test func switchingPagingOffEndsTheTree() {
    let machine = Machine(configuration: MachineConfiguration())
    machine.enterProtectedMode(eip: 0, ebx: 0)
    #expect(machine.cpu.writeControl(3, 0x1000))
    #expect(machine.cpu.writeControl(0, machine.cpu.pointee.cr0 | ControlRegister.pg))
    #expect(machine.cpu.writeControl(0, machine.cpu.pointee.cr0 & ~ControlRegister.pg))
    #expect(machine.cpu.pointee.system.pointee.tables.active.isEmpty)
  }
}

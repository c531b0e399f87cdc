import OrreryBase
import Testing

@testable import OrreryMachine

/// Translation against the rules of the Intel SDM, volume 3, 4.5 to 4.8.
struct PageWalkTests {
  private static let page: UInt64 = 0x4000_0000
  private static let table: UInt64 = 0xB000
  private static let frame: UInt64 = 0x20_0000

  /// A guest with `page` mapped through tables of its own by the four entries' flags.
  private func guest(_ flags: [UInt64] = [7, 7, 7, 7]) -> LongModeGuest {
    let guest = LongModeGuest()
    guest.store(LongModeGuest.pml4, LongModeGuest.directoryPointers | flags[0])
    guest.store(LongModeGuest.directoryPointers + 8, 0xA000 | flags[1])
    guest.store(0xA000, Self.table | flags[2])
    guest.store(Self.table, Self.frame | flags[3])
    return guest
  }

  /// The page fault that an access takes; nil when it is allowed.
  private func fault(_ guest: LongModeGuest, _ access: MemoryAccess, isUser: Bool, at address: UInt64 = page) -> UInt32?
  {
    guest.cpu.pointee.hasFault = false
    if guest.cpu.translate(address, access, isUser: isUser) != nil { return nil }
    #expect(guest.cpu.pointee.fault.vector == 14)
    #expect(guest.cpu.pointee.cr2 == address)
    return guest.cpu.pointee.fault.errorCode
  }

  @Test func rightsAreThoseThatEveryLevelGrants() {
    // At each of three levels (PML4E, PDPTE, PTE) all combinations of R/W, U/S and XD; the PDE grants everything.
    for combination in 0..<512 {
      let flags = (0..<3).map { level -> UInt64 in
        let bits = UInt64(combination >> (level * 3))
        return 1 | (bits & 1) << 1 | (bits >> 1 & 1) << 2 | (bits >> 2 & 1) << 63
      }
      for protects in [false, true] {
        let guest = guest([flags[0], flags[1], 7, flags[2]])
        if !protects { guest.cpu.pointee.cr0 &= ~ControlRegister.wp }
        let isWritable = flags.allSatisfy { $0 & 2 != 0 }
        let isUserPage = flags.allSatisfy { $0 & 4 != 0 }
        let isExecutable = flags.allSatisfy { $0 >> 63 == 0 }
        for isUser in [false, true] {
          let user: UInt32 = isUser ? 4 : 0
          #expect(fault(guest, .read, isUser: isUser) == (isUser && !isUserPage ? user | 1 : nil))
          let mayWrite = isUser ? isUserPage && isWritable : isWritable || !protects
          #expect(fault(guest, .write, isUser: isUser) == (mayWrite ? nil : user | 3))
          let mayExecute = isExecutable && (!isUser || isUserPage)
          #expect(fault(guest, .execute, isUser: isUser) == (mayExecute ? nil : user | 0x11))
        }
      }
    }
  }

  @Test func anEntryThatIsNotPresentAnywhereFaultsWithoutTheProtectionBit() {
    for level in 0..<4 {
      var flags: [UInt64] = [7, 7, 7, 7]
      flags[level] = 6
      let guest = guest(flags)
      #expect(fault(guest, .read, isUser: false) == 0)
      #expect(fault(guest, .write, isUser: true) == 6)
      #expect(fault(guest, .execute, isUser: true) == 0x14)
    }
  }

  @Test func reservedBitsFaultOnEveryLevel() {
    for level in 0..<4 {
      for bit in 40..<52 {
        var flags: [UInt64] = [7, 7, 7, 7]
        flags[level] |= 1 << UInt64(bit)
        #expect(fault(guest(flags), .read, isUser: true) == 0xD)
      }
    }
    // PS in a PML4E; XD while EFER.NXE is off; the address bits below a large page.
    #expect(fault(guest([0x87, 7, 7, 7]), .read, isUser: false) == 9)
    let guest = guest([7, 7, 7, 7 | 1 << 63])
    guest.cpu.pointee.efer &= ~ExtendedFeature.noExecuteEnable
    #expect(fault(guest, .read, isUser: false) == 9)
    let large = self.guest()
    large.store(0xA000, 0x20_0000 | 1 << 13 | 0x87)
    #expect(fault(large, .read, isUser: false) == 9)
    let huge = self.guest()
    huge.store(LongModeGuest.directoryPointers + 8, 1 << 29 | 0x87)
    #expect(fault(huge, .read, isUser: false) == 9)
  }

  @Test func bitsThatSoftwareMayUseAreIgnored() {
    let ignored: UInt64 = 0x7FF0_0000_0000_0E18
    #expect(fault(guest([7 | ignored, 7 | ignored, 7 | ignored, 7 | ignored | 0x180]), .write, isUser: true) == nil)
  }

  @Test func largePagesTranslateTheirOffset() throws {
    let guest = guest()
    guest.store(0xA000 + 8, 0x40_0000 | 0x87)
    guest.store(LongModeGuest.directoryPointers + 16, 0 | 0x87)
    #expect(guest.cpu.translate(Self.page + 0x20_0000 + 0x1_2345, .read, isUser: false)?.physicalPage == 0x41_2000)
    #expect(guest.cpu.translate(0x8000_0000 + 0x12_3456, .read, isUser: false)?.physicalPage == 0x12_3000)
  }

  @Test func accessedAndDirtyAreSetWhenUsed() {
    let guest = guest()
    #expect(fault(guest, .read, isUser: true) == nil)
    #expect(guest.load(LongModeGuest.pml4) & 0x60 == 0x20)
    #expect(guest.load(0xA000) & 0x60 == 0x20)
    #expect(guest.load(Self.table) & 0x60 == 0x20)
    #expect(fault(guest, .write, isUser: true) == nil)
    #expect(guest.load(Self.table) & 0x60 == 0x60)
    #expect(guest.load(0xA000) & 0x60 == 0x20)
    // A fault at the last level leaves that level alone.
    let readOnly = self.guest([7, 7, 7, 5])
    #expect(fault(readOnly, .write, isUser: true) == 7)
    #expect(readOnly.load(Self.table) & 0x60 == 0)
  }

  @Test func lookingWithoutEffectsChangesNothing() {
    let guest = guest()
    #expect(guest.machine.physicalAddress(of: LinearAddress(Self.page + 5)) == PhysicalAddress(Self.frame + 5))
    #expect(guest.load(Self.table) == Self.frame | 7)
    #expect(guest.machine.physicalAddress(of: LinearAddress(0x5000_0000)) == nil)
  }

  @Test func nonCanonicalAddressesRaiseGeneralProtection() {
    let guest = guest()
    #expect(guest.cpu.loadSlow(0x0000_8000_0000_0000, size: 8) == nil)
    #expect(guest.cpu.pointee.fault == .generalProtection(0))
  }

  @Test func aTableOutsideMemoryStopsTheRunByName() {
    let guest = guest()
    guest.store(0xA000, 0x10_0000_0000 | 7)
    #expect(guest.cpu.loadSlow(Self.page, size: 8) == nil)
    #expect(guest.cpu.pointee.stop?.description.contains("0x1000000000") == true)
  }

  // MARK: Two and three levels

  @Test func twoLevelPagingHasSmallAndLargePages() {
    let machine = Machine(configuration: MachineConfiguration())
    let cpu = machine.cpu
    machine.enterProtectedMode(eip: 0x1000, ebx: 0)
    cpu.pointee.cr3 = 0x1000
    cpu.pointee.cr4 = ControlRegister.pse
    cpu.pointee.cr0 |= ControlRegister.pg | ControlRegister.wp
    func store(_ address: UInt64, _ value: UInt32) { cpu.pointee.memory.pointee.storeEntry(address, value) }
    store(0x1000, 0x2000 | 7)
    store(0x2000 + 4 * 3, 0x5000 | 3)
    store(0x2000 + 4 * 4, 0x6000 | 5)
    store(0x1000 + 4, 0x80_0000 | 0x87)
    #expect(cpu.translate(0x3123, .write, isUser: false)?.physicalPage == 0x5000)
    #expect(cpu.translate(0x3123, .read, isUser: true) == nil && cpu.pointee.fault.errorCode == 5)
    #expect(cpu.translate(0x4000, .write, isUser: true) == nil && cpu.pointee.fault.errorCode == 7)
    #expect(cpu.translate(0x40_5000, .write, isUser: true)?.physicalPage == 0x80_5000)
    // No XD in this mode, so an instruction fetch is not told apart in the error code.
    #expect(cpu.translate(0x80_0000, .execute, isUser: true) == nil && cpu.pointee.fault.errorCode == 4)
    let entry: UInt32? = cpu.pointee.memory.pointee.load(0x200C)
    #expect(entry == 0x5063)
  }

  @Test func threeLevelPagingTakesItsRootFromFourEntries() {
    let machine = Machine(configuration: MachineConfiguration())
    let cpu = machine.cpu
    machine.enterProtectedMode(eip: 0x1000, ebx: 0)
    func store(_ address: UInt64, _ value: UInt64) { cpu.pointee.memory.pointee.storeEntry(address, value) }
    store(0x1020 + 8, 0x2001)
    store(0x2000 + 8, 0x3000 | 7)
    store(0x3000 + 16, 0x7000 | 7 | 1 << 63)
    cpu.pointee.cr4 = ControlRegister.pae
    cpu.pointee.efer = ExtendedFeature.noExecuteEnable
    #expect(cpu.writeControl(3, 0x1020))
    #expect(cpu.writeControl(0, cpu.pointee.cr0 | ControlRegister.pg))
    #expect(cpu.translate(0x4020_2ABC, .read, isUser: true)?.physicalPage == 0x7000)
    #expect(cpu.translate(0x4020_2ABC, .execute, isUser: true) == nil && cpu.pointee.fault.errorCode == 0x15)
    store(0x1020, 0x2003)
    #expect(!cpu.writeControl(3, 0x1020) && cpu.pointee.fault == .generalProtection(0))
  }
}

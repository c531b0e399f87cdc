import OrreryBase
import Testing

@testable import OrreryMachine

/// `tlb=stale` against the rules of the Intel SDM, volume 3, 4.8 and 4.10.
struct ModelledTLBTests {
  private static let page: UInt64 = 0x4000_0000
  private static let table: UInt64 = 0xB000
  /// A frame for each page of the table, with its own contents.
  private static let frames: UInt64 = 0x20_0000
  private static let moved: UInt64 = 0x60_0000

  /// A guest whose pages from `page` on have entries of their own.
  private func guest(_ code: [UInt8] = [], tlb: MachineConfiguration.TLBModel = .stale) -> LongModeGuest {
    let guest = LongModeGuest(code) { $0.tlb = tlb }
    guest.store(LongModeGuest.directoryPointers + 8, 0xA007)
    guest.store(0xA000, Self.table | 7)
    for index in 0..<UInt64(512) {
      guest.store(Self.table + index * 8, Self.frames + index << 12 | 7)
      guest.store(Self.frames + index << 12, 0x1000 + index)
    }
    guest.store(Self.moved, 0x2222)
    return guest
  }

  private func entry(_ index: UInt64) -> UInt64 { Self.table + index * 8 }
  private func page(_ index: UInt64) -> UInt64 { Self.page + index << 12 }

  private func read(_ guest: LongModeGuest, _ address: UInt64 = page) -> UInt64? {
    guest.cpu.loadSlow(address, size: 8)
  }

  // MARK: What is kept, and what takes it away

  @Test func aStoreToATableIsSeenOnlyAfterINVLPG() {
    let guest = guest()
    #expect(read(guest) == 0x1000)
    #expect(guest.cpu.storeSlow(entry(0), Self.moved | 7, size: 8))
    #expect(read(guest) == 0x1000)
    #expect(guest.cpu.invalidatePage(Self.page | 0x123))
    #expect(read(guest) == 0x2222)
  }

  @Test func aPageThatIsTakenAwayCanStillBeUsed() {
    let guest = guest()
    #expect(guest.cpu.storeSlow(Self.page, 5, size: 8))
    #expect(guest.cpu.storeSlow(entry(0), 0, size: 8))
    #expect(guest.cpu.storeSlow(Self.page, 6, size: 8))
    #expect(guest.load(Self.frames) == 6)
    #expect(guest.cpu.invalidatePage(Self.page))
    #expect(read(guest) == nil)
    #expect(guest.cpu.pointee.fault == .pageFault(0))
  }

  @Test func invalidatingAnotherPageTakesNothingAway() {
    let guest = guest()
    #expect(read(guest) == 0x1000)
    #expect(guest.cpu.storeSlow(entry(0), Self.moved | 7, size: 8))
    #expect(guest.cpu.invalidatePage(page(64)))
    #expect(read(guest) == 0x1000)
  }

  @Test func loadingCR3TakesAwayWhatIsNotGlobal() {
    for (globalBit, isEnabled, expected) in [
      (0, true, 0x2222), (0x100, true, 0x1000), (0x100, false, 0x2222),
    ] as [(UInt64, Bool, UInt64)] {
      let guest = guest()
      if isEnabled { #expect(guest.cpu.writeControl(4, guest.cpu.pointee.cr4 | ControlRegister.pge)) }
      #expect(guest.cpu.storeSlow(entry(0), Self.frames | 7 | globalBit, size: 8))
      #expect(read(guest) == 0x1000)
      #expect(guest.cpu.storeSlow(entry(0), Self.moved | 7, size: 8))
      #expect(guest.cpu.writeControl(3, guest.cpu.pointee.cr3))
      #expect(read(guest) == expected, "G \(globalBit), PGE \(isEnabled)")
    }
  }

  @Test func invalidationAndChangesOfCR4TakeGlobalPagesAwayToo() {
    let changes: [(CPU) -> Bool] = [
      { $0.invalidatePage(Self.page) }, { $0.writeControl(4, $0.pointee.cr4 & ~ControlRegister.pge) },
      { $0.writeControl(4, $0.pointee.cr4 ^ ControlRegister.pse) },
    ]
    for change in changes {
      let guest = guest()
      #expect(guest.cpu.writeControl(4, guest.cpu.pointee.cr4 | ControlRegister.pge))
      #expect(guest.cpu.storeSlow(entry(0), Self.frames | 0x107, size: 8))
      #expect(read(guest) == 0x1000)
      #expect(guest.cpu.storeSlow(entry(0), Self.moved | 0x107, size: 8))
      #expect(read(guest) == 0x1000)
      #expect(change(guest.cpu))
      #expect(read(guest) == 0x2222)
    }
  }

  @Test func otherChangesOfControlRegistersTakeNothingAway() {
    let guest = guest()
    let cpu = guest.cpu
    #expect(read(guest) == 0x1000)
    #expect(cpu.storeSlow(entry(0), Self.moved | 7, size: 8))
    #expect(cpu.writeControl(0, cpu.pointee.cr0 ^ ControlRegister.wp))
    #expect(cpu.writeControl(0, cpu.pointee.cr0 ^ ControlRegister.ts))
    #expect(cpu.writeControl(4, cpu.pointee.cr4 ^ ControlRegister.tsd))
    #expect(read(guest) == 0x1000)
  }

  @Test func aLargePageIsOneTranslation() {
    let guest = guest()
    guest.store(0xA008, 0x60_0087)
    let large = Self.page + 0x20_0000
    guest.store(0x60_0000 + 0x5000, 0x55)
    guest.store(0x80_0000 + 0x5000, 0x66)
    guest.store(0x80_0000 + 0x9000, 0x99)
    #expect(read(guest, large) == 0x2222)
    #expect(guest.cpu.storeSlow(0xA008, 0x80_0087, size: 8))
    // A part of it that was not used before, and after INVLPG of yet another part all of it.
    #expect(read(guest, large + 0x5000) == 0x55)
    #expect(guest.cpu.invalidatePage(large + 0x1F_F000))
    #expect(read(guest, large + 0x5000) == 0x66)
    #expect(read(guest, large + 0x9000) == 0x99)
  }

  // MARK: Rights, accessed and dirty bits

  @Test func whatIsNotPresentIsNotKept() {
    let guest = guest()
    guest.store(entry(0), 0)
    #expect(read(guest) == nil)
    #expect(guest.cpu.storeSlow(entry(0), Self.frames | 7, size: 8))
    #expect(read(guest) == 0x1000)
  }

  @Test func rightsGivenLaterFaultOnceMore() {
    let guest = guest()
    let cpu = guest.cpu
    guest.store(entry(0), Self.frames | 5)
    #expect(read(guest) == 0x1000)
    #expect(cpu.storeSlow(entry(0), Self.frames | 7, size: 8))
    cpu.pointee.hasFault = false
    #expect(!cpu.storeSlow(Self.page, 1, size: 8))
    #expect(cpu.pointee.fault == .pageFault(PageFaultCode.protection | PageFaultCode.write))
    #expect(cpu.pointee.cr2 == Self.page)
    cpu.pointee.hasFault = false
    #expect(cpu.storeSlow(Self.page, 1, size: 8))
  }

  @Test func rightsTakenAwayAreKeptUntilINVLPG() {
    let guest = guest()
    #expect(guest.cpu.storeSlow(Self.page, 1, size: 8))
    #expect(guest.cpu.storeSlow(entry(0), Self.frames | 5, size: 8))
    #expect(guest.cpu.storeSlow(Self.page, 2, size: 8))
    #expect(guest.cpu.invalidatePage(Self.page))
    #expect(!guest.cpu.storeSlow(Self.page, 3, size: 8))
    #expect(guest.load(Self.frames) == 2)
  }

  @Test func accessedAndDirtyBitsAreSetByWalksOnly() {
    let guest = guest()
    #expect(guest.cpu.storeSlow(Self.page, 1, size: 8))
    #expect(guest.load(entry(0)) == Self.frames | 0x67)
    #expect(guest.cpu.storeSlow(entry(0), Self.frames | 7, size: 8))
    #expect(guest.cpu.storeSlow(Self.page, 2, size: 8))
    #expect(guest.load(entry(0)) == Self.frames | 7)
  }

  @Test func theFirstStoreThroughACleanEntryGoesByTheTables() {
    let guest = guest()
    #expect(read(guest) == 0x1000)
    #expect(guest.cpu.storeSlow(entry(0), Self.moved | 7, size: 8))
    #expect(guest.cpu.storeSlow(Self.page, 3, size: 8))
    #expect(guest.load(Self.frames) == 0x1000)
    #expect(guest.load(Self.moved) == 3)
    #expect(guest.load(entry(0)) == Self.moved | 0x67)
    #expect(read(guest) == 3)
  }

  @Test func codeAndDataAreKeptApart() {
    // call the page, read it, move it, call it and read it again, INVLPG, and both once more.
    let code: [UInt8] = [
      0xBF, 0x00, 0x00, 0x00, 0x40,  // mov edi, 0x40000000
      0xFF, 0xD7, 0x89, 0xC3,  // call rdi; mov ebx, eax
      0xC7, 0x04, 0x25, 0x00, 0xB0, 0x00, 0x00, 0x07, 0x00, 0x60, 0x00,  // mov dword [0xB000], 0x600007
      0xFF, 0xD7, 0x89, 0xC1,  // call rdi; mov ecx, eax
      0x8B, 0x57, 0x01,  // mov edx, [rdi + 1]
      0x0F, 0x01, 0x3F,  // invlpg [rdi]
      0xFF, 0xD7,  // call rdi
      0xF4,
    ]
    let guest = guest(code)
    guest.write([0xB8, 1, 0, 0, 0, 0xC3], at: Self.frames)
    guest.write([0xB8, 2, 0, 0, 0, 0xC3], at: Self.moved)
    guest.run(steps: 40)
    #expect(guest.cpu.pointee.isHalted)
    #expect(guest.cpu.pointee.gpr[3] == 1)
    #expect(guest.cpu.pointee.gpr[1] == 1)
    // The data had not been looked at before the entry changed.
    #expect(guest.cpu.pointee.gpr[2] == 2)
    #expect(guest.cpu.pointee.gpr[0] == 2)
  }

  // MARK: Replacement

  @Test func theFifthPageOfASetTakesThePlaceOfTheFirst() {
    let guest = guest()
    // Pages 0, 64, 128, 192, 256 share a set. What is used in between is not kept longer.
    for index in [0, 64, 128, 192, 0, 0] as [UInt64] { #expect(read(guest, page(index)) == 0x1000 + index) }
    for index in [0, 64, 128, 192] as [UInt64] {
      #expect(guest.cpu.storeSlow(entry(index), Self.moved | 7, size: 8))
      #expect(read(guest, page(index)) == 0x1000 + index)
    }
    #expect(read(guest, page(256)) == 0x1100)
    #expect(read(guest, page(64)) == 0x1040)
    #expect(read(guest, page(0)) == 0x2222)
    // Page 0 went to the way of page 64.
    #expect(read(guest, page(128)) == 0x1080)
    #expect(read(guest, page(64)) == 0x2222)
  }

  @Test func aFreedWayIsFilledFirst() {
    let guest = guest()
    for index in [0, 64, 128, 192] as [UInt64] { #expect(read(guest, page(index)) == 0x1000 + index) }
    #expect(guest.cpu.invalidatePage(page(128)))
    for index in [0, 64, 192] as [UInt64] {
      #expect(guest.cpu.storeSlow(entry(index), Self.moved | 7, size: 8))
    }
    #expect(read(guest, page(256)) == 0x1100)
    for index in [0, 64, 192] as [UInt64] { #expect(read(guest, page(index)) == 0x1000 + index) }
  }

  @Test func neighboursDoNotShareASet() {
    let guest = guest()
    for index in 0..<UInt64(256) { #expect(read(guest, page(index)) == 0x1000 + index) }
    for index in 0..<UInt64(256) { guest.store(entry(index), Self.moved | 7) }
    for index in 0..<UInt64(256) { #expect(read(guest, page(index)) == 0x1000 + index) }
    #expect(read(guest, page(256)) == 0x1100)
  }

  // MARK: The engine's own caches

  /// After any steps of a busy guest the engine's TLBs translate as the modelled one does, and nothing beyond.
  @Test func theInlinePathHoldsNothingThatTheModelDoesNotHold() throws {
    let guest = BusyMachine(tlb: .stale)
    let cpu = guest.machine.cpu
    let model = try #require(cpu.modelledTLB)
    let translations = cpu.pointee.system.pointee.translations
    var generator = SeededGenerator(seed: 9)
    var held = 0
    while guest.machine.steps < 8_000 {
      _ = guest.records(untilSteps: guest.machine.steps + .random(in: 1...60, using: &generator))
      guard cpu.isPaging else { continue }
      for slot in 0..<TLBEntry.count * 2 {
        let entry = translations.pointee.slots[slot]
        guard entry.readTag != TLBEntry.invalidTag else {
          #expect(entry.writeTag == TLBEntry.invalidTag)
          continue
        }
        held += 1
        let translation = model.pointee.lookUp(entry.readTag, .data)?.translation(of: entry.readTag)
        #expect(translation?.physicalPage == entry.physicalPage)
        let isUser = slot >= TLBEntry.count
        #expect(translation.map { cpu.allows($0.rights, .read, isUser: isUser) } == true)
        if entry.writeTag != TLBEntry.invalidTag {
          #expect(
            translation.map { cpu.allows($0.rights, .write, isUser: isUser) && $0.rights.contains(.dirty) } == true)
        }
      }
    }
    #expect(held > 100)
  }

  /// Random accesses, changes of entries and flushes against a plain list of what the manual lets a processor remember: every answer is that of the tables
  /// now or at an earlier time since the last flush of the page.
  @Test(arguments: 0..<8) func everyAnswerIsOneThatTheTablesGaveSinceTheLastFlush(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let guest = guest()
    let indices = (0..<UInt64(12)).map { $0 % 3 + $0 / 3 * 64 } + [256, 320, 384]
    var possible: [UInt64: Set<UInt64>] = [:]
    for index in indices { possible[index] = [Self.frames + index << 12] }
    for frame in 0..<UInt64(64) { guest.store(Self.moved + frame << 12, Self.moved + frame << 12) }
    for index in indices { guest.store(Self.frames + index << 12, Self.frames + index << 12) }
    var stale = 0
    for _ in 0..<4_000 {
      let index = indices[.random(in: 0..<indices.count, using: &generator)]
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1:
        let frame = Self.moved + .random(in: 0..<UInt64(64), using: &generator) << 12
        #expect(guest.cpu.storeSlow(entry(index), frame | 7, size: 8))
        possible[index, default: []].insert(frame)
      case 2:
        #expect(guest.cpu.invalidatePage(page(index)))
        possible[index] = [guest.load(entry(index)) & ~0xFFF]
      case 3 where Int.random(in: 0..<20, using: &generator) == 0:
        #expect(guest.cpu.writeControl(3, guest.cpu.pointee.cr3))
        for index in indices { possible[index] = [guest.load(entry(index)) & ~0xFFF] }
      default:
        let answer = read(guest, page(index))
        #expect(answer.map { possible[index]?.contains($0) == true } == true)
        if answer != guest.load(entry(index)) & ~0xFFF { stale += 1 }
      }
    }
    #expect(stale > 100)
  }

  // MARK: State

  @Test func theStateHashHasTheTLB() {
    let one = guest()
    let other = guest()
    #expect(one.machine.stateHash() == other.machine.stateHash())
    #expect(one.cpu.invalidatePage(0x5000))
    let before = other.machine.stateHash()
    _ = other.cpu.modelledTLB?.pointee.invalidate(LongModeGuest.code)
    _ = other.cpu.modelledTLB?.pointee.invalidate(0)
    #expect(before != other.machine.stateHash())
  }

  @Test func theStateOfACoherentMachineHasNone() {
    let coherent = guest(tlb: .coherent)
    let stale = guest()
    #expect(coherent.machine.stateBytes().count < stale.machine.stateBytes().count)
    #expect(coherent.cpu.modelledTLB == nil)
  }

  /// A file may say anything: it is refused, or what it says is one that a TLB can hold.
  @Test func bytesThatNoTLBHasAreRefused() throws {
    let guest = guest()
    for index in 0..<UInt64(300) { _ = read(guest, page(index)) }
    let model = try #require(guest.cpu.modelledTLB)
    var writer = ByteWriter()
    model.pointee.append(to: &writer)
    var generator = SeededGenerator(seed: 5)
    var refusals = 0
    for _ in 0..<3_000 {
      var bytes = writer.bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { bytes.removeLast(.random(in: 1...40, using: &generator)) }
      var reader = ByteReader(bytes)
      do { try model.pointee.restore(from: &reader) } catch { refusals += 1 }
      model.pointee.visit { kind, entry in
        #expect(model.pointee.lookUp(entry.linearPage, kind) != nil)
        #expect(entry.physicalPage >> 40 == 0)
      }
    }
    #expect(refusals > 1_000)
    var reader = ByteReader(writer.bytes)
    try model.pointee.restore(from: &reader)
    var again = ByteWriter()
    model.pointee.append(to: &again)
    #expect(again.bytes == writer.bytes)
  }
}

import OrreryBase
import Testing

@testable import OrreryMachine

@Suite struct InspectionTests {
  /// inc qword [rdi]; nop; jmp to the start: 48 FF 07, 90, EB FA.
  private static let counting: [UInt8] = [0x48, 0xFF, 0x07, 0x90, 0xEB, 0xFA]

  private func countingGuest() -> LongModeGuest {
    let guest = LongModeGuest(Self.counting)
    guest.cpu.pointee.gpr[7] = 0x30_0010
    // Some turns, so that the store is a plain one.
    guest.run(steps: 30)
    return guest
  }

  @Test func everyStoreToAnInspectedPageIsSeenAtTheBoundaryAfterIt() {
    let guest = countingGuest()
    guest.machine.inspect([0x300])
    for count in 11...20 as ClosedRange<UInt64> {
      #expect(guest.machine.run(untilClock: .max, untilSteps: .max) == .inspected)
      #expect(guest.load(0x30_0010) == count)
      #expect(guest.machine.rip == LongModeGuest.code + 3)
    }
    guest.machine.inspect(nil)
    #expect(guest.machine.run(untilClock: .max, untilSteps: guest.machine.steps + 30) == .reachedSteps)
  }

  @Test func storesElsewhereAreNotSeen() {
    let guest = countingGuest()
    guest.machine.inspect([0x301, 1 << 40])
    #expect(guest.machine.run(untilClock: .max, untilSteps: guest.machine.steps + 300) == .reachedSteps)
  }

  @Test func ofBytesOnlyTheirOwnChangesAreSeen() {
    let guest = countingGuest()
    guest.machine.inspect([], bytes: [(PhysicalAddress(0x30_0018), 8), (PhysicalAddress(0x30_000F), 1)])
    #expect(guest.machine.run(untilClock: .max, untilSteps: guest.machine.steps + 300) == .reachedSteps)
    // The second byte of the count, which the guest increments every third step, turns at 256.
    guest.machine.inspect([], bytes: [(PhysicalAddress(0x30_0011), 1)])
    #expect(guest.machine.run(untilClock: .max, untilSteps: .max) == .inspected)
    #expect(guest.load(0x30_0010) == 256)
    #expect(!guest.machine.takeInspectedTranslationChange())
    #expect(guest.machine.number(at: PhysicalAddress(0x30_0010), size: 2) == 256)
    guest.machine.inspect([0x300])
    #expect(guest.machine.run(untilClock: .max, untilSteps: .max) == .inspected)
    #expect(guest.machine.takeInspectedTranslationChange() && !guest.machine.takeInspectedTranslationChange())
  }

  @Test func inspectionChangesNeitherCountsNorState() {
    let plain = BusyMachine()
    _ = plain.records(untilSteps: 8_000)
    let inspected = BusyMachine()
    inspected.machine.inspect(Array(0x200..<0x310))
    inspected.machine.inspectsDeliveries = true
    var count = 0
    while inspected.machine.steps < 8_000 {
      if inspected.machine.run(untilClock: .max, untilSteps: 8_000) == .inspected { count += 1 }
      inspected.machine.probes.drain { _, _ in }
    }
    #expect(count > 500)
    #expect(inspected.machine.clock == plain.machine.clock)
    #expect(inspected.machine.stateHash() == plain.machine.stateHash())
  }

  /// The tables of `LongModeGuest`: one each of three levels, above pages of 2 MiB.
  @Test func theTablesOfAnAddressAreThoseOfItsWalk() {
    let guest = LongModeGuest([0x90])
    let tables = guest.machine.tableFrames(of: LinearAddress(0x20_0000))
    #expect(
      tables.starts(with: [
        LongModeGuest.pml4 >> 12, LongModeGuest.directoryPointers >> 12, LongModeGuest.directory >> 12,
      ]))
    // Entry 1 of the PML4 is not present.
    #expect(guest.machine.tableFrames(of: LinearAddress(1 << 39)) == [LongModeGuest.pml4 >> 12])
  }

  @Test func memoryOfTwoMachinesIsComparedByteForByte() {
    let (ours, theirs) = (LongModeGuest([0x90]), LongModeGuest([0x90]))
    #expect(ours.machine.memoryDifferences(from: theirs.machine, limit: 9).byteCount == 0)
    theirs.write([1, 2, 0, 3], at: 0x40_0FFE)
    theirs.write([9], at: 0x7FF_0000 & 0xFF_FFFF)
    let found = ours.machine.memoryDifferences(from: theirs.machine, limit: 2)
    #expect(found.byteCount == 4)
    #expect(found.runs.map(\.address.rawValue) == [0x40_0FFE, 0x40_1001])
    #expect(found.runs.map(\.theirs) == [[1, 2], [3]])
    #expect(found.runs.map(\.ours) == [[0, 0], [0]])
  }

  @Test func aRegisterThatHasNoNameOfItsOwnStillShows() {
    let (ours, theirs) = (LongModeGuest([0x90]), LongModeGuest([0x90]))
    theirs.cpu.pointee.star = 1
    let names = zip(ours.machine.registerValues, theirs.machine.registerValues)
      .filter { $0.value != $1.value }.map(\.0.name)
    #expect(names == ["other"])
  }
}

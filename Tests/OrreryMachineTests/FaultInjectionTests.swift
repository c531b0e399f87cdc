import OrreryBase
import Testing

@testable import OrreryMachine

@Suite struct FaultInjectionTests {
  @Test(arguments: [("rax", 0, 63), ("rsp", 4, 5), ("r15", 15, 0)])
  func aBitOfARegisterTurnsOverAtItsClock(name: String, number: Int, bit: UInt8) throws {
    let guest = LongModeGuest([0x90, 0x90, 0x90, 0x90])
    let clock = guest.machine.clock
    let register = try #require(FlippableRegister(name: name))
    guest.machine.schedule(InputEvent(clock: clock + 2, action: .flip(.register(register, bit: bit))))
    let before = guest.cpu.pointee.gpr[number]
    guest.run(steps: 2)
    #expect(guest.cpu.pointee.gpr[number] == before)
    guest.run(steps: 1)
    #expect(guest.cpu.pointee.gpr[number] == before ^ 1 << UInt64(bit))
  }

  @Test func bothHalvesOfAVectorRegisterCanTurnOver() throws {
    let guest = LongModeGuest([0x90])
    let register = try #require(FlippableRegister(name: "xmm3"))
    guest.machine.apply(.flip(.register(register, bit: 1)))
    guest.machine.apply(.flip(.register(register, bit: 127)))
    #expect(guest.cpu.pointee.xmm[3] == SIMD2(2, 1 << 63))
  }

  /// 75 02: jnz over two bytes; ZF clear takes it.
  @Test func aFlagDecidesAJump() {
    let guest = LongModeGuest([0x75, 0x02, 0x90, 0x90, 0x90])
    guest.machine.apply(.flip(.register(.rflags, bit: 6)))
    let wasZero = guest.cpu.flags & 1 << 6 != 0
    guest.run(steps: 1)
    #expect(guest.machine.rip == LongModeGuest.code + (wasZero ? 2 : 4))
  }

  /// B0 ib: mov al, ib. The code has run, so it is decoded; the fault is in its immediate byte.
  @Test func codeThatTurnsOverIsDecodedAnew() {
    let guest = LongModeGuest([0xB0, 0x05, 0xEB, 0xFC])
    guest.run(steps: 10)
    #expect(guest.cpu.pointee.gpr[0] & 0xFF == 5)
    guest.machine.apply(.flip(.memory(PhysicalAddress(LongModeGuest.code + 1), bit: 3)))
    guest.run(steps: 4)
    #expect(guest.cpu.pointee.gpr[0] & 0xFF == 13)
  }

  /// Bit 0 of an entry is its present bit (Intel SDM volume 3, 4.5.4).
  @Test func aTableEntryThatTurnsOverCountsAtOnce() {
    let guest = LongModeGuest([0x8A, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00, 0xEB, 0xF7])  // mov al, [0x200000]; jmp .-7
    guest.run(steps: 6)
    _ = guest.records()
    guest.machine.apply(.flip(.memory(PhysicalAddress(LongModeGuest.directory + 8), bit: 0)))
    guest.run(steps: 4)
    #expect(guest.records(.exception).map(\.detail) == [14])
    #expect(guest.cpu.pointee.cr2 == 0x20_0000)
  }

  @Test(
    arguments: [
      .memory(PhysicalAddress(0xB_8000), bit: 0), .memory(PhysicalAddress(0xF_0000), bit: 1),
      .memory(PhysicalAddress(16 << 20), bit: 0), .memory(PhysicalAddress(1 << 51), bit: 0),
      .register(.rip, bit: 40), .register(.rflags, bit: 1), .register(.cr2, bit: 64),
    ] as [FlippableBit])
  func aBitThatIsNotThereStaysAsItIs(bit: FlippableBit) {
    let guest = LongModeGuest([0x90, 0x90])
    let hash = guest.machine.stateHash()
    guest.machine.apply(.flip(bit))
    #expect(guest.machine.stateHash() == hash)
    guest.run(steps: 1)
    #expect(guest.machine.rip == LongModeGuest.code + 1)
  }

  /// Whatever turns over, the machine goes on or stops with a reason.
  @Test func tenThousandFaultsStopNoHost() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<100 {
      let guest = BusyMachine()
      _ = guest.records(untilSteps: Steps.random(in: 0..<4000, using: &generator))
      for _ in 0..<100 {
        let bit: FlippableBit
        if Bool.random(using: &generator) {
          let number = UInt8.random(in: 0...47, using: &generator)
          guard let register = FlippableRegister(rawValue: number) else { continue }
          bit = .register(register, bit: UInt8.random(in: 0...127, using: &generator))
        } else {
          let ranges: [ClosedRange<UInt64>] = [0x10_0000...0x10_0300, 0x20_0000...0x20_7FFF]
          let address = ranges.randomElement(using: &generator) ?? 0...0
          bit = .memory(
            PhysicalAddress(UInt64.random(in: address, using: &generator)),
            bit: UInt8.random(in: 0...7, using: &generator))
        }
        guest.machine.apply(.flip(bit))
        _ = guest.records(untilSteps: guest.machine.steps + 20)
      }
      #expect(guest.machine.steps > 0)
    }
  }
}

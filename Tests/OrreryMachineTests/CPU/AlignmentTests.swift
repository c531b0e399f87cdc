import Testing

@testable import OrreryMachine

struct AlignmentTests {
  private typealias Guest = LongModeGuest

  /// mov rax, [0x10001] in user mode with RFLAGS.AC.
  private func guest(mask: UInt64, address: UInt8) -> Guest {
    let guest = Guest([0x48, 0x8B, 0x04, 0x25, address, 0, 1, 0])
    guest.cpu.pointee.cr0 |= mask
    guest.cpu.setFlags(Flag.alignmentCheck | 2)
    guest.enterUserMode()
    guest.run(steps: 1)
    return guest
  }

  @Test func misalignedUserAccessesFaultWhenBothSwitchesAreOn() {
    let guest = guest(mask: ControlRegister.am, address: 1)
    #expect(guest.cpu.pointee.rip == Guest.handlerBase + 17 * 16)
    #expect(guest.stack(1) == [0])
  }

  @Test func otherwiseTheyDoNot() {
    #expect(guest(mask: 0, address: 1).cpu.pointee.rip == Guest.code + 8)
    #expect(guest(mask: ControlRegister.am, address: 8).cpu.pointee.rip == Guest.code + 8)
  }

  /// FNSTENV, FNSAVE and FRSTOR at an address in user mode with RFLAGS.AC: what is looked at is the size of the words, by the operand size (volume 3, table 6-7).
  @Test(arguments: [[0xD9, 0x34], [0xDD, 0x34], [0xDD, 0x24]] as [[UInt8]])
  func statesOfX87AreAlignedAsTheirWords(instruction: [UInt8]) {
    for (prefix, address, isAligned) in [([], 4, true), ([], 2, false), ([0x66], 2, true), ([0x66], 1, false)]
      as [([UInt8], UInt8, Bool)]
    {
      let guest = Guest(prefix + instruction + [0x25, address, 0, 2, 0])
      guest.cpu.pointee.cr0 |= ControlRegister.am
      guest.cpu.setFlags(Flag.alignmentCheck | 2)
      guest.enterUserMode()
      guest.run(steps: 1)
      let length = UInt64(prefix.count) + 7
      #expect(guest.cpu.pointee.rip == (isAligned ? Guest.code + length : Guest.handlerBase + 17 * 16))
    }
  }
}

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
}

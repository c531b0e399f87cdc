import OrreryBase
import Testing

@testable import OrreryMachine

/// What the floating-point units report as exceptions of the processor, and the state they save (Intel SDM volume 1, 8.6, 8.7, 10.5, 11.5).
struct FloatingPointFaultTests {
  private typealias Guest = LongModeGuest

  /// fninit; fldcw [0x20000], with division by zero not masked; fld1; fldz; fdivp; fnstsw ax; fwait
  private func divideByZero() -> Guest {
    let guest = Guest([
      0xDB, 0xE3, 0xD9, 0x2C, 0x25, 0, 0, 2, 0, 0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9, 0xDF, 0xE0, 0x9B, 0xF4,
    ])
    guest.store(0x2_0000, 0x37B)
    return guest
  }

  @Test func theNextWaitingInstructionReportsAnException() {
    let guest = divideByZero()
    guest.cpu.pointee.budget = 100
    #expect(guest.cpu.execute() == .fault && guest.cpu.pointee.fault == .floatingPointError)
    #expect(guest.cpu.pointee.rip == Guest.code + 17)
    // B, TOP = 6, ES, ZE: both numbers are still on the stack.
    #expect(guest.cpu.pointee.gpr[0] & 0xFFFF == 0xB084)
    #expect(guest.cpu.pointee.fpuInstruction.offset == Guest.code + 13 && guest.cpu.pointee.fpuOpcode == 0x6F9)
  }

  @Test func withoutNumericErrorReportingTheStopIsNamed() {
    let guest = divideByZero()
    guest.cpu.pointee.cr0 &= ~ControlRegister.ne
    guard case .stopped(let reason) = guest.run(steps: 100) else {
      Issue.record("did not stop")
      return
    }
    #expect(reason.description.contains("IRQ 13"))
  }

  @Test func x87AsksCR0() {
    // fld1; fnstcw [rsp]; fnstsw ax
    for code in [[0xD9, 0xE8], [0xD9, 0x3C, 0x24], [0xDF, 0xE0]] as [[UInt8]] {
      #expect(Guest.fault(code, configure: { $0.pointee.gpr[4] -= 64 }) == nil)
      #expect(Guest.fault(code, configure: { $0.pointee.cr0 |= ControlRegister.ts }) == .deviceNotAvailable)
      #expect(Guest.fault(code, configure: { $0.pointee.cr0 |= ControlRegister.em }) == .deviceNotAvailable)
    }
    // fwait asks TS together with MP.
    #expect(Guest.fault([0x9B], configure: { $0.pointee.cr0 |= ControlRegister.ts }) == nil)
    #expect(
      Guest.fault([0x9B], configure: { $0.pointee.cr0 |= ControlRegister.ts | ControlRegister.mp })
        == .deviceNotAvailable)
  }

  /// 2^-1000 is exact but for the range of single precision: no result is made, so none is inexact (volume 1, 11.5.2.6).
  @Test func anUnderflowThatIsNotMaskedIsNotInexactHoweverFarItIs() {
    let guest = Guest([0xF2, 0x0F, 0x5A, 0xC1])  // cvtsd2ss xmm0, xmm1
    guest.cpu.pointee.xmm[1] = SIMD2(23 << 52, 0)
    guest.cpu.pointee.mxcsr = 0x1F80 & ~(1 << 11)
    guest.cpu.pointee.cr4 |= ControlRegister.osxmmexcpt
    guest.cpu.pointee.budget = 1
    #expect(guest.cpu.execute() == .fault && guest.cpu.pointee.fault == .vectorFloatingPointError)
    #expect(guest.cpu.pointee.mxcsr == 0x1780 | 1 << 4)
  }

  @Test func anExceptionOfSSEThatIsNotMaskedChangesNothingButItsFlag() {
    for reports in [false, true] {
      // divps xmm0, xmm1: ones by 0, 3, 1, 1
      let guest = Guest([0x0F, 0x5E, 0xC1])
      let ones = SIMD2<UInt64>(repeating: 0x3F80_0000_3F80_0000)
      guest.cpu.pointee.xmm[0] = ones
      guest.cpu.pointee.xmm[1] = SIMD2(0x4040_0000_0000_0000, ones.y)
      guest.cpu.pointee.mxcsr = 0x1F80 & ~(1 << 9)
      if reports { guest.cpu.pointee.cr4 |= ControlRegister.osxmmexcpt }
      guest.cpu.pointee.budget = 1
      #expect(guest.cpu.execute() == .fault)
      #expect(guest.cpu.pointee.fault == (reports ? .vectorFloatingPointError : .invalidOpcode))
      #expect(guest.cpu.pointee.xmm[0] == ones)
      // The inexact third was not computed.
      #expect(guest.cpu.pointee.mxcsr & 0x3F == 4)
    }
  }

  @Test func fxsaveStoresTheStackAndItsPointers() {
    // fninit; fld1; fldpi; fxsave64 [0x20000]; hlt
    let guest = Guest([0xDB, 0xE3, 0xD9, 0xE8, 0xD9, 0xEB, 0x48, 0x0F, 0xAE, 0x04, 0x25, 0, 0, 2, 0, 0xF4])
    guest.run(steps: 10)
    // Control 0x37F, TOP = 6, R6 and R7 in use, the opcode of FLDPI.
    #expect(guest.load(0x2_0000) == 0x01EB_00C0_3000_037F)
    #expect(guest.load(0x2_0008) == Guest.code + 4)
    #expect(guest.load(0x2_0018) == 0x0000_FFFF_0000_1F80)
    #expect(guest.load(0x2_0020) == 0xC90F_DAA2_2168_C235 && guest.load(0x2_0028) == 0x4000)
    #expect(guest.load(0x2_0030) == 1 << 63 && guest.load(0x2_0038) == 0x3FFF)
    // A checkpoint carries the pointers, which the hash covers while they are in use.
    let other = Guest()
    other.machine.restore(guest.machine.checkpoint())
    #expect(other.machine.stateHash() == guest.machine.stateHash())
    #expect(other.cpu.pointee.fpuInstruction == guest.cpu.pointee.fpuInstruction)
    other.cpu.pointee.fpuOpcode ^= 1
    #expect(other.machine.stateHash() != guest.machine.stateHash())
  }

  @Test func maskedStoresWriteTheChosenBytes() {
    // maskmovdqu xmm0, xmm1; hlt
    let guest = Guest([0x66, 0x0F, 0xF7, 0xC1, 0xF4])
    guest.cpu.pointee.gpr[7] = 0x2_0000
    guest.cpu.pointee.xmm[0] = SIMD2(0x1122_3344_5566_7788, 0x99AA_BBCC_DDEE_FF00)
    guest.cpu.pointee.xmm[1] = SIMD2(0x8000_0000_0000_7F80, 0xFF00_0000_0000_0000)
    guest.run(steps: 5)
    #expect(guest.cpu.pointee.isHalted)
    #expect(guest.load(0x2_0000) == 0x1100_0000_0000_0088 && guest.load(0x2_0008) == 0x9900_0000_0000_0000)
  }
}

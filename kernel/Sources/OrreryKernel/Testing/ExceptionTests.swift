import Kernel
import KernelLogic

@Sendable func exceptionTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("breakpointReturns") { executeBreakpoint() })
  visit(KernelTest("overflowReturns") { executeOverflow() })
  visit(
    KernelTest("divisionByZeroIsADivideError") { expect(Recovery.exception { divideByZero() } == .divideError) })
  visit(
    KernelTest("undefinedInstructionIsAnInvalidOpcode") {
      expect(Recovery.exception { executeUndefinedInstruction() } == .invalidOpcode)
    })
  visit(
    KernelTest("nonCanonicalAddressIsAGeneralProtection") {
      expect(Recovery.exception { useNonCanonicalAddress() } == .generalProtection)
    })
  visit(KernelTest("singleStepIsADebugException", singleStepIsADebugException))
  visit(KernelTest("boundAndIntoAreInvalidIn64BitMode", boundAndIntoAreInvalidIn64BitMode))
  visit(KernelTest("privilegedInstructionsAreRefusedInRing3", privilegedInstructionsAreRefusedInRing3))
  visit(KernelTest("portsAreRefusedInRing3", portsAreRefusedInRing3))
  visit(KernelTest("kernelMemoryIsRefusedInRing3", kernelMemoryIsRefusedInRing3))
  visit(KernelTest("breakpointInRing3Returns", breakpointInRing3Returns))
}

/// Apart from the others: what the manual tells apart and an emulator may not. Each holds to what the kernel owes its programs on any machine; which
/// exception it was is in the trace.
@Sendable func preciseExceptionTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("nonCanonicalStackIsRefused", nonCanonicalStackIsRefused))
  visit(KernelTest("misalignedAccessIsCheckedOrAllowed", misalignedAccessIsCheckedOrAllowed))
}

/// A stack fault (Intel SDM vol. 3A, 6.15, "Interrupt 12—Stack Fault Exception"); QEMU 7.2 raises a general protection for any address that is not
/// canonical.
private func nonCanonicalStackIsRefused() {
  // mov $0x8000000000000000, %rbp; mov (%rbp), %rax
  let exception = Ring3.exception(raisedBy: [0x48, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x48, 0x8b, 0x45, 0])
  expect(exception == .stackFault || exception == .generalProtection)
  expect(Recovery.lastErrorCode == 0)
}

private func singleStepIsADebugException() {
  // pushfq; orq $0x100, (%rsp); popfq; nop
  expect(Ring3.exception(raisedBy: [0x9c, 0x48, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, 0x90]) == .debug)
}

/// BOUND and INTO exist no longer (SDM vol. 2): so #BR cannot come, and #OF only by INT 4.
private func boundAndIntoAreInvalidIn64BitMode() {
  // bound %eax, (%rax) in 32-bit code; here the beginning of an instruction that the processor has not
  expect(Ring3.exception(raisedBy: [0x62, 0x00, 0x90, 0x90, 0x90, 0x90]) == .invalidOpcode)
  expect(Ring3.exception(raisedBy: [0xce]) == .invalidOpcode)
}

private func privilegedInstructionsAreRefusedInRing3() {
  func isRefused<let count: Int>(_ code: InlineArray<count, UInt8>) -> Bool {
    Ring3.exception(raisedBy: code) == .generalProtection && Recovery.lastErrorCode == 0
  }
  expect(isRefused([0xfa]))  // cli
  expect(isRefused([0xf4]))  // hlt
  expect(isRefused([0x0f, 0x20, 0xd8]))  // mov %cr3, %rax
  expect(isRefused([0x0f, 0x01, 0x38]))  // invlpg (%rax)
  expect(isRefused([0x0f, 0x32]))  // rdmsr
}

private func portsAreRefusedInRing3() {
  // mov $0xf4, %al; out %al, $0xf4
  expect(Ring3.exception(raisedBy: [0xb0, 0xf4, 0xe6, 0xf4]) == .generalProtection)
}

private func kernelMemoryIsRefusedInRing3() {
  // mov 0x100000, %rax
  let exception = Ring3.exception(raisedBy: [0x48, 0x8b, 0x04, 0x25, 0, 0, 0x10, 0])
  let error = PageFaultError(rawValue: Recovery.lastErrorCode)
  expect(exception == .pageFault && error == [.protectionViolation, .user])
}

private func breakpointInRing3Returns() {
  // int3; ud2
  expect(Ring3.exception(raisedBy: [0xcc, 0x0f, 0x0b]) == .invalidOpcode)
}

/// An alignment check (6.15, "Interrupt 17—Alignment Check Exception"); QEMU 7.2 checks no alignment, and goes on to the next instruction.
private func misalignedAccessIsCheckedOrAllowed() {
  // mov -7(%rsp), %eax; ud2
  let code: InlineArray<_, UInt8> = [0x8b, 0x44, 0x24, 0xf9, 0x0f, 0x0b]
  let exception = Ring3.exception(raisedBy: code, flags: Ring3.alignmentCheckFlag)
  expect(exception == .alignmentCheck || exception == .invalidOpcode)
  expect(Recovery.lastErrorCode == 0)
  // Without the flag the access is allowed, and the next instruction ends it.
  expect(Ring3.exception(raisedBy: code) == .invalidOpcode)
}

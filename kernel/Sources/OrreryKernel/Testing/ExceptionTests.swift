import Intrinsics
import Kernel
import KernelLogic

@Sendable func exceptionTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("breakpointReturns") { raiseBreakpoint() })
  visit(KernelTest("overflowReturns") { raiseOverflow() })
  visit(
    KernelTest("divisionByZeroIsADivideError") { expect(Recovery.exception { raiseDivideError() } == .divideError) })
  visit(
    KernelTest("undefinedInstructionIsAnInvalidOpcode") {
      expect(Recovery.exception { raiseInvalidOpcode() } == .invalidOpcode)
    })
  visit(
    KernelTest("nonCanonicalAddressIsAGeneralProtection") {
      expect(Recovery.exception { raiseGeneralProtection() } == .generalProtection)
    })
}

import Intrinsics
import Kernel
import KernelLogic

@Sendable func exceptionTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("breakpointReturns") { raiseBreakpoint() })
  visit(
    KernelTest("divisionByZeroIsADivideError") { expect(Recovery.exception { raiseDivideError() } == .divideError) })
}

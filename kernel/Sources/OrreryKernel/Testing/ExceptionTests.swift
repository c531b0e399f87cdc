import Intrinsics
import Kernel
import KernelLogic

let exceptionTests = [
  KernelTest(name: "breakpointReturns", body: { raiseBreakpoint() }),
  KernelTest(
    name: "divisionByZeroIsADivideError", body: { expect(Recovery.exception { raiseDivideError() } == .divideError) }),
  KernelTest(
    name: "undefinedInstructionIsAnInvalidOpcode",
    body: { expect(Recovery.exception { raiseInvalidOpcode() } == .invalidOpcode) }),
  KernelTest(
    name: "nonCanonicalAddressIsAGeneralProtection",
    body: { expect(Recovery.exception { raiseGeneralProtection() } == .generalProtection) }),
]

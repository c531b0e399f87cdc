import Intrinsics
import KernelLogic

/// The page below each stack, which is never mapped (Intel SDM vol. 3A, 6.15, "Interrupt 8—Double Fault Exception": why it needs one).
enum GuardPage {
  static func name(at address: LinearAddress) -> StaticString? {
    func contains(_ guardPage: UInt64) -> Bool { (guardPage..<guardPage + Frame.byteCount).contains(address.rawValue) }
    if contains(kernelStackGuardAddress()) { return "kernel stack" }
    if contains(interruptStackGuardAddress()) { return "interrupt stack" }
    if contains(doubleFaultStackGuardAddress()) { return "double-fault stack" }
    if contains(nonMaskableInterruptStackGuardAddress()) { return "non-maskable-interrupt stack" }
    if contains(machineCheckStackGuardAddress()) { return "machine-check stack" }
    if contains(privilegeStackGuardAddress()) { return "privilege stack" }
    return nil
  }
}

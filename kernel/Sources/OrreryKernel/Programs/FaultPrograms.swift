import Kernel
import KernelLogic

/// Runs into the guard page below the stack (Intel SDM vol. 3A, 6.15, "Interrupt 8—Double Fault Exception"). The page fault finds no room for
/// its frame, which makes it a double fault; that has a stack of its own, so the kernel can say what happened.
@Sendable func stackOverflow() {
  println("recursing")
  _ = recurse(from: 1)
}

/// The same in a kernel that gave the double fault no stack: that fails as the page fault did, and the third fault resets the machine.
@Sendable func tripleFault() {
  InterruptDescriptorTable.forgetDoubleFaultStack()
  println("recursing")
  _ = recurse(from: 1)
}

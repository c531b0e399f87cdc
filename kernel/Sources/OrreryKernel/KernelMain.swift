import Kernel
import KernelLogic

/// The kernel, as an index: each line is a chapter, and a folder under `Sources/`.
@c(kernelMain)
func kernelMain(startInfo: UInt64) -> Never {
  Console.start()
  Exceptions.start()
  let boot = BootInformation(startInfo: PhysicalAddress(startInfo))
  Paging.start(boot)
  Heap.start(boot)
  Interrupts.start()
  println("Hello World!")
  Shell.start(BootOptions(boot.commandLine()))
}

import Kernel
import KernelLogic

/// The kernel, as an index: each line is a chapter, and a folder under `Sources/`.
@c(kernelMain)
func kernelMain(startInfo: UInt64) -> Never {
  Console.start()
  Exceptions.start()
  let boot = BootInformation(startInfo: PhysicalAddress(startInfo))
  Paging.start(boot)
  Heap.start()
  Interrupts.start()
  println("Hello World!")
  let options = BootOptions(boot.commandLine())
  if let name = options.value(of: "test") { KernelTest.run(String(decoding: name, as: UTF8.self)) }
  Shell.start(options)
}

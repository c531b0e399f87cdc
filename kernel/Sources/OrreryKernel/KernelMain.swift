import Kernel
import KernelLogic

/// The kernel, as an index: each line is a chapter, and a folder under `Sources/`.
@c(kernelMain)
func kernelMain(startInfo: UInt64) -> Never {
  Console.start()
  Exceptions.start()
  let boot = BootInformation(startInfo: PhysicalAddress(startInfo))
  let options = boot.options
  Paging.start(boot, PageTables(options))
  Heap.start(AllocatorDesign(options), isChecked: isChecked("heap", options))
  Interrupts.start()
  println("Hello World!")
  StepByStep.start(checksStack: isChecked("stack", options), checksRaces: isChecked("races", options))
  if let name = options.value(of: "test") { KernelTest.run(name) }
  if let name = options.value(of: "program") { Program.run(name) }
  Shell.start(options)
}

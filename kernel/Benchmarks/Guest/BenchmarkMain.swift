import Intrinsics
import Kernel
import KernelLogic
import Workloads

/// The benchmark image: `bench=NAME` and `n=COUNT` on the boot command line. Prints a checksum, which is the same on
/// every machine, and exits.
@c(kernelMain)
func kernelMain(startInfo: UInt64) -> Never {
  Console.start()
  Exceptions.start()
  let boot = BootInformation(startInfo: PhysicalAddress(startInfo))
  let options = boot.options
  Paging.start(boot)
  Heap.start()
  let name = String(decoding: options.value(of: "bench") ?? BootText("startup".utf8), as: UTF8.self)
  guard let benchmark = Benchmark(name: name) else {
    println("no benchmark is called \(name)")
    DebugExit.exit(DebugExit.failure)
  }
  var count = benchmark.defaultCount
  if let text = options.value(of: "n") {
    guard let number = CommandText(Array("n ".utf8) + text).number(at: 1) else {
      println("n is not a number")
      DebugExit.exit(DebugExit.failure)
    }
    count = number
  }
  let start = readTimeStampCounter()
  let checksum = benchmark.run(count: count)
  let clocks = readTimeStampCounter() - start
  println("\(name) checksum \(hex: checksum)")
  // Differs between machines: how many instructions a run takes, where the clock counts them.
  if options.value(of: "clocks") != nil { println("clocks \(clocks)") }
  DebugExit.exit(DebugExit.success)
}

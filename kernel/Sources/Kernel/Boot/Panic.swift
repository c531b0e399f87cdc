import Intrinsics
import KernelLogic

nonisolated(unsafe) private var isPanicExpected = false

/// For a test that must panic: makes the next `panic` a success. A call rather than a variable, for a compiler that sees a test never return
/// and never read the variable would leave the store out: it knows nothing of exceptions.
@inline(never)
package func expectPanic(_ isExpected: Bool) { isPanicExpected = isExpected }

/// The end of a kernel that cannot go on: says why and where on both serial and screen, then exits with the failure code.
package func panic(_ message: ConsoleText, file: StaticString = #fileID, line: Int = #line) -> Never {
  disableInterrupts()
  StepByStep.stop()
  Console.breakLock()
  if isPanicExpected {
    println("[ok]")
    DebugExit.exit(DebugExit.success)
  }
  Console.setColor(foreground: .white, background: .red)
  println("PANIC at \(file):\(line): \(message)")
  DebugExit.exit(DebugExit.failure)
}

import Intrinsics
import KernelLogic

/// For a test that must panic: makes the next `panic` a success.
nonisolated(unsafe) package var isPanicExpected = false

/// The end of a kernel that cannot go on: says why and where on both serial and screen, then exits with the failure code.
package func panic(_ message: ConsoleText, file: StaticString = #fileID, line: Int = #line) -> Never {
  disableInterrupts()
  Console.breakLock()
  if isPanicExpected {
    println("[ok]")
    DebugExit.exit(DebugExit.success)
  }
  Console.setColor(foreground: .white, background: .red)
  println("PANIC at \(file):\(line): \(message)")
  DebugExit.exit(DebugExit.failure)
}

import Kernel
import KernelLogic

func ticks(_ command: CommandText) {
  guard let count = command.number(at: 1) else {
    println("how many?")
    return
  }
  Timer.wait(ticks: count)
  println("done")
}

/// Ends the machine; without a number, as success.
func exit(_ command: CommandText) {
  DebugExit.exit(UInt32(truncatingIfNeeded: command.number(at: 1) ?? UInt64(DebugExit.success)))
}

import Intrinsics
import Kernel
import KernelLogic

/// Never mapped.
private let nowhere: UInt64 = 0x6666_6666_0000

/// Raises an exception by doing what the processor forbids.
func fault(_ command: CommandText) {
  let address = command.number(at: 2) ?? nowhere
  switch command.words.count > 1 ? command.words[1] : "" {
  case "read": _ = loadVolatile64(address)
  case "write": storeVolatile64(address, 0)
  case "exec": callAddress(address)
  case "divide": raiseDivideError()
  case "invalid": raiseInvalidOpcode()
  case "breakpoint": raiseBreakpoint()
  case "overflow": raiseOverflow()
  case "protection": raiseGeneralProtection()
  default:
    println("which fault?")
    return
  }
  println("went on after it")
}

/// Recurses until the stack runs into its guard page.
func overflow(_ command: CommandText) {
  println("depth \(recurse(from: 1))")
}

/// Never returns: each call leaves a little more on the stack.
@inline(never)
func recurse(from level: UInt64) -> UInt64 {
  // The store after the call keeps this from becoming a loop.
  var local = level
  return withUnsafeMutablePointer(to: &local) { pointer in
    let deeper = recurse(from: level &+ 1)
    storeVolatile64(UInt64(UInt(bitPattern: pointer)), deeper)
    return pointer.pointee &+ 1
  }
}

import Intrinsics
import Kernel
import KernelLogic

/// A lock as a program without interrupts would have it: whoever finds it held tries again until it is free. It knows who holds it, so that a
/// deadlock can be told: on the console, whose own lock is another.
struct SpinLock {
  private var isHeld = false
  private var holder: StaticString = ""

  mutating func lock(by taker: StaticString) {
    while isHeld {
      // With interrupts off, on the only processor, nobody is left to free it.
      if !areInterruptsEnabled {
        println("deadlock: \(taker) waits for a lock that \(holder) holds")
        waitForEver()
      }
    }
    isHeld = true
    holder = taker
  }

  mutating func unlock() { isHeld = false }

  private var areInterruptsEnabled: Bool { readFlags() & 1 << 9 != 0 }
}

/// Where a deadlock ends: a name for a testbed to stop at.
@inline(never)
func waitForEver() -> Never { while true {} }

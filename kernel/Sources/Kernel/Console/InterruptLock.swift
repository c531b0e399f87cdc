import Intrinsics
import KernelLogic

/// Runs `body` with interrupts off, and puts the interrupt flag back as it was (Intel SDM vol. 3A, 6.8.1 "Masking Maskable
/// Hardware Interrupts").
package func withoutInterrupts<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  let interruptFlag: UInt64 = 1 << 9
  let wereEnabled = readFlags() & interruptFlag != 0
  disableInterrupts()
  defer { if wereEnabled { enableInterrupts() } }
  return try body()
}

/// A lock for state that interrupt handlers use too. On one processor, a handler that waited for a lock held by what it
/// interrupted would wait for ever: so while the lock is held no interrupt comes.
package struct InterruptLock {
  private(set) var isHeld = false

  package init() {}

  /// Taking the lock twice is a bug in the kernel, except from `panic`, which breaks it first.
  package static func withLock<Result, Failure: Error>(
    _ lock: UnsafeMutablePointer<InterruptLock>, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withoutInterrupts { () throws(Failure) -> Result in
      guard !lock.pointee.isHeld else { panic("a lock was taken twice") }
      lock.pointee.isHeld = true
      defer { lock.pointee.isHeld = false }
      return try body()
    }
  }

  package mutating func breakOpen() { isHeld = false }
}

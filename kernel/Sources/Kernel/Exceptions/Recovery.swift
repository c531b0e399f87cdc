import Intrinsics

/// Lets a command fail without the kernel failing: `attempt` returns even if what it called raised an exception
/// (Intel SDM vol. 3A, 6.14.3 "IRET in IA-32e Mode": a handler may return elsewhere).
///
/// What the failed call held (heap blocks, locks) stays held: it never gets to give them back.
package enum Recovery {
  private static let alignmentCheckFlag: UInt64 = 1 << 18

  /// The stack pointer to go back to; 0 while nothing is attempted.
  nonisolated(unsafe) private static var recoveryStack: UInt64 = 0
  nonisolated(unsafe) private static var work: (() -> Void)?

  /// What ended the last attempt that failed.
  nonisolated(unsafe) private static var lastException: Exception?
  /// The error code of that exception; 0 when it has none.
  nonisolated(unsafe) package private(set) static var lastErrorCode: UInt64 = 0
  /// While true, an exception that ends an attempt is not reported.
  nonisolated(unsafe) static private(set) var isQuiet = false

  /// The exception that `body` raised, which is not reported; nil when it ran to its end.
  package static func exception(raisedBy body: @escaping () -> Void) -> Exception? {
    isQuiet = true
    defer { isQuiet = false }
    return attempt(body) ? nil : lastException
  }

  /// Returns true when `body` ran to its end.
  package static func attempt(_ body: @escaping () -> Void) -> Bool {
    work = body
    let failed = callRecoverably({ _ in Recovery.work?() }, nil, &recoveryStack)
    recoveryStack = 0
    work = nil
    return !failed
  }

  /// Makes the handler's `iretq` lead back to `attempt`. False when there is no attempt, or the exception
  /// came from a handler on another stack, where leaving would lose what it serves.
  static func resumeElsewhere(after exception: Exception, _ frame: UnsafeMutablePointer<InterruptFrame>) -> Bool {
    let isOnKernelStack = (kernelStackGuardAddress()..<kernelStackTopAddress()).contains(frame.pointee.rsp)
    let isFromRing3 = frame.pointee.cs & 3 == 3
    guard recoveryStack != 0, isOnKernelStack || isFromRing3 else { return false }
    lastException = exception
    lastErrorCode = frame.pointee.errorCode
    if isFromRing3 {
      frame.pointee.cs = UInt64(GlobalDescriptorTable.kernelCode)
      frame.pointee.ss = UInt64(GlobalDescriptorTable.kernelData)
    }
    // Neither single steps nor alignment checks outlive the code that asked for them.
    frame.pointee.rflags = frame.pointee.rflags & ~(StepByStep.trapFlag | alignmentCheckFlag) | StepByStep.flag
    frame.pointee.rip = recoveryPointAddress()
    frame.pointee.rsp = recoveryStack
    return true
  }
}

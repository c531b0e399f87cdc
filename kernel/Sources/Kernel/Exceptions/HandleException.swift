import Intrinsics
import KernelLogic

/// Reports an exception (Intel SDM vol. 3A, 6.5 and 6.15), then goes on where that makes sense, gives up the command that raised it, or panics.
func handleException(_ vector: UInt8, _ frame: UnsafeMutablePointer<InterruptFrame>) {
  guard let exception = Exception(rawValue: vector) else { panic("exception with the reserved vector \(vector)") }
  if exception == .debug && StepByStep.step(frame) { return }
  switch exception {
  case .breakpoint, .overflow:
    // Traps: rip is behind the instruction already, so that returning goes on after it.
    println("exception: \(exception.name)")
  case .nonMaskableInterrupt:
    // It comes whatever the interrupt flag says, perhaps in the middle of a line: then it passes unsaid.
    _ = Console.writeUnlessBusy("non-maskable interrupt\n")
  case .doubleFault:
    reportDoubleFault()
  default:
    if !Recovery.isQuiet { println("exception: \(description(of: exception, frame))") }
    guard Recovery.resumeElsewhere(after: exception, frame) else {
      panic("unhandled \(exception.name) at instruction \(hex: frame.pointee.rip)")
    }
  }
}

private func description(of exception: Exception, _ frame: UnsafeMutablePointer<InterruptFrame>) -> ConsoleText {
  let code = frame.pointee.errorCode
  switch exception {
  case .pageFault:
    let error = PageFaultError(rawValue: code)
    let address = LinearAddress(readCR2())
    return "page fault: \(error.access) at \(address), \(error.cause) (error code \(hex: code))"
  case .invalidOpcode where Heap.takeFailure():
    // Swift's runtime executes `ud2` when its allocator returns nothing.
    return "out of memory"
  default:
    return exception.hasErrorCode ? "\(exception.name) (error code \(hex: code))" : "\(exception.name)"
  }
}

/// A page fault that cannot push its frame, because the stack pointer has left the stack, becomes a double fault; CR2 still
/// says which page was missing.
private func reportDoubleFault() -> Never {
  let address = LinearAddress(readCR2())
  println("exception: double fault")
  if let name = GuardPage.name(at: address) { panic("the \(name) overflowed into its guard page") }
  panic("double fault; the last page fault was at \(address)")
}

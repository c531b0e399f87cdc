import KernelLogic

/// Every interrupt and exception comes here from its stub (Intel SDM vol. 3A, table 6-1: which vectors are the processor's own).
@c(handleInterrupt)
func handleInterrupt(_ frame: UnsafeMutableRawPointer) {
  let frame = frame.assumingMemoryBound(to: InterruptFrame.self)
  let vector = UInt8(truncatingIfNeeded: frame.pointee.vector)
  switch vector {
  case 0..<32: handleException(vector, frame)
  case InterruptController.vectors:
    StepByStep.aroundInterrupt(vector: vector, frame) {
      handleHardwareInterrupt(line: vector - InterruptController.vectors.lowerBound)
    }
  default: println("unexpected interrupt, vector \(vector)")
  }
}

/// The exceptions of the architecture (Intel SDM vol. 3A, table 6-1).
package enum Exception: UInt8 {
  case divideError = 0
  case debug = 1
  case nonMaskableInterrupt = 2
  case breakpoint = 3
  case overflow = 4
  case boundRangeExceeded = 5
  case invalidOpcode = 6
  case deviceNotAvailable = 7
  case doubleFault = 8
  case coprocessorSegmentOverrun = 9
  case invalidTaskState = 10
  case segmentNotPresent = 11
  case stackFault = 12
  case generalProtection = 13
  case pageFault = 14
  case floatingPoint = 16
  case alignmentCheck = 17
  case machineCheck = 18
  case vectorFloatingPoint = 19
  case virtualization = 20
  case controlProtection = 21

  var name: StaticString {
    switch self {
    case .divideError: "divide error"
    case .debug: "debug"
    case .nonMaskableInterrupt: "non-maskable interrupt"
    case .breakpoint: "breakpoint"
    case .overflow: "overflow"
    case .boundRangeExceeded: "bound range exceeded"
    case .invalidOpcode: "invalid opcode"
    case .deviceNotAvailable: "device not available"
    case .doubleFault: "double fault"
    case .coprocessorSegmentOverrun: "coprocessor segment overrun"
    case .invalidTaskState: "invalid task-state segment"
    case .segmentNotPresent: "segment not present"
    case .stackFault: "stack fault"
    case .generalProtection: "general protection"
    case .pageFault: "page fault"
    case .floatingPoint: "floating-point error"
    case .alignmentCheck: "alignment check"
    case .machineCheck: "machine check"
    case .vectorFloatingPoint: "vector floating-point error"
    case .virtualization: "virtualization"
    case .controlProtection: "control protection"
    }
  }

  var hasErrorCode: Bool {
    switch self {
    case .doubleFault, .invalidTaskState, .segmentNotPresent, .stackFault, .generalProtection, .pageFault,
      .alignmentCheck, .controlProtection:
      true
    default: false
    }
  }
}

internal import OrreryBase

/// Why a machine will never take another step.
public enum StopReason: Hashable, Sendable {
  /// The guest wrote `value` to the isa-debug-exit port.
  case debugExit(UInt32)
  case powerOff
  /// An exception could not be delivered while a double fault was being delivered. `vector` is the last one, `rip` where it arose.
  case tripleFault(vector: UInt8, errorCode: UInt32, rip: UInt64, cr2: UInt64)
  /// The guest asked for a reset through `source` (port 0x64, port 0x92, a port named in the text).
  case reset(source: String)
  /// The guest used something that the machine does not model; the text names it.
  case unmodelled(String)
  /// Halted with interrupts off and nothing that could wake it.
  case idle
}

extension StopReason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .debugExit(let value): "debug exit with value \(value)"
    case .powerOff: "power off"
    case .tripleFault(let vector, let errorCode, let rip, let cr2):
      "triple fault: vector \(vector), error code \(hexadecimal(errorCode)), at rip \(hexadecimal(rip)), cr2 \(hexadecimal(cr2))"
    case .reset(let source): "reset requested through \(source)"
    case .unmodelled(let what): "not modelled: \(what)"
    case .idle: "halted for ever"
    }
  }
}

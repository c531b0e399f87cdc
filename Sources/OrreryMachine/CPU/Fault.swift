/// An exception that an instruction raised and that still has to be delivered.
struct Fault: Equatable {
  var vector: UInt8
  var errorCode: UInt32 = 0
  var hasErrorCode: Bool = false
  /// A #DB after the instruction before `rip` has retired, not a fault of the one at `rip`.
  var isTrap: Bool = false

  static let divideError = Fault(vector: 0)
  static let debug = Fault(vector: 1)
  static let breakpoint = Fault(vector: 3)
  static let overflow = Fault(vector: 4)
  static let boundRange = Fault(vector: 5)
  static let invalidOpcode = Fault(vector: 6)
  static let deviceNotAvailable = Fault(vector: 7)

  static func invalidTSS(_ code: UInt32) -> Fault { Fault(vector: 10, errorCode: code, hasErrorCode: true) }
  static func segmentNotPresent(_ code: UInt32) -> Fault { Fault(vector: 11, errorCode: code, hasErrorCode: true) }
  static func stackSegment(_ code: UInt32) -> Fault { Fault(vector: 12, errorCode: code, hasErrorCode: true) }
  static func generalProtection(_ code: UInt32) -> Fault { Fault(vector: 13, errorCode: code, hasErrorCode: true) }
  /// The caller sets CR2 first.
  static func pageFault(_ code: UInt32) -> Fault { Fault(vector: 14, errorCode: code, hasErrorCode: true) }
  /// An x87 exception that is not masked.
  static let floatingPointError = Fault(vector: 16)
  /// An exception of SSE arithmetic that is not masked.
  static let vectorFloatingPointError = Fault(vector: 19)
  static let alignmentCheck = Fault(vector: 17, errorCode: 0, hasErrorCode: true)
}

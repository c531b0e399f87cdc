/// An exception as the processor took it (Intel SDM volume 3, chapter 6).
public struct ExceptionDelivery: Hashable, Sendable {
  public var vector: UInt8
  /// The error code it pushed; nil for a vector that has none.
  public var errorCode: UInt32?
  /// CR2 of a page fault: the linear address that was accessed; nil for every other vector.
  public var cr2: UInt64?
  /// The instruction that faulted or, for a trap, the one after it.
  public var rip: UInt64
  /// Whether INT n, INT3 or INTO raised it.
  public var isSoftware: Bool

  public init(vector: UInt8, errorCode: UInt32? = nil, cr2: UInt64? = nil, rip: UInt64, isSoftware: Bool = false) {
    self.vector = vector
    self.errorCode = errorCode
    self.cr2 = cr2
    self.rip = rip
    self.isSoftware = isSoftware
  }
}

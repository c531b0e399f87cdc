public import OrreryBase

/// What an outermost call of a frame allocator did, seen at its return.
public struct FrameCall: Hashable, Sendable {
  public enum Operation: UInt8, Hashable, Sendable, CaseIterable {
    case allocate = 0
    /// As `allocate`, the frame zeroed.
    case allocateZeroed = 1
    case free = 2
  }

  public var operation: Operation
  /// The frame handed out or taken back, by its address; nil when none was left.
  public var frame: PhysicalAddress?
  /// The size asked for or taken back, in bytes; 0 when the function takes none, for it always means one frame.
  public var size: UInt64
  /// The return address of the call.
  public var caller: UInt64
  /// The function called, by its linkage name.
  public var allocator: String

  public init(
    _ operation: Operation, frame: PhysicalAddress?, size: UInt64 = 0, caller: UInt64, allocator: String
  ) {
    self.operation = operation
    self.frame = frame
    self.size = size
    self.caller = caller
    self.allocator = allocator
  }
}

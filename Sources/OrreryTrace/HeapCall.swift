/// What an outermost call of an allocator did, seen at its return.
public struct HeapCall: Hashable, Sendable {
  public enum Operation: UInt8, Hashable, Sendable, CaseIterable {
    case allocate = 0
    /// As `allocate`, the memory zeroed.
    case allocateZeroed = 1
    case reallocate = 2
    case free = 3
  }

  public var operation: Operation
  /// The block handed out or taken back; 0 when the call failed.
  public var pointer: UInt64
  /// The block a `reallocate` was given; 0 for every other operation.
  public var previousPointer: UInt64
  /// The size asked for, in bytes; for `free`, the size it was told, or 0.
  public var size: UInt64
  /// The alignment asked for, in bytes; 0 when the function takes none.
  public var alignment: UInt64
  /// The return address of the call.
  public var caller: UInt64
  /// The function called, by its linkage name.
  public var allocator: String

  public init(
    _ operation: Operation, pointer: UInt64, previousPointer: UInt64 = 0, size: UInt64 = 0, alignment: UInt64 = 0,
    caller: UInt64, allocator: String
  ) {
    self.operation = operation
    self.pointer = pointer
    self.previousPointer = previousPointer
    self.size = size
    self.alignment = alignment
    self.caller = caller
    self.allocator = allocator
  }

  /// Whether memory was asked for and none was given.
  public var isFailure: Bool { operation != .free && pointer == 0 }
}

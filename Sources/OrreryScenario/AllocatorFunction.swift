/// A function of the kernel whose calls the `heap` or `frame` lane records, beside the ones known by default.
///
///     heap { allocate my_alloc(size, alignment); free my_free(pointer) }
public struct AllocatorFunction: Hashable, Sendable {
  /// What is handed out and taken back.
  public enum Resource: String, CaseIterable, Hashable, Sendable {
    /// Blocks of the heap.
    case heap
    /// Physical page frames.
    case frames
  }

  public enum Operation: String, CaseIterable, Hashable, Sendable {
    case allocate
    /// As `allocate`, the block filled with zeros.
    case allocateZeroed = "allocate zeroed"
    case reallocate
    case free
  }

  /// What one argument means; arguments come in rdi, rsi, rdx, rcx, r8 (System V AMD64 ABI, 3.2.3).
  public enum Argument: String, CaseIterable, Hashable, Sendable {
    /// The block taken back or resized.
    case pointer
    /// The size asked for, in bytes; times `count` if there is one.
    case size
    /// The size of the block taken back or resized.
    case oldSize
    case alignment
    case count
    /// Where the function stores the pointer to the new block; without it the pointer is in rax.
    case out
    case ignored = "_"
  }

  /// The most arguments that can be named, as many as the machine captures.
  public static let argumentLimit = 5

  /// The most functions that a scenario's text names: each is looked for among all symbols of the kernel.
  static let countLimit = 256

  public var resource: Resource
  public var operation: Operation
  public var symbol: String
  public var arguments: [Argument]
  public var location: SourceLocation

  public init(
    _ resource: Resource, _ operation: Operation, _ symbol: String, _ arguments: [Argument],
    location: SourceLocation = .none
  ) {
    self.resource = resource
    self.operation = operation
    self.symbol = symbol
    self.arguments = arguments
    self.location = location
  }
}
